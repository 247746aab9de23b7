// Questions to the service.

let token = sessionStorage.getItem("token") ?? "";

/** What the service asks for before it answers; the page asks the reader for it. */
export class TokenNeeded extends Error {}

export function setToken(value) {
  token = value;
  sessionStorage.setItem("token", value);
}

/** The answer to a question, as plain values. Throws an Error with the service's own sentence. */
export async function ask(path, body, signal) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const options = { headers, signal };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service cannot be reached.");
  }
  if (answer.status === 401) throw new TokenNeeded("This service asks for a token.");
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error(document.error ?? `The service answered ${answer.status}.`);
    throw Object.assign(error, { status: answer.status });
  }
  return document;
}

/** Ask again while the service is busy, as it says it will be for a second. */
export async function askPatiently(path, body, signal) {
  for (let n = 0; ; n += 1) {
    try {
      return await ask(path, body, signal);
    } catch (error) {
      if (n === 10 || ![429, 503].includes(error.status)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
