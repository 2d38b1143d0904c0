// SVG panels of one beat. Each returns { node, width, height }, node a <g> in pixels, so that
// the page can show panels one by one and the saved file can stack them.

import {
  answererOf, camOf, explainedClass, networkBeat, number, percent, probabilitiesOf, stripOf, usualOf,
} from "./data.js";

const NS = "http://www.w3.org/2000/svg";
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const MM_PER_S = 25;
const MM_PER_MV = 10;
const TALLEST = 320; // px of ECG paper
const CAM_WIDTH = 11; // px of the band at full evidence

/** Colours on the page follow its theme; those of a saved file are fixed. */
export const SCREEN = Object.fromEntries(
  ["ink", "muted", "paper", "minor", "major", "window", "cam", "ground"].map((name) => [
    name, `var(--bi-${name})`,
  ]),
);
export const PRINT = {
  ink: "#1b1b1b", muted: "#595959", paper: "#fffaf7", minor: "#f6dcd3", major: "#e9b5a5",
  window: "#0072b21f", cam: "#56b4e9", ground: "#ffffff",
};

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function text(x, y, content, attributes = {}) {
  return svg("text", { x, y, "font-size": 12, ...attributes }, content);
}

export function line(x1, y1, x2, y2, stroke, attributes = {}) {
  return svg("line", { x1, y1, x2, y2, stroke, ...attributes });
}

export function polyline(points, attributes) {
  const d = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  return svg("path", { d, fill: "none", "stroke-linejoin": "round", ...attributes });
}

/** A panel as an image of its own, described for those who do not see it. */
export function image(panel, label) {
  return svg("svg", {
    viewBox: `0 0 ${panel.width} ${panel.height}`, width: panel.width, height: panel.height,
    role: "img", "aria-label": label, "font-family": FONT,
  }, panel.node);
}

/** A class letter in a disc of its colour; the letter carries the meaning, the colour repeats it. */
export function disc(data, k, x, y, radius, attributes = {}) {
  const fill = data.colours[data.classes[k]];
  return svg("g", { class: "bi-mark" },
    svg("circle", { cx: x, cy: y, r: radius, fill, ...attributes }),
    text(x, y + radius * 0.42, data.classes[k], {
      "font-size": radius * 1.25, "font-weight": 700, "text-anchor": "middle",
      fill: k === 0 ? "#fff" : "#000",
    }));
}

function paper(width, height, mm, palette) {
  const node = svg("g", {}, svg("rect", { width, height, fill: palette.paper }));
  for (const [step, stroke] of [[1, palette.minor], [5, palette.major]]) {
    if (step * mm < 3.5) continue; // lines closer than that only tint the paper
    let d = "";
    for (let x = 0; x <= width + 0.1; x += step * mm) d += `M${x.toFixed(2)} 0V${height}`;
    for (let y = 0; y <= height + 0.1; y += step * mm) d += `M0 ${y.toFixed(2)}H${width}`;
    node.append(svg("path", { d, stroke, "stroke-width": step === 1 ? 0.6 : 0.9, fill: "none" }));
  }
  return node;
}

/** Lowest and highest value on a strip's axis: whole half millivolts, with room around the wave. */
function limits(values) {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return [Math.floor(2 * (low - 0.15)) / 2, Math.ceil(2 * (high + 0.15)) / 2];
}

/** Seconds at which to label an axis from `from` to `to`, one label every `step`. */
export function ticks(from, to, step) {
  const out = [];
  for (let t = Math.ceil(from / step) * step; t <= to + 1e-9; t += step) out.push(t);
  return out;
}

export function signed(value) {
  const short = Number.isInteger(value) ? String(value) : value.toFixed(1);
  return short.replace("-", "\u2212");
}

/** The beat among its neighbours on ECG paper, 25 mm/s and 10 mm/mV, as wide as there is room; with
    the second lead below, if it was brought and is wanted; `other`: the number of the model
    whose answers stand in squares, or -1. */
