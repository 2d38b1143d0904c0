// What a recording's beats add up to: ecgcore/inference/events.py, whose definitions hold here too.
import { median, searchSorted } from "./numeric.js";

const [N, S, V, F] = [0, 1, 2, 3];
const ECTOPIC = [["S", S], ["V", V]];
const [PAUSE_S, RATE_BEATS, CYCLES, HOUR_S, NN50_S] = [3, 8, 3, 3600, 0.05];
const [AF_INTERVALS, AF_RADIUS_S, AF_ENTROPY, AF_LEAST_S] = [61, 0.03, -1.258, 30];
export const KINDS = ["couplet", "triplet", "run", "bigeminy", "trigeminy", "pause", "irregular"];

/** @typedef {{kind: string, letter: string, start: number, stop: number, first: number,
    last: number, beats: number, rate: number}} Event times in s; first, last: positions of beats;
    beats: how many are ectopic; rate: a minute, of the intervals between them */

/** Numbers and events of beats. time: s, increasing; decision: class numbers; total: s;
    unusable: stretches {start, stop}, s, in order. */
export function summarise(time, decision, total, unusable) {
  const known = intervalsKnown(time, unusable);
  const rr = intervalsOf(time);
  const analysed = Math.max(total - unusable.reduce((sum, s) => sum + s.stop - s.start, 0), 0);
  const events = [...sequences(time, decision, known), ...patterns(time, decision, known),
    ...pauses(time, rr, known)].sort((a, b) => a.start - b.start || (a.kind < b.kind ? -1 : 1));
  const suspected = fibrillation(time, decision, rr, known);
  const counts = Array(5).fill(0);
  for (const each of decision) counts[each] += 1;
  const burden = Object.fromEntries(ECTOPIC.map(([letter, number]) => [letter, {
    beats: counts[number], share: counts[number] / Math.max(time.length, 1),
    anHour: analysed ? (counts[number] / analysed) * HOUR_S : 0,
  }]));
  return {
    seconds: total, analysed, counts, burden, events, fibrillation: suspected,
    all: [...events, ...suspected].sort((a, b) => a.start - b.start),
    fibrillationShare: analysed ? suspected.reduce((sum, e) => sum + e.stop - e.start, 0) / analysed : 0,
    ...extremes(time, rr, known), rate: rateOf(0, time, known), hours: hours(time, known, total),
    variability: variability(rr, decision, known), unusable,
  };
}

export const intervalsOf = (time) => Float64Array.from({ length: Math.max(time.length - 1, 0) },
  (_, i) => time[i + 1] - time[i]);

/** 1 for each RR interval in which nothing is missing. */
export function intervalsKnown(time, unusable) {
  const found = new Uint8Array(Math.max(time.length - 1, 0)).fill(1);
  for (const { start, stop } of unusable) {
    found.fill(0, Math.max(searchSorted(time, start, true) - 1, 0), searchSorted(time, stop));
  }
  return found;
}

/** First and last position of each row of true ones. */
function spans(n, holds) {
  const found = [];
  for (let i = 0; i < n; i += 1) {
    if (!holds(i)) continue;
    const first = i;
    while (i + 1 < n && holds(i + 1)) i += 1;
    found.push([first, i]);
  }
  return found;
}

function event(kind, letter, time, first, last, beats) {
  const [start, stop] = [time[first], time[last]];
  return { kind, letter, start, stop, first, last, beats, rate: (60 * (last - first)) / (stop - start) };
}

function sequences(time, decision, known) {
  return ECTOPIC.flatMap(([letter, number]) =>
    spans(known.length, (i) => decision[i] === number && decision[i + 1] === number && known[i])
      .map(([first, last]) => {
        const n = last - first + 2;
        return event({ 2: "couplet", 3: "triplet" }[n] ?? "run", letter, time, first, last + 1, n);
      }));
}

