// What is drawn of a whole recording: overview, tachogram, Poincaré plot, a strip on ECG paper.
import { CLASSES } from "./classes.js";
import { Canvas, number, ticks, timeTicks } from "./drawing.js";
import { intervalsKnown, intervalsOf, movingRate, nnIntervals } from "../events.js";
import { median, percentile } from "../numeric.js";

const FS = 125;
const MOST_DOTS = 4000;
const [MM_S, PIXELS_MM, STRIP_MM] = [25, 4, 36];
const MILLIVOLTS = { mv: 1, uv: 1e-3, "µv": 1e-3, "μv": 1e-3, v: 1e3 };

/** A time of the recording, of the day where that is known. start: {second, day} or null. */
export function clock(second, start) {
  const at = Math.floor(second + (start?.second ?? 0));
  const two = (v) => String(v).padStart(2, "0");
  const [minutes, seconds] = [two(Math.floor(at / 60) % 60), two(at % 60)];
  if (!start) return `${Math.floor(at / 3600)}:${minutes}:${seconds}`;
  const days = Math.floor(at / 86400);
  return `${two(Math.floor(at / 3600) % 24)}:${minutes}:${seconds}${days ? ` (day ${days + 1})` : ""}`;
}

export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 3600), "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  return parts.filter(([n]) => n).map(([n, unit]) => `${n} ${unit}`).join(" ") || "0 s";
}

const axisWords = (at, start, seconds) => at.map((t) => {
  const words = clock(t, start).split(" ")[0];
  return seconds > 600 ? words.replace(/:00$/, "") : words;
});

function timeAxis(canvas, seconds, start) {
  const at = timeTicks(seconds, start ? start.second : 0, Math.max(2, Math.floor(canvas.width / 110)));
  canvas.xAxis(at, axisWords(at, start, start ? seconds : 0));
}

const thinned = (list) => {
  const step = Math.max(1, Math.ceil(list.length / MOST_DOTS));
  return list.filter((_, i) => i % step === 0);
};

/** Pixels at the left and the right of an overview of some width. */
export const MARGINS = (width) => [width < 600 ? 58 : 70, 8];

/** Rate and rows of V, S, irregular rhythm and what cannot be used. shown: {name, seconds, start,
    time, decision, unusable, summary}; width: pixels. */
export function overview(shown, width) {
  const { seconds, summary } = shown;
  const rows = ["V", "S", ...[..."FQ"].filter((c) => summary.counts[CLASSES.indexOf(c)]), "irregular", "not usable"];
  const [top, row, rate, bottom] = [8, 20, 110, 24];
  const height = top + rate + 8 + row * rows.length + bottom;
  const margins = MARGINS(width);
  const known = intervalsKnown(shown.time, shown.unusable);
  const [at, rates] = movingRate(shown.time, known);
  const [low, high] = [Math.min(percentile(rates, 0.5), 50) - 5, Math.max(percentile(rates, 99.8), 100) + 5];
  const canvas = new Canvas(width, height, [0, seconds], [low, high], [...margins, top, height - top - rate]);
  const lower = new Canvas(width, height, [0, seconds], [0, rows.length], [...margins, top + rate + 8, bottom]);
  timeAxis(lower, seconds, shown.start);
  canvas.parts = lower.parts;
  const steps = ticks(low, high, 3);
  canvas.yAxis(steps, steps.map((s, i) => (i === steps.length - 1 ? `${s}/min` : String(s))));
  for (const { start, stop } of shown.unusable) canvas.box(start, stop, low, high, "bad");
  rateBands(canvas, at, rates, Math.round(width / 3));
  rows.forEach((name, i) => rowOf(lower, shown, name, rows.length - 1 - i));
  return canvas.svg("Overview: heart rate, and when ectopic beats, irregular rhythm and gaps occur");
}

function rateBands(canvas, at, rates, bins) {
  const [, seconds] = canvas.x;
  const found = Array.from({ length: bins }, () => null);
  at.forEach((t, i) => {
    const k = Math.min(Math.floor((t / seconds) * bins), bins - 1);
    found[k] ??= { low: rates[i], high: rates[i], all: [] };
    found[k].low = Math.min(found[k].low, rates[i]);
    found[k].high = Math.max(found[k].high, rates[i]);
    found[k].all.push(rates[i]);
  });
  const clipped = (v) => Math.min(Math.max(v, canvas.y[0]), canvas.y[1]);
  const x = (k) => ((k + 0.5) * seconds) / bins;
  for (let k = 0; k < bins; k += 1) {
    const first = k;
    while (k < bins && found[k]) k += 1;
    const own = Array.from({ length: k - first }, (_, i) => first + i);
    if (!own.length) continue;
    const outline = [...own.map((i) => [x(i), clipped(found[i].high)]),
      ...own.toReversed().map((i) => [x(i), clipped(found[i].low)])];
    canvas.path(`${canvas.line(outline)}Z`, "band");
    canvas.path(canvas.line(own.map((i) => [x(i), clipped(median(found[i].all))])), "curve");
  }
}

function rowOf(canvas, shown, name, low) {
  canvas.text(canvas.margins[0] - 6, canvas.atY(low + 0.25), name, "tick", "end");
  const number_ = CLASSES.indexOf(name);
  if (name === "irregular") {
    for (const e of shown.summary.fibrillation) canvas.box(e.start, e.stop, low + 0.1, low + 0.8, "af");
  } else if (name === "not usable") {
    for (const s of shown.unusable) canvas.box(s.start, s.stop, low + 0.1, low + 0.8, "bad");
  } else {
    const bins = Math.min(180, Math.max(Math.ceil(shown.seconds / 5), 1));
    const width = shown.seconds / bins;
    const count = new Uint32Array(bins);
    shown.time.forEach((t, i) => {
      if (shown.decision[i] === number_) count[Math.min(Math.floor(t / width), bins - 1)] += 1;
    });
    const most = Math.max(...count);
    count.forEach((n, k) => {
      if (n) canvas.box(k * width, (k + 1) * width, low + 0.02, low + 0.17 + (0.75 * n) / most, `c${name}`);
    });
  }
}

