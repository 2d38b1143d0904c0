// Lines and numbers of text files from outside, in whatever encoding they come:
// ecgcore/data/formats/csv_lines.py.
import { DataError, thousands } from "./errors.js";

export const MAX_LINE = 65536; // characters
export const MAX_PROBLEMS = 1000;
export const MAX_VALUE = 1e12;
export const COMMENT = /^\s*(#|%|\/\/)/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MISSING = /^([+-]?(nan|na|n\/a|null|none|inf|infinity)|-|\?)$/i;
const SNIFFED = 65536; // bytes that decide on the encoding
const AT_ONCE = 1 << 21; // characters that are parsed together
const MOST_IN_A_ROW = 1e7; // characters

export const isNumber = (text) => NUMBER.test(text);
export const isMissing = (text) => MISSING.test(text);

/** What a text file is written in. Throws DataError if it is empty or no text. */
async function encodingOf({ name, blob }) {
  const start = new Uint8Array(await blob.slice(0, SNIFFED).arrayBuffer());
  if (start.every((byte) => byte === 32 || (byte >= 9 && byte <= 13))) {
    throw new DataError(`${name}: the file is empty`);
  }
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  const wide = wideOf(start);
  if (wide) return wide;
  if (start.includes(0)) throw new DataError(`${name}: not a text file`);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** UTF-16 without a byte order mark: every second byte is zero, the others are plain text. */
function wideOf(start) {
  const isPlain = (byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127);
  for (const [encoding, odd] of [["utf-16le", 1], ["utf-16be", 0]]) {
    if (start.length > 1 && start.every((byte, i) => (i % 2 === odd ? byte === 0 : isPlain(byte)))) return encoding;
  }
  return "";
}

/** The text of a file, piece by piece, line ends as "\n". */
async function* decoded(file) {
  const decoder = new TextDecoder(await encodingOf(file));
  const reader = file.blob.stream().getReader();
  let held = "";
  try {
    for (let ended = false; !ended; ) {
      const { done, value } = await reader.read();
      ended = done;
      const text = held + (done ? decoder.decode() : decoder.decode(value, { stream: true }));
      // A carriage return at the end of a piece may belong to a line feed in the next.
      held = !done && text.endsWith("\r") ? "\r" : "";
      const whole = held ? text.slice(0, -1) : text;
      yield whole.includes("\r") ? whole.replace(/\r\n?/g, "\n") : whole;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** [number of its first line, text] of whole lines, some at a time, from line `first` on. */
export async function* pieces(file, first = 1) {
  let [rest, row, skipped, limit] = ["", 1, first - 1, AT_ONCE];
  for await (const text of decoded(file)) {
    rest += text;
    while (skipped) {
      const end = rest.indexOf("\n") + 1;
      if (!end) break;
      rest = rest.slice(end);
      row += 1;
      skipped -= 1;
    }
    if (skipped) rest = rest.slice(0, MAX_LINE); // of lines that are passed over anyway
    while (!skipped && rest.length >= limit) {
      const end = rest.lastIndexOf("\n", limit - 1) + 1;
      if (!end && limit > MOST_IN_A_ROW) {
        throw new DataError(`${file.name}: row ${row} is longer than ${thousands(MOST_IN_A_ROW)} characters`);
      }
      const piece = rest.slice(0, end);
      if (end) yield [row, piece];
      row += count(piece);
      rest = rest.slice(end);
      limit += AT_ONCE - end; // as Python reads: what was left over, and as much again
    }
  }
  if (!skipped && rest) yield* ending(row, rest);
}

function* ending(row, rest) {
  const end = rest.lastIndexOf("\n") + 1;
  if (end) yield [row, rest.slice(0, end)];
  if (end < rest.length) yield [row + count(rest.slice(0, end)), `${rest.slice(end)}\n`];
}

function count(text) {
  let found = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) found += 1;
  return found;
}

/** [number, line] of all lines; one that is too long is cut. */
export async function* numbered(file) {
  for await (const [first, piece] of pieces(file)) {
    const lines = piece.split("\n");
    for (let i = 0; i < lines.length - 1; i += 1) yield [first + i, lines[i].slice(0, MAX_LINE)];
  }
}

/** What is wrong with a field that should be a number; empty if nothing is. */
export function numberProblem(text, row, column) {
  const where = `row ${row}, column ${column}`;
  if (text === "") return `${where}: empty`;
  if (!isNumber(text)) return `${where}: ${quote(text)} is not a finite number`;
  if (Math.abs(Number(text)) > MAX_VALUE) return `${where}: ${quote(text)} is beyond any ECG`;
  return "";
}

export function quote(text) {
  const bare = text.trim();
  return bare.length <= 20 ? `"${bare}"` : `"${bare.slice(0, 19)}…"`;
}

/** A text without some characters at its ends. By hand: what a pattern does takes the square of a
    line's length, and lines may be long. */
export function stripped(text, characters) {
  let [start, end] = [0, text.length];
  while (start < end && characters.includes(text[start])) start += 1;
  while (end > start && characters.includes(text[end - 1])) end -= 1;
  return text.slice(start, end);
}
