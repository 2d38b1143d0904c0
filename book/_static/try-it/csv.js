// Beats from a text file: what ecgcore/data/formats/csv_text.py does, in the reader's browser. Both are
// tested on the same files, down to the sentences.
import { BEAT_LENGTH, CLASSES } from "./constants.js";

const MAX_LINE = 65536;
const MAX_PROBLEMS = 1000;
const MAX_VALUE = 1e12;
const SNIFFED = 65536; // bytes that decide on the encoding
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MISSING = /^[+-]?(nan|na|n\/a|null|none|inf|infinity)$/i;

export class DataError extends Error {}

const thousands = (n) => n.toLocaleString("en-US");

/** Beats of a file or blob: {signal: [Float32Array], row: [int], label: [int], problems: [...]}.
    Throws DataError if there is none. onProgress hears the share that has been read. */
export async function readBeats(file, name, onProgress = () => {}) {
  const found = lines(file, await encodingOf(file, name), onProgress);
  const held = [];
  const next = async () => held.shift() ?? (await found.next()).value;
  const layout = await findLayout(next, held, name);
  if (layout.columns === 1) {
    throw new DataError(
      `${name}: one column is a signal, and this page takes beats: rows of ${BEAT_LENGTH} values`,
    );
  }
  return readRows(next, layout, name);
}

