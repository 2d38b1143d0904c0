// The rhythm around a beat: each RR interval over the time at which it ends.

import { intervalsOf } from "./data.js";
import { disc, line, polyline, signed, svg, text, ticks } from "./drawing.js";

const HALF_S = 30; // before and after the beat
const HIGHEST_S = 3; // a longer pause is drawn at the upper edge

/** The tachogram of a beat's surroundings, or null where there are no intervals to show. */
export function tachogramPanel(data, table, row, { width, palette }) {
  const intervals = intervalsOf(data, table, row, HALF_S);
  if (!intervals.length) return null;
  const [left, top, height] = [46, 26, 110];
  const inner = { width: width - left - 14, height };
  const longest = Math.min(HIGHEST_S, Math.max(...intervals.map(({ rr }) => rr)));
  const high = Math.ceil(2 * longest + 0.2) / 2;
  const x = (s) => ((s + HALF_S) / (2 * HALF_S)) * inner.width;
  const y = (s) => height * (1 - Math.min(s, high) / high);
  const node = svg("g", { transform: `translate(${left} ${top})`, fill: palette.ink });
  node.append(
    text(0, -10, `RR intervals${width < 500 ? "" : ", each above the beat that ends it"}; letters: not N`, { fill: palette.muted, "font-size": 11 }),
    svg("rect", { width: inner.width, height, fill: palette.ground, stroke: palette.muted, "stroke-width": 0.8 }),
    line(x(0), 0, x(0), height, palette.muted, { "stroke-dasharray": "2 3" }),
    polyline(intervals.map(({ at, rr }) => [x(at), y(rr)]), { stroke: palette.muted, "stroke-width": 0.8, opacity: 0.6 }),
    ...intervals.map((each) => mark(data, each, x(each.at), y(each.rr), palette)),
    ...ticks(0, high, 0.5).map((s) => text(-6, y(s) + 4, signed(s), { "text-anchor": "end", fill: palette.muted, "font-size": 11 })),
    ...ticks(-HALF_S, HALF_S, width < 500 ? 15 : 10).map((s) => text(x(s), height + 15, signed(s), { "text-anchor": "middle", fill: palette.muted, "font-size": 11 })),
    text(inner.width / 2, height + 31, "s from the R peak", { "text-anchor": "middle", fill: palette.muted, "font-size": 11.5 }),
    svg("text", { transform: `translate(-32 ${height / 2}) rotate(-90)`, "text-anchor": "middle", fill: palette.muted, "font-size": 11.5 }, "RR (s)"),
  );
  return { node, width, height: top + height + 38 };
}

function mark(data, { class: k, here }, x, y, palette) {
  const ring = here ? { stroke: palette.ink, "stroke-width": 2 } : {};
  const dot = k === 0 && !here
    ? svg("circle", { cx: x, cy: y, r: 2.4, fill: data.colours[data.classes[0]] })
    : disc(data, k, x, y, here ? 8 : 6, ring);
  return svg("g", { class: "bi-interval", "data-class": data.classes[k] }, dot);
}

/** The same in words. */
export function tachogramWords(data, table, row) {
  const seconds = intervalsOf(data, table, row, HALF_S).map(({ rr }) => rr).sort((a, b) => a - b);
  const [shortest, longest] = [seconds[0], seconds[seconds.length - 1]].map((s) => s.toFixed(2));
  return `RR intervals of the minute around the beat: ${seconds.length}, from ${shortest} to ${longest}\u202fs, `
    + `median ${seconds[Math.floor(seconds.length / 2)].toFixed(2)}\u202fs`;
}
