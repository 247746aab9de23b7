// A table of texts in, the same with labels out, without leaving the page.
import { askPatiently } from "./api.js";
import { format, parse, textColumn } from "./csv.js";
import { byId, make } from "./dom.js";

const TEXTS = 200; // of one request, or as many as the service takes

let table = null;
let name = "";
let stopping = null;

/** Make the section work with these models; `report(error)` shows what goes wrong. */
export function startFile(models, report) {
  byId("job-model").replaceChildren(...models.map((model) => make("option", { value: model.name }, model.name)));
  byId("job-model").parentElement.hidden = models.length < 2;
  const take = (file) => open(file).catch(report);
  byId("file").onchange = () => take(byId("file").files[0]);
  const drop = byId("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop[`on${kind}`] = (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    };
  }
  byId("job").onsubmit = (event) => {
    event.preventDefault();
    label().catch(report);
  };
  byId("cancel").onclick = () => stopping?.abort();
}

async function open(file) {
  if (!file) return;
  byId("job").hidden = true;
  byId("run").hidden = true;
  table = parse(await file.text());
  name = file.name;
  byId("file-note").textContent = `${name}: ${table.rows.length.toLocaleString("en")} rows`;
  byId("column").replaceChildren(...table.header.map((column, n) => make("option", { value: n }, column || `column ${n + 1}`)));
  byId("column").value = textColumn(table);
  byId("job-count").textContent = `${table.rows.length.toLocaleString("en")} rows`;
  byId("job").hidden = false;
}

async function label() {
  stopping = new AbortController();
  const { header, rows, delimiter } = table;
  const column = Number(byId("column").value);
  const out = [[...header, "label", "probability"]];
  const progress = byId("progress");
  progress.max = rows.length;
  byId("download").hidden = true;
  byId("cancel").hidden = false;
  byId("run").hidden = false;
  try {
    for (let start = 0, size = TEXTS; start < rows.length; ) {
      progress.value = start;
      byId("run-note").textContent = `${start.toLocaleString("en")} of ${rows.length.toLocaleString("en")} labelled`;
      const part = rows.slice(start, start + size);
      const asked = { text: part.map((row) => row[column]), model: byId("job-model").value };
      try {
        const { predictions } = await askPatiently("predict", asked, stopping.signal);
        predictions.forEach((answer, n) => out.push([...part[n], ...cells(answer)]));
        start += part.length;
      } catch (error) {
        if (error.status !== 413 || part.length === 1) throw error;
        size = Math.ceil(part.length / 4);
      }
    }
  } catch (error) {
    byId("run-note").textContent = error.name === "AbortError" ? "Cancelled" : "Stopped";
    if (error.name !== "AbortError") throw error;
    return;
  } finally {
    byId("cancel").hidden = true;
  }
  progress.value = rows.length;
  byId("run-note").textContent = `All ${rows.length.toLocaleString("en")} labelled`;
  offer(format(out, delimiter));
}

function cells(answer) {
  if (answer.labels) {
    const names = answer.labels;
    return [names.join("|"), names.map((one) => answer.probabilities[one]).join("|")];
  }
  return [answer.label, String(answer.probability)];
}

function offer(text) {
  const download = byId("download");
  URL.revokeObjectURL(download.href);
  download.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  download.download = name.replace(/(\.\w+)?$/, "-labelled$1");
  download.hidden = false;
  download.focus();
}
