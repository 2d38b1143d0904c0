// Text files with a signal, one sample a line, in one column or beside others:
// ecgcore/data/formats/csv_signal.py and columns.py.
import { readColumns } from "./csv_columns.js";
import { fields, findTable, mostCommon, trimmed, valueOf, wayOf } from "./csv_layout.js";
import { COMMENT, MAX_LINE, MAX_VALUE, numbered, pieces, quote } from "./csv_lines.js";
import { leadIn, nameOf, rateIn, unitIn } from "./csv_rate.js";
import { findClock, gapsIn, onTheDay, secondsIn, startIn } from "./csv_time.js";
import { DataError, thousands } from "./errors.js";
import * as leadChoice from "./leads.js";
import { checkRate } from "./signals.js";

const [MOST_COLUMNS, LOOKED_AT, BEAT_LENGTH] = [100, 60, 187]; // more columns are no signals side by side
const EVIDENCE = 2e6; // numbers by which a lead is chosen
const MOST_IN_A_ROW = 1e7; // characters
const TOLD = 3; // problems that are told one by one
const INDEX_NAMES = new Set(["", "index", "sample", "samples", "sampleno", "samplenumber", "n", "nr", "no", "i", "id",
  "row", "unnamed0", "idx", "probe", "messwert", "samplenum", "counter", "indexlevel0"]);

/** The recording in a text file. Throws DataError: with `rows` for beats that are already cut,
    with `unknownRate` where the sampling rate has to be asked for.
    @param {{name: string, blob: Blob}} file  @param {{fs?: number | null}} wish
    @returns {Promise<Recording>} */
export async function openText(file, wish) {
  const { columns, rows } = await sizeOf(file);
  if (rows === 1 && columns > BEAT_LENGTH + 2) return oneRow(file, wish);
  if (columns > MOST_COLUMNS) {
    throw new DataError(`${file.name}: ${columns} columns are beats that are already cut, not a signal`,
      { rows: file });
  }
  return openTable(file, await findTable(file), wish);
}

/** Columns of most of the first rows, and how many rows that are. */
async function sizeOf(file) {
  const found = [];
  for await (const [, line] of numbered(file)) {
    if (line.trim() && !COMMENT.test(line)) found.push(widthOf(line));
    if (found.length === LOOKED_AT) break;
  }
  return { columns: found.length ? mostCommon(found)[0] : 0, rows: found.length };
}

/** Fields of a line by the separator that gives a row of beats, or else the first that occurs. */
function widthOf(line) {
  const text = line.replaceAll('"', "");
  let present = ["\t", ";", ","].filter((s) => line.includes(s));
  const spaced = (field) => /\S\s/.test(field.trim());
  if (present.join() === "," && line.split(",").some(spaced)) present = [];
  const width = (separator) => {
    const found = separator ? text.split(separator) : text.trim().split(/\s+/);
    const ending = [BEAT_LENGTH + 1, BEAT_LENGTH + 2].includes(found.length) && !found.at(-1).trim();
    return found.length - Number(ending);
  };
  const beat = (n) => n >= BEAT_LENGTH && n <= BEAT_LENGTH + 2;
  for (const separator of [...present, ""]) if (beat(width(separator))) return width(separator);
  return /^[+-]?\d+,\d+$/.test(line.trim()) ? 1 : width(present[0] ?? "");
}

/** The rate that a file has, or else the one that somebody gives. */
function agreedRate(given, found, name) {
  if (found !== null) return checkRate(found, name);
  if (given) return checkRate(given, name);
  throw new DataError(`${name}: a signal needs its sampling rate (in Hz), and the file has none`,
    { unknownRate: true });
}

async function oneRow(file, wish) {
  let [text, comments] = ["", []];
  for await (const [, piece] of pieces(file)) {
    text += piece;
    if (text.length > MOST_IN_A_ROW) {
      throw new DataError(`${file.name}: one row of more than ${thousands(MOST_IN_A_ROW)} characters`);
    }
  }
  comments = text.split("\n").filter((line) => COMMENT.test(line));
  const line = text.split("\n").find((each) => each.trim() && !COMMENT.test(each));
  // How it is written shows in its first part, and each look at all of it costs seconds.
  const { separator, decimal } = wayOf([line.slice(0, MAX_LINE)]);
  const samples = trimmed(fields(line, separator)).map((field) => valueOf(decimal, field));
  if (samples.includes(null) || samples.every(Number.isNaN)) {
    throw new DataError(`${file.name}: no row of numbers in it (${quote(line)})`);
  }
  if (samples.some((v) => Math.abs(v) > MAX_VALUE)) throw new DataError(`${file.name}: numbers beyond any ECG in it`);
  const fs = agreedRate(wish.fs, rateIn(comments), file.name);
  const lead = leadOf(Float64Array.from(samples), fs, "unknown", "unknown unit");
  return { name: file.name, leads: [lead], start: null, peaks: null, symbols: null, notes: [] };
}

