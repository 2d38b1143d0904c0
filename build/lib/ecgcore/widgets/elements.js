// HTML elements in one call.

/** An element with attributes; those that start with "on", and a few that are properties. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on") || ["value", "checked", "colSpan"].includes(key)) node[key] = value;
    else if (value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function button(label, onclick, attributes = {}) {
  return element("button", { type: "button", class: "bi-button", onclick, ...attributes }, label);
}

/** A class letter on its colour. */
export function tag(data, letter) {
  const node = element("span", { class: "bi-tag" }, letter);
  node.style.setProperty("--class", data.colours[letter]);
  node.style.setProperty("--on-class", letter === data.classes[0] ? "#fff" : "#000");
  return node;
}

/** A <select>; options are [value, label] pairs. */
export function choice(label, options, onchange) {
  const select = element("select", { onchange: () => onchange(select.value) });
  fill(select, options);
  return { select, field: element("label", { class: "bi-field" }, element("span", {}, label), select) };
}

export function fill(select, options) {
  select.replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
}

export function checkbox(label, checked, onchange) {
  const input = element("input", { type: "checkbox", checked, onchange: () => onchange(input.checked) });
  return element("label", { class: "bi-check" }, input, label);
}
