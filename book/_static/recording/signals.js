// Leads of any length, read piece by piece: ecgcore/data/signals.py.
import { DataError, general, thousands } from "./errors.js";
import { searchSorted } from "./numeric.js";

/** @typedef {{name: string, unit: string, fs: number, n: number,
    read: (start: number, stop: number) => Promise<Float64Array>}} Lead one signal; NaN: missing */
/** @typedef {{name: string, leads: Lead[], start: {second: number, day: string} | null,
    peaks: number[] | null, symbols: string[] | null, notes: string[], chosen?: number}} Recording
    start: clock time of the first sample; peaks: s, annotated; chosen: the lead to look at, where
    that is known already */

export const [SLOWEST, FASTEST] = [50, 10000]; // Hz
const LONGEST_S = 31 * 86400;

/** A sampling rate (Hz), or a DataError if no ECG is sampled like that. */
export function checkRate(fs, where) {
  if (fs >= SLOWEST && fs <= FASTEST) return fs;
  throw new DataError(`${where}: a sampling rate of ${general(fs)} Hz is implausible ` +
    `(${SLOWEST} to ${thousands(FASTEST)})`);
}

/** A DataError for a recording that claims to last longer than any does. */
export function checkLength(n, fs, where) {
  if (n / fs <= LONGEST_S) return;
  throw new DataError(`${where}: ${thousands(n)} samples at ${general(fs)} Hz would last ` +
    `${thousands(Math.round(n / fs / 86400))} days, longer than any recording (31 days)`);
}

/** A lead of plausible rate and length, or a DataError. */
export function checkLead(lead, where) {
  checkRate(lead.fs, where);
  checkLength(lead.n, lead.fs, where);
  return lead;
}

export const missing = async (start, stop) => new Float64Array(Math.max(stop - start, 0)).fill(NaN);

/** A reader over pieces in order; NaN between them. parts: {first, last, read}[] */
export function joined(parts) {
  const ends = parts.map((part) => part.last);
  return async (start, stop) => {
    const found = await missing(start, stop);
    for (let i = searchSorted(ends, start, true); i < parts.length && parts[i].first < stop; i += 1) {
      const { first, last, read } = parts[i];
      const [a, b] = [Math.max(first, start), Math.min(last, stop)];
      if (a < b) found.set(await read(a - first, b - first), a - start);
    }
    return found;
  };
}
