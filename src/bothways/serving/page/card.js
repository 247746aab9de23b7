// One model's reading of the text.
import { askPatiently } from "./api.js";
import { Chart } from "./chart.js";
import { draw, make, percent, signed } from "./dom.js";
import { drawWords, markRead, showShares, turns } from "./words.js";

const PADDED = 600;
const sigmoid = (score) => 1 / (1 + Math.exp(-score));

/** The labels that the model gives, as `bothways predict` does, and their probabilities. */
function given({ task, thresholds }, labels, row) {
  const all = labels.map((label, n) => [label, row[n]]).sort((a, b) => b[1] - a[1]);
  if (task === "multilabel") return all.filter(([label, share]) => share >= (thresholds[label] ?? 0.5));
  const passes = ([label, share]) => !(label in thresholds) || share >= thresholds[label];
  const chosen = all.find(([label, share]) => label in thresholds && share >= thresholds[label]);
  return [chosen ?? all.find(passes)];
}

export class Card {
  constructor(model, onPick, report) {
    this.model = model;
    this.label = null; // whose score is explained; that of the answer if null
    this.report = report;
    this.loading = null;
    this.asking = false;
    this.verdict = make("p", { class: "verdict" });
    this.hindsight = make("p", { class: "note hindsight-note" });
    this.readers = make("dl", { class: "readers" });
    this.words = make("p", { class: "words", tabindex: "0", role: "group", "aria-label": "The text, with what each word contributed" });
    const svg = draw("svg", { class: "score", role: "img" });
    this.svg = svg;
    this.chart = new Chart(svg, onPick);
    this.legend = make("p", { class: "legend" });
    this.sides = make("p", { class: "sides" });
    this.turns = make("div", { class: "turns" });
    this.table = make("tbody");
    this.onPick = onPick;
    this.element = make(
      "article",
      { class: "reading", "aria-label": `Read by ${model.name}` },
      make("header", {}, make("h3", {}, model.name), this.verdict, this.hindsight),
      this.readers,
      this.words,
      this.sides,
      make("figure", { class: "curve" }, svg, make("figcaption", {}, this.legend)),
      this.turns,
      make("details", { class: "as-table" }, make("summary", {}, "As a table"),
        make("div", { class: "scroll", tabindex: "0" }, make("table", {},
          make("thead", {}, make("tr", {}, ...["Word", "From the left", "From the right", "After this word"].map((name) => make("th", { scope: "col" }, name)))),
          this.table))),
    );
  }

  /** Read a text; `padded` is whether zeros follow. Throws the service's sentence. */
  async load(text, padded) {
    this.loading?.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.element.classList.add("busy", "stale");
    try {
      const about = { text, model: this.model.name };
      const zeros = padded ? { padded: PADDED } : {};
      const [reading, whole] = await Promise.all([
        askPatiently("read", { ...about, ...zeros }, signal),
        askPatiently("explain", this.label ? { ...about, label: this.label } : about, signal),
      ]);
      this.text = text;
      this.padded = padded;
      this.reading = reading;
      this.whole = whole;
      this.fading = reading.fading;
      this.place = reading.labels.indexOf(whole.label);
      this.fill();
      this.element.classList.remove("stale");
    } finally {
      if (signal === this.loading.signal) this.element.classList.remove("busy");
    }
  }

  get length() {
    return this.reading?.tokens.length ?? 0;
  }

  get tail() {
    return this.fading ? this.fading.lengths.length - 1 : 0;
  }

  fill() {
    const { reading, whole, place, fading } = this;
    this.spans = drawWords(this.words, this.text, whole.tokens, this.onPick);
    const comparable = Math.abs(sigmoid(whole.logit) - whole.probability) < 1e-4;
    let sum = whole.base;
    const sums = [sum, ...whole.tokens.map((share) => (sum += share.forward + share.backward))];
    this.chart.show({
      arriving: reading.probabilities.map((row) => row[place]),
      hindsight: comparable ? sums.map(sigmoid) : null,
      fading: fading?.probabilities.map((row) => row[place]) ?? null,
      lengths: fading?.lengths,
    });
    const length = Array.from(this.text).length;
    this.words.style.setProperty("--size", length < 160 ? 1.5 : length < 400 ? 1.3 : 1.1);
    this.sides.replaceChildren(
      make("span", { class: "side for" }, "speaks for ", this.labels(reading.labels, whole.label)),
      make("span", { class: "side against" }, "against"),
      make("span", {}, "above a word: read from the left; below: from the right"),
    );
    const key = (name, says) => make("span", { class: `key ${name}` }, says);
    this.legend.replaceChildren(
      key("arriving", `${whole.label} as each word arrives`),
      ...(comparable ? [key("hindsight", "what these words are worth with hindsight")] : []),
      ...(fading ? [key("fading", "while zeros are read")] : []),
    );
    this.svg.setAttribute("aria-label", `The probability of ${whole.label} after each word: ${percent(reading.probabilities[0][place])} at first, ${percent(whole.probability)} after all ${this.length}.`);
    this.fillTurns(comparable);
    this.table.replaceChildren(...whole.tokens.map((share, n) => make("tr", {},
      make("td", {}, share.token), ...[signed(share.forward), signed(share.backward), percent(reading.probabilities[n + 1][place])].map((cell) => make("td", { class: "number" }, cell)))));
  }

