// WFDB annotation files, read and written: annot(5), ecgcodes.h; ecgcore/data/formats/
// wfdb_annotations.py and ecgcore/inference/annotations.py.
import { DataError, thousands } from "./errors.js";
import { round } from "./numeric.js";

const MOST_BYTES = 64e6;
const SYMBOLS = new Map([..."NLRaVFJASEj/Q"].map((symbol, i) => [i + 1, symbol]));
for (const [code, symbol] of [[25, "B"], [30, "?"], [34, "e"], [35, "n"], [38, "f"], [41, "r"]]) {
  SYMBOLS.set(code, symbol);
}
const [SKIP, NUMBER, SUBTYPE, CHANNEL, TEXT] = [59, 60, 61, 62, 63];
const [NOTE, QUALITY, UNREADABLE] = [22, 14, 0xff];
const CODES = { N: 1, S: 9, V: 5, F: 6, Q: 13 };

/** Symbols of beats by their class of ANSI/AAMI EC57. */
export const CLASS_OF = Object.fromEntries(
  Object.entries({ N: "NLRejnB", S: "AaJS", V: "VEr", F: "F", Q: "/fQ?" })
    .flatMap(([letter, symbols]) => [...symbols].map((s) => [s, letter])),
);

/** Annotated beats in order, one a sample: {sample, symbol, resolution, doubled}. */
export function parseAnnotations(bytes, name) {
  if (bytes.length > MOST_BYTES || bytes.length === 1) {
    const why = bytes.length === 1 ? "damaged" : `more than ${thousands(MOST_BYTES)} bytes`;
    throw new DataError(`${name}: cannot read the annotations (${why})`);
  }
  const n = bytes.length >> 1;
  const word = (i) => bytes[2 * i] | (bytes[2 * i + 1] << 8);
  const found = [];
  let [at, now, resolution] = [0, 0, null];
  while (at < n && word(at)) {
    const [kind, interval] = [word(at) >> 10, word(at) & 0x3ff];
    at += 1;
    if (kind === SKIP) {
      if (at + 1 < n) now += (word(at) << 16) | word(at + 1); // the high word comes first
      at += 2;
    } else if (kind === TEXT) {
      const text = String.fromCharCode(...bytes.subarray(2 * at, 2 * at + interval));
      const rate = Number(/^## time resolution: ([0-9.]+)/.exec(text)?.[1]);
      if (rate > 0 && rate < 1e9) resolution = rate;
      at += (interval + 1) >> 1;
    } else if (![NUMBER, SUBTYPE, CHANNEL].includes(kind)) {
      now += interval;
      if (SYMBOLS.has(kind)) found.push([now, SYMBOLS.get(kind)]);
    }
  }
  const sorted = found.map((f, i) => [...f, i]).sort((a, b) => a[0] - b[0] || a[2] - b[2]);
  const kept = sorted.filter(([sample], i) => !i || sample !== sorted[i - 1][0]);
  return { sample: kept.map((k) => k[0]), symbol: kept.map((k) => k[1]), resolution,
    doubled: found.length - kept.length };
}

/** An annotation file of beats and stretches; Uint8Array.
    @param beats [{at, letter}], s  @param stretches [{start, stop}], s  @param fs of the record */
export function writeAnnotations(beats, stretches, fs, note) {
  const sample = (second) => round(second * fs);
  const rows = [{ at: 1, rank: -1, code: NOTE, note: note.replace(/[^\x20-\x7e]/g, "?").slice(0, 250) }];
  for (const beat of beats) rows.push({ at: sample(beat.at), rank: 1, code: CODES[beat.letter] });
  for (const { start, stop } of stretches) {
    rows.push({ at: sample(start), rank: 0, code: QUALITY, subtype: UNREADABLE });
    rows.push({ at: sample(stop), rank: 0, code: QUALITY });
  }
  rows.sort((a, b) => a.at - b.at || a.rank - b.rank);
  const words = [];
  text(words, `## time resolution: ${fs}`, NOTE << 10);
  words.push(0 | (SKIP << 10), 0, 0); // as WFDB ends its notes on the file itself
  let now = 0;
  for (const row of rows) {
    write(words, row, row.at - now);
    now = row.at;
  }
  words.push(0);
  return new Uint8Array(Uint16Array.from(words).buffer);
}

function write(words, { code, subtype, note }, interval) {
  let step = interval;
  if (step > 0x3ff || step < 0) {
    words.push(SKIP << 10, (step >> 16) & 0xffff, step & 0xffff);
    step = 0;
  }
  words.push((code << 10) | step);
  if (subtype) words.push((SUBTYPE << 10) | subtype);
  if (note) text(words, note);
}

function text(words, note, before = null) {
  if (before !== null) words.push(before);
  words.push((TEXT << 10) | note.length);
  for (let i = 0; i < note.length; i += 2) {
    words.push(note.charCodeAt(i) | ((note.charCodeAt(i + 1) || 0) << 8));
  }
}
