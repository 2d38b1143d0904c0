// How a text file of signals is written: ecgcore/data/formats/csv_signal.py, find_table.
import { COMMENT, isMissing, isNumber, MAX_VALUE, numbered, quote, stripped } from "./csv_lines.js";
import { isUnit } from "./csv_rate.js";
import { isTime } from "./csv_time.js";
import { DataError } from "./errors.js";

const [SNIFFED, RUN] = [600, 5]; // lines; rows: of twice as many, most are numbers where the data begin
// Separator (null: white space) and decimal sign.
const WAYS = [["\t", "."], ["\t", ","], [";", "."], [";", ","], [",", "."], [null, "."], [null, ","]];
const DIGITS = /^[+-]?\d+$/;

/** @typedef {{separator: string | null, decimal: string, columns: number, first: number,
    names: string[], units: string[], spaced: boolean, preface: string[], texts: Set<number>,
    large: Set<number>}} Table columns: of a row of data; first: line number of the first row of
    data; names, units: of the columns, empty if unknown; spaced: whether every second line is
    empty; preface: what stands before the data; texts: columns of words; large: columns of numbers
    beyond any sample */

export function fields(line, separator) {
  const bare = stripped(line, "\r\n ");
  const parts = separator === null ? bare.trim().split(/\s+/) : bare.split(separator);
  return parts.map((part) => {
    const field = stripped(part.trim(), "\"'").trim();
    return field.startsWith("[") && field.endsWith("]") ? field.slice(1, -1) : field;
  });
}

/** Fields of a line, without the empty ones that a separator at its end makes. */
export function split(table, line) {
  const found = fields(line, table.separator);
  while (found.length > table.columns && !found.at(-1)) found.pop();
  return found;
}

/** Value of a field; NaN for an empty one or one that says so, null if it is no number. */
export function valueOf(decimal, field) {
  if (!field || isMissing(field)) return NaN;
  const text = decimal === "," ? field.replaceAll(",", ".") : field;
  return isNumber(text) ? Number(text) : null;
}

/** The layout of a file. Throws DataError if there are no rows of numbers in it.
    @returns {Promise<Table>} */
export async function findTable(file) {
  const { comments, lines } = await firstLines(file);
  if (!lines.length) throw new DataError(`${file.name}: no numbers in it`);
  const { separator, decimal, columns, strict } = wayOf(lines.map(([, line]) => line));
  const bare = { separator, decimal, columns };
  if (!columns) {
    throw new DataError(`${file.name}: no rows of numbers in it (row ${lines[0][0]}: ${quote(lines[0][1])})`);
  }
  const all = lines.map(([, line]) => split(bare, line));
  let start = firstRow(all.map((row) => isData(row, decimal, strict)));
  const preface = all.slice(0, start);
  const rows = all.slice(start);
  if (rows.length > 1 && isNumberedHeader(rows)) {
    preface.push(rows.shift());
    start += 1;
  }
  const { names, units } = namesOf(headersOf(preface, bare, comments), columns);
  const blank = lines.at(-1)[0] - lines[start][0] + 1 - (lines.length - start);
  const numbers = Array.from({ length: columns }, (_, c) => c);
  const which = (is) => new Set(numbers.filter((c) => is(columnOf(rows, c, columns))));
  return {
    ...bare, first: lines[start][0], names, units, spaced: rows.length > 2 && blank >= 0.8 * (rows.length - 1),
    preface: [...comments, ...lines.slice(0, start).map(([, line]) => line.trim())],
    texts: which((found) => areTexts(found, decimal)), large: which((found) => areLarge(found, decimal)),
  };
}

