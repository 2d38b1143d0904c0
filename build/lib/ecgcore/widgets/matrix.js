// The confusion matrix, whose cells and headings are buttons.

import { confusion, number, percent } from "./data.js";
import { element, tag } from "./elements.js";

/** The matrix of a protocol, of one record if that filter is set. `choose(true, predicted)`. */
export function matrixTable(data, filters, shares, choose) {
  const counts = confusion(data, data.tables[filters.protocol], filters.record);
  const k = data.classes.length;
  const most = Math.max(1, ...counts);
  const heads = data.classes.map((c) => element("th", { scope: "col" },
    heading(data, c, "model", c === filters.predicted_class && !filters.true_class,
      () => choose("", c))));
  const rows = data.classes.map((t, i) => {
    const row = counts.slice(i * k, (i + 1) * k);
    const sum = row.reduce((a, b) => a + b, 0);
    return element("tr", {},
      element("th", { scope: "row" },
        heading(data, t, "annotated", t === filters.true_class && !filters.predicted_class,
          () => choose(t, ""))),
      ...data.classes.map((p, j) => element("td", {}, cell({
        t, p, count: row[j], share: sum ? row[j] / sum : 0, most, shares, filters, choose,
      }))));
  });
  const table = element("table", { class: "bi-table" },
    element("caption", {}, caption(filters)),
    element("thead", {},
      element("tr", {}, element("td", {}), element("th", { colSpan: k, class: "bi-axis" }, "the model says")),
      element("tr", {}, element("th", { class: "bi-axis", scope: "col" }, "annotated"), ...heads)),
    element("tbody", {}, ...rows));
  table.addEventListener("keydown", (event) => walkCells(event, table));
  return table;
}

function caption({ record }) {
  return record ? `Test beats of record ${record}` : "All test beats";
}

function heading(data, letter, role, pressed, onclick) {
  return element("button", {
    type: "button", class: "bi-heading", title: data.class_names[letter],
    "aria-label": `${role} ${letter}, ${data.class_names[letter]}`,
    "aria-pressed": String(pressed), onclick,
  }, tag(data, letter));
}

function cell({ t, p, count, share, most, shares, filters, choose }) {
  const shade = shares ? Math.sqrt(share) : Math.log1p(count) / Math.log1p(most);
  const pressed = filters.true_class === t && filters.predicted_class === p;
  const button = element("button", {
    type: "button",
    class: `bi-cell ${t === p ? "bi-right" : "bi-wrong"}`,
    "aria-label": `annotated ${t}, model ${p}: ${number(count)} ${count === 1 ? "beat" : "beats"}, ${percent(share)} of ${t}`,
    "aria-pressed": String(pressed),
    "data-cell": `${t}${p}`,
    onclick: () => choose(pressed ? "" : t, pressed ? "" : p),
  }, shares ? percent(share) : number(count));
  button.style.setProperty("--shade", `${Math.round(shade * 100)}%`);
  if (!count) button.classList.add("bi-none");
  return button;
}

/** Arrow keys move among the buttons as they lie in the table. */
function walkCells(event, table) {
  const step = {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
  }[event.key];
  const here = event.target.closest("td, th");
  if (!step || !here) return;
  event.preventDefault();
  const row = table.rows[here.parentElement.rowIndex + step[0]];
  row?.cells[here.cellIndex + step[1]]?.querySelector("button")?.focus();
}