export function stripPanel(data, table, row, { width, palette, wide, both, other = -1 }) {
  const strip = stripOf(data, table, row, wide);
  const { lead, second } = data.records[table.record[row]];
  const leads = both && strip.second ? [[strip.values, lead], [strip.second, second]] : [[strip.values, ""]];
  const ranges = leads.map(([values]) => limits(values));
  const seconds = (strip.values.length - 1) / data.fs;
  const [left, top, gap] = [46, 30, 16];
  const tall = ranges.reduce((sum, [low, high]) => sum + high - low, 0);
  const fits = Math.min(8, (width - left - 8) / (MM_PER_S * seconds), (TALLEST * Math.sqrt(leads.length)) / (MM_PER_MV * tall));
  const mm = Math.max(2.9, fits);
  const x = (i) => (i / data.fs) * MM_PER_S * mm;
  const inner = { width: x(strip.values.length - 1), height: 0, mm };
  const node = svg("g", { transform: `translate(${left} ${top})`, fill: palette.ink });
  leads.forEach(([values, name], i) => {
    if (i) inner.height += gap;
    const part = leadPaper(values, name, ranges[i], x, inner, palette);
    part.node.querySelector("rect").after(svg("rect", {
      class: "bi-window", x: x(strip.at), width: x(table.length[row]), height: part.height, fill: palette.window,
    }));
    node.append(svg("g", { transform: `translate(0 ${inner.height})` }, part.node));
    inner.height += part.height;
  });
  node.append(...stripMarks(data, strip, x, inner, palette));
  node.append(...stripAnswers(data, strip, answererOf(data, table), x, inner, palette));
  if (other >= 0) node.append(...stripAnswers(data, strip, other, x, inner, palette, true));
  node.append(...stripAxes(strip, data.fs, x, inner, palette));
  return { node, width: left + inner.width + 8, height: top + inner.height + 40 };
}

/** One lead on paper of its own, with its millivolts. */
function leadPaper(values, name, [low, high], x, { width, mm }, palette) {
  const perUnit = MM_PER_MV * mm;
  const height = (high - low) * perUnit;
  const y = (v) => (high - v) * perUnit;
  const node = svg("g", {}, paper(width, height, mm, palette),
    polyline(Array.from(values, (v, i) => [x(i), y(v)]), {
      class: "bi-wave", stroke: palette.ink, "stroke-width": 1.6,
    }),
    ...ticks(low, high, 1).map((v) => text(
      -6, y(v) + 4, signed(v), { "text-anchor": "end", fill: palette.muted, "font-size": 11 },
    )),
    svg("text", {
      transform: `translate(-32 ${height / 2}) rotate(-90)`, "text-anchor": "middle",
      fill: palette.muted, "font-size": 11.5,
    }, "mV"));
  if (name) node.append(text(4, 13, name, { "font-size": 11.5, "font-weight": 600 }));
  return { node, height };
}

function stripMarks(data, strip, x, inner, palette) {
  return strip.marks.map((mark) => {
    const radius = mark.here ? 11 : 8;
    const group = svg("g", { "data-class": data.classes[mark.class] },
      svg("title", {}, `annotated ${data.classes[mark.class]} (${data.symbols[mark.symbol]})`),
      line(x(mark.at), -14 + radius, x(mark.at), inner.height, palette.muted, {
        "stroke-width": 0.8, "stroke-dasharray": "2 3", opacity: mark.here ? 1 : 0.6,
      }),
      disc(data, mark.class, x(mark.at), -14, radius,
        mark.here ? { stroke: palette.ink, "stroke-width": 2 } : {}));
    return group;
  });
}

/** Below each beat, what a model answered; ringed where that is not the annotation. The one that is
    compared stands above, in squares. */
function stripAnswers(data, strip, answerer, x, inner, palette, compared = false) {
  const y = inner.height - (compared ? 29 : 10);
  return strip.marks.filter((mark) => mark.answers[answerer] >= 0).map((mark) => {
    const letter = data.classes[mark.answers[answerer]];
    const wrong = mark.answers[answerer] !== mark.class;
    const look = {
      fill: palette.paper, stroke: wrong ? palette.ink : palette.minor, "stroke-width": wrong ? 1.6 : 1,
    };
    return svg("g", { class: compared ? "bi-answer-other" : "bi-answer", "data-class": letter },
      svg("title", {}, `${compared ? data.answering[answerer] : "the model"} says ${letter}`),
      compared ? svg("rect", { x: x(mark.at) - 8, y: y - 8, width: 16, height: 16, ...look })
        : svg("circle", { cx: x(mark.at), cy: y, r: 8, ...look }),
      text(x(mark.at), y + 4, letter, {
        "font-size": 11, "text-anchor": "middle", fill: palette.ink, "font-weight": wrong ? 700 : 400,
      }));
  });
}

