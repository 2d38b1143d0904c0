// What the steered figures share: elements, numbers, and how each is started.

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on") || key === "checked" || key === "value") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function drawing(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const score = (value) => (Number.isFinite(value) ? value.toFixed(3) : "\u2013");
const percent = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(1)}\u00a0%` : "\u2013");
const whole = (n) => n.toLocaleString("en-GB");

/** Starts every figure of a kind that has not been started. */
function start(kind, draw) {
  for (const figure of document.querySelectorAll(`.steered[data-kind="${kind}"]:not([data-ready])`)) {
    draw(figure.querySelector(".steered-body"), JSON.parse(figure.dataset.about));
    figure.dataset.ready = "true";
    // JupyterLab would take arrows and letters for commands on cells.
    figure.addEventListener("keydown", (event) => event.stopPropagation());
  }
}
