// Corrections, kept in this browser alone: a document (see corrections.js) by the recording's files.
import { documentOf, editsOf } from "../corrections.js";

const PREFIX = "ecg-corrections:";
const LOOKED_AT = 65536; // bytes at the start, the middle and the end of each file

/** A name for some files that is another for others: of their sizes and of parts of their bytes
    (FNV-1a, two of them). files: {name, blob}[] */
export async function fingerprint(files) {
  let [a, b] = [0x811c9dc5, 0x01000193];
  const sorted = files.slice().sort((x, y) => (x.name < y.name ? -1 : 1));
  for (const { blob } of sorted) {
    const starts = new Set([0, Math.max(blob.size >> 1, 0), Math.max(blob.size - LOOKED_AT, 0)]);
    for (const start of starts) {
      const bytes = new Uint8Array(await blob.slice(start, start + LOOKED_AT).arrayBuffer());
      for (const byte of bytes) {
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul(b ^ byte, 0x85ebca6b) + 1;
      }
    }
    a = Math.imul(a ^ blob.size, 0x01000193);
  }
  return [a, b].map((v) => (v >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The edits kept for a recording; none where there are none, or the browser keeps nothing. */
export function kept(mark, answer) {
  try {
    const text = localStorage.getItem(PREFIX + mark);
    return text ? editsOf(JSON.parse(text), answer.name, answer.seconds) : [];
  } catch {
    return [];
  }
}

/** Keep edits, or forget them where there is none. Returns whether the browser lets us. */
export function keep(mark, answer, edits) {
  try {
    if (edits.length) localStorage.setItem(PREFIX + mark, JSON.stringify(documentOf(answer, edits)));
    else localStorage.removeItem(PREFIX + mark);
    return true;
  } catch {
    return false;
  }
}
