// Packed files: gzip, and ZIP archives with one file or one record in them:
// ecgcore/data/formats/archive.py. How much is unpacked is limited, whatever sizes it claims.
import { DataError, thousands } from "./errors.js";
import { ARRAYS, OFFICE, WORKBOOK } from "./foreign.js";
import { listed, members, packedBlob } from "./zip.js";

const [MOST_BYTES, MOST_TIMES, FREE_BYTES] = [2 ** 30, 200, 16 * 2 ** 20]; // unpacked
const MOST_MEMBERS = 10000;
const PIECE = 8 * 2 ** 20; // bytes held before they go into a blob, which the browser may keep on disk
const DATA = /\.(csv|tsv|txt|dat|edf|bdf|ecg|xml|scp|dcm|atc|mat|npy|npz|parquet|wav|asc|rec)$/;
const APPLE = "electrocardiograms/"; // the folder of an export of Apple Health that has the ECGs
const BESIDE = /^(readme|license|licence|index|records|sha256sums|ann2)|\.(md|pdf|html)$/;
const [ZIP, EMPTY_ZIP, GZIP] = ["PK\x03\x04", "PK\x05\x06", "\x1f\x8b"];
const baseName = (path) => path.split("/").pop();
const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);

export function isPacked(start) {
  const text = String.fromCharCode(...start.subarray(0, 4));
  return [ZIP, EMPTY_ZIP, GZIP].some((mark) => text.startsWith(mark));
}

/** What a packed file holds: {files, where}; where: goes before what is said of these.
    @param {{name: string, blob: Blob}} file */
export async function unpack(file) {
  const { name, blob } = file;
  const limit = Math.min(MOST_BYTES, FREE_BYTES + MOST_TIMES * blob.size);
  const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (start[0] === 0x1f) {
    const inner = /\.[^.]+$/.test(name) ? name.replace(/\.[^.]+$/, "") : `${name}.unpacked`;
    const unpacked = await inflated(blob, "gzip", limit, 0, name);
    return { files: [{ name: inner, blob: unpacked.blob }], where: `${name}: ` };
  }
  const found = await members(file);
  const wanted = await chosen(found, file);
  const [files, counter] = [[], { total: 0 }];
  for (const member of wanted) {
    files.push({ name: baseName(member.path), blob: await extracted(file, member, limit, counter) });
  }
  return { files, where: `${name}: ${folderOf(wanted[0].path)}` };
}

async function extracted(file, member, limit, counter) {
  const packed = await packedBlob(file, member);
  const format = { 0: null, 8: "deflate-raw" }[member.method];
  if (format === undefined) {
    throw new DataError(`${file.name}: cannot be unpacked (That compression method is not supported)`);
  }
  const found = await inflated(packed, format, limit, counter.total, file.name);
  if (found.crc !== member.crc) {
    throw new DataError(`${file.name}: cannot be unpacked (Bad CRC-32 for file '${member.path}')`);
  }
  counter.total += found.blob.size;
  return found.blob;
}

/** A blob unpacked, as far as `limit` bytes together with those before. format: null for none. */
async function inflated(blob, format, limit, before, name) {
  if (format && typeof DecompressionStream === "undefined") {
    throw new DataError(`${name}: this browser cannot unpack files; unpack it first`);
  }
  const stream = format ? blob.stream().pipeThrough(new DecompressionStream(format)) : blob.stream();
  const reader = stream.getReader();
  const [parts, held] = [[], []];
  let [total, waiting, crc] = [before, 0, -1];
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw new DataError(`${name}: cannot be unpacked (${error.message || "damaged"})`);
    });
    if (done) break;
    total += value.length;
    if (total > limit) {
      await reader.cancel().catch(() => {});
      throw new DataError(`${name}: unpacked it has more than ${thousands(Math.floor(limit / 1e6))} MB, ` +
        "which is refused");
    }
    crc = checksum(crc, value);
    held.push(value);
    waiting += value.length;
    if (waiting >= PIECE) {
      parts.push(new Blob(held.splice(0)));
      waiting = 0;
    }
  }
  return { blob: new Blob([...parts, ...held]), crc: ~crc >>> 0 };
}

const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let k = 0; k < 8; k += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function checksum(crc, bytes) {
  let found = crc;
  for (let i = 0; i < bytes.length; i += 1) found = TABLE[(found ^ bytes[i]) & 255] ^ (found >>> 8);
  return found;
}

/** The members to unpack: those of one record, or the only file. Throws DataError. */
async function chosen(all, file) {
  const { name } = file;
  const refuse = (why) => {
    throw new DataError(`${name}: ${why}`);
  };
  if (all.length > MOST_MEMBERS) refuse(`an archive of ${thousands(all.length)} files; unpack it and give one`);
  const starts = (prefix) => all.some((m) => m.path.startsWith(prefix));
  if (starts("xl/")) refuse(WORKBOOK);
  if (starts("word/") || starts("ppt/") || all.some((m) => m.path === "mimetype")) refuse(OFFICE);
  if (/\.(xlsx|xlsm|docx|ods)$/i.test(name)) {
    refuse("called a workbook or document, and is none; save it as CSV");
  }
  for (const { path, encrypted } of all) {
    if (path.startsWith("/") || path.split("/").includes("..") || path.slice(0, 2).includes(":")) {
      refuse(`it names a file outside of itself ('${path.slice(0, 80)}')`);
    }
    if (encrypted) refuse("protected by a password; unpack it first");
  }
  if (all.length && all.every((m) => m.path.endsWith(".npy"))) refuse(ARRAYS);
  const seen = all.filter((m) => !m.path.startsWith("__MACOSX") && !baseName(m.path).startsWith("."));
  const headers = seen.filter((m) => /\.hea$/i.test(m.path));
  return headers.length ? ofRecord(headers, seen, file, refuse) : [onlyFile(seen, refuse)];
}

/** All files beside the only header, or the only one that names segments; that one first. */
async function ofRecord(headers, seen, file, refuse) {
  const whole = [];
  for (const header of headers) if (await isWhole(file, header)) whole.push(header);
  if (headers.length > 1 && whole.length !== 1) {
    refuse(`several records (${listed(headers)}); unpack it and give one`);
  }
  const header = whole[0] ?? headers[0];
  const beside = seen.filter((m) => folderOf(m.path) === folderOf(header.path));
  return [header, ...beside.filter((m) => m !== header)];
}

async function isWhole(file, member) {
  const blob = await extracted(file, member, FREE_BYTES, { total: 0 });
  return namesSegments(await blob.slice(0, 4096).text());
}

/** Whether the text of a WFDB header is one of a record in several segments. */
export function namesSegments(text) {
  const first = text.split(/\r\n|\r|\n/).find((line) => line.trim() && !line.startsWith("#"));
  return Boolean(first?.trim().split(/\s+/)[0].includes("/"));
}

/** The only file that may hold a recording. files: {path}[] */
export function onlyFile(files, refuse) {
  let data = files.filter((m) => !BESIDE.test(baseName(m.path).toLowerCase()));
  const ofApple = data.filter((m) => `/${m.path}`.includes(`/${APPLE}`));
  data = ofApple.length ? ofApple : data;
  if (data.length > 1) {
    const likely = data.filter((m) => DATA.test(m.path.toLowerCase()));
    data = likely.length ? likely : data;
  }
  if (!data.length) refuse("an empty archive");
  if (data.length > 1) refuse(`several files (${listed(data)}); unpack it and give one of them`);
  return data[0];
}