  /** A choice of the label whose score is explained. */
  labels(names, label) {
    const choice = make("select", { "aria-label": "Label to explain" }, ...names.map((name) => make("option", {}, name)));
    choice.value = label;
    choice.addEventListener("change", async () => {
      this.label = choice.value;
      try {
        await this.load(this.text, this.padded);
        this.show(...this.at);
        this.sides.querySelector("select").focus();
      } catch (error) {
        this.report(error);
      }
    });
    return choice;
  }

  fillTurns(comparable) {
    const found = comparable ? turns(this.reading, this.whole.tokens, this.place) : [];
    const { label } = this.whole;
    const side = (share) => make("b", { class: share < 0 ? "against" : "for" }, signed(share));
    this.turns.hidden = !found.length;
    this.turns.replaceChildren(
      make("h4", {}, "Where later words changed what earlier ones meant"),
      make("ul", {}, ...found.map(({ n, first, hindsight }) => {
        const pick = make("button", { type: "button", class: "turn" }, make("q", {}, this.whole.tokens[n].token));
        pick.addEventListener("click", () => this.onPick(n + 1));
        return make("li", {}, pick, " moved ", label, " by ", side(first), " when it came, and is worth ", side(hindsight), " in the end");
      })),
    );
  }

  /** Show the state after so many words, or, beyond the last, after so many steps of zeros; `last` is
   * the last word of the longest reading on the page. */
  show(position, last) {
    if (!this.reading) return;
    this.at = [position, last];
    const n = Math.min(position, this.length);
    const step = Math.min(Math.max(0, position - last), this.tail);
    this.n = n;
    this.step = step;
    markRead(this.spans, n);
    this.chart.move(n + step);
    const { labels } = this.reading;
    const row = step ? this.fading.probabilities[step] : this.reading.probabilities[n];
    const answer = given(this.model, labels, row);
    const names = (found) => found.map(([label]) => label).join();
    const whole = given(this.model, labels, this.reading.probabilities[this.length]);
    const parts = answer.flatMap(([label, share]) => [make("b", {}, label), ` ${percent(share)} `]);
    this.verdict.replaceChildren(...(parts.length ? parts : [make("b", {}, "no label")]));
    this.verdict.classList.toggle("changed", names(answer) !== names(whole));
    this.said = `${this.model.name}: ${this.verdict.textContent.trim()}`;
    if (step) {
      const zeros = this.fading.lengths[step] - this.fading.lengths[0];
      this.hindsight.textContent = `after ${zeros} zeros; ${percent(this.whole.probability)} ${this.whole.label} before them`;
    } else if (n < this.length) {
      this.hindsight.textContent = `after ${n} of ${this.length} words; ${this.whole.label} ${percent(this.whole.probability)} with hindsight`;
    } else {
      this.hindsight.textContent = this.length ? `after all ${this.length} words` : "of an empty text";
    }
    this.explainNow();
  }

  /** Ask what the words are worth at this place, one question at a time, the latest last. */
  async explainNow() {
    const wanted = `${this.n}/${this.step}`;
    if (this.n === this.length && !this.step) return this.shares(this.whole);
    if (this.asking) return undefined;
    this.asking = true;
    const { text, n, step, whole, reading, fading } = this;
    try {
      const stop = n ? reading.tokens[n - 1].stop : 0;
      const about = { text: Array.from(text).slice(0, stop).join(""), model: this.model.name, label: whole.label };
      if (step) about.padded = fading.lengths[step];
      const now = await askPatiently("explain", about);
      if (this.whole === whole) this.shares(now);
    } catch {
      // The next move asks again; the probabilities are shown without it.
    } finally {
      this.asking = false;
    }
    if (this.whole !== whole || wanted !== `${this.n}/${this.step}`) return this.explainNow();
    return undefined;
  }

  shares(explanation) {
    showShares(this.spans, explanation.tokens, this.whole.tokens);
    const all = (shares, side) => shares.reduce((total, share) => total + share[side], 0);
    const sum = (side) => all(explanation.tokens, side);
    const partial = explanation !== this.whole;
    const parts = [["forward", "from the left", "\u2192"], ["backward", "from the right", "\u2190"]];
    const most = Math.max(1, ...parts.map(([side]) => Math.abs(sum(side))));
    this.readers.replaceChildren(...parts.map(([side, name, arrow]) => {
      const bar = make("i", { class: sum(side) < 0 ? "against" : "for" });
      bar.style.setProperty("--share", (Math.abs(sum(side)) / most).toFixed(3));
      return make("div", { class: side }, make("dt", {}, make("span", { "aria-hidden": "true" }, arrow), ` ${name}`), make("dd", {}, make("span", { class: "gauge" }, bar), make("span", {}, signed(sum(side)),
        ...(partial ? [make("small", {}, ` now, ${signed(all(this.whole.tokens, side))} ${this.step ? "before the zeros" : "in the end"}`)] : []))));
    }));
  }
}
