// EDF, EDF+ and BDF, in one piece or with breaks: ecgcore/data/formats/edf.py.
import { DataError, thousands } from "./errors.js";
import { round } from "./numeric.js";
import { checkLength, joined } from "./signals.js";

const [FIXED, PER_SIGNAL, MOST_SIGNALS] = [256, 256, 10000]; // bytes of the header
const WIDTHS = [16, 80, 8, 8, 8, 8, 8, 80, 8, 32]; // of the fields that each signal has
const ANNOTATIONS = ["EDF Annotations", "BDF Annotations"];
const [EDF_START, BDF_START] = ["0       ", "\xffBIOSEMI"];
const AT_ONCE = 1 << 23; // bytes

const bytesOf = async (blob, from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer());
const latin = (bytes) => new TextDecoder("windows-1252").decode(bytes);

export const isEdf = (start) => [EDF_START, BDF_START].includes(latin(start.subarray(0, 8)));

/** The recording in a file. Throws DataError.
    @param {{name: string, blob: Blob}} file  @returns {Promise<Recording>} */
export async function openEdf({ name, blob }) {
  const refuse = (why) => {
    throw new DataError(`${name}: a damaged EDF or BDF header (${why})`);
  };
  const head = latin(await bytesOf(blob, 0, FIXED));
  const layout = { name, blob, ...(await described(head, blob, refuse)), onsets: null };
  const { labels, counts, seconds, records, there, claimed } = layout;
  const used = [...labels.keys()].filter((i) => !ANNOTATIONS.includes(labels[i]) && counts[i]);
  if (!used.length || seconds <= 0 || !records) {
    throw new DataError(`${name}: an EDF or BDF file with annotations only, or nothing, in it`);
  }
  const notes = claimed <= there ? [] : [`${name}: short: it holds ${thousands(there)} of ` +
    `${thousands(claimed)} data records; these are read`];
  const which = labels.findIndex((label) => ANNOTATIONS.includes(label));
  if (/^\s*[EB]DF\+D/.test(head.slice(192, 236)) && which >= 0) {
    layout.onsets = await onsetsOf(layout, layout.begins[which]);
  }
  const leads = used.map((i) => leadOf(layout, i, refuse));
  return { name, leads, start: startOf(head.slice(168, 184)), peaks: null, symbols: null, notes };
}

/** Where the samples lie: `records` data records of `size` bytes and `seconds` from `first` on. */
async function described(head, blob, refuse) {
  const count = (text) => (/^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : refuse(`"${text.trim()}" is no number`));
  const width = head.startsWith(BDF_START) ? 3 : 2;
  const n = count(head.slice(252, 256));
  const first = FIXED + n * PER_SIGNAL;
  if (!(n >= 0 && n <= MOST_SIGNALS && blob.size >= first)) refuse(`${n} signals do not fit into the file`);
  const fields = fieldsOf(latin(await bytesOf(blob, FIXED, first)), n);
  const [seconds, claimed] = [numberIn(head.slice(244, 252), refuse), count(head.slice(236, 244))];
  const counts = fields.map((f) => count(f[8]));
  if (counts.some((c) => c < 0) || !Number.isFinite(seconds)) refuse("a negative number of samples");
  let size = 0;
  const begins = counts.map((c) => (size += c * width) - c * width);
  const there = size ? Math.floor((blob.size - first) / size) : 0;
  const records = claimed < 0 ? there : Math.min(claimed, there);
  return { fields, labels: fields.map((f) => f[0].trim()), counts, begins, size, first, there,
    claimed, records, seconds, width };
}

const numberIn = (text, refuse) =>
  (text.trim() && !Number.isNaN(Number(text)) ? Number(text) : refuse(`"${text.trim()}" is no number`));

/** The fields of each signal; in the file, each field of all signals stands together. */
function fieldsOf(text, n) {
  const rows = Array.from({ length: n }, () => []);
  let at = 0;
  for (const width of WIDTHS) {
    for (const row of rows) {
      row.push(text.slice(at, at + width));
      at += width;
    }
  }
  return rows;
}

