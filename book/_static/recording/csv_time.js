// Columns that tell the time: seconds or parts of them, clock times, dates:
// ecgcore/data/formats/csv_time.py. A column is a Float64Array, or texts that are times.
import { plain } from "./leads.js";
import { median, round } from "./numeric.js";
import { checkLength, FASTEST, SLOWEST } from "./signals.js";

const CLOCK = String.raw`(?:\d{1,3}:)?\d{1,2}:\d{1,2}(?:[.,:]\d+)?`;
const ZONE = String.raw`(?:Z| ?[+-]\d\d:?\d\d)?`;
const DATE = String.raw`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}`;
const TIME = new RegExp(`^(?:(?<date>${DATE})(?:[T ]+|$))?(?<clock>${CLOCK})?${ZONE}$`);
const MOMENT = new RegExp(`(${DATE})[T ]+(${CLOCK})`);
const NAMES = /time|zeit|temps|tiempo|tempo|elapsed|^t$|^ts$|^tms$|^ms$|^s$|^sec|^millis|^date|^datum|clock|uhr/;
const SCALES = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 }; // s a unit; tried in this order
const UNIT_IN_NAME = [
  ["ns", /[\W_]ns\b|nano/i], ["us", /[\W_][uµμ]s(?![a-z0-9_])|micro/i], ["ms", /[\W_]ms\b|^ms$|milli|msec/i],
  ["s", /[\W_]s(ec)?\b|^s$|seconds|sekunden|\bsec/i],
];
const DAY = 86400;
const LIKE_INTEGER = 2e-4;

export const isTime = (field) => field !== "" && TIME.test(field);

/** @typedef {{column: number, scale: number, fs: number, texts: boolean, start: object | null}} Clock */

/** The column that tells the time most evenly (null if there is none), and all that tell it.
    @param {Map<number, Float64Array | string[]>} columns
    @returns {[Clock | null, Set<number>]} */
export function findClock(columns, names) {
  const found = [];
  for (const [column, values] of columns) {
    const scale = scaleOf(values, names[column], NAMES.test(plain(names[column])));
    if (scale === null) continue;
    const seconds = secondsOf(values, scale);
    const fs = rateOf(seconds);
    if (!(fs >= SLOWEST && fs <= FASTEST)) continue;
    const known = seconds.filter(Number.isFinite);
    const steps = known.subarray(1).map((v, i) => v - known[i]);
    const middle = median(steps);
    const still = steps.reduce((sum, v) => sum + Number(v === 0), 0) / steps.length;
    const uneven = median(steps.map((v) => Math.abs(v - middle))) + still;
    found.push({ uneven, clock: { column, scale, fs, texts: Array.isArray(values), start: startOf(values) } });
  }
  if (!found.length) return [null, new Set()];
  const best = found.reduce((a, b) => (b.uneven < a.uneven ? b : a)).clock;
  const start = best.start ?? found.find((f) => f.clock.start)?.clock.start ?? null;
  return [{ ...best, start }, new Set(found.map((f) => f.clock.column))];
}

/** Where samples are missing: {row, lost} of each jump of the time, in order; lost: before that row.
    @param {Float64Array} column its numbers, or where it is of texts `secondsIn` of each */
export function gapsIn(clock, column, fs, name) {
  const gaps = [];
  const wrapped = afterMidnight();
  let [row, at, total] = [-1, NaN, 0];
  for (let i = 0; i < column.length; i += 1) {
    const seconds = clock.texts ? wrapped(column[i]) : column[i] * clock.scale;
    // Stamps may be rounded, or the same for all samples of a packet: they count where they
    // change, and only what is longer than half as much again as usual is a gap.
    if (!Number.isFinite(seconds) || seconds === at) continue;
    const [step, between] = [(seconds - at) * fs, i - row];
    if (row >= 0 && step > 1.5 * between + 1) {
      gaps.push({ row: i, lost: round(step - between) });
      total += gaps.at(-1).lost;
    }
    [row, at] = [i, seconds];
  }
  if (total) checkLength(Math.min(column.length + total, 1e15), fs, name);
  return gaps;
}

/** Rows at which known times change, the first among them, and these times. */
function changes(seconds) {
  const [rows, values] = [new Float64Array(seconds.length), new Float64Array(seconds.length)];
  let n = 0;
  for (let i = 0; i < seconds.length; i += 1) {
    if (!Number.isFinite(seconds[i]) || (n && seconds[i] === values[n - 1])) continue;
    rows[n] = i;
    values[n] = seconds[i];
    n += 1;
  }
  return { rows: rows.subarray(0, n), values: values.subarray(0, n) };
}

