// The directory of a ZIP archive, ZIP64 too: APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.3.
import { DataError } from "./errors.js";

const [END, END64, PLACE64, ENTRY, LOCAL] = [0x06054b50, 0x06064b50, 0x07064b50, 0x02014b50, 0x04034b50];
const [END_SIZE, LONGEST_COMMENT] = [22, 65535];
const MOST_DIRECTORY = 64 * 2 ** 20; // bytes
const FULL = 0xffffffff; // stands for a number that ZIP64 has

/** @typedef {{path: string, encrypted: boolean, method: number, crc: number, packed: number,
    offset: number}} Member a file of an archive */

const damaged = (name, why) => new DataError(`${name}: cannot be unpacked (${why})`);

/** Names of some members, three at most. */
export function listed(files) {
  const names = files.map((m) => m.path.split("/").pop()).sort();
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ", ..." : "");
}

/** The files of an archive, in its order. @returns {Promise<Member[]>} */
export async function members({ name, blob }) {
  const { offset, size, shift } = await directoryOf(name, blob);
  const bytes = await blob.slice(offset + shift, offset + shift + size).arrayBuffer();
  const view = new DataView(bytes);
  const found = [];
  for (let at = 0; at + 46 <= view.byteLength; ) {
    if (view.getUint32(at, true) !== ENTRY) throw damaged(name, "Bad magic number for central directory");
    const [length, extra, comment] = [28, 30, 32].map((k) => view.getUint16(at + k, true));
    const end = at + 46 + length + extra;
    if (end + comment > view.byteLength) throw damaged(name, "Truncated central directory");
    const member = entry(view, at, length, extra);
    if (!member.path.endsWith("/")) found.push({ ...member, offset: member.offset + shift });
    at = end + comment;
  }
  return found;
}

async function directoryOf(name, blob) {
  const from = Math.max(blob.size - END_SIZE - LONGEST_COMMENT - 20, 0);
  const view = new DataView(await blob.slice(from).arrayBuffer());
  let at = view.byteLength - END_SIZE;
  while (at >= 0 && view.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw damaged(name, "File is not a zip file");
  let [size, offset, end] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true), from + at];
  if (at >= 20 && view.getUint32(at - 20, true) === PLACE64) {
    const place = Number(view.getBigUint64(at - 12, true));
    const far = new DataView(await blob.slice(place, place + 56).arrayBuffer());
    if (far.byteLength < 56 || far.getUint32(0, true) !== END64) throw damaged(name, "Corrupt ZIP64 end");
    [size, offset] = [40, 48].map((k) => Number(far.getBigUint64(k, true)));
    end = place;
  }
  const shift = end - size - offset; // what stands before the archive
  if (shift < 0 || size > MOST_DIRECTORY) throw damaged(name, "Bad offset for central directory");
  return { offset, size, shift };
}

/** @returns {Member} */
function entry(view, at, length, extra) {
  const flags = view.getUint16(at + 8, true);
  const name = new TextDecoder(flags & 0x800 ? "utf-8" : "windows-1252")
    .decode(new Uint8Array(view.buffer, at + 46, length));
  const member = {
    path: name.replaceAll("\\", "/").replace(/\0.*/s, ""), encrypted: Boolean(flags & 1),
    method: view.getUint16(at + 10, true), crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true), offset: view.getUint32(at + 42, true),
  };
  const full = view.getUint32(at + 24, true) === FULL;
  return extra && (full || member.packed === FULL || member.offset === FULL)
    ? { ...member, ...zip64(view, at + 46 + length, extra, member, full) } : member;
}

function zip64(view, from, extra, { packed, offset }, full) {
  const found = { packed, offset };
  for (let at = from; at + 4 <= from + extra; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let k = at + 4 + (full ? 8 : 0); // behind the unpacked size, which is not believed
    for (const key of ["packed", "offset"]) {
      if (found[key] !== FULL || k + 8 > from + extra) continue;
      found[key] = Number(view.getBigUint64(k, true));
      k += 8;
    }
    break;
  }
  return found;
}

/** A member as it lies in the archive. */
export async function packedBlob({ name, blob }, { packed, offset }) {
  const view = new DataView(await blob.slice(offset, offset + 30).arrayBuffer());
  if (view.byteLength < 30 || view.getUint32(0, true) !== LOCAL) {
    throw damaged(name, "Bad magic number for file header");
  }
  const first = offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (first + packed > blob.size) throw damaged(name, "it ends within a file");
  return blob.slice(first, first + packed);
}
