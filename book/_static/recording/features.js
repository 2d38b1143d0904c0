// Beats as the rhythm model sees them: ecgcore/rhythm/sequence.py and features.py, of the whole
// record. Their constants come in `how`.
import { forthAndBack } from "./filters.js";
import { median, percentile, searchSorted } from "./numeric.js";

const clip = (value, low, high) => Math.min(Math.max(value, low), high);

// Windows are single precision in Python, and so is what is computed of them, every step of it. A
// tree's split may lie between two roundings of a number, so the same steps are taken here.
const single = Math.fround;
const [SINGLE, DOUBLE] = [new Float32Array(8), new Float64Array(8)];

/** The sum in numpy's order and in the precision of the values: at most 128 of them. */
function total(values) {
  const r = values instanceof Float32Array ? SINGLE : DOUBLE;
  const n = values.length;
  const whole = n - (n % 8);
  for (let k = 0; k < 8; k += 1) r[k] = whole ? values[k] : 0;
  for (let i = 8; i < whole; i += 8) {
    for (let k = 0; k < 8; k += 1) r[k] += values[i + k];
  }
  for (let step = 1; step < 8; step *= 2) {
    for (let k = 0; k < 8; k += 2 * step) r[k] += r[k + step];
  }
  for (let i = whole; i < n; i += 1) r[0] += values[i];
  return r[0];
}

const mean = (row) => of(row, total(row) / row.length);

/** A number in the precision of some values. */
const of = (values, number) => (values instanceof Float32Array ? single(number) : number);

/** Mean of numbers in double precision, as many as there are. */
const average = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Values about their own mean. */
function centred(row) {
  const middle = mean(row);
  return row.map((v) => v - middle);
}

const squares = (row) => row.map((v) => v * v);

const spread = (row) => of(row, Math.sqrt(of(row, total(squares(centred(row))) / row.length)));

function range(row) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of row) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return of(row, high - low);
}

/** Correlation of two rows, of which the first is single; as precise as the second. */
function correlation(a, b) {
  const [own, other] = [centred(a), centred(b)];
  const size = of(b, Math.sqrt(of(b, total(squares(own)) * total(squares(other)))));
  return size > 1e-9 ? of(b, total(other.map((v, i) => v * own[i])) / size) : 0;
}

function distance(a, b) {
  const [own, other] = [centred(a), centred(b)];
  return spread(own.map((v, i) => v - other[i]));
}

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
  const height = Math.max(single(median(heights)), single(1e-9));
  for (let i = 0; i < windows.length; i += 1) windows[i] /= height;
  const rr = intervals(seconds);
  const late = how.USUAL_RR * average(rr);
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
export function intervals(seconds) {
  return Float64Array.from(seconds, (s, i) => (i ? s - seconds[i - 1] : seconds[1] - s));
}

/** Features of all beats, one row after the other in the order of features.NAMES, beside what they
    are made of: {n, seconds, features, windows, template}. */
export function featureRows(made, how) {
  const row = rowsOf(made, how);
  let found = null;
  for (let i = 0; i < made.n; i += 1) {
    const own = row(i);
    found ??= new Float32Array(made.n * own.length);
    found.set(own, i * own.length);
  }
  return { ...made, features: found };
}

/** A function from a beat's position to its features. made: see `scaled`; R peaks must not change
    after this, windows may. */
export function rowsOf({ n, seconds, windows, template }, how) {
  const times = timing(seconds, how);
  const part = (i, [from, to]) => windows.subarray(i * how.WINDOW + from, i * how.WINDOW + to);
  const usual = { wave: template.subarray(...how.P_WAVE), complex: template.subarray(...how.QRS) };
  usual.height = Math.max(range(usual.complex), single(1e-6));
  return (i) => {
    const near = { first: Math.max(i - (how.NEARBY >> 1), 0), last: Math.min(i + (how.NEARBY >> 1), n - 1) };
    const nearby = meanRow((k) => part(k, how.P_WAVE), near);
    const next = part(Math.min(i + 1, n - 1), how.QRS);
    return [...times(i), ...pWave(part(i, how.P_WAVE), usual.wave, nearby),
      ...qrs(part(i, [0, how.WINDOW]), part(i, how.QRS), next, usual)];
  };
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
  const level = single(median(window));
  const strength = own.map((v) => Math.abs(single(v - level)));
  const peak = Math.max(...strength, single(1e-6));
  const width = (share) => {
    const least = single(share * peak);
    return strength.filter((v) => v > least).length / own.length;
  };
  return [width(0.5), width(0.25), correlation(own, usual.complex), distance(own, usual.complex),
    Math.log(single(Math.max(range(own), single(1e-6)) / usual.height)), mean(strength.map((v) => v / peak)),
    correlation(own, next)];
}

/** A function from a beat to what its RR intervals say. */
function timing(seconds, how) {
  const rr = intervals(seconds).map((v) => clip(v, how.FASTEST_S, how.SLOWEST_S));
  const n = rr.length;
  const log = rr.map(Math.log);
  const usual = Math.log(average(rr));
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
      average(near(irregular, i, how.MANY)), average(near(steady, i, how.MANY))];
  };
}
