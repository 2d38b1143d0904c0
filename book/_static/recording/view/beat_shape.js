// A beat over the patient's usual one, and below it how much each piece speaks for the answer.
import { element } from "./dom.js";
import { number } from "./drawing.js";
import { gain } from "./reasons.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, BAND, TOP] = [480, 220, 12, 24, 26, 8];
const FS = 125;
const FAINT = 0.15; // log odds that are not worth a colour

/** explained: see explain.js; target: number of the class that is asked about (see reasons.js). */
export function shape({ window, template, first, pieces, scores }, target) {
  const length = (window.length - 1) / FS;
  const low = Math.min(...window, ...template);
  const high = Math.max(...window, ...template);
  const x = (second) => LEFT + ((second - first) / length) * (WIDTH - 2 * LEFT);
  const y = (v) => TOP + ((high - v) / Math.max(high - low, 1e-9)) * (HEIGHT - TOP - BAND - BOTTOM - 6);
  const curve = (values, kind) => element("path", { class: kind,
    d: Array.from(values, (v, k) => `${k ? "L" : "M"}${number(x(first + k / FS))} ${number(y(v))}`).join("") });
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "shape" });
  svg.append(element("title", {}, "The beat (solid), the usual beat of this recording (dashed), and below them how much each piece speaks for the answer"));
  const gains = pieces.map((p) => gain(scores, p.scores, target));
  const most = Math.max(...gains.map(Math.abs), 1);
  const wide = x(pieces[1].at) - x(pieces[0].at);
  const foot = HEIGHT - BOTTOM - BAND;
  pieces.forEach(({ at }, k) => {
    if (Math.abs(gains[k]) < FAINT) return;
    const tall = (Math.abs(gains[k]) / most) * (BAND / 2);
    const up = gains[k] > 0;
    svg.append(element("rect", { class: up ? "speaks-for" : "speaks-against", x: number(x(at) - wide / 2), width: number(wide),
      y: number(up ? foot + BAND / 2 - tall : foot + BAND / 2), height: number(tall) }));
  });
  svg.append(element("line", { class: "axis", x1: LEFT, x2: WIDTH - LEFT, y1: foot + BAND / 2, y2: foot + BAND / 2 }));
  for (let s = Math.ceil(first * 5) / 5; s <= first + length; s += 0.2) {
    svg.append(element("text", { x: number(x(s)), y: HEIGHT - 6, "text-anchor": "middle" }, `${s.toFixed(1)} s`.replace("-0.0", "0.0").replace("-", "−")));
  }
  svg.append(curve(template, "usual"), curve(window, "own"));
  return svg;
}