/** RR interval before each beat, by its class. */
export function tachogram(shown, width) {
  const known = intervalsKnown(shown.time, shown.unusable);
  const rr = intervalsOf(shown.time);
  const used = thinned(Array.from(rr.keys()).filter((i) => known[i]));
  if (!used.length) return "<p>There are too few beats.</p>";
  const top = Math.min(Math.max(percentile(used.map((i) => rr[i]), 99.5) * 1.3, 1), 4);
  const canvas = new Canvas(width, 230, [0, shown.seconds], [0, top], [46, 8, 10, 24]);
  timeAxis(canvas, shown.seconds, shown.start);
  const steps = ticks(0, top, 4);
  canvas.yAxis(steps, steps.map((v) => `${v} s`));
  [...CLASSES].forEach((letter, k) => {
    const own = used.filter((i) => shown.decision[i + 1] === k);
    canvas.path(canvas.dots(own.map((i) => [shown.time[i + 1], Math.min(rr[i], top)])), `dot s${letter}`);
  });
  return canvas.svg("RR intervals over the recording, coloured by class");
}

/** Each N-N interval against the one before. */
export function poincare(shown, width) {
  const known = intervalsKnown(shown.time, shown.unusable);
  const nn = nnIntervals(intervalsOf(shown.time), shown.decision, known);
  const pairs = thinned(Array.from(nn.keys()).filter((i) => i && Number.isFinite(nn[i]) && Number.isFinite(nn[i - 1])));
  if (!pairs.length) return "<p>There are too few N beats in a row.</p>";
  const all = nn.filter(Number.isFinite);
  const axes = [Math.max(percentile(all, 0.5) - 0.15, 0), percentile(all, 99.5) + 0.15];
  const size = Math.min(width, 380);
  const canvas = new Canvas(size, size - 20, axes, axes, [46, 10, 10, 26]);
  const steps = ticks(...axes, 4);
  canvas.xAxis(steps, steps.map((v) => `${v} s`));
  canvas.yAxis(steps, steps.map((v) => `${v} s`));
  canvas.path(canvas.line([[axes[0], axes[0]], [axes[1], axes[1]]]), "identity");
  const inside = (v) => Math.min(Math.max(v, axes[0]), axes[1]);
  canvas.path(canvas.dots(pairs.map((i) => [inside(nn[i - 1]), inside(nn[i])])), "dot sN");
  return canvas.svg("Poincaré plot: each N-N interval against the one before");
}

/** mm a unit of the signal, and what is said of it: 10 mm/mV where the unit is known and it fits.
    tall: how high most beats are, in the unit. */
export function scaleOf(unit, tall, room = STRIP_MM - 6) {
  const known = MILLIVOLTS[unit.trim().toLowerCase().replaceAll(" ", "")];
  for (const mm of known === undefined ? [] : [10, 5, 2.5, 1.25]) {
    if (tall * known * mm <= room) return [mm * known, `${mm} mm/mV`];
  }
  return [tall > 0 ? (room - 6) / tall : 1, "height as it fits"];
}

/** Some seconds on ECG paper, each beat marked by its class. scale: mm a unit of signal. */
export function paper(shown, from, seconds, scale, title) {
  const start = Math.min(Math.max(from, 0), Math.max(shown.seconds - seconds, 0));
  const [width, height] = [seconds * MM_S * PIXELS_MM, STRIP_MM * PIXELS_MM];
  const canvas = new Canvas(width, height + 18, [start, start + seconds], [0, 1], [0, 0, 18, 0]);
  for (const [kind, mm] of [["minor", 1], ["major", 5]]) {
    let d = "";
    for (let x = 0; x <= seconds * MM_S; x += mm) d += `M${x * PIXELS_MM} 18v${height}`;
    for (let y = 0; y <= STRIP_MM; y += mm) d += `M0 ${18 + y * PIXELS_MM}h${width}`;
    canvas.path(d, kind);
  }
  for (const { start: a, stop: b } of shown.unusable) {
    if (a < start + seconds && b > start) canvas.box(Math.max(a, start), Math.min(b, start + seconds), 0, 1, "bad");
  }
  const first = Math.round(start * FS);
  const piece = shown.signal.subarray(first, Math.round((start + seconds) * FS));
  const centre = centreOf(piece);
  const y = (v) => Math.min(Math.max(18 + height / 2 - (v - centre) * scale * PIXELS_MM, 18), 18 + height);
  const points = Array.from(piece, (v, i) =>
    `${i ? "L" : "M"}${number(((first + i) / FS - start) * MM_S * PIXELS_MM)} ${number(y(v))}`);
  canvas.path(points.join(""), "trace");
  const letters = [];
  shown.time.forEach((t, i) => {
    if (t < start || t >= start + seconds) return;
    const letter = CLASSES[shown.decision[i]];
    letters.push(letter);
    canvas.text(Math.min(Math.max(canvas.atX(t), 6), width - 6), 13, letter, `mark c${letter}`);
    canvas.path(`M${number(canvas.atX(t))} 18v5`, `peak s${letter}`);
  });
  return canvas.svg(`${title}: ${seconds} s of ECG; beats ${letters.join(" ")}`);
}

/** The level about which a piece of signal is drawn. */
export function centreOf(piece) {
  if (!piece.length) return 0;
  let [low, high] = [Infinity, -Infinity];
  for (const v of piece) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  return (median(piece) + (high + low) / 2) / 2;
}
