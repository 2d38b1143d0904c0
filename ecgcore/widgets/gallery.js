// The beats that match: how many, and a page of small pictures.

import { clock, number, percent } from "./data.js";
import { button, element, tag } from "./elements.js";
import { noteKey, readNotes } from "./notes.js";
import { blankThumbnail, thumbnail } from "./drawing.js";
import { OUTCOMES, RELATIONS } from "./filters.js";

export const PAGE = 24;

/** What matches, in words. `whole` counts the beats of all predictions, or is null. */
export function countSentence(shown, whole, filters) {
  const limits = [
    filters.preset && `preset \u201c${filters.preset}\u201d`,
    filters.true_class && `annotated ${filters.true_class}`,
    filters.predicted_class && `model ${filters.predicted_class}`,
    filters.record && `record ${filters.record}`,
    filters.relation ? `beside \u201c${filters.other}\u201d: ${RELATIONS[filters.relation]}` : OUTCOMES[filters.outcome],
    (filters.confidence[0] > 0 || filters.confidence[1] < 1)
      && `confidence ${percent(filters.confidence[0], 0)} to ${percent(filters.confidence[1], 0)}`,
  ].filter(Boolean).join(", ");
  const beats = shown === 1 ? "beat matches" : "beats match";
  const sample = whole > shown
    ? ` Of the ${number(whole)} such test beats, every wrong one and a random draw of the right ones are here.`
    : "";
  return [element("strong", {}, `${number(shown)} ${beats}`), `: ${limits}.${sample}`];
}

export function emptyGallery(clear) {
  return element("div", { class: "bi-empty" },
    element("p", {}, "No beat matches this choice. Widen the confidence range, allow right and "
      + "wrong beats, or start again."),
    button("Clear the filters", clear));
}

/** One page of cards. `open(row)` shows a beat, `turn(by)` goes to another page; `other`: the number
    of the model whose answers stand beside, or -1. */
export function gallery(data, table, rows, page, { open, turn, other }) {
  const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
  const cards = shown.map((row, i) => card(data, table, row, { first: i === 0, other, onclick: () => open(row) }));
  const node = element("div", { class: "bi-gallery", role: "group", "aria-label": "Beats that match" },
    ...cards);
  node.addEventListener("keydown", (event) => walkCards(event, cards, turn));
  node.addEventListener("focusin", (event) => {
    cards.forEach((c) => { c.tabIndex = c === event.target ? 0 : -1; });
  });
  return node;
}

/** Words for those who hear the page; the others see arrow and colour. */
function heard(words) {
  return element("span", { class: "bi-heard" }, words);
}

function card(data, table, row, { first, other, onclick }) {
  const record = data.records[table.record[row]];
  const time = table.sample[row] < 0 ? "" : clock(table.sample[row] / record.fs);
  const [t, p] = [data.classes[table.true[row]], data.classes[table.predicted[row]]];
  const agree = t === p;
  const noted = readNotes()[noteKey(data, table, row)];
  const node = element("button", {
    type: "button", class: "bi-card", tabindex: first ? 0 : -1,
    "data-row": row, "data-index": table.index[row], onclick,
  }, blankThumbnail(),
  element("span", { class: "bi-line" },
    heard("Annotated "), tag(data, t), heard(agree ? ", and the model agrees " : ", the model says "),
    element("span", { "aria-hidden": "true" }, agree ? "\u2713" : "\u2192"), agree ? "" : tag(data, p),
    element("span", { class: "bi-sure" }, percent(table.confidence[row], 0))),
  ...besideLine(data, table, row, other),
  element("span", { class: "bi-where" }, heard("record "), `${record.name}${time && ` \u00b7 ${time}`}`,
    ...(noted ? [element("span", { class: "bi-flag", title: "You noted something" }, " \u2691")] : [])));
  if (data.drawn[table.record[row]]) drawCard(node, data, table);
  return node;
}

/** What the model that stands beside answered, if it did. */
function besideLine(data, table, row, other) {
  const answer = table[`other${other}`]?.[row] ?? -1;
  if (answer < 0) return [];
  const right = answer === table.true[row];
  return [element("span", { class: "bi-line bi-other" }, heard("; "), "beside: ", tag(data, data.classes[answer]),
    element("span", { "aria-hidden": "true" }, right ? "\u2713" : "\u2717"), heard(right ? " right " : " wrong "))];
}

/** Puts the beat on its card, once its record is there. */
export function drawCard(node, data, table) {
  node.querySelector("svg").replaceWith(thumbnail(data, table, Number(node.dataset.row)));
  node.dataset.drawn = "true";
}

/** Arrow keys walk among the cards, and on to the next or last page. */
function walkCards(event, cards, turn) {
  const here = cards.indexOf(event.target);
  const columns = cards.filter((c) => c.offsetTop === cards[0].offsetTop).length;
  const step = {
    ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
    Home: -here, End: cards.length - 1 - here, PageUp: -Infinity, PageDown: Infinity,
  }[event.key];
  if (step === undefined || here < 0) return;
  event.preventDefault();
  const next = cards[here + step];
  if (next) next.focus();
  else turn(Math.sign(step));
}

/** First, previous, next, last, and a field for the page's number. `go(page)`, counted from 0. */
export function pager(page, count, go) {
  const pages = Math.ceil(count / PAGE);
  if (pages < 2) return "";
  const last = Math.min(count, (page + 1) * PAGE);
  const field = element("input", {
    type: "number", min: 1, max: pages, value: page + 1, "aria-label": "Page",
    onchange: () => go(Math.min(pages, Math.max(1, Math.round(field.value) || 1)) - 1),
  });
  const to = (label, target, name) => button(label, () => go(target),
    { disabled: target === page || target < 0 || target >= pages, ...(name ? { "aria-label": name } : {}) });
  return element("nav", { class: "bi-pages", "aria-label": "Pages of beats" },
    to("\u00ab", 0, "First page"), to("\u2039 Previous", page - 1),
    element("label", {}, "Page ", field, ` of ${number(pages)}`),
    element("span", {}, `${number(page * PAGE + 1)}\u2013${number(last)} of ${number(count)}`),
    to("Next \u203a", page + 1), to("\u00bb", pages - 1, "Last page"));
}