/** Cycles of an ectopic beat, N between, and the next ectopic one `step` later, nothing missing. */
function patterns(time, decision, known) {
  const found = [];
  for (const [letter, number] of ECTOPIC) {
    for (const [kind, step] of [["bigeminy", 2], ["trigeminy", 3]]) {
      const cycle = (i) => decision[i] === number && decision[i + step] === number &&
        Array.from({ length: step }, (_, k) => k).every((k) => known[i + k] && (!k || decision[i + k] === N));
      const n = decision.length - step;
      for (let phase = 0; phase < step; phase += 1) {
        for (const [first, last] of spans(Math.ceil((n - phase) / step), (i) => cycle(phase + step * i))) {
          if (last - first + 2 < CYCLES) continue;
          found.push(event(kind, letter, time, phase + step * first, phase + step * (last + 1), last - first + 2));
        }
      }
    }
  }
  return found;
}

const pauses = (time, rr, known) =>
  Array.from(rr.keys()).filter((i) => rr[i] > PAUSE_S && known[i])
    .map((i) => event("pause", "", time, i, i + 1, 0));

function extremes(time, rr, known) {
  let [longest, shortest] = [-1, -1];
  for (let i = 0; i < rr.length; i += 1) {
    if (!known[i]) continue;
    if (longest < 0 || rr[i] >= rr[longest]) longest = i;
    if (shortest < 0 || rr[i] < rr[shortest]) shortest = i;
  }
  const of = (i, kind) => (i < 0 ? null : event(kind, "", time, i, i + 1, 0));
  return { longest: of(longest, "longest RR"), shortest: of(shortest, "shortest RR") };
}

/** Heart rate over eight RR intervals: [when (s), a minute], only where all of them are known. */
export function movingRate(time, known) {
  const wide = Math.min(RATE_BEATS, known.reduce((a, b) => a + b, 0));
  const [at, rate] = [[], []];
  let there = 0;
  for (let i = 0; wide && i < known.length; i += 1) {
    there += known[i] - (i >= wide ? known[i - wide] : 0);
    if (there !== wide || i + 1 < wide) continue;
    const [start, stop] = [time[i + 1 - wide], time[i + 1]];
    at.push((start + stop) / 2);
    rate.push((60 * wide) / (stop - start));
  }
  return [at, rate];
}

function rateOf(start, time, known) {
  let [sum, n] = [0, 0];
  for (let i = 0; i < known.length; i += 1) {
    if (!known[i]) continue;
    sum += time[i + 1] - time[i];
    n += 1;
  }
  const [, moving] = movingRate(time, known);
  const most = moving.reduce((a, b) => Math.max(a, b), -Infinity);
  const least = moving.reduce((a, b) => Math.min(a, b), Infinity);
  return { start, beats: time.length, mean: n ? 60 / (sum / n) : NaN,
    least: moving.length ? least : NaN, most: moving.length ? most : NaN };
}

function hours(time, known, total) {
  return Array.from({ length: Math.ceil(total / HOUR_S) }, (_, i) => {
    const [first, last] = [i * HOUR_S, (i + 1) * HOUR_S].map((s) => searchSorted(time, s));
    return rateOf(i * HOUR_S, time.slice(first, last), known.slice(first, Math.max(last - 1, first)));
  });
}

/** Intervals between N beats, NaN elsewhere. */
export const nnIntervals = (rr, decision, known) =>
  rr.map((v, i) => (decision[i] === N && decision[i + 1] === N && known[i] ? v : NaN));

