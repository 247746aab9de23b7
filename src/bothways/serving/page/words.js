// The text, each word with what it contributed: by way of the reader from the left above it, and
// of the one from the right below it.
import { make, signed } from "./dom.js";

/** Draw `text` into `box`; `onPick(n)` hears which word was chosen, counted from 1. */
export function drawWords(box, text, tokens, onPick) {
  const letters = Array.from(text); // places are counted in code points
  const words = [];
  let done = 0;
  const parts = [];
  tokens.forEach((token, n) => {
    parts.push(letters.slice(done, token.start).join(""));
    const word = make(
      "span",
      { class: token.known === false ? "word unknown" : "word" },
      ...["ghost above", "above", "ghost below", "below"].map((name) => make("i", { class: name })),
      letters.slice(token.start, token.stop).join(""),
    );
    word.addEventListener("click", () => onPick(n + 1));
    words.push(word);
    parts.push(word);
    done = Math.max(done, token.stop);
  });
  const rest = letters.slice(done).join("");
  if (rest.trim()) parts.push(make("span", { class: "cut", title: "Beyond the model's length" }, rest));
  box.replaceChildren(...parts);
  return words;
}

/** Show which of the words were read, and where the reader is. */
export function markRead(words, n) {
  words.forEach((word, k) => {
    word.classList.toggle("ahead", k >= n);
    word.classList.toggle("here", k === n - 1 && n < words.length);
  });
}

/** Show shares of the score, `now`, before those that hindsight will give, `later`. */
export function showShares(words, now, later) {
  const all = [...now, ...later].flatMap((share) => [share.forward, share.backward]);
  const most = Math.max(0.05, ...all.map(Math.abs));
  words.forEach((word, n) => {
    const [ghostAbove, above, ghostBelow, below] = word.children;
    grow(above, now[n]?.forward, most);
    grow(below, now[n]?.backward, most);
    grow(ghostAbove, later[n]?.forward, most);
    grow(ghostBelow, later[n]?.backward, most);
    const share = now[n] ?? later[n];
    word.title = share
      ? `from the left ${signed(share.forward)}, from the right ${signed(share.backward)}` +
        (share.known === false ? "; not in the vocabulary" : "")
      : "";
  });
}

function grow(bar, share = 0, most) {
  const part = Math.abs(share) / most;
  bar.style.setProperty("--share", part < 0.03 ? 0 : part.toFixed(3));
  bar.classList.toggle("against", share < 0);
}

/** A word that changed sides counts twice. */
function weight({ first, hindsight }) {
  return Math.abs(first - hindsight) * (first * hindsight < 0 ? 2 : 1);
}

/** How much the first impression of each word differs from what hindsight made of it: the
 * largest differences, of those that matter, as `{ n, first, hindsight }`. */
export function turns(reading, shares, place) {
  const score = (row) => {
    const p = Math.min(Math.max(row[place], 1e-6), 1 - 1e-6);
    return Math.log(p / (1 - p));
  };
  const found = shares.map((share, n) => ({
    n,
    first: score(reading.probabilities[n + 1]) - score(reading.probabilities[n]),
    hindsight: share.forward + share.backward,
  }));
  return found
    .filter(({ first, hindsight }) => Math.abs(first - hindsight) > 0.3)
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, 3);
}
