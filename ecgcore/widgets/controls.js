// Switch between protocols, shortcuts, and the form of filters.

import { number, percent, recordsOf } from "./data.js";
import { button, choice, element, fill } from "./elements.js";
import { NO_FILTERS, OUTCOMES, RELATIONS, SHORTCUTS, SORTS, otherOf, relationCounts } from "./filters.js";

/** One button a protocol; nothing where there is only one. */
export function protocolSwitch(data, filters, change) {
  if (data.protocols.length < 2) return "";
  return element("div", { class: "bi-tabs", role: "group", "aria-label": "Protocol" },
    ...data.protocols.map(({ name, title }) => button(title[0].toUpperCase() + title.slice(1),
      () => change({ ...NO_FILTERS, protocol: name }),
      { class: "bi-button bi-tab", "aria-pressed": String(name === filters.protocol), "data-protocol": name })));
}

/** Ready-made choices: those any predictions offer, and the presets that Python named. */
export function shortcuts(data, filters, change) {
  const same = (wanted) => Object.entries(wanted).every(
    ([name, value]) => String(filters[name]) === String(value));
  const one = (title, wanted) => button(title, () => change(wanted),
    { class: "bi-button bi-chip", "aria-pressed": String(same(wanted)) });
  const table = data.tables[filters.protocol];
  return element("div", { class: "bi-chips", role: "group", "aria-label": "Ready-made choices" },
    ...SHORTCUTS.map(([title, wanted]) => one(title, { ...NO_FILTERS, ...wanted })),
    ...data.presets.flatMap(({ name }, i) => (table[`preset${i}`].length
      ? [one(name, { ...NO_FILTERS, outcome: "all", sort: "ranking", preset: name })] : [])));
}

/** Who else answered these beats, and who of both is right, with how many beats; nothing where
    nobody else did. */
export function comparison(data, filters, change) {
  const table = data.tables[filters.protocol];
  const known = data.answering.filter((title) => otherOf(data, table, { other: title }) >= 0);
  if (!known.length) return "";
  const capital = (title) => title[0].toUpperCase() + title.slice(1);
  const other = choice("Beside another model", [["", "none"], ...known.map((title) => [title, capital(title)])],
    (title) => change({ other: title, relation: "", ...(title ? {} : { outcome: "wrong" }) }));
  other.select.value = filters.other;
  const counts = relationCounts(data, table, filters);
  const one = ([relation, words], i) => button(`${capital(words)}: ${number(counts[i])}`, () => change(
    filters.relation === relation ? { relation: "" } : { ...NO_FILTERS, record: filters.record, other: filters.other, outcome: "all", relation }),
  { class: "bi-button bi-chip", "aria-pressed": String(filters.relation === relation), "data-relation": relation });
  return element("div", { class: "bi-compare" }, other.field,
    ...(counts.length ? [element("div", { class: "bi-chips", role: "group", "aria-label": "Who is right" },
      ...Object.entries(RELATIONS).map(one))] : []));
}

/** The filter form; `sync(filters)` brings its fields up to date. */
export function filterForm(data, change) {
  const classes = [["", "any"], ...data.classes.map((c) => [c, `${c}: ${data.class_names[c]}`])];
  const annotated = choice("Annotated", classes, (v) => change({ true_class: v }));
  const model = choice("Model", classes, (v) => change({ predicted_class: v }));
  const record = choice("Record", [], (v) => change({ record: v }));
  const outcome = choice("Outcome", Object.entries(OUTCOMES), (v) => change({ outcome: v }));
  const sort = choice("Order", [], (v) => change({ sort: v }));
  const range = confidenceRange((confidence) => change({ confidence }));
  const form = element("form", { class: "bi-filters", onsubmit: () => false },
    annotated.field, model.field, record.field, outcome.field, range.field, sort.field,
    button("Clear the filters", () => change({ ...NO_FILTERS }), { class: "bi-button bi-clear" }));
  const sync = (filters) => {
    annotated.select.value = filters.true_class;
    model.select.value = filters.predicted_class;
    fill(record.select, [["", "any"], ...recordsOf(data, data.tables[filters.protocol]).map(
      ([name, wrong, all]) => [name, `${name} (${number(wrong)} of ${number(all)} wrong)`])]);
    record.select.value = filters.record;
    outcome.select.value = filters.outcome;
    fill(sort.select, Object.entries(SORTS).filter(([key]) => key !== "ranking" || filters.preset));
    sort.select.value = filters.sort;
    range.sync(filters.confidence);
  };
  return { form, sync };
}

/** Two sliders, from and to, that cannot cross. */
function confidenceRange(change) {
  const slider = (label) => element("input", {
    type: "range", min: 0, max: 100, step: 1, "aria-label": label,
  });
  const [low, high] = [slider("Lowest confidence, in percent"), slider("Highest confidence, in percent")];
  const words = element("output", {});
  low.oninput = () => change([Math.min(low.value, high.value) / 100, high.value / 100]);
  high.oninput = () => change([low.value / 100, Math.max(low.value, high.value) / 100]);
  const field = element("fieldset", { class: "bi-field bi-range" },
    element("legend", {}, "Confidence ", words), low, high);
  const sync = ([from, to]) => {
    low.value = Math.round(100 * from);
    high.value = Math.round(100 * to);
    words.textContent = `${low.value} to ${high.value}\u202f%`;
  };
  return { field, sync };
}
