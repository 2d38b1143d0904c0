// What the reader sees first of an answer: what was found, and how good the model is.
import { CLASS_NAMES, CLASSES } from "./classes.js";
import { duration } from "./charts.js";
import { badge, button, element, percent, plural, thousands } from "./dom.js";
import { agreement, opening, rows, sentences } from "./findings.js";

/** Findings as sentences, each with a button that shows an instance. goTo: (second) → void */
export function findings(shown, goTo) {
  const items = sentences(shown).map(({ words, at }) => {
    const item = element("li", {}, words);
    if (at !== null) item.append(" ", button("show", () => goTo(at), { class: "plain", "aria-label": `show: ${words}` }));
    return item;
  });
  return [element("p", { class: "opening" }, opening(shown)), classBar(shown), element("ul", { class: "findings" }, ...items)];
}

/** One bar of all beats, divided by class, and the counts below it. */
function classBar({ time, summary: { counts } }) {
  const bar = element("div", { class: "class-bar", "aria-hidden": "true" });
  const list = element("ul", { class: "class-counts" });
  [...CLASSES].forEach((letter, i) => {
    const share = counts[i] / Math.max(time.length, 1);
    const part = element("span", { class: `is-${letter}` });
    part.style.flexGrow = share;
    if (counts[i]) bar.append(part);
    list.append(element("li", { class: counts[i] ? false : "none" }, badge(letter), ` ${thousands(counts[i])} `,
      element("small", {}, counts[i] ? percent(share) : CLASS_NAMES[letter])));
  });
  return element("div", {}, bar, list);
}

/** What was looked at: name, length, lead, rate, R peaks. */
export function facts(answer) {
  const told = [duration(answer.seconds), `lead ${answer.lead}`, `${Number(answer.fs.toPrecision(6))} Hz`,
    answer.annotated ? "R peaks as annotated" : "R peaks found by the page"];
  const { start } = answer;
  if (start) told.unshift([start.day, clockOf(start.second)].filter(Boolean).join(", "));
  return told.join(" · ");
}

const clockOf = (second) => [3600, 60, 1].map((unit, i) =>
  String(Math.floor(second / unit) % (i ? 60 : 24)).padStart(2, "0")).join(":");

const trained = (about) => `It has learnt from ${about.protocol ?? "records it does not name"}`;

/** Which model answered, and what it reached on people it had never seen. known: see known.json */
export function model(known, about) {
  const tables = known.map((test) => reached(test));
  const commit = about.provenance?.commit;
  return [
    element("p", {}, `The ${about.what ?? "model"} of this book answered`, commit ? ` (made at commit ${commit})` : "",
      `. ${trained(about)}. It has never seen a pacemaker's beats as such, and does not answer F or Q unless the tables below say so.`),
    ...tables];
}

function reached(test) {
  const line = ({ letter, answered, right, ci95, truly, found }) => element("tr", {},
    element("th", { scope: "row" }, badge(letter)),
    element("td", {}, answered ? `${percent(right, 0)} (${ci95.map((v) => (100 * v).toFixed(0)).join(" to ")})` : "never answered"),
    element("td", {}, truly ? `${percent(found, 0)} of ${thousands(truly)}` : "–"));
  const head = element("tr", {}, ...["class", "right when it says so", "found of those there are"].map((t) => element("th", { scope: "col" }, t)));
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Results on ${test.of}` },
    element("table", { class: "numbers" },
      element("caption", {}, `On ${plural(test.records, "record")}, ${test.of}: ${thousands(test.beats)} beats. In brackets, 95 % of resamplings of the records.`),
      element("thead", {}, head), element("tbody", {}, ...rows(test).map(line))));
}

/** How far it agrees with the annotations in the file; nothing without any. */
export function annotations(shown, about) {
  const found = agreement(shown);
  if (!found) return [];
  const cells = (row) => row.map((n) => element("td", { class: n ? false : "none" }, thousands(n)));
  const head = element("tr", {}, element("th", { scope: "col" }, "annotated"), ...[...CLASSES].map((c) => element("th", { scope: "col" }, badge(c))));
  const body = found.matrix.map((row, i) => element("tr", {}, element("th", { scope: "row" }, badge(CLASSES[i])), ...cells(row)));
  return [
    element("p", {}, `The file holds annotations of ${plural(found.n, "beat")}: ${percent(found.same / found.n)} have the class that is shown here. `,
      `${trained(about)}; if this recording is one of them, it is no test of the model.`),
    element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Annotated classes against those shown" },
      element("table", { class: "numbers" }, element("caption", {}, "Beats by annotated class (rows) and class shown (columns)"),
        element("thead", {}, head), element("tbody", {}, ...body)))];
}
