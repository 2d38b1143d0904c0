// A recording on one HTML page, complete in itself, without a script and without a request to any
// host: ecgcore/inference/report.py, whose style it has. Names come from files and are escaped.
import { usualHeight } from "./events.js";
import { caption, chosenStrips, STRIP_S } from "./report_strips.js";
import { clock, duration, overview, paper, poincare, scaleOf, tachogram } from "./view/charts.js";
import { CLASS_NAMES, CLASSES, KIND_NAMES, WHY } from "./view/classes.js";
import { percent, plural, thousands } from "./view/dom.js";
import { escape } from "./view/drawing.js";
import { opening, rows, sentences } from "./view/findings.js";

export const NOTICE = "Research software, no medical device: no basis for a diagnosis or a treatment.";
const [WIDTH, SQUARE, LISTED] = [1000, 460, 200]; // of drawings, pixels; rows of a table
const SCROLL = 'class="scroll" tabindex="0"'; // by keys as well
const SEQUENCES = ["couplet", "triplet", "run", "bigeminy", "trigeminy"];
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The page. shown: the answer as corrected, with its summary; known: see known.json; model: what is
    said of the weights; style: that of the reports (report.css). */
export function reportHtml(shown, { known = [], model = {}, style = "" } = {}) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escape(titleOf(shown))}</title><style>${style}</style></head><body>
${reportBody(shown, known, model)}
</body></html>
`;
}

export const titleOf = (shown) => `${shown.name}: ECG report`;

function reportBody(shown, known, model) {
  return [head(shown), tiles(shown), found(shown), beats(shown), figure("The whole recording", overview(shown, WIDTH),
    "heart rate over eight beats, and when ectopic beats, irregular rhythm and gaps occur"), hours(shown), strips(shown),
  variability(shown), unusable(shown), events(shown), about(known, model)].join("\n");
}

function head(shown) {
  const { start, notes } = shown;
  const when = start ? [start.day, clock(0, start)].filter(Boolean).join(", ") : null;
  const told = [when, `lead ${shown.lead}`, duration(shown.seconds), `${Number(shown.fs.toPrecision(6))} Hz`,
    shown.annotated ? "R peaks as annotated" : "R peaks found by the program"].filter(Boolean);
  const doubts = notes.map((note) => `<p class="note">${escape(note)}.</p>`).join("");
  return `<header><h1>${escape(shown.name)}</h1><p class="quiet">${escape(told.join(" · "))}</p>` +
    `<p class="note">${NOTICE}</p>${doubts}</header>`;
}

const whole = (value, unit = "") => (Number.isFinite(value) ? value.toFixed(0) + unit : "–");

function tiles({ time, summary }) {
  const { rate, burden, longest } = summary;
  const pauses = summary.events.filter((e) => e.kind === "pause").length;
  const ectopic = [["V", "ventricular"], ["S", "supraventricular"]].map(([letter, what]) => [percent(burden[letter].share),
    `${what}: ${thousands(burden[letter].beats)}, ${thousands(Math.round(burden[letter].anHour))}/h`]);
  const all = [[thousands(time.length), "beats"],
    [whole(rate.mean, "/min"), `${whole(rate.least)} to ${whole(rate.most)} a minute`], ...ectopic,
    [longest ? `${(longest.stop - longest.start).toFixed(2)} s` : "–", `longest RR; ${plural(pauses, "pause")}`],
    [percent(summary.fibrillationShare, 0), "irregular as in atrial fibrillation"],
    [percent(summary.seconds ? summary.analysed / summary.seconds : 0), "of the recording analysed"]];
  const cells = all.map(([big, small]) => `<div class="tile"><b>${escape(big)}</b><span>${escape(small)}</span></div>`);
  return `<div class="tiles">${cells.join("")}</div>`;
}

/** A table; numeric: columns whose cells are numbers. */
function table(columns, lines, numeric = []) {
  const row = (cells, tag) => `<tr>${cells.map((cell, i) =>
    `<${tag}${numeric.includes(i) ? " class=n" : ""}>${escape(cell)}</${tag}>`).join("")}</tr>`;
  return `<div ${SCROLL}><table><thead>${row(columns, "th")}</thead><tbody>` +
    `${lines.map((cells) => row(cells, "td")).join("")}</tbody></table></div>`;
}

function found(shown) {
  const items = sentences(shown).map(({ words }) => `<li>${escape(words)}</li>`);
  return `<h2>What was found</h2><p>${escape(opening(shown))}</p><ul>${items.join("")}</ul>`;
}

function beats({ time, summary }) {
  const counts = [...CLASSES].map((c, i) => [c, CLASS_NAMES[c], thousands(summary.counts[i]),
    percent(summary.counts[i] / Math.max(time.length, 1))]);
  const sequences = SEQUENCES.map((kind) => [kind === "run" ? "runs of 4 and more" : `${KIND_NAMES[kind]}s`.replace(/ys$/, "ies"),
    ...[..."VS"].map((c) => thousands(summary.events.filter((e) => e.kind === kind && e.letter === c).length))]);
  return `<h2>Beats</h2>${table(["class", "", "beats", "share"], counts, [2, 3])}` +
    `<h2>Ectopic beats in sequence</h2>${table(["", "ventricular", "supraventricular"], sequences, [1, 2])}`;
}

const figure = (title, drawn, words, kind = SCROLL) =>
  `<h2>${escape(title)} <span>${escape(words)}</span></h2><figure><div ${kind}>${drawn}</div></figure>`;

function hours({ start, summary }) {
  if (summary.hours.length < 2) return "";
  const lines = summary.hours.map((h) => [clock(h.start, start), thousands(h.beats), whole(h.mean), whole(h.least), whole(h.most)]);
  return `<details><summary>Heart rate by hour</summary>${table(["from", "beats", "mean", "least", "most"], lines, [1, 2, 3, 4])}</details>`;
}

function strips(shown) {
  const [scale, words] = scaleOf(shown.unit, usualHeight(shown.signal, shown.time));
  const drawn = chosenStrips(shown).map((strip) => `<figure><figcaption>${escape(strip.title)} ` +
    `<span>${escape(caption(strip, shown.start))}</span></figcaption><div ${SCROLL}>` +
    `${paper(shown, strip.at - STRIP_S / 2, STRIP_S, scale, strip.title)}</div></figure>`);
  return `<h2>Strips</h2><p class="quiet">25 mm/s, ${words}. A small square is 0.04 s.</p>${drawn.join("")}`;
}

function variability(shown) {
  const { intervals, sdnn, rmssd, pnn50, sd1, sd2 } = shown.summary.variability;
  const lines = [["SDNN", whole(sdnn, " ms")], ["RMSSD", whole(rmssd, " ms")], ["pNN50", percent(pnn50)],
    ["SD1", whole(sd1, " ms")], ["SD2", whole(sd2, " ms")]];
  return `<h2>Variability <span>${plural(intervals, "interval")} between N beats</span></h2>` +
    table(["", "N–N intervals"], lines, [1]) +
    figure("Tachogram", tachogram(shown, WIDTH), "RR interval before each beat, by its class") +
    figure("Poincaré plot", poincare(shown, SQUARE), "each N–N interval against the one before", 'class="square"');
}

function unusable({ start, seconds, unusable: stretches }) {
  if (!stretches.length) return "<h2>Not analysed</h2><p>Nothing: all could be.</p>";
  const total = stretches.reduce((sum, s) => sum + s.stop - s.start, 0);
  const lines = stretches.slice(0, LISTED).map((s) => [clock(s.start, start), duration(Math.max(s.stop - s.start, 1)), WHY[s.why] ?? s.why]);
  return `<h2>Not analysed</h2><p>${duration(total)} (${percent(total / seconds)}) of the recording.</p>` +
    table(["from", "for", "why"], lines);
}

function events({ start, summary }) {
  const { all } = summary;
  if (!all.length) return "<h2>Events</h2><p>None.</p>";
  const lines = all.slice(0, LISTED).map((e) => [clock(e.start, start), KIND_NAMES[e.kind], e.letter,
    e.beats ? thousands(e.beats) : "", `${(e.stop - e.start).toFixed(1)} s`, `${e.rate.toFixed(0)}/min`]);
  const words = all.length > LISTED ? `<p>The first ${LISTED}.</p>` : "";
  return `<h2>Events</h2><details><summary>All ${thousands(all.length)} in order of time</summary>${words}` +
    `${table(["at", "event", "class", "beats", "lasts", "rate"], lines, [3, 4, 5])}</details>`;
}

function about(known, model) {
  const tests = known.map((test) => `<p>How often it was right, of ${thousands(test.beats)} beats in ${plural(test.records, "record")}: ` +
    `${escape(test.of)}. In brackets, 95 % of resamplings of the records. Source: ${escape(test.result)} in ${escape(test.file)}, ` +
    `commit ${escape(test.commits.join(", "))}.</p>` +
    table(["class", "right when it says so", "found of those there are"], rows(test).map(reached), [1, 2]));
  const said = [`The ${model.what ?? "model"} of the book saw each beat among the others. ` +
      `It has learnt from ${model.protocol ?? "records it does not name"}.`,
    `SHA-256 of the weights: ${model.weights_sha256 ?? "unknown"}; made at commit ${model.provenance?.commit ?? "unknown"}.`,
    "Runs are four ectopic beats and more in a row; an irregular rhythm lasts at least 30 s. What is counted here is worth what " +
      "the classes and R peaks are worth."];
  return `<h2>Model</h2>${said.map((line) => `<p>${escape(line)}</p>`).join("")}${tests.join("")}<p class="note">${NOTICE}</p>`;
}

function reached({ letter, answered, right, ci95, truly, found: hit }) {
  const range = (ci95 ?? []).map((v) => (100 * v).toFixed(0)).join(" to ");
  return [letter, answered ? `${percent(right, 0)} (${range})` : "never answered",
    truly ? `${percent(hit, 0)} of ${thousands(truly)}` : "–"];
}
