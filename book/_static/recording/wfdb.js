// WFDB records, in one piece or in several segments: ecgcore/data/formats/wfdb_record.py.
import { parseAnnotations } from "./annotations.js";
import { DataError, thousands } from "./errors.js";
import { checkLead, joined, missing } from "./signals.js";
import { readHeader } from "./wfdb_header.js";
import { openSignalFile } from "./wfdb_samples.js";

/** @typedef {{name: string, blob: Blob}} Dropped a file that the reader has dropped */

const GAP = "~"; // stands for a segment or a signal file without samples
const MOST_BEYOND = 0.5; // share of annotated beats beyond the end: they are of another record

const baseName = (path) => path.split("/").pop();
export const stemOf = (name) => name.replace(/\.[^.]*$/, "");

/** A file by its name, compared without case if there is none of just that name. */
export function beside(files, name) {
  const wanted = baseName(name);
  return files.find((f) => f.name === wanted) ??
    files.find((f) => f.name.toLowerCase() === wanted.toLowerCase());
}

/** The record of a header: {name, leads, start, peaks, symbols, notes}. peaks: s, annotated, or null.
    @param {Dropped[]} files all that were dropped  @param {Dropped} file the header */
export async function openRecord(files, file) {
  const header = await readHeader(file.blob, file.name);
  const leads = await openLeads(files, file.name, header);
  const name = stemOf(file.name);
  const found = { name, leads, start: header.start, peaks: null, symbols: null, notes: [] };
  const annotations = beside(files, `${name}.atr`);
  return annotations ? { ...found, ...(await annotated(leads[0], header.fs, annotations)) } : found;
}

async function annotated(lead, frameRate, file) {
  const beats = parseAnnotations(new Uint8Array(await file.blob.arrayBuffer()), file.name);
  const seconds = beats.sample.map((s) => s / (beats.resolution ?? frameRate));
  const kept = seconds.map((_, i) => i).filter((i) => seconds[i] >= 0 && seconds[i] <= lead.n / lead.fs);
  const all = seconds.length;
  const notes = [];
  if (beats.doubled) {
    notes.push(`${file.name}: ${thousands(beats.doubled)} beats are annotated twice; each counts once`);
  }
  if (kept.length < all) {
    notes.push(`${file.name}: ${thousands(all - kept.length)} of ${thousands(all)} annotated beats ` +
      "lie outside the signal");
  }
  if (kept.length < 2 || kept.length < MOST_BEYOND * all) {
    notes.push(`${file.name}: ${thousands(kept.length)} annotated beats, too few to go by: ` +
      "R peaks are searched for");
    return { notes };
  }
  return { peaks: kept.map((i) => seconds[i]), symbols: kept.map((i) => beats.symbol[i]), notes };
}

async function openLeads(files, where, header) {
  const leads = header.segments.length
    ? await ofSegments(files, where, header)
    : await ofFiles(files, where, header);
  return leads.map((lead) => checkLead(lead, where));
}

async function ofFiles(files, where, header) {
  const { signals } = header;
  if (!signals.length) throw new DataError(`${where}: the header names no signal`);
  if (signals.every((s) => s.file === GAP)) {
    throw new DataError(
      `${where}: a layout header: it describes the segments of a record, and has no samples`);
  }
  const [opened, parts] = [[], []];
  for (let i = 0; i < signals.length; ) {
    const { file } = signals[i];
    let stop = i + 1;
    while (stop < signals.length && signals[stop].file === file) stop += 1;
    const lines = signals.slice(i, stop);
    const alone = lines.length === signals.length;
    const found = file === GAP ? null : fileOf(files, where, file, alone);
    const source = found && (await openSignalFile(found.blob, found.name, lines, header.length));
    if (source) opened.push(source);
    lines.forEach((_, k) => parts.push([source, k]));
    i = stop;
  }
  const frames = Math.min(...opened.map((f) => f.frames));
  if (!frames) throw new DataError(`${where}: the signal files hold no samples`);
  return signals.map((line, i) => {
    const [source, which] = parts[i];
    return {
      name: line.name, unit: line.unit, fs: header.fs * line.perFrame, n: frames * line.perFrame,
      read: source ? (start, stop) => source.read(which, start, stop) : missing,
    };
  });
}

/** The file that a header names; one that leads out of its folder is found by its name alone,
    among those that were dropped. alone: then the file called like the header will do. */
function fileOf(files, header, name, alone) {
  const suffix = /\.[^.]*$/.exec(name)?.[0] ?? "";
  const found = beside(files, name) ?? (alone ? beside(files, stemOf(header) + suffix) : null);
  if (!found) {
    throw new DataError(`${header} names ${JSON.stringify(name.slice(0, 80))}, which is not among ` +
      "the files: drop them together");
  }
  return found;
}

/** Leads of a record in several segments, NaN where a segment lacks one. */
async function ofSegments(files, where, header) {
  const { segments, fs } = header;
  const total = segments.reduce((sum, [, length]) => sum + length, 0);
  checkLead({ fs, n: total }, where);
  const variable = segments[0][1] === 0 && segments[0][0] !== GAP;
  const opened = new Map();
  const layout = variable ? await segmentHeader(files, where, segments[0][0]) : null;
  for (const [name, length] of segments) {
    if (!length || name === GAP || opened.has(name)) continue;
    const own = await segmentHeader(files, where, name);
    if (Math.abs(own.fs - fs) > 1e-6 * fs) {
      throw new DataError(`${where}: the segment ${name} has ${own.fs} Hz, the record ${fs} Hz`);
    }
    opened.set(name, await openLeads(files, `${name}.hea`, own));
  }
  if (!opened.size) {
    throw new DataError(`${where}: a record of several segments, and all of them are gaps`);
  }
  const first = opened.values().next().value;
  const wanted = layout ? layout.signals : first;
  const perFrame = (lead) => Math.round(lead.fs / fs);
  return wanted.map(({ name, unit }, i) => {
    const which = wanted.slice(0, i).filter((w) => w.name === name).length;
    const nth = (leads) => leads?.filter((l) => l.name === name)[which];
    const anyOf = [...opened.values()].map((l) => l.find((each) => each.name === name)).find(Boolean);
    const spf = layout ? (anyOf ? perFrame(anyOf) : 1) : perFrame(first[i]);
    const parts = [];
    let at = 0;
    for (const [segment, length] of segments) {
      const lead = length ? (nth(opened.get(segment)) ?? (layout ? null : opened.get(segment)?.[i])) : null;
      if (lead) {
        if (perFrame(lead) !== spf || lead.n < length * spf) {
          throw new DataError(`${where}: the segment ${segment} is shorter or sampled otherwise`);
        }
        parts.push({ first: at * spf, last: (at + length) * spf, read: lead.read });
      }
      at += length;
    }
    return { name, unit, fs: fs * spf, n: total * spf, read: joined(parts) };
  });
}

async function segmentHeader(files, where, name) {
  const found = beside(files, `${baseName(name)}.hea`);
  if (!found) {
    throw new DataError(`${where} names the segment ${JSON.stringify(name.slice(0, 80))}, whose ` +
      "header is not among the files: drop them together");
  }
  const header = await readHeader(found.blob, found.name);
  if (header.segments.length) {
    throw new DataError(`${found.name}: a segment that has segments itself`);
  }
  return header;
}
