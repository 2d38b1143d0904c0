// What speaks for the model's answer about a beat: how its scores change when something about the
// beat is replaced by what is usual for the patient (occlusion: Zeiler and Fergus, ECCV 2014). The
// features follow what is replaced, so that the model sees a beat that hangs together.
import { scoresOf } from "./chain.js";
import { intervals, rowsOf } from "./features.js";

const PIECE = 8; // samples at 125 Hz from the middle of one piece to that of the next

/** @typedef {{scores: number[], pieces: {at: number, scores: number[]}[], form: number[],
    before: number[], after: number[], rhythm: number[], window: Float32Array, template: Float32Array,
    first: number, rr: number, next: number, usual: number}} Explained
    scores: log odds of S, V and F, as the beat is, and without a piece of its shape about `at` (s
    after the R peak), its whole shape, the interval before or after it, an irregular rhythm about
    it; window, template: the beat and the usual one at 125 Hz from `first` (s) on, in usual QRS
    heights; rr, next, usual: intervals, s */

/** Why a beat was answered as it was. seen: what `analyse` hands on; i: position of the beat.
    @returns {Explained} */
export function explain(seen, graph, how, i) {
  const { template } = seen;
  const window = seen.windows.slice(i * how.WINDOW, (i + 1) * how.WINDOW);
  const rr = intervals(seen.seconds);
  const usual = rr.reduce((a, b) => a + b, 0) / rr.length;
  const middles = Array.from({ length: Math.floor(how.WINDOW / PIECE) }, (_, k) => (k + 0.5) * PIECE);
  const shapes = [window, ...middles.map((at) => without(window, template, at)), template];
  const times = [moved(seen.seconds, i, usual), moved(seen.seconds, i + 1, usual), steady(seen.seconds, i, usual, how)];
  const found = scored(seen, graph, how, i, shapes, times, window);
  return {
    scores: found[0], pieces: middles.map((at, k) => ({ at: (at - how.BEFORE) / how.FS, scores: found[k + 1] })),
    form: found[middles.length + 1], before: found.at(-3), after: found.at(-2), rhythm: found.at(-1),
    window, template: template.slice(), first: -how.BEFORE / how.FS, rr: rr[i], next: rr[i + 1], usual,
  };
}

/** Scores of a beat in other shapes, and of its own shape at other times. */
function scored(seen, graph, how, i, shapes, times, window) {
  const place = seen.windows.subarray(i * how.WINDOW, (i + 1) * how.WINDOW);
  const row = rowsOf(seen, how);
  const rows = shapes.map((shape) => {
    place.set(shape);
    return row(i);
  });
  place.set(window);
  for (const seconds of times) rows.push(rowsOf({ ...seen, seconds }, how)(i));
  const all = [...shapes, ...times.map(() => window)];
  const windows = new Float32Array(all.length * how.WINDOW);
  all.forEach((shape, k) => windows.set(shape, k * how.WINDOW));
  const scores = scoresOf(graph, Float32Array.from(rows.flat()), windows, seen.template);
  return all.map((_, k) => Array.from(scores.subarray(3 * k, 3 * k + 3)));
}

/** A window of which a piece fades into the usual beat and out again. */
function without(window, template, at) {
  return window.map((v, k) => {
    const far = Math.abs(k + 0.5 - at) / PIECE;
    const share = far < 1 ? 0.5 + 0.5 * Math.cos(Math.PI * far) : 0;
    return v + share * (template[k] - v);
  });
}

/** R peaks as if the interval before one were the usual one, all others as they are. */
function moved(seconds, i, usual) {
  if (i < 1 || i >= seconds.length) return seconds;
  const by = usual - (seconds[i] - seconds[i - 1]);
  return seconds.map((s, k) => (k >= i ? s + by : s));
}

/** R peaks as if all intervals about a beat were the usual one, but those before and after it. */
function steady(seconds, i, usual, how) {
  const [first, last] = [Math.max(i - how.MANY, 0), Math.min(i + how.MANY, seconds.length - 1)];
  const found = seconds.slice();
  for (let k = first + 1; k < found.length; k += 1) {
    const own = k > last || k === i || k === i + 1;
    found[k] = found[k - 1] + (own ? seconds[k] - seconds[k - 1] : usual);
  }
  return found;
}
