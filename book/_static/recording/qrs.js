// QRS complexes: ecgcore/data/qrs.py, step by step. Its constants come in `how`.
import { forthAndBack } from "./filters.js";
import { interpolate, median, medianFilter, round, searchSorted, uniformFilter } from "./numeric.js";

/** @typedef {{position: number[], height: number[], level: number[], noise: number[]}} Waves */

/** What stands out in samples at 125 Hz, all of them known.
    @returns {Waves} */
export function waves(signal, how) {
  const found = { position: [], height: [], level: [], noise: [] };
  if (signal.length < how.SHORTEST_S * how.FS) return found;
  const size = envelope(signal, how);
  const part = round(how.PART_S * how.FS);
  const n = Math.floor(size.length / part);
  const parts = Array.from({ length: n }, (_, i) => size.subarray(i * part, (i + 1) * part));
  let level = medianFilter(parts.map((p) => Math.max(...p)), how.AROUND);
  const noise = medianFilter(parts.map(median), how.AROUND);
  const far = medianFilter(level, how.FAR);
  level = level.map((value, i) => Math.max(value, how.FALL * far[i]));
  const middle = parts.map((_, i) => (i + 0.5) * part);
  const position = peaksOf(size, round(how.REFRACTORY_S * how.FS));
  const levels = interpolate(position, middle, level);
  const noises = interpolate(position, middle, noise);
  position.forEach((at, i) => {
    if (!(size[at] > 0 && size[at] < how.TOO_HIGH * levels[i])) return;
    found.position.push(at);
    found.height.push(size[at]);
    found.level.push(levels[i]);
    found.noise.push(noises[i]);
  });
  return found;
}

function envelope(signal, how) {
  const [slow, fast] = how.bands.map((band) =>
    uniformFilter(forthAndBack(band, signal).map((v) => v * v), round(how.QRS_S * how.FS)).map(
      (power) => Math.sqrt(Math.max(power, 0)),
    ),
  );
  return slow.map((value, i) => Math.sqrt(value * fast[i]));
}

/** Local maxima of some height at least `distance` apart, the highest kept. */
export function peaksOf(values, distance, height = -Infinity) {
  let found = [];
  for (let i = 1; i < values.length - 1; i += 1) {
    if (values[i - 1] >= values[i]) continue;
    let ahead = i + 1;
    while (ahead < values.length - 1 && values[ahead] === values[i]) ahead += 1;
    if (values[ahead] < values[i]) {
      found.push((i + ahead - 1) >> 1);
      i = ahead - 1;
    }
  }
  found = found.filter((at) => values[at] >= height);
  const kept = found.map(() => true);
  const order = found.map((_, i) => i).sort((a, b) => values[found[b]] - values[found[a]]);
  for (const i of order) {
    if (!kept[i]) continue;
    for (let k = i - 1; k >= 0 && found[i] - found[k] < distance; k -= 1) kept[k] = false;
    for (let k = i + 1; k < found.length && found[k] - found[i] < distance; k += 1) kept[k] = false;
  }
  return found.filter((_, i) => kept[i]);
}

/** Which of the waves are beats: a boolean each.
    @param {Waves} found */
export function beats(found, how) {
  const n = found.position.length;
  const chosen = new Array(n).fill(false);
  if (!n) return chosen;
  const [least, most] = how.CONTRAST;
  const even = found.noise.map((noise, i) => {
    const floor = how.NOISE * noise;
    return floor + how.BEAT * Math.max(found.level[i] - floor, 0);
  });
  const evidence = found.height.map((height, i) => {
    const level = found.level[i];
    const contrast = Math.log(level / Math.max(found.noise[i], 1e-9 * level));
    return how.STEEP * Math.min(Math.max(contrast, least), most) * Math.log(height / even[i]);
  });
  const seconds = found.position.map((at) => at / how.FS);
  const likely = found.height.map((height, i) => height > even[i]);
  for (const i of bestChain(seconds, evidence, expectedRr(seconds, likely, how), how)) chosen[i] = true;
  return chosen;
}

function expectedRr(seconds, likely, how) {
  const at = seconds.filter((_, i) => likely[i]);
  const rr = at.slice(1).map((s, i) => s - at[i]);
  if (rr.length < 2) return seconds.map(() => how.UNKNOWN_RR_S);
  const size = Math.min(how.USUAL, rr.length);
  return interpolate(seconds, at.slice(1), evenMedian(rr, size));
}

/** As medianFilter, of an even size too: then the upper of the middle two. */
function evenMedian(values, size) {
  if (size % 2) return medianFilter(values, size);
  const at = (i) => values[Math.min(Math.max(i, 0), values.length - 1)];
  return values.map((_, i) => {
    const near = Array.from({ length: size }, (__, k) => at(i + k - size / 2));
    return near.sort((a, b) => a - b)[size / 2];
  });
}

function bestChain(seconds, evidence, expected, how) {
  const total = evidence.slice();
  const before = seconds.map(() => -1);
  for (let at = 1; at < seconds.length; at += 1) {
    let start = searchSorted(seconds, seconds[at] - how.REACH_S);
    const stop = searchSorted(seconds, seconds[at] - how.REFRACTORY_S, true);
    if (stop <= start) start = stop - 1;
    if (start < 0) continue;
    let [best, gain] = [-1, -Infinity];
    for (let k = start; k < stop; k += 1) {
      const ratio = (seconds[at] - seconds[k]) / expected[at];
      const own = total[k] - how.IRREGULAR * Math.min(Math.abs(Math.log(ratio)), 1);
      if (own > gain) [best, gain] = [k, own];
    }
    if (gain > 0) {
      total[at] += gain;
      before[at] = best;
    }
  }
  const chain = [];
  let at = total.indexOf(Math.max(...total));
  for (; at >= 0 && total[at] > 0; at = before[at]) chain.push(at);
  return chain.reverse();
}

/** R peaks of beats at some positions, increasing: the highest point, or where that is small the
    lowest. */
export function peaks(signal, position, how) {
  if (!position.length) return [];
  const smooth = forthAndBack(how.peak, signal);
  const clip = (i) => Math.min(Math.max(i, 0), signal.length - 1);
  const around = (at, reach) =>
    Array.from({ length: 2 * reach + 1 }, (_, k) => smooth[clip(at + k - reach)]);
  const [near, wide] = [round(how.PEAK_S * how.FS), round(how.BASELINE_S * how.FS)];
  const found = position.map((at) => {
    const base = median(around(at, wide));
    const away = around(at, near).map((v) => v - base);
    const [low, high] = [Math.min(...away), Math.max(...away)];
    const best = away.indexOf(-low > how.DOWNWARD * high ? low : high);
    return clip(at + best - near);
  });
  return [...new Set(found)].sort((a, b) => a - b);
}
