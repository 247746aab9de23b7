// Elements from plain values. Texts of others only ever become text nodes.

/** An element with properties, `data-` and aria attributes by name, and children. */
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for a picture. */
export function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** 0.8974 as `89.7 %`. */
export function percent(share) {
  const shown = share > 0.9995 && share < 1 ? "> 99.9" : (100 * share).toFixed(1);
  return `${shown}\u00a0%`;
}

/** 1.234 as `+1.23`, with a minus that is one. */
export function signed(number) {
  const text = Math.abs(number).toFixed(2);
  return text === "0.00" ? text : (number < 0 ? "\u2212" : "+") + text;
}

/** A function that runs `work` once its calls have paused for so many milliseconds. */
export function settled(work, milliseconds) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}
