// Headers of WFDB records, as lenient as ecgcore/data/formats/wfdb_header.py: header(5).
import { DataError, thousands } from "./errors.js";

const LONGEST_LINE = 4096;
const MOST_BYTES = 16e6;
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const RECORD = new RegExp(
  String.raw`^(?<name>\S.*?)(?:/(?<segments>\d+))?\s+(?<signals>\d+)` +
    String.raw`(?:\s+(?<fs>${NUMBER})(?:/\S*)?(?:\s+(?<length>\d+)(?:\s+(?<when>.*))?)?)?\s*$`,
);
const SIGNAL = new RegExp(
  String.raw`^(?<file>\S.*?)\s+(?<format>\d+)(?:x(?<spf>\d{1,6}))?(?::(?<skew>\d{1,9}))?` +
    String.raw`(?:\+(?<offset>\d{1,12}))?(?:\s+(?<rest>.*))?$`,
);
const GAIN = new RegExp(String.raw`^(?<gain>${NUMBER})(?:\((?<baseline>[+-]?\d{1,15})\))?(?:/(?<unit>\S+))?$`);

/** @typedef {{file: string, format: string, perFrame: number, skew: number, offset: number,
    gain: number, baseline: number, unit: string, initial: number, name: string}} SignalLine */

/** {name, fs, length, signals: SignalLine[], segments: [name, frames][], start}; length: null if
    the header has none; start: see clockOf. Throws DataError.
    @param {Blob} blob  @param {string} file its name, for what is said of it */
export async function readHeader(blob, file) {
  const refuse = (why) => {
    throw new DataError(`${file}: not a WFDB header (${why})`);
  };
  if (blob.size > MOST_BYTES) refuse(`it has more than ${thousands(MOST_BYTES)} bytes`);
  const text = decoded(new Uint8Array(await blob.arrayBuffer()), refuse);
  const lines = text.split(/\r\n|\r|\n/).map((l) => l.trim()).filter((l) => l && !l.startsWith("#"));
  if (lines.some((l) => l.length > LONGEST_LINE)) {
    refuse(`a line is longer than ${thousands(LONGEST_LINE)} characters`);
  }
  const found = RECORD.exec(lines[0] ?? "")?.groups;
  if (!found) refuse("its first line names no record and number of signals");
  const [segments, signals] = [Number(found.segments ?? 0), Number(found.signals)];
  const wanted = segments || signals;
  if (lines.length - 1 < wanted) {
    const what = segments ? "segments" : "signals";
    refuse(`it names ${thousands(wanted)} ${what} and describes ${thousands(lines.length - 1)}`);
  }
  const rest = lines.slice(1, 1 + wanted);
  const lineOf = segments ? segmentLine : signalLine;
  const described = rest.map((line) => lineOf(line) ?? refuse(
    `"${line.slice(0, 40)}" is no ${segments ? "name and length of a segment" : "description of a signal"}`));
  return {
    name: found.name, fs: Number(found.fs ?? 0) || 250, length: Number(found.length ?? 0) || null,
    signals: segments ? [] : numbered(described), segments: segments ? described : [],
    start: clockOf(found.when ?? ""),
  };
}

function decoded(bytes, refuse) {
  if (bytes.includes(0)) refuse("it is no text");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

const numbered = (lines) => lines.map((l, i) => ({ ...l, name: l.name || `signal ${i + 1}` }));

function segmentLine(line) {
  const found = /^(\S.*?) +(\d{1,15})$/.exec(line);
  return found && [found[1].trim(), Number(found[2])];
}

function signalLine(line) {
  const found = SIGNAL.exec(line)?.groups;
  if (!found) return null;
  const fields = (found.rest ?? "").split(/\s+/).filter(Boolean);
  const gain = GAIN.exec(fields[0] ?? "")?.groups;
  if (gain) fields.shift();
  const numbers = [];
  while (fields.length && numbers.length < 5 && /^[+-]?\d{1,15}$/.test(fields[0])) {
    numbers.push(Number(fields.shift()));
  }
  const zero = numbers[1] ?? 0;
  const value = Number(gain?.gain ?? 0);
  return {
    file: found.file, format: String(Number(found.format)), perFrame: Math.max(Number(found.spf ?? 1), 1),
    skew: Number(found.skew ?? 0), offset: Number(found.offset ?? 0),
    gain: value && Number.isFinite(value) ? value : 200,
    baseline: gain?.baseline ? Number(gain.baseline) : zero, unit: gain?.unit ?? "mV",
    initial: numbers[2] ?? zero, name: fields.join(" "),
  };
}

/** "10:44:18.5 04/05/2004" as {second: since midnight, day: "2004-05-04" or ""}; null for none. */
export function clockOf(text) {
  const [clock, date = ""] = text.trim().replace(/^\[|\]$/g, "").split(/\s+/);
  const parts = clock ? clock.split(":").map(Number) : [];
  if (!parts.length || parts.length > 3) return null;
  const [hour, minute, second] = [...Array(3 - parts.length).fill(0), ...parts];
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60)) return null;
  const on = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(date);
  const day = on ? `${on[3]}-${on[2].padStart(2, "0")}-${on[1].padStart(2, "0")}` : "";
  const real = on && !Number.isNaN(Date.parse(day)) && new Date(day).getUTCDate() === Number(on[1]);
  return { second: 3600 * hour + 60 * minute + second, day: real ? day : "" };
}
