// Elements, words and numbers of the page.
const SVG = ["svg", "path", "line", "text", "circle", "rect", "title", "g"];

/** An element with text or children; attributes by name, listeners as on…; false leaves one out. */
export function element(name, attributes = {}, ...children) {
  const made = SVG.includes(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export const button = (words, onclick, more = {}) => element("button", { type: "button", onclick, ...more }, words);

export const percent = (p, digits = 1) =>
  (Number.isFinite(p) ? `${(100 * p).toFixed(p > 0.9995 || p < 0.0005 ? 0 : digits)} %` : "–");
export const thousands = (n) => n.toLocaleString("en-GB");

/** How many of what: plural(1, "beat") is "1 beat". */
export const plural = (n, word, many = `${word}s`) => `${thousands(n)} ${n === 1 ? word : many}`;

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A function from the name of a part to its element in the page. */
export const partsOf = (root) => (name) => root.querySelector(`[data-part="${name}"]`);

/** A class letter on its colour. names: see classes.js. */
export const badge = (letter, title = false) => element("span", { class: `badge is-${letter}`, title }, letter);

/** Hand a file to the reader. */
export function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Whether the reader wants nothing to move by itself. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Bring something into view and, for those who listen, into focus. */
export function goTo(target) {
  target.focus({ preventScroll: true });
  target.scrollIntoView({ behavior: still() ? "auto" : "smooth", block: "start" });
}