const leadOf = (values, fs, name, unit) => ({ name, unit, fs, n: values.length,
  read: async (start, stop) => new Float64Array(values.subarray(start, stop)) });

async function openTable(file, table, wish) {
  const numbers = Array.from({ length: table.columns }, (_, c) => c).filter((c) => !table.texts.has(c));
  if (!numbers.length) throw new DataError(`${file.name}: most of it is text, and no column of numbers`);
  const most = Math.max(Math.floor(EVIDENCE / table.columns), 1000);
  const head = await readColumns(file, table, numbers, { most });
  const [clock, times] = findClock(head.columns, table.names);
  const which = samplesAmong(head.columns, table, times);
  if (!which.length) throw new DataError(`${file.name}: no column of samples in it, only an index or times`);
  const fs = agreedRate(wish.fs, clock ? clock.fs : rateIn(table.preface), file.name);
  const named = which.map((c) => ({ name: titled(table, c, which), unit: unitOf(table, c) }));
  const near = which.map((c, i) => leadOf(head.columns.get(c), fs, named[i].name, named[i].unit));
  const chosen = await leadChoice.choose(near, file.name);
  const other = leadChoice.second(near, chosen);
  const found = head.whole ? whole(head, clock) : await again(file, table, [which[chosen], which[other]], clock);
  if (found.bad > found.n / 2) throw new DataError(`${file.name}: most lines are no numbers (${found.problems[0]})`);
  const gaps = clock ? gapsIn(clock, found.columns.get(clock.column), fs, file.name) : [];
  const n = gaps.reduce((sum, { lost }) => sum + lost, found.n);
  if (clock) found.columns.delete(clock.column);
  const column = async (c) => (found.columns.get(c) ?? (await again(file, table, [c], null)).columns.get(c));
  const leads = named.map((words, i) => ({ ...words, fs, n, read: placed(() => column(which[i]), gaps, n) }));
  return { name: file.name, leads, start: startOf(clock, table, head.columns), peaks: null, symbols: null,
    notes: told(found, file.name), chosen };
}

function told({ problems, bad }, name) {
  const some = problems.slice(0, TOLD).map((sentence) => `${name}: ${sentence}`);
  return bad > TOLD ? [...some, `${name}: ${thousands(bad - TOLD)} further lines are no numbers either`] : some;
}

/** What was read is all: of a clock's texts the seconds are enough. */
function whole(head, clock) {
  if (clock?.texts) head.columns.set(clock.column, Float64Array.from(head.columns.get(clock.column), secondsIn));
  return head;
}

/** Some columns of all of a file. */
function again(file, table, wanted, clock) {
  const which = [...new Set([...wanted, ...(clock ? [clock.column] : [])])].filter((c) => c !== undefined);
  return readColumns(file, table, which, { compact: true, clock });
}

/** A reader of samples at their places in time, NaN where some are missing. */
function placed(column, gaps, n) {
  let values = null;
  return async (start, stop) => {
    values ??= column().then((found) => (gaps.length ? spread(found, gaps, n) : found));
    return new Float64Array((await values).subarray(start, stop));
  };
}

function spread(values, gaps, n) {
  const found = new values.constructor(n).fill(NaN);
  let [from, shift] = [0, 0];
  for (const { row, lost } of [...gaps, { row: values.length, lost: 0 }]) {
    found.set(values.subarray(from, row), from + shift);
    [from, shift] = [row, shift + lost];
  }
  return found;
}

/** Columns that hold samples: neither times, nor texts, nor counted, nor empty. */
function samplesAmong(columns, table, times) {
  return [...columns.keys()].filter((c) => {
    const values = columns.get(c);
    if (times.has(c) || table.large.has(c) || Array.isArray(values)) return false;
    return values.some(Number.isFinite) && !(columns.size > 1 && counts(values, table.names[c]));
  });
}

/** Whether a column counts: whole numbers, each one more than the last. */
function counts(values, name) {
  const known = values.filter(Number.isFinite);
  if (known.length < 3 || known.some((v) => v % 1 !== 0)) return false;
  const steps = known.subarray(1).map((v, i) => v - known[i]);
  return steps.every((s) => s === 1) || (INDEX_NAMES.has(leadChoice.plain(name)) && steps.every((s) => s >= 1));
}

const titled = (table, c, which) =>
  nameOf(table.names[c]) || (which.length === 1 ? leadIn(table.preface) || "unknown" : `column ${c + 1}`);

const unitOf = (table, c) => unitIn([table.names[c], table.units[c], ...table.preface]);

function startOf(clock, table, columns) {
  const start = clock ? clock.start : startIn(table.preface);
  if (!start || start.day) return start;
  return onTheDay(start, [...columns.values()].filter(Array.isArray));
}
