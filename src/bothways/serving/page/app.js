// The page: a text, the models that read it, and where they stop.
import { ask, setToken, TokenNeeded } from "./api.js";
import { Card } from "./card.js";
import { byId, make, settled } from "./dom.js";
import { startFile } from "./file.js";
import * as link from "./link.js";

const EXAMPLES = [
  "The first hour is a triumph. Then the plot is lost, the jokes die one by one, and I left wishing I had stayed at home.",
  "Not bad at all. I expected nothing, nearly walked out, and ended up loving every minute of it.",
  "Great actors, a great score, a great budget: what a waste.",
];

const still = matchMedia("(prefers-reduced-motion: reduce)");
const state = { text: "", models: [], stop: null, padded: false };
let known = [];
let cards = [];
let playing = 0;

const last = () => Math.max(0, ...cards.map((card) => card.length));
const end = () => last() + Math.max(0, ...cards.map((card) => card.tail));

function report(error) {
  if (error?.name === "AbortError") return;
  byId("pass").hidden = !(error instanceof TokenNeeded);
  byId("trouble").hidden = !error;
  byId("trouble").textContent = error?.message ?? "";
  if (error instanceof TokenNeeded) byId("token").focus();
}

function remember() {
  history.replaceState(null, "", link.write(state));
}

const remembered = settled(remember, 200);
const announced = settled(() => {
  byId("heard").textContent = cards.map((card) => card.said ?? "").join("; ");
}, 600);

/** Go to a place; null is the end. */
function go(position) {
  const most = end();
  const place = position === null ? most : Math.min(position, most);
  state.stop = place >= most ? null : place;
  const stop = byId("stop");
  stop.max = most;
  stop.value = place;
  stop.style.setProperty("--done", most ? place / most : 1);
  const zeros = place > last();
  const where = zeros ? "in the padding" : place === most ? "at the end" : `after ${place} of ${last()} words`;
  byId("where").textContent = where;
  stop.setAttribute("aria-valuetext", where);
  for (const card of cards) card.show(place, last());
  remembered();
  announced();
}

async function load(position = state.stop) {
  report(null);
  const { text, padded } = state;
  const done = await Promise.allSettled(cards.map((card) => card.load(text, padded)));
  const failed = done.find((one) => one.status === "rejected");
  if (failed) report(failed.reason);
  if (cards.every((card) => card.reading)) go(position);
}

function choose(names) {
  state.models = names;
  const before = new Map(cards.map((card) => [card.model.name, card]));
  cards = names.map((name) => before.get(name) ?? new Card(known.find((m) => m.name === name), pick, report));
  byId("readings").replaceChildren(...cards.map((card) => card.element));
  byId("readings").classList.toggle("several", cards.length > 1);
}

function pick(position) {
  pause();
  go(position);
}

function pause() {
  cancelAnimationFrame(playing);
  playing = 0;
  byId("play").classList.remove("playing");
  byId("play").setAttribute("aria-label", "Watch it being read");
}

/** Read from the beginning, or from where it stopped. */
function play() {
  if (playing) return pause();
  const from = state.stop ?? 0;
  const words = last();
  const perWord = Math.min(220, Math.max(25, 9000 / Math.max(1, words)));
  const start = performance.now();
  byId("play").classList.add("playing");
  byId("play").setAttribute("aria-label", "Pause");
  const step = (now) => {
    const place = from + Math.floor((now - start) / (still.matches ? 1 : perWord));
    if (place !== Number(byId("stop").value)) go(place);
    if (state.stop === null) return pause();
    playing = requestAnimationFrame(step);
    return undefined;
  };
  go(from);
  playing = requestAnimationFrame(step);
  return undefined;
}

function fit(area) {
  area.style.setProperty("height", "auto");
  area.style.setProperty("height", `${Math.min(area.scrollHeight + 2, 320)}px`);
}

function setText(text, then) {
  state.text = text;
  state.stop = null;
  byId("text").value = text;
  fit(byId("text"));
  pause();
  load().then(then, report);
}

function showModels() {
  const pills = known.map((model) => {
    const box = make("input", { type: "checkbox", value: model.name });
    box.checked = state.models.includes(model.name);
    box.addEventListener("change", () => {
      const names = [...byId("models").querySelectorAll("input:checked")].map((one) => one.value);
      if (!names.length) {
        box.checked = true;
        return;
      }
      choose(names);
      load().catch(report);
    });
    return make("label", { class: "pill", title: model.labels.join(", ") }, box, make("span", {}, model.name));
  });
  byId("models").replaceChildren(byId("models").querySelector("legend"), ...pills);
  byId("models").hidden = known.length < 2;
}

async function start() {
  known = (await ask("models")).models;
  const asked = link.read(location.hash);
  const names = known.map((model) => model.name);
  const wanted = asked.models.filter((name) => names.includes(name));
  state.padded = asked.padded;
  byId("padded").checked = asked.padded;
  choose(wanted.length ? wanted : names.slice(0, 1));
  showModels();
  startFile(known, report);
  state.text = asked.text ?? EXAMPLES[0];
  state.stop = asked.stop;
  byId("text").value = state.text;
  fit(byId("text"));
  await load();
}

byId("examples").append(...EXAMPLES.map((text) => {
  const button = make("button", { type: "button", class: "example" }, `${text.split(/[.:]/, 1)[0]} \u2026`);
  button.addEventListener("click", () => setText(text, play));
  return button;
}));
const typed = settled(() => setText(byId("text").value), 250);
byId("text").addEventListener("input", () => {
  fit(byId("text"));
  typed();
});
byId("stop").addEventListener("input", () => pick(Number(byId("stop").value)));
byId("play").addEventListener("click", play);
byId("padded").addEventListener("change", () => {
  state.padded = byId("padded").checked;
  const words = last();
  load(null).then(() => {
    if (!state.padded) return;
    go(words); // and then watch the padding being read
    play();
  }, report);
});
byId("link").addEventListener("click", async () => {
  remember();
  const button = byId("link");
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "It is in the address bar";
  }
  setTimeout(() => { button.textContent = "Copy link"; }, 2000);
});
byId("pass").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(byId("token").value);
  report(null);
  start().catch(report);
});
addEventListener("hashchange", () => {
  if (location.hash === "#readings") remember(); // the link that skips to them; the state stays
  else start().catch(report);
});
start().catch(report);