async function encodingOf(file, name) {
  const start = new Uint8Array(await file.slice(0, SNIFFED).arrayBuffer());
  if (start.every((byte) => byte === 32 || (byte >= 9 && byte <= 13))) {
    throw new DataError(`${name}: the file is empty`);
  }
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  if (start.includes(0)) throw new DataError(`${name}: not a text file`);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** [line number, line] of those that are not blank. */
async function* lines(file, encoding, onProgress) {
  const decoder = new TextDecoder(encoding);
  const reader = file.stream().getReader();
  let number = 0;
  let rest = "";
  let read = 0;
  for (let ended = false; !ended; ) {
    const { done, value } = await reader.read();
    ended = done;
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    read += value?.length ?? 0;
    onProgress(file.size ? read / file.size : 1);
    // A carriage return at the end of a chunk may belong to a line feed in the next.
    const parts = rest.split(ended ? /\r\n|\r|\n/ : /\r\n|\n|\r(?!$)/);
    rest = parts.pop();
    if (rest.length > 2 * MAX_LINE) rest = rest.slice(0, 2 * MAX_LINE); // rubbish without end
    if (ended) parts.push(rest);
    for (const line of parts) {
      number += 1;
      if (line.trim()) yield [number, line];
    }
  }
}

async function findLayout(next, held, name) {
  const first = await next();
  let separator = separatorOf(first[1]);
  const fields = split(first[1], separator);
  const hasHeader = isHeader(fields);
  const index = hasHeader && fields[0] === "" && fields.length > 1;
  const data = hasHeader ? await next() : first;
  if (!data) throw new DataError(`${name}: the file holds a header but no rows`);
  held.push(data);
  if (hasHeader && separator !== ",") separator = separatorOf(data[1]);
  const columns = split(data[1], separator).length - (index ? 1 : 0);
  return { separator, decimalComma: separator !== ",", index: index ? 1 : 0, columns };
}

const SPACES = " "; // stands for any white space

function separatorOf(line) {
  let present = ["\t", ";", ","].filter((s) => line.includes(s));
  const spaced = (field) => /\S\s+\S/.test(field);
  if (present.join() === "," && line.split(",").some(spaced)) present = [SPACES];
  for (const separator of [...present, SPACES]) {
    const n = split(line, separator).length;
    if (n >= BEAT_LENGTH && n <= BEAT_LENGTH + 2) return separator;
  }
  if (/^[+-]?\d+,\d+$/.test(line.trim())) return SPACES;
  return present[0] ?? SPACES;
}

function split(line, separator) {
  const text = line.replaceAll('"', "");
  const parts = separator === SPACES ? text.trim().split(/\s+/) : text.split(separator);
  const fields = parts.map((f) => f.trim());
  const trailing = fields.length === BEAT_LENGTH + 1 || fields.length === BEAT_LENGTH + 2;
  if (trailing && fields.at(-1) === "") fields.pop();
  return fields;
}

function isHeader(fields) {
  const filled = fields.filter((f) => f);
  const isValue = (f) => NUMBER.test(f.replaceAll(",", ".")) || MISSING.test(f);
  const values = filled.filter(isValue);
  if (!values.length) return true;
  const whole = values.every((f) => /^\d{1,8}$/.test(f));
  return values.length >= BEAT_LENGTH && whole && values.every((f, i) => +f === +values[0] + i);
}

async function readRows(next, layout, name) {
  const beats = { signal: [], row: [], label: [], problems: [] };
  let bad = 0;
  for (let found = await next(); found; found = await next()) {
    const [row, line] = found;
    try {
      const { values, label } = parseBeat(line, layout, row);
      beats.signal.push(scale(values));
      beats.row.push(row);
      beats.label.push(label);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      bad += 1;
      if (bad <= MAX_PROBLEMS) beats.problems.push({ row, text: error.message });
    }
    if (!beats.row.length && bad >= MAX_PROBLEMS) break;
  }
  if (!beats.row.length) {
    const some = bad < MAX_PROBLEMS ? "none of the rows" : `none of the first ${thousands(bad)} rows`;
    throw new DataError(`${name}: ${some} is a beat (${beats.problems[0].text})`);
  }
  if (bad > MAX_PROBLEMS) {
    const text = `${thousands(bad - MAX_PROBLEMS)} further rows are no beats either`;
    beats.problems.push({ row: 0, text });
  }
  return beats;
}

function parseBeat(line, layout, row) {
  if (line.length > MAX_LINE) {
    throw new DataError(`row ${row}: longer than ${thousands(MAX_LINE)} characters`);
  }
  let fields = split(line, layout.separator);
  if (layout.decimalComma) fields = fields.map((f) => f.replaceAll(",", "."));
  fields = fields.slice(layout.index);
  if (fields.length !== BEAT_LENGTH && fields.length !== BEAT_LENGTH + 1) {
    const plural = fields.length === 1 ? "" : "s";
    throw new DataError(
      `row ${row}: ${fields.length} column${plural} instead of ${BEAT_LENGTH}, ` +
        `or ${BEAT_LENGTH + 1} with the label`,
    );
  }
  const where = (i) => `row ${row}, column ${i + 1 + layout.index}`;
  const values = fields.slice(0, BEAT_LENGTH).map((text, i) => toNumber(text, where(i)));
  if (values.every((v) => v === values[0])) {
    throw new DataError(`row ${row}: all ${BEAT_LENGTH} values are equal, so there is no beat`);
  }
  return { values, label: toClass(fields[BEAT_LENGTH] ?? "", where(BEAT_LENGTH)) };
}

function toNumber(text, where) {
  if (text === "") throw new DataError(`${where}: empty`);
  if (!NUMBER.test(text)) throw new DataError(`${where}: ${quote(text)} is not a finite number`);
  const value = Number(text);
  if (Math.abs(value) > MAX_VALUE) throw new DataError(`${where}: ${quote(text)} is beyond any ECG`);
  return value;
}

function toClass(label, where) {
  if (label === "") return -1;
  if (CLASSES.includes(label)) return CLASSES.indexOf(label);
  const number = NUMBER.test(label) ? Number(label) : NaN;
  if (!(number in CLASSES)) {
    throw new DataError(
      `${where}: ${quote(label)} is no class (0 to ${CLASSES.length - 1}, or ${CLASSES.join(" ")})`,
    );
  }
  return number;
}

const quote = (text) => (text.length <= 20 ? `"${text}"` : `"${text.slice(0, 19)}…"`);

/** A beat in any unit as the network was trained on: within [0, 1], or scaled by its own range
    up to the zeros at its end, which stay zeros. */
export function scale(values) {
  const outside = values.some((v) => v < 0 || v > 1);
  if (!outside) return Float32Array.from(values);
  const length = values.findLastIndex((v) => v !== 0) + 1;
  const piece = values.slice(0, length);
  const low = Math.min(...piece);
  const extent = Math.max(...piece) - low || 1;
  return Float32Array.from(values, (v, i) => (i < length ? (v - low) / extent : 0));
}

/** A doubt about the beats as a whole, or none. */
export function warnings(signal) {
  const first = signal.map((beat) => beat[0]).sort((a, b) => a - b);
  const n = first.length;
  const median = (first[(n - 1) >> 1] + first[n >> 1]) / 2;
  return median < 0.35
    ? [
        "most beats do not start at their highest point: the network expects an upright lead " +
          "and a first sample at the R peak",
      ]
    : [];
}