function stripAxes(strip, fs, x, inner, palette) {
  const from = -strip.at / fs;
  const to = (strip.values.length - 1 - strip.at) / fs;
  const crowded = x(fs) < 75; // px a second
  const times = ticks(from, to, crowded ? 1 : 0.5).map((t) => text(
    x(strip.at + t * fs), inner.height + 16, signed(t),
    { "text-anchor": "middle", fill: palette.muted, "font-size": 11 },
  ));
  const grid = inner.width < 420 ? "25 mm/s, 10 mm/mV" : "grid as on paper at 25 mm/s, 10 mm/mV";
  return [...times, text(inner.width / 2, inner.height + 33, `s from the R peak \u00b7 ${grid}`, {
    "text-anchor": "middle", fill: palette.muted, "font-size": 11.5,
  })];
}

/** The beat as the network gets it, with Grad-CAM along the wave and the patient's usual beat
    behind it. */
export function beatPanel(data, table, row, { width, palette, cam, usual }) {
  const [left, top, height] = [46, 34, 170];
  const inner = { width: width - left - 8, height };
  const x = (i) => 8 + (i / (data.beat_length - 1)) * (inner.width - 16);
  const y = (v) => 6 + (1 - v) * (height - 12);
  const beat = networkBeat(data, table, row, stripOf(data, table, row));
  const node = svg("g", { transform: `translate(${left} ${top})`, fill: palette.ink });
  node.append(svg("rect", {
    width: inner.width, height, fill: palette.ground, stroke: palette.muted, "stroke-width": 0.8,
  }));
  node.append(...padding(table.length[row], data.beat_length, x, inner, palette));
  const typical = usual && usualOf(data, table, row);
  if (typical) node.append(usualWave(typical, x, y, palette));
  const evidence = cam && camOf(data, table, row, explainedClass(data, table, row, cam));
  if (evidence) node.append(camBand(evidence, beat, data.cam_stride, x, y, palette));
  node.append(polyline(Array.from(beat, (v, i) => [x(i), y(v)]), {
    class: "bi-beat", stroke: palette.ink, "stroke-width": 1.7,
  }));
  node.append(...beatAxes(data, x, y, inner, palette));
  node.append(...legend(data, table, row, { evidence, cam, typical, palette, width: inner.width }));
  return { node, width, height: top + height + 40 };
}

function padding(length, whole, x, inner, palette) {
  if (length >= whole) return [];
  const from = x(length);
  const parts = [svg("rect", {
    x: from, width: inner.width - from, height: inner.height, fill: palette.muted, opacity: 0.12,
  })];
  if (inner.width - from > 80) {
    parts.push(text((from + inner.width) / 2, inner.height / 2, "zero padding", {
      "text-anchor": "middle", fill: palette.muted, "font-size": 11,
    }));
  }
  return parts;
}

function usualWave(values, x, y, palette) {
  return polyline(values.map((v, i) => [x(i), y(v)]), {
    class: "bi-usual", stroke: palette.muted, "stroke-width": 2.2, "stroke-dasharray": "6 3",
  });
}

function camBand(evidence, beat, stride, x, y, palette) {
  const band = svg("g", { class: "bi-cam", stroke: palette.cam, "stroke-linecap": "butt" });
  evidence.forEach((share, i) => {
    const from = Math.max(0, i * stride - stride / 2);
    const to = Math.min(beat.length - 1, i * stride + stride / 2);
    if (share === 0) return;
    const points = [];
    for (let k = from; k <= to; k++) points.push([x(k), y(beat[k])]);
    band.append(polyline(points, {
      "stroke-width": (CAM_WIDTH * (0.35 + 0.65 * share)).toFixed(1), opacity: share.toFixed(2),
    }));
  });
  return band;
}

