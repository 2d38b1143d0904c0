const SVG = ["svg", "path", "line", "text", "circle", "title", "g"];

/** An element with text or children; attributes by name, listeners as on…. */
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

export const percent = (p, digits = 1) =>
  (Number.isFinite(p) ? `${(100 * p).toFixed(p > 0.9995 || p < 0.0005 ? 0 : digits)} %` : "–");
export const thousands = (n) => n.toLocaleString("en-GB");

/** Hand a file to the reader. */
export function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
