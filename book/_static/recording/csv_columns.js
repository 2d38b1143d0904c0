// Columns of a text file, read a piece at a time: the reader of ecgcore/data/formats/csv_signal.py.
import { split, valueOf } from "./csv_layout.js";
import { COMMENT, MAX_LINE, MAX_PROBLEMS, MAX_VALUE, numberProblem, pieces } from "./csv_lines.js";
import { isTime, secondsIn } from "./csv_time.js";
import { DataError, thousands } from "./errors.js";

const PART = 1 << 16; // rows

/** Columns of a file: {columns: Map of column to Float64Array or Float32Array, or texts of times;
    problems: sentences; bad: how many rows; whole: whether this is all of the file; n: rows}.
    @param {{name: string, blob: Blob}} file  @param {import("./csv_layout.js").Table} table
    @param {number[]} which columns to read
    @param {{most?: number, compact?: boolean, clock?: import("./csv_time.js").Clock | null}} how
    most: rows after which to stop; compact: single precision for all but what may be times; clock:
    where its column is of texts, their seconds are kept */
export async function readColumns(file, table, which, { most = Infinity, compact = false, clock = null } = {}) {
  const kept = which.map((c) => [c, new Growing(compact && c !== clock?.column)]);
  const state = { file, table, which, columns: new Map(kept), texts: new Map(),
    seconds: clock?.texts ? clock.column : -1, rows: 0, bad: 0, blank: 0, problems: [] };
  for await (const [first, piece] of pieces(file, table.first)) {
    add(state, first, piece);
    if (state.rows >= most) return result(state, false);
  }
  return result(state, true);
}

function result({ columns, texts, problems, bad, rows }, whole) {
  const found = new Map([...columns].map(([c, values]) => [c, texts.get(c) ?? values.all()]));
  const more = bad - MAX_PROBLEMS;
  const told = more > 0 ? [...problems, `${thousands(more)} further lines are no numbers either`] : problems;
  return { columns: found, problems: told, bad, n: rows, whole };
}

/** Numbers that come one by one. compact: kept in single precision, unless that would lose
    something: they lie far from zero, or never fall, as times do. */
class Growing {
  constructor(compact) {
    this.compact = compact;
    this.type = null;
    this.parts = [];
    this.part = new Float64Array(PART);
    this.n = 0;
  }

  push(value) {
    this.part[this.n] = value;
    this.n += 1;
    if (this.n === PART) this.close();
  }

  close() {
    const values = this.part.subarray(0, this.n);
    this.type ??= this.compact && !isFar(values) ? Float32Array : Float64Array;
    this.parts.push(this.type.from(values));
    this.n = 0;
  }

  all() {
    this.close();
    const whole = new this.type(this.parts.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const part of this.parts.splice(0)) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

function isFar(values) {
  let [low, high, falls, last] = [Infinity, -Infinity, false, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < last) falls = true;
    [low, high, last] = [Math.min(low, value), Math.max(high, value), value];
  }
  return !falls || Math.min(Math.abs(low), Math.abs(high)) > 10 * (high - low);
}

function add(state, first, piece) {
  const { which, columns, texts } = state;
  const quick = texts.size ? null : quickly(state);
  const lists = which.map((c) => columns.get(c));
  let [row, at] = [first - 1, 0];
  for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", at)) {
    const line = piece.slice(at, end);
    at = end + 1;
    row += 1;
    const values = quick && !texts.size ? quick(line) : null;
    if (values) {
      if (state.blank) fillBlank(state);
      for (let k = 0; k < lists.length; k += 1) lists[k].push(values[k]);
      state.rows += 1;
    } else slowly(state, row, line);
  }
}

/** A function from a plain line to its numbers; null of a line that needs a closer look. */
function quickly({ table: { separator, decimal, columns, large }, which, seconds }) {
  const values = new Float64Array(which.length);
  return (line) => {
    if (!isPlain(line.charCodeAt(0))) return null;
    const found = separator === null ? line.trim().split(/\s+/) : line.split(separator);
    if (found.length !== columns && !(found.length === columns + 1 && !found[columns])) return null;
    for (let k = 0; k < which.length; k += 1) {
      const text = found[which[k]];
      const number = which[k] !== seconds;
      values[k] = number ? plainNumber(decimal === "," ? text.replace(",", ".") : text) : secondsIn(text);
      const most = large.has(which[k]) ? Number.MAX_VALUE : MAX_VALUE;
      if (number && !(Math.abs(values[k]) <= most)) return null;
    }
    return values;
  };
}

/** Whether a line that starts so is neither blank nor a comment nor indented. */
const isPlain = (code) => code >= 43 && code !== 47;

/** The value of a number in digits; NaN for whatever is not sure to be one. */
function plainNumber(text) {
  const code = text.charCodeAt(0);
  const starts = (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 43;
  return starts && !(text.charCodeAt(1) > 57) ? Number(text) : NaN; // 0x10 and 1e5 among these
}

function slowly(state, row, line) {
  if (COMMENT.test(line)) return;
  if (!line.trim()) {
    state.blank += state.table.spaced ? 0 : 1;
    return;
  }
  fillBlank(state); // blank lines are gaps, but for those at the end
  const { table, which, columns, seconds } = state;
  const found = split(table, line.slice(0, MAX_LINE));
  const fits = found.length === table.columns;
  if (!fits) tell(state, `row ${row}: ${found.length} columns instead of ${table.columns}`);
  for (const c of which) {
    const text = fits ? found[c] : "";
    columns.get(c).push(c === seconds ? secondsIn(text) : numberOf(state, text, c, row));
    state.texts.get(c)?.push(text);
  }
  state.rows += 1;
}

function numberOf(state, text, c, row) {
  const value = valueOf(state.table.decimal, text);
  if (value === null) {
    if (isTime(text)) {
      if (!state.texts.has(c)) state.texts.set(c, Array(state.rows).fill(""));
    } else if (!state.texts.has(c)) tell(state, numberProblem(text, row, c + 1));
    return NaN;
  }
  if (Math.abs(value) > MAX_VALUE && !state.table.large.has(c)) {
    tell(state, numberProblem(text, row, c + 1));
    return NaN;
  }
  return value;
}

function fillBlank(state) {
  for (; state.blank; state.blank -= 1) {
    for (const column of state.columns.values()) column.push(NaN);
    for (const texts of state.texts.values()) texts.push("");
    state.rows += 1;
  }
}

function tell(state, sentence) {
  state.bad += 1;
  if (state.bad <= MAX_PROBLEMS) state.problems.push(sentence);
  if (state.bad === MAX_PROBLEMS && state.bad > state.rows / 2) {
    throw new DataError(`${state.file.name}: most lines are no numbers (${state.problems[0]})`);
  }
}