function beatAxes(data, x, y, inner, palette) {
  const style = { fill: palette.muted, "font-size": 11 };
  const times = ticks(0, (data.beat_length - 1) / data.fs, 0.25).map((t) => text(
    x(t * data.fs), inner.height + 16, t === 0 ? "0" : t.toFixed(2),
    { ...style, "text-anchor": t === 0 ? "start" : "middle" },
  ));
  const levels = [0, 0.5, 1].map((v) => text(-6, y(v) + 4, signed(v), {
    ...style, "text-anchor": "end",
  }));
  return [
    ...times, ...levels,
    text(inner.width / 2, inner.height + 33, "s from the R peak", {
      "text-anchor": "middle", fill: palette.muted, "font-size": 11.5,
    }),
    svg("text", {
      transform: `translate(-32 ${inner.height / 2}) rotate(-90)`, "text-anchor": "middle",
      fill: palette.muted, "font-size": 11.5,
    }, "share of range"),
  ];
}

function legend(data, table, row, { evidence, cam, typical, palette, width }) {
  const parts = [];
  let at = 0;
  const entry = (mark, label) => {
    parts.push(...mark, text(at + 32, -8, label, { "font-size": 11, fill: palette.muted }));
    at += 32 + label.length * 5.7 + 12;
  };
  if (evidence) {
    const wide = width > 420 || !typical;
    const letter = data.classes[explainedClass(data, table, row, cam)];
    const nothing = evidence.every((share) => share === 0);
    const label = `Grad-CAM: ${nothing ? "nothing " : ""}speaks for ${letter}`;
    entry([line(at, -12, at + 26, -12, palette.cam, { "stroke-width": 9 })],
      wide ? label : "Grad-CAM");
  }
  if (typical) {
    entry([line(at, -12, at + 26, -12, palette.muted, { "stroke-width": 2.2, "stroke-dasharray": "6 3" })],
      width > 420 ? "the patient\u2019s usual N beat" : "usual N");
  }
  return parts;
}

/** The five classes' probabilities as bars. */
export function barsPanel(data, table, row, { width, palette }) {
  const values = probabilitiesOf(data, table, row);
  const [left, top, step] = [30, 34, 32];
  const room = width - left - 62;
  const node = svg("g", { transform: `translate(0 ${top})`, fill: palette.ink });
  node.append(text(4, -12, "Probability of each class", { fill: palette.muted, "font-size": 12 }));
  values.forEach((value, k) => {
    const at = k * step;
    const letter = data.classes[k];
    const roles = [
      k === table.true[row] && "annotated", k === table.predicted[row] && "model",
    ].filter(Boolean).join(", ");
    node.append(svg("g", { class: "bi-bar", "data-class": letter, transform: `translate(0 ${at})` },
      disc(data, k, 14, 13, 10),
      svg("rect", { x: left, y: 4, width: room, height: 18, fill: palette.muted, opacity: 0.13 }),
      svg("rect", {
        x: left, y: 4, width: Math.max(1, value * room), height: 18, fill: data.colours[letter],
      }),
      text(left + room + 6, 17, percent(value), { "font-size": 12 }),
      roleLabel(roles, value, left, room, k, palette)));
  });
  return { node, width, height: top + values.length * step + 6 };
}

/** "annotated", "model" or both, inside a long bar or after a short one. */
function roleLabel(roles, value, left, room, k, palette) {
  const inside = value * room > 120;
  return text(inside ? left + 8 : left + value * room + 8, 17, roles, {
    "font-size": 11, "font-weight": 600, fill: inside ? (k === 0 ? "#fff" : "#000") : palette.ink,
  });
}

/** All panels in one self-contained image with a heading, as wide as the strip needs. */
export function wholeFigure(data, table, row, { heading, cam, usual, wide, both, other }) {
  const strip = data.records[table.record[row]].known
    ? stripPanel(data, table, row, { width: 900, palette: PRINT, wide, both, other })
    : { node: svg("g"), width: 0, height: 0 };
  const width = Math.max(900, strip.width);
  const beat = beatPanel(data, table, row, { width: 560, palette: PRINT, cam, usual });
  const bars = barsPanel(data, table, row, { width: 310, palette: PRINT });
  const place = (panel, x, y) => svg("g", { transform: `translate(${x} ${y})` }, panel.node);
  const height = 70 + strip.height + beat.height;
  const whole = image({
    node: svg("g", {},
      svg("rect", { width: width + 20, height, fill: PRINT.ground }),
      ...heading.map((words, i) => text(14, 26 + 20 * i, words, {
        "font-size": i ? 12.5 : 16, "font-weight": i ? 400 : 700, fill: i ? PRINT.muted : PRINT.ink,
      })),
      place(strip, 10, 58), place(beat, 10, 62 + strip.height),
      place(bars, 590, 62 + strip.height)),
    width: width + 20,
    height,
  }, heading.join(". "));
  whole.setAttribute("xmlns", NS);
  return whole;
}