async function firstLines(file) {
  const [comments, lines] = [[], []];
  for await (const [row, line] of numbered(file)) {
    if (COMMENT.test(line)) comments.push(line.trim().replace(/^[#%/]+/, "").trim());
    else if (line.trim()) lines.push([row, line]);
    if (lines.length >= SNIFFED) break;
  }
  return { comments, lines };
}

function headersOf(preface, table, comments) {
  let headers = preface.filter((h) => h.length === table.columns);
  if (table.columns === 1) headers = headers.filter(([h]) => !/[,;:\t=]/.test(h)); // no key and value
  if (headers.length || !comments.length || table.columns === 1) return headers;
  return [split(table, comments.at(-1))].filter((h) => h.length === table.columns);
}

const columnOf = (rows, column, columns) =>
  rows.filter((row) => row.length === columns && row[column]).map((row) => row[column]);

/** Whether most fields of a column are neither numbers nor times. */
const areTexts = (found, decimal) =>
  found.filter((f) => !isData([f], decimal) && !isTime(f)).length > found.length / 2;

function areLarge(found, decimal) {
  const values = found.filter((f) => isData([f], decimal)).map((f) => Math.abs(valueOf(decimal, f) || 0));
  return values.length > 0 && values.every((v) => v > MAX_VALUE);
}

/** Names of the columns and, from a second line, their units. */
function namesOf(headers, columns) {
  const nothing = Array(columns).fill("");
  if (!headers.length) return { names: nothing, units: nothing };
  const last = headers.at(-1);
  const isUnits = headers.length > 1 && last.some(isUnit);
  const names = isUnits ? headers.at(-2) : last;
  const numbers = names.every((f) => !f || /^\d+$/.test(f)); // which pandas gives to columns
  return { names: numbers ? nothing : names, units: isUnits ? last : nothing };
}

/** Whether the first row is what pandas writes over columns without a name: 0, or 0, 1, 2. */
function isNumberedHeader([first, ...others]) {
  const indexed = first[0] === "" && first.length > 1;
  const numbers = indexed ? first.slice(1) : first;
  if (numbers.some((text, i) => text !== String(i))) return false;
  if (indexed) return others.slice(0, 20).every((row) => row[0]);
  return !others.some((row) => DIGITS.test(row.at(-1)));
}

/** Separator, decimal sign and number of columns that make most of the lines rows of numbers, and
    whether these hold nothing else. */
export function wayOf(lines) {
  let best = { n: 0, separator: null, decimal: ".", columns: 0 };
  for (const strict of [true, false]) {
    for (const [separator, decimal] of WAYS) {
      if (separator && !lines.some((line) => line.includes(separator))) continue;
      const good = lines.map((line) => trimmed(fields(line, separator))).filter((f) => isData(f, decimal, strict));
      if (!good.length) continue;
      const [columns, n] = mostCommon(good.map((f) => f.length));
      const commas = n === best.n && best.separator === "," && separator === null && areDecimalCommas(lines);
      if (n > best.n || commas) best = { n, separator, decimal, columns };
    }
    if (best.n >= 0.3 * lines.length) return { ...best, strict };
  }
  return { ...best, strict: false };
}

/** The most common of some numbers, the first of equals, and how often it occurs. */
export function mostCommon(numbers) {
  const counts = new Map();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
}

export function trimmed(found) {
  let n = found.length;
  while (n > 1 && !found[n - 1]) n -= 1;
  return found.slice(0, n);
}

/** Whether lines as "12,597" are numbers, and not whole ones of two columns. */
function areDecimalCommas(lines) {
  const pairs = lines.map((line) => fields(line, ",")).filter((f) => f.length === 2 && f.every((v) => DIGITS.test(v)));
  if (pairs.some(([first]) => first === "-0")) return true;
  const steps = pairs.slice(1).map(([first], i) => Number(first) - Number(pairs[i][0]));
  return !(steps.length > 1 && steps[0] > 0 && steps.every((s) => s === steps[0]));
}

/** Whether fields are a row of data: numbers, times and nothing, at least one of it a number.
    strict false: one text among them is allowed. */
export function isData(found, decimal, strict = true) {
  let [numbers, others] = [0, 0];
  for (const field of found) {
    if (!field || isMissing(field)) continue;
    if (valueOf(decimal, field) !== null) numbers += 1;
    else if (!isTime(field)) others += 1;
  }
  const missing = found.length === 1 && (!found[0] || isMissing(found[0]));
  return (numbers > 0 || missing) && others <= (strict ? 0 : Math.floor(found.length / 2));
}

/** Position of the first row of the data: most of those after it are such rows, too. */
function firstRow(good) {
  const found = good.findIndex((is, i) => {
    const following = good.slice(i, i + 2 * RUN);
    return is && following.filter(Boolean).length > 0.6 * following.length;
  });
  return found >= 0 ? found : Math.max(good.indexOf(true), 0);
}
