// A record as the rhythm model sees it: ecgcore/rhythm/sequence.py and features.py, of the whole
// record. Their constants come in `how`.
import { forthAndBack } from "./filters.js";
import { median, round, searchSorted } from "./numeric.js";

const mean = (row) => row.reduce((a, b) => a + b, 0) / row.length;
const clip = (value, low, high) => Math.min(Math.max(value, low), high);

function spread(row) {
  const middle = mean(row);
  return Math.sqrt(mean(row.map((v) => (v - middle) ** 2)));
}

function range(row) {
  return Math.max(...row) - Math.min(...row);
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

/** Percentile between the two nearest of some numbers. */
function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const at = (share / 100) * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Signal at 125 Hz between 0.5 and 40 Hz. */
export function filtered(signal, how) {
  const zero = signal[0];
  return Float32Array.from(forthAndBack(how.rhythm, signal.map((v) => v - zero)));
}

/** Windows about R peaks (s), in units of the usual QRS height, and the usual beat among them:
    {seconds, windows: [Float32Array(128)], template: Float32Array(128)}. */
export function sequence(signal, seconds, how) {
  const from = (at) => Float32Array.from({ length: how.WINDOW }, (_, k) => signal[at + k] ?? 0);
  const windows = Array.from(seconds, (s) => from(round(s * how.FS) - how.BEFORE));
  const complexes = windows.map((w) => w.subarray(...how.QRS));
  const height = Math.max(median(complexes.map(range)), 1e-9);
  for (const window of windows) window.forEach((v, k) => (window[k] = v / height));
  const rr = intervals(seconds);
  const usual = mean(rr);
  let chosen = windows.map((_, i) => i).filter((i) => rr[i] >= how.USUAL_RR * usual);
  if (!chosen.length) chosen = windows.map((_, i) => i);
  const columns = (of, rows) => Float32Array.from(of[0], (_, k) => median(rows.map((i) => of[i][k])));
  const typical = columns(complexes, chosen);
  const alike = chosen.map((i) => correlation(complexes[i], typical));
  const least = percentile(alike, how.ALIKE);
  return { seconds, windows, template: columns(windows, chosen.filter((_, i) => alike[i] >= least)) };
}

/** The interval before each beat; before the first, that before the second. */
function intervals(seconds) {
  return Array.from(seconds, (s, i) => (i ? s - seconds[i - 1] : seconds[1] - s));
}

/** Rows of features, Float32Array each, in the order of features.NAMES. */
export function features(made, how) {
  const { seconds, windows, template } = made;
  const times = timing(seconds, how);
  const waves = windows.map((w) => w.subarray(...how.P_WAVE));
  const complexes = windows.map((w) => w.subarray(...how.QRS));
  const wave = template.subarray(...how.P_WAVE);
  const complex = template.subarray(...how.QRS);
  const usualHeight = Math.max(range(complex), 1e-6);
  return windows.map((window, i) => {
    const nearby = meanRow(waves, i, how.NEARBY);
    const own = complexes[i];
    const level = median(window);
    const strength = own.map((v) => Math.abs(v - level));
    const peak = Math.max(...strength, 1e-6);
    const width = (share) => mean(Float64Array.from(strength, (v) => Number(v > share * peak)));
    return Float32Array.from([
      ...times[i],
      spread(Float64Array.from(nearby)), spread(Float64Array.from(waves[i])), spread(Float64Array.from(wave)),
      correlation(waves[i], wave), correlation(waves[i], nearby), distance(waves[i], wave),
      width(0.5), width(0.25), correlation(own, complex), distance(own, complex),
      Math.log(Math.max(range(own), 1e-6) / usualHeight), mean(Float64Array.from(strength)) / peak,
      correlation(own, complexes[Math.min(i + 1, windows.length - 1)]),
    ]);
  });
}

function meanRow(rows, i, beats) {
  const near = rows.slice(Math.max(i - (beats >> 1), 0), i + (beats >> 1) + 1);
  return Float64Array.from(rows[i], (_, k) => mean(near.map((row) => row[k])));
}

function timing(seconds, how) {
  const rr = intervals(seconds).map((v) => clip(v, how.FASTEST_S, how.SLOWEST_S));
  const n = rr.length;
  const log = rr.map(Math.log);
  const usual = Math.log(mean(rr));
  const long = Math.log(percentile(rr, 90));
  const near = (values, i, beats) => values.slice(Math.max(i - (beats >> 1), 0), i + (beats >> 1) + 1);
  const total = [0];
  for (const value of rr) total.push(total.at(-1) + value);
  const change = log.map((v, i) => Math.abs(v - log[Math.max(i - 1, 0)]));
  const irregular = change.map((v) => Number(v > how.IRREGULAR_RR));
  const steady = change.map((v) => Number(v < how.STEADY));
  const at = (i) => log[clip(i, 0, n - 1)];
  return log.map((own, i) => {
    const first = searchSorted(seconds, seconds[i] - how.MINUTES_S);
    const last = searchSorted(seconds, seconds[i] + how.MINUTES_S, true);
    const minutes = Math.log((total[last] - total[first]) / (last - first));
    const recent = Math.log(percentile(near(rr, i, how.RECENT), how.UPPER));
    const next = at(i + 1);
    return [at(i - 1) - usual, own - usual, next - usual, at(i + 2) - usual, own - minutes,
      own - long, own - recent, next - recent, own - next,
      mean(near(irregular, i, how.MANY)), mean(near(steady, i, how.MANY))];
  });
}