/** What keeps the place of a thumbnail. */
export function blankThumbnail() {
  return svg("svg", { viewBox: "0 0 120 56", "aria-hidden": "true" });
}

/** A small picture of a beat for the gallery: a second and a bit, its own height. */
export function thumbnail(data, table, row) {
  const { values, at } = stripOf(data, table, row);
  const from = Math.max(0, at - Math.round(0.3 * data.fs));
  const shown = values.subarray(from, at + data.fs);
  const low = shown.reduce((a, b) => Math.min(a, b));
  const extent = shown.reduce((a, b) => Math.max(a, b)) - low || 1;
  const x = (i) => (i / (1.3 * data.fs)) * 118 + 1;
  const points = Array.from(shown, (v, i) => [x(i), 50 - ((v - low) / extent) * 44]);
  const peak = at - from;
  return svg("svg", { viewBox: "0 0 120 56", "aria-hidden": "true" },
    line(x(peak), 2, x(peak), 54, "var(--bi-major)", { "stroke-width": 1 }),
    polyline(points.slice(0, peak + 1), { stroke: "var(--bi-muted)", "stroke-width": 1.2, opacity: 0.7 }),
    polyline(points.slice(peak), { class: "bi-wave", stroke: "var(--bi-ink)", "stroke-width": 1.6 }));
}

/** One sentence on a beat, for headings, labels and saved files. */
export function sentence(data, table, row) {
  const [t, p] = [data.classes[table.true[row]], data.classes[table.predicted[row]]];
  const sure = percent(table.confidence[row]);
  return t === p ? `Annotated ${t}, and the model agrees (${sure})`
    : `Annotated ${t}, the model says ${p} (${sure})`;
}

/** Facts about a beat: [term, value] pairs. */
export function facts(data, table, row, clock) {
  const record = data.records[table.record[row]];
  const symbol = String.fromCharCode(table.symbol[row]);
  const [t, p] = [data.classes[table.true[row]], data.classes[table.predicted[row]]];
  const rr = (ms) => (ms ? `${(ms / 1000).toFixed(2)}\u202fs` : "unknown");
  const place = table.sample[row] < 0 ? [] : [
    ["Time in record", clock(table.sample[row] / record.fs)],
    ["Sample", number(table.sample[row])],
    ["RR before, after", `${rr(table.rr_pre_ms[row])}, ${rr(table.rr_post_ms[row])}`],
  ];
  const annotated = data.symbols[symbol]
    ? `${t}: ${data.symbols[symbol].toLowerCase()} (\u201c${symbol}\u201d)` : `${t}: ${data.class_names[t]}`;
  return [
    ["Record", record.name + (record.lead ? `, lead ${record.lead}` : "")],
    ...place,
    ["Annotated", annotated],
    ["Model", `${p}: ${data.class_names[p]}, ${percent(table.confidence[row])}`],
    ...besides(data, table, row),
    ["Loss", table.loss[row].toFixed(2)],
  ];
}

/** What the others answered to the same beat, once its record is there. */
function besides(data, table, row) {
  if (!data.drawn[table.record[row]] || table.sample[row] < 0) return [];
  const own = answererOf(data, table);
  const { answers } = stripOf(data, table, row).marks.find((mark) => mark.here) ?? { answers: [] };
  return answers.flatMap((k, i) => (i === own || k < 0 ? [] : [[
    data.answering[i][0].toUpperCase() + data.answering[i].slice(1),
    `${data.classes[k]}: ${k === table.true[row] ? "right" : "wrong"}`,
  ]]));
}
