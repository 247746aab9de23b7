// What is on the page, in the part of its address that is never sent to the service.

/** The state that an address asks for. */
export function read(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const stop = Number.parseInt(values.get("stop") ?? "", 10);
  return {
    text: values.get("text"),
    models: values.getAll("model"),
    stop: Number.isFinite(stop) && stop >= 0 ? stop : null,
    padded: values.has("padded"),
  };
}

/** The address of a state; `stop` null is the end of the text. */
export function write({ text, models, stop, padded }) {
  const values = new URLSearchParams();
  for (const name of models) values.append("model", name);
  if (stop !== null) values.set("stop", stop);
  if (padded) values.set("padded", "600");
  values.set("text", text);
  return `#${values}`;
}