const meanOf = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function deviation(values) {
  const middle = meanOf(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
}

function variability(rr, decision, known) {
  const nn = nnIntervals(rr, decision, known);
  const change = Array.from(nn.subarray(1), (v, i) => v - nn[i]).filter(Number.isFinite);
  const all = Array.from(nn).filter(Number.isFinite);
  if (all.length < 2 || change.length < 2) {
    return { intervals: all.length, sdnn: NaN, rmssd: NaN, pnn50: NaN, sd1: NaN, sd2: NaN };
  }
  const sdnn = 1000 * deviation(all);
  const sd1 = (1000 * deviation(change)) / Math.SQRT2;
  return {
    intervals: all.length, sdnn, sd1, sd2: Math.sqrt(Math.max(2 * sdnn ** 2 - sd1 ** 2, 0)),
    rmssd: 1000 * Math.sqrt(meanOf(change.map((v) => v * v))),
    pnn50: change.filter((v) => Math.abs(v) > NN50_S + 1e-9).length / change.length,
  };
}

/** Coefficient of sample entropy about each interval (s); that of the nearest whole window at the
    ends. There are AF_INTERVALS of them at least. */
function entropy(rr) {
  const n = rr.length - AF_INTERVALS + 1;
  const [pairs, longer] = [new Float64Array(n), new Float64Array(n)];
  for (let lag = 1; lag < AF_INTERVALS; lag += 1) {
    const alike = Uint8Array.from({ length: rr.length - lag },
      (_, i) => Number(Math.abs(rr[i + lag] - rr[i]) < AF_RADIUS_S));
    const width = AF_INTERVALS - 1 - lag; // pairs of the window whose successors lie in it too
    addMoving(pairs, (i) => alike[i], width);
    addMoving(longer, (i) => alike[i] & alike[i + 1], width);
  }
  const sum = new Float64Array(n);
  addMoving(sum, (i) => rr[i], AF_INTERVALS);
  const half = AF_INTERVALS >> 1;
  const found = sum.map((s, i) => -Math.log(Math.max(longer[i], 0.5) / Math.max(pairs[i], 1)) +
    Math.log(2 * AF_RADIUS_S) - Math.log(s / AF_INTERVALS));
  return rr.map((_, i) => found[Math.min(Math.max(i - half, 0), n - 1)]);
}

function addMoving(into, value, width) {
  let sum = 0;
  for (let i = 0; i < width; i += 1) sum += value(i);
  for (let i = 0; i < into.length; i += 1) {
    into[i] += sum;
    sum += width ? value(i + width) - value(i) : 0;
  }
}

/** Stretches as irregular as in atrial fibrillation, without the intervals beside V and F. */
function fibrillation(time, decision, rr, known) {
  const wide = (i) => decision[i] === V || decision[i] === F;
  const used = Array.from(rr.keys()).filter((i) => known[i] && !wide(i) && !wide(i + 1));
  if (used.length < AF_INTERVALS) return [];
  const own = entropy(Float64Array.from(used, (i) => rr[i]));
  const at = (i) => {
    const k = searchSorted(used, i, true) - 1;
    if (k < 0) return own[0];
    if (k >= used.length - 1) return own.at(-1);
    return own[k] + ((own[k + 1] - own[k]) * (i - used[k])) / (used[k + 1] - used[k]);
  };
  const suspect = Uint8Array.from(time, (_, i) => Number(at(i) >= AF_ENTROPY));
  return spans(rr.length, (i) => suspect[i] && suspect[i + 1] && known[i])
    .filter(([first, last]) => time[last + 1] - time[first] >= AF_LEAST_S)
    .map(([first, last]) => event("irregular", "", time, first, last + 1, last - first + 2));
}

/** How tall most beats are, in the unit of the signal (125 Hz): as report.py. */
export function usualHeight(signal, time) {
  const step = Math.max(1, Math.floor(time.length / 2000));
  const heights = [];
  for (let i = 0; i < time.length; i += step) {
    const middle = Math.round(time[i] * 125);
    const piece = signal.subarray(Math.max(middle - 31, 0), middle + 31);
    if (piece.length) heights.push(piece.reduce((a, b) => Math.max(a, b)) - piece.reduce((a, b) => Math.min(a, b)));
  }
  return heights.length ? Float64Array.from(heights).sort()[Math.floor(0.95 * (heights.length - 1))] : median([1]);
}
