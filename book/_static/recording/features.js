// Beats as the rhythm model sees them: ecgcore/rhythm/sequence.py and features.py, of the whole
// record. Their constants come in `how`.
import { forthAndBack } from "./filters.js";
import { median, percentile, searchSorted } from "./numeric.js";

const clip = (value, low, high) => Math.min(Math.max(value, low), high);

function mean(row) {
  let sum = 0;
  for (const value of row) sum += value;
  return sum / row.length;
}

function spread(row) {
  const middle = mean(row);
  let sum = 0;
  for (const value of row) sum += (value - middle) ** 2;
  return Math.sqrt(sum / row.length);
}

function range(row) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of row) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low;
}

function correlation(a, b) {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  const size = Math.sqrt(aa * bb);
  return size > 1e-9 ? ab / size : 0;
}

const distance = (a, b) => spread(Float64Array.from(a, (v, i) => v - b[i]));

/** Signal at 125 Hz between 0.5 and 40 Hz. */
export function filtered(signal, how) {
  const zero = signal[0];
  return new Float32Array(forthAndBack(how.rhythm, signal.map((v) => v - zero)));
}

/** Beats by their R peaks (s) and windows, one after the other, which are scaled in place to units
    of the usual QRS height; with the usual beat among them: {n, seconds, windows, template}. */
export function scaled(seconds, windows, how) {
  const n = seconds.length;
  const complex = (i) => windows.subarray(i * how.WINDOW + how.QRS[0], i * how.WINDOW + how.QRS[1]);
  const heights = Float64Array.from({ length: n }, (_, i) => range(complex(i)));
  const height = Math.max(median(heights), 1e-9);
  for (let i = 0; i < windows.length; i += 1) windows[i] /= height;
  const rr = intervals(seconds);
  const late = how.USUAL_RR * mean(rr);
  let chosen = Array.from(rr.keys()).filter((i) => rr[i] >= late);
  if (!chosen.length) chosen = Array.from(rr.keys());
  const column = (k, rows) => median(Float64Array.from(rows, (i) => windows[i * how.WINDOW + k]));
  const usual = Float32Array.from(complex(0), (_, k) => column(k + how.QRS[0], chosen));
  const alike = chosen.map((i) => correlation(complex(i), usual));
  const least = percentile(alike, how.ALIKE);
  chosen = chosen.filter((_, i) => alike[i] >= least);
  const template = Float32Array.from({ length: how.WINDOW }, (_, k) => column(k, chosen));
  return { n, seconds, windows, template };
}

/** The interval before each beat; before the first, that before the second. */
function intervals(seconds) {
  return Float64Array.from(seconds, (s, i) => (i ? s - seconds[i - 1] : seconds[1] - s));
}

/** Features of all beats, one row after the other in the order of features.NAMES, beside what they
    are made of: {n, features, windows, template}. */
export function featureRows(made, how) {
  const { n, seconds, windows, template } = made;
  const times = timing(seconds, how);
  const part = (i, [from, to]) => windows.subarray(i * how.WINDOW + from, i * how.WINDOW + to);
  const usual = { wave: template.subarray(...how.P_WAVE), complex: template.subarray(...how.QRS) };
  usual.height = Math.max(range(usual.complex), 1e-6);
  let found = null;
  for (let i = 0; i < n; i += 1) {
    const near = { first: Math.max(i - (how.NEARBY >> 1), 0), last: Math.min(i + (how.NEARBY >> 1), n - 1) };
    const nearby = meanRow((k) => part(k, how.P_WAVE), near);
    const next = part(Math.min(i + 1, n - 1), how.QRS);
    const row = [...times(i), ...pWave(part(i, how.P_WAVE), usual.wave, nearby),
      ...qrs(part(i, [0, how.WINDOW]), part(i, how.QRS), next, usual)];
    found ??= new Float32Array(n * row.length);
    found.set(row, i * row.length);
  }
  return { n, features: found, windows, template };
}

function meanRow(rowAt, { first, last }) {
  const sum = Float64Array.from(rowAt(first));
  for (let i = first + 1; i <= last; i += 1) rowAt(i).forEach((v, k) => (sum[k] += v));
  return sum.map((v) => v / (last - first + 1));
}

function pWave(own, usual, nearby) {
  return [spread(nearby), spread(own), spread(usual), correlation(own, usual),
    correlation(own, nearby), distance(own, usual)];
}

function qrs(window, own, next, usual) {
  const level = median(window);
  const strength = Float64Array.from(own, (v) => Math.abs(v - level));
  const peak = Math.max(...strength, 1e-6);
  const width = (share) => strength.filter((v) => v > share * peak).length / own.length;
  return [width(0.5), width(0.25), correlation(own, usual.complex), distance(own, usual.complex),
    Math.log(Math.max(range(own), 1e-6) / usual.height), mean(strength) / peak, correlation(own, next)];
}

/** A function from a beat to what its RR intervals say. */
function timing(seconds, how) {
  const rr = intervals(seconds).map((v) => clip(v, how.FASTEST_S, how.SLOWEST_S));
  const n = rr.length;
  const log = rr.map(Math.log);
  const usual = Math.log(mean(rr));
  const long = Math.log(percentile(rr, 90));
  const near = (values, i, beats) => values.subarray(Math.max(i - (beats >> 1), 0), i + (beats >> 1) + 1);
  const total = new Float64Array(n + 1);
  for (let i = 0; i < n; i += 1) total[i + 1] = total[i] + rr[i];
  const change = log.map((v, i) => Math.abs(v - log[Math.max(i - 1, 0)]));
  const irregular = change.map((v) => Number(v > how.IRREGULAR_RR));
  const steady = change.map((v) => Number(v < how.STEADY));
  const at = (i) => log[clip(i, 0, n - 1)];
  return (i) => {
    const own = log[i];
    const first = searchSorted(seconds, seconds[i] - how.MINUTES_S);
    const last = searchSorted(seconds, seconds[i] + how.MINUTES_S, true);
    const minutes = Math.log((total[last] - total[first]) / (last - first));
    const recent = Math.log(percentile(near(rr, i, how.RECENT), how.UPPER));
    const next = at(i + 1);
    return [at(i - 1) - usual, own - usual, next - usual, at(i + 2) - usual, own - minutes,
      own - long, own - recent, next - recent, own - next,
      mean(near(irregular, i, how.MANY)), mean(near(steady, i, how.MANY))];
  };
}
