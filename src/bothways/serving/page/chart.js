// The score while a text is read, beside the score that hindsight gives to its beginning.
import { draw } from "./dom.js";

const EDGE = { left: 48, right: 14, top: 14, bottom: 26 };

/** A chart in `svg`; `onPick(position)` hears where it is touched. */
export class Chart {
  constructor(svg, onPick) {
    this.svg = svg;
    this.data = null;
    this.position = 0;
    new ResizeObserver(() => this.render()).observe(svg);
    const touch = (event) => {
      if (!this.data || (event.type === "pointermove" && !event.buttons)) return;
      const box = svg.getBoundingClientRect();
      onPick(this.nearest(event.clientX - box.left));
    };
    svg.addEventListener("pointerdown", touch);
    svg.addEventListener("pointermove", touch);
  }

  /** `arriving`: probabilities after 0 to T words; `hindsight`: the same or null; `fading`:
   * probabilities with ever more zeros, or null, from `lengths`. */
  show(data) {
    this.data = data;
    this.render();
  }

  move(position) {
    this.position = position;
    this.cursor();
  }

  get words() {
    return this.data.arriving.length - 1;
  }

  get tail() {
    return this.data.fading ? this.data.fading.length - 1 : 0;
  }

  /** The place of a position: words have two thirds of the width where zeros follow. */
  x(position) {
    const width = this.width - EDGE.left - EDGE.right;
    const main = this.tail ? width * 0.66 : width;
    const words = Math.max(1, this.words);
    if (position <= this.words) return EDGE.left + (main * position) / words;
    return EDGE.left + main + ((width - main) * (position - this.words)) / this.tail;
  }

  y(probability) {
    return EDGE.top + (this.height - EDGE.top - EDGE.bottom) * (1 - probability);
  }

  nearest(x) {
    let best = 0;
    for (let n = 0; n <= this.words + this.tail; n += 1) {
      if (Math.abs(this.x(n) - x) < Math.abs(this.x(best) - x)) best = n;
    }
    return best;
  }

  value(position) {
    const { arriving, fading } = this.data;
    return position <= this.words ? arriving[position] : fading[position - this.words];
  }

  render() {
    this.width = this.svg.clientWidth;
    this.height = this.svg.clientHeight;
    if (!this.data || !this.width) return;
    const { arriving, hindsight, fading, lengths } = this.data;
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const y = this.y(share);
      parts.push(draw("line", { class: share === 0.5 ? "grid middle" : "grid", x1: EDGE.left, x2: this.width - EDGE.right, y1: y, y2: y }));
      parts.push(draw("text", { class: "tick", x: EDGE.left - 6, y: y + 4, "text-anchor": "end" }, `${share * 100}\u00a0%`));
    }
    if (fading) parts.push(...this.zeros(lengths));
    if (hindsight) {
      parts.push(draw("path", { class: "between", d: `${this.path(hindsight)}${this.back(arriving)}Z` }));
      parts.push(draw("path", { class: "hindsight", d: this.path(hindsight) }));
    }
    parts.push(draw("path", { class: "arriving", d: this.path(arriving) }));
    if (fading) parts.push(draw("path", { class: "fading", d: this.path(fading, this.words) }));
    parts.push(this.ticks());
    this.line = draw("line", { class: "cursor", y1: EDGE.top - 6, y2: this.height - EDGE.bottom });
    this.dot = draw("circle", { class: "dot", r: 5 });
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.replaceChildren(...parts, this.line, this.dot);
    this.cursor();
  }

  zeros(lengths) {
    const left = this.x(this.words);
    const y = this.height - EDGE.bottom;
    const box = { x: left, y: EDGE.top, width: this.width - EDGE.right - left, height: y - EDGE.top };
    const count = lengths.at(-1) - lengths[0];
    return [
      draw("rect", { class: "zeros", ...box }),
      draw("text", { class: "tick", x: left + box.width / 2, y: y + 17, "text-anchor": "middle" }, `${count} zeros`),
    ];
  }

  ticks() {
    const step = Math.max(1, Math.ceil(this.words / Math.max(2, Math.floor(this.width / 110))));
    const group = draw("g");
    for (let n = step; n <= this.words; n += step) {
      const x = this.x(n);
      if (this.tail && n === this.words) continue;
      group.append(draw("text", { class: "tick", x, y: this.height - EDGE.bottom + 17, "text-anchor": n === this.words ? "end" : "middle" }, n === step ? `word ${n}` : `${n}`));
    }
    return group;
  }

  path(values, from = 0) {
    return values.map((value, n) => `${n ? "L" : "M"}${this.x(from + n).toFixed(1)},${this.y(value).toFixed(1)}`).join("");
  }

  back(values) {
    return values.map((value, n) => `L${this.x(n).toFixed(1)},${this.y(value).toFixed(1)}`).reverse().join("");
  }

  cursor() {
    if (!this.line || !this.data) return;
    const position = Math.min(this.position, this.words + this.tail);
    const x = this.x(position);
    this.line.setAttribute("x1", x);
    this.line.setAttribute("x2", x);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", this.y(this.value(position)));
  }
}