function leadOf(layout, i, refuse) {
  const { fields, labels, counts, seconds } = layout;
  const [low, high, least, most] = fields[i].slice(3, 7).map((text) => numberIn(text, refuse));
  if (most === least) refuse(`signal "${labels[i]}" has no range`);
  const gain = (high - low) / (most - least);
  const fs = counts[i] / seconds;
  const whole = readerOf(layout, i, gain, low - gain * least);
  const { n, read } = withBreaks(layout, counts[i], fs, whole);
  return { name: labels[i] || `signal ${i + 1}`, unit: fields[i][2].trim() || "unknown unit", fs, n,
    read };
}

/** A reader as if there were no breaks; in the unit of the file. */
function readerOf(layout, i, gain, offset) {
  const { counts, begins, width, size, records } = layout;
  const count = counts[i];
  const step = Math.max(Math.floor(AT_ONCE / size), 1);
  return async (start, stop) => {
    const found = new Float64Array(Math.max(stop - start, 0));
    const last = Math.min(Math.ceil(stop / count), records);
    for (let at = Math.floor(start / count); at < last; at += step) {
      const raw = await recordsOf(layout, at, Math.min(at + step, last));
      const [from, to] = [Math.max(start, at * count), Math.min(stop, Math.min(at + step, last) * count)];
      for (let k = from; k < to; k += 1) {
        const record = Math.floor(k / count);
        const byte = (record - at) * size + begins[i] + (k - record * count) * width;
        const high = raw[byte + width - 1] << 24 >> 24; // signed
        const value = width === 2 ? (high << 8) | raw[byte] : (high << 16) | (raw[byte + 1] << 8) | raw[byte];
        found[k - start] = value * gain + offset;
      }
    }
    return found;
  };
}

async function recordsOf({ name, blob, first, size }, start, stop) {
  const raw = await bytesOf(blob, first + start * size, first + stop * size);
  if (raw.length < (stop - start) * size) throw new DataError(`${name}: short: it ends within the signal`);
  return raw;
}

/** When each data record begins (s): the first annotation in it. begin: byte of a record. */
async function onsetsOf(layout, begin) {
  const { size, records, seconds } = layout;
  const onsets = new Float64Array(records);
  const step = Math.max(Math.floor(AT_ONCE / size), 1);
  for (let at = 0; at < records; at += step) {
    const raw = await recordsOf(layout, at, Math.min(at + step, records));
    for (let k = at; k < Math.min(at + step, records); k += 1) {
      const from = (k - at) * size + begin;
      const found = /^[+-]\d+(?:\.\d+)?/.exec(latin(raw.subarray(from, from + 24)));
      onsets[k] = found ? Number(found[0]) : k * seconds;
    }
  }
  return onsets;
}

/** Number of samples, and a reader with NaN where the recording was interrupted. */
function withBreaks({ name, onsets, records, seconds }, count, fs, read) {
  if (!onsets) return { n: records * count, read };
  const parts = [];
  let [at, from] = [0, 0];
  for (let k = 1; k <= records; k += 1) {
    if (k < records && Math.abs(onsets[k] - onsets[k - 1] - seconds) <= 0.5 / fs) continue;
    const shift = from * count;
    const first = Math.max(at, round((onsets[from] - onsets[0]) * fs));
    at = first + (k - from) * count;
    checkLength(at, fs, name);
    parts.push({ first, last: at, read: (a, b) => read(a + shift, b + shift) });
    from = k;
  }
  return { n: at, read: joined(parts) };
}

/** "01.02.0310.11.12" as {second: since midnight, day}; null where it is none. */
function startOf(text) {
  const found = /^(\d\d)\.(\d\d)\.(\d\d)(\d\d)\.(\d\d)\.(\d\d)$/.exec(text);
  if (!found) return null;
  const [day, month, year, hour, minute, second] = found.slice(1).map(Number);
  const date = `${year >= 85 ? 1900 + year : 2000 + year}-${found[2]}-${found[1]}`; // 85 to 99: the last century
  const real = month >= 1 && month <= 12 && new Date(date).getUTCDate() === day;
  if (!real || hour > 23 || minute > 59 || second > 59) return null;
  return { second: 3600 * hour + 60 * minute + second, day: date };
}