/** s a unit of a column of times; null if it is none. */
function scaleOf(column, name, named) {
  if (Array.isArray(column)) return 1;
  const known = column.filter(Number.isFinite);
  if (known.length < 3 || known.length < column.length / 2) return null;
  const steps = known.subarray(1).map((v, i) => v - known[i]);
  const falling = steps.reduce((sum, v) => sum + Number(v < 0), 0) / steps.length;
  if (falling > 0.01 || steps.reduce((sum, v) => sum + v, 0) <= 0) return null;
  const told = named ? UNIT_IN_NAME.find(([, pattern]) => pattern.test(name)) : null;
  if (told) return SCALES[told[0]];
  const step = median(steps.filter((v) => v > 0));
  if (step === 1 && known.every((v) => v % 1 === 0)) return null; // an index
  if (!named && (!isEven(steps, step) || steps.some((v) => v <= 0))) return null;
  return Object.values(SCALES).find((s) => 1 / (step * s) >= SLOWEST && 1 / (step * s) <= FASTEST) ?? null;
}

function isEven(steps, step) {
  const away = steps.map((v) => Math.abs(v - step));
  return away.reduce((a, b) => Math.max(a, b), 0) <= 0.51 * step || median(away) < 0.1 * step;
}

/** Seconds of each row, NaN where nothing is told. Clock times go on after midnight. */
function secondsOf(column, scale) {
  if (!Array.isArray(column)) return column.map((v) => v * scale);
  const wrapped = afterMidnight();
  return Float64Array.from(column, (text) => wrapped(secondsIn(text)));
}

/** A function that is given one time of the day after the other, and goes on after midnight. */
function afterMidnight() {
  let [days, before] = [0, NaN];
  return (at) => {
    if (at - before < -DAY / 2) days += 1;
    if (Number.isFinite(at)) before = at;
    return at + DAY * days;
  };
}

/** Seconds that a text tells, since midnight or 1970; NaN if it is no time. */
export function secondsIn(text) {
  const found = TIME.exec(text)?.groups;
  if (!found?.clock) return NaN;
  const day = dateOf(found.date);
  return clockSeconds(found.clock) + (day ? Date.parse(day) / 1000 : 0);
}

/** h:m:s, m:s, with a fraction after a point, comma or third colon. */
function clockSeconds(text) {
  let parts = text.replaceAll(",", ".").split(":");
  if (parts.length === 4) parts = [...parts.slice(0, 2), `${parts[2]}.${parts[3]}`];
  return parts.reduce((seconds, part) => 60 * seconds + Number(part), 0);
}

/** "2004-05-04" of a date, however it is written; "" if it is none. */
function dateOf(text) {
  if (!text) return "";
  const parts = text.split(/[-/.]/).map(Number);
  const [year, month, day] = parts[0] > 31 ? parts : parts.toReversed();
  return dayOf(year, month, day) || dayOf(year, day, month);
}

function dayOf(year, month, day) {
  const two = (v) => String(v).padStart(2, "0");
  const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  const real = year >= 1 && month >= 1 && month <= 12 && new Date(text).getUTCDate() === day;
  return real ? text : "";
}

/** Hz, from the first change of the time to the last, gaps left out; NaN if it cannot be told. */
function rateOf(seconds) {
  const { rows, values } = changes(seconds);
  const n = rows.length - 2; // from one change to the next; the first row is none
  if (n < 1) return NaN;
  const steps = Float64Array.from({ length: n }, (_, i) => values[i + 2] - values[i + 1]);
  const between = Float64Array.from({ length: n }, (_, i) => rows[i + 2] - rows[i + 1]);
  const usual = median(steps.map((v, i) => v / between[i]));
  if (!(usual > 0) || values.at(-1) <= values[1]) return NaN;
  let [count, sum] = [0, 0];
  for (let i = 0; i < n; i += 1) {
    if (steps[i] > 3 * usual * between[i]) continue;
    count += between[i];
    sum += steps[i];
  }
  const fs = count / sum;
  return Math.abs(fs - round(fs)) < LIKE_INTEGER * fs ? round(fs) : fs;
}

/** When the first row was: {second, day}, if a column tells a date or a time of the day. */
function startOf(column) {
  if (!Array.isArray(column)) return null;
  for (const text of column) {
    const found = text && momentOf(text);
    if (found) return found;
  }
  return null;
}

function momentOf(text) {
  const found = TIME.exec(text)?.groups;
  if (!found?.clock) return null;
  const second = clockSeconds(found.clock);
  // A short one without a date is counted from the start.
  if (!found.date && second < 60 && found.clock.split(":").length < 3) return null;
  return second < DAY ? { second, day: dateOf(found.date) } : null;
}

/** Date and time of day that a line of text tells; null if none does. */
export function startIn(preface) {
  for (const line of preface) {
    const found = MOMENT.exec(line);
    const moment = found && momentOf(`${found[1]} ${found[2]}`);
    if (moment) return moment;
  }
  return null;
}

/** A time of day on the first date that some columns of texts tell, if they do. */
export function onTheDay(moment, columns) {
  for (const [first] of columns) {
    const day = first === undefined ? "" : dateOf(TIME.exec(first)?.groups.date);
    if (day) return { ...moment, day };
  }
  return moment;
}
