// From the files that were dropped to one recording, whatever they are: what
// ecgcore/data/formats/opening.py does.
import { isPacked, namesSegments, onlyFile, unpack } from "./archive.js";
import { isEdf, openEdf } from "./edf.js";
import { DataError } from "./errors.js";
import { foreign } from "./foreign.js";
import { openText } from "./csv_signal.js";
import { beside, openRecord, stemOf } from "./wfdb.js";
import { listed } from "./zip.js";

/** @typedef {import("./signals.js").Recording} Recording */
/** @typedef {{fs?: number | null, unit?: string}} Wish what somebody says of a file that does not
    say it itself: sampling rate (Hz), unit */

const START = 4096; // bytes by which a format is told
const UNKNOWN = "unknown unit";

/** The recording in some files, of which one names the others or is alone. Throws DataError.
    @param {{name: string, blob: Blob}[]} files  @param {Wish} wish  @returns {Promise<Recording>} */
export async function open(files, wish = {}) {
  const found = await opened(files, wish);
  if (!wish.unit) return found;
  const known = (lead) => (lead.unit === UNKNOWN ? { ...lead, unit: wish.unit } : lead);
  return { ...found, leads: found.leads.map(known) };
}

async function opened(files, wish) {
  if (!files.length) throw new DataError("no file was given");
  const headers = files.filter((f) => /\.hea$/i.test(f.name));
  if (headers.length) return openRecord(files, await wholeOf(headers));
  const lost = files.find((f) => /\.(dat|atr)$/i.test(f.name) && f.blob.size);
  if (lost && !(await isText(lost))) {
    throw new DataError(`${lost.name}: its header ${stemOf(lost.name)}.hea is not among the files: ` +
      "drop them together");
  }
  return openAlone(alone(files), wish);
}

/** Of several headers that of the whole record, which names segments. */
async function wholeOf(headers) {
  if (headers.length === 1) return headers[0];
  const whole = [];
  for (const header of headers) {
    if (namesSegments(await header.blob.slice(0, START).text())) whole.push(header);
  }
  if (whole.length === 1) return beside(headers, whole[0].name);
  throw new DataError(`several records (${listed(headers.map(pathOf))}); drop the files of one`);
}

const pathOf = (file) => ({ path: file.name, file });

const isText = async (file) => !(await startOf(file)).includes(0);

function alone(files) {
  if (files.length === 1) return files[0];
  return onlyFile(files.map(pathOf), () => {
    throw new DataError(`several files (${listed(files.map(pathOf))}); drop one of them, or those of one record`);
  }).file;
}

const startOf = async (file) => new Uint8Array(await file.blob.slice(0, START).arrayBuffer());

async function openAlone(file, wish) {
  const start = await startOf(file);
  if (isPacked(start)) return openPacked(file, wish);
  if (isEdf(start)) return openEdf(file);
  const what = foreign(file.name, start);
  if (what) throw new DataError(`${file.name}: ${what}`);
  return openText(file, wish);
}

async function openPacked(file, wish) {
  const { files, where } = await unpack(file);
  if (isPacked(await startOf(files[0]))) {
    throw new DataError(`${file.name}: an archive in an archive; unpack it first`);
  }
  try {
    return await opened(files, wish);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(where + error.message, error);
  }
}
