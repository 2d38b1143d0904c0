// What a reader takes away of a recording, as corrected: beats (CSV), annotations (WFDB), the
// corrections, the report. All of it is made in the page.
import { writeAnnotations } from "./annotations.js";
import { documentOf } from "./corrections.js";
import { reportHtml, titleOf } from "./report.js";
import { CLASSES, confidence } from "./view/classes.js";
import { button, download, element } from "./view/dom.js";

const DIGITS = 6; // of a probability
const BAR = `.bar{display:flex;flex-wrap:wrap;gap:10px;margin:0 0 16px}.bar button{font:inherit;padding:6px 14px;
border-radius:6px;border:1px solid var(--rule);background:var(--card);color:var(--ink);cursor:pointer}
.bar button:focus-visible{outline:3px solid var(--N);outline-offset:2px}@media print{.bar{display:none}}`;

/** A row a beat, as `ecgcore predict` writes them, and where there are corrections, which beats are
    corrected. Row: number of the beat in the recording, 0 for one that was added. */
export function csvText(shown) {
  const byHand = shown.edits.length > 0;
  const columns = ["row", "time_s", "class", "probability", ...Array.from(CLASSES, (c) => `p_${c}`)];
  const lines = [[...columns, ...(byHand ? ["corrected"] : [])]];
  const digits = (value) => (Number.isFinite(value) ? value.toFixed(DIGITS) : "");
  for (let i = 0; i < shown.time.length; i += 1) {
    const source = shown.source[i];
    const chances = Array.from(CLASSES, (_, k) => digits(source < 0 ? NaN : shown.probabilities[5 * source + k]));
    lines.push([source + 1, shown.time[i].toFixed(3), CLASSES[shown.decision[i]], digits(confidence(shown, i)),
      ...chances, ...(byHand ? [shown.byHand[i]] : [])]);
  }
  return lines.map((cells) => `${cells.join(",")}\n`).join("");
}

/** Beats and what was not analysed as a WFDB annotation file, which other viewers open. */
export function atrBytes(shown) {
  const beats = Array.from(shown.time, (at, i) => ({ at, letter: CLASSES[shown.decision[i]] }));
  const note = `ecgcore: rhythm model; ${shown.edits.length} corrections by hand; research only`;
  return writeAnnotations(beats, shown.unusable, shown.fs, note);
}

/** The corrections as the file that ecgcore keeps beside a recording. */
export const correctionsText = (shown) => `${JSON.stringify(documentOf(shown, shown.edits), null, 2)}\n`;

/** A name for files that every system takes. */
const stem = (shown) => shown.name.split("/").pop().replace(/[^\p{L}\p{N}_.-]+/gu, "_") || "recording";

/** Fill a container with a button for the report and one for each file. shown: a function that gives
    what is shown now; known, model: see report.js; assets: address of the folder with report.css.
    Returns a function to be called whenever something else is shown. */
export function buttons(container, shown, { known, model, assets }) {
  const style = fetch(`${assets}report.css`).then((response) => (response.ok ? response.text() : ""), () => "");
  const save = (suffix, content, type) => () => download(stem(shown()) + suffix, content(shown()), type);
  const saveReport = async () => download(`${stem(shown())}.report.html`,
    reportHtml(shown(), { known, model, style: await style }), "text/html");
  const open = async () => {
    const tab = window.open("", "_blank"); // within the click, or the browser forbids it
    if (tab) fill(tab, titleOf(shown()), reportHtml(shown(), { known, model }), await style, saveReport);
    else await saveReport();
  };
  const corrected = button("Corrections", save(".corrections.json", correctionsText, "application/json"));
  const atr = button("Annotations (WFDB)", save(".atr", atrBytes, "application/octet-stream"));
  container.replaceChildren(button("Report", open, { class: "primary" }),
    button("Beats (CSV)", save(".beats.csv", csvText, "text/csv")), atr, corrected);
  return () => {
    corrected.hidden = !shown().edits.length;
    atr.disabled = !shown().time.length;
  };
}

/** Show the report in an empty tab, with buttons to print and to keep it. Its style goes in as an
    object, which no content security policy of the book forbids. */
function fill(tab, title, html, style, saveReport) {
  const { document } = tab;
  const body = new DOMParser().parseFromString(html, "text/html").body;
  const sheet = new tab.CSSStyleSheet();
  sheet.replaceSync(style + BAR);
  document.adoptedStyleSheets = [sheet];
  document.title = title;
  document.documentElement.lang = "en";
  const bar = element("div", { class: "bar" }, button("Print, or keep as PDF", () => tab.print()), button("Download", saveReport));
  document.body.replaceChildren(document.adoptNode(bar), ...document.adoptNode(body).childNodes);
  addEventListener("pagehide", () => bar.remove()); // without the book's page they do nothing
}
