// From the files that were dropped to one recording, whatever they are.
import { DataError } from "./errors.js";
import { beside, openRecord, stemOf } from "./wfdb.js";

/** @typedef {{name: string, leads: object[], start: object | null, peaks: number[] | null,
    symbols: string[] | null, notes: string[]}} Recording */

/** The recording in some files, of which one names the others or is alone. Throws DataError.
    @param {{name: string, blob: Blob}[]} files  @returns {Promise<Recording>} */
export async function open(files) {
  const headers = files.filter((f) => /\.hea$/i.test(f.name));
  if (headers.length) return openRecord(files, masterOf(headers));
  const lost = files.find((f) => /\.(dat|atr)$/i.test(f.name));
  if (lost) {
    throw new DataError(`${lost.name}: its header ${stemOf(lost.name)}.hea is not among the files: ` +
      "drop them together");
  }
  throw new DataError(`${files[0].name}: no recording that this page can read`);
}

/** Of several headers that of the whole record: its segments are called like it, and more. */
function masterOf(headers) {
  const shortest = headers.toSorted((a, b) => a.name.length - b.name.length)[0];
  return beside(headers, shortest.name);
}
