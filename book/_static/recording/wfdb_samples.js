// Samples of WFDB signal files, any part of them: ecgcore/data/formats/wfdb_samples.py, signal(5).
import { DataError, thousands } from "./errors.js";
import { decodeFlac } from "./flac.js";

const word = (b, at) => b[at] | (b[at + 1] << 8);
const signed = (value, bits) => (value << (32 - bits)) >> (32 - bits);
const simple = (size, take, missing) => ({
  samples: 1, size, missing,
  unpack(b, n) {
    return Int32Array.from({ length: n }, (_, i) => take(b, i * size));
  },
});

/** `samples` samples take `size` bytes; missing: what stands for none. */
const PACKINGS = {
  8: simple(1, (b, at) => signed(b[at], 8), null), // differences
  16: simple(2, (b, at) => signed(word(b, at), 16), -(2 ** 15)),
  24: simple(3, (b, at) => signed(word(b, at) | (b[at + 2] << 16), 24), -(2 ** 23)),
  32: simple(4, (b, at) => word(b, at) | (word(b, at + 2) << 16), -(2 ** 31)),
  61: simple(2, (b, at) => signed(b[at + 1] | (b[at] << 8), 16), -(2 ** 15)),
  80: simple(1, (b, at) => b[at] - 128, -128),
  160: simple(2, (b, at) => word(b, at) - 32768, -(2 ** 15)),
  212: { samples: 2, size: 3, missing: -2048, unpack: unpack212 },
  310: { samples: 3, size: 4, missing: -512, unpack: (b, n) => tens(b, n, of310) },
  311: { samples: 3, size: 4, missing: -512, unpack: (b, n) => tens(b, n, of311) },
};
const FLAC_BITS = { 508: 8, 516: 16, 524: 24 };

function unpack212(b, n) {
  const found = new Int32Array(n + 1);
  for (let i = 0, at = 0; i < n; i += 2, at += 3) {
    found[i] = signed(b[at] | ((b[at + 1] & 15) << 8), 12);
    found[i + 1] = signed(b[at + 2] | ((b[at + 1] >> 4) << 8), 12);
  }
  return found.subarray(0, n);
}

function of310(first, second) {
  return [first >> 1, second >> 1, (first >> 11) | ((second >> 11) << 5)];
}

function of311(first, second) {
  const whole = first | (second << 16);
  return [whole, whole >> 10, whole >> 20];
}

function tens(b, n, of) {
  const found = new Int32Array(n + 2);
  for (let i = 0, at = 0; i < n; i += 3, at += 4) {
    of(word(b, at), word(b, at + 2)).forEach((v, k) => (found[i + k] = signed(v & 0x3ff, 10)));
  }
  return found.subarray(0, n);
}

/** A signal file, all of whose signals are given in order. frames: as the header says, or null.
    Throws DataError where it is short or of an unknown format. */
export async function openSignalFile(blob, name, signals, frames) {
  const { format, offset } = signals[0];
  if (signals.some((s) => s.format !== format)) {
    throw new DataError(`${name}: signals of different formats in one file`);
  }
  const width = signals.reduce((sum, s) => sum + s.perFrame, 0);
  const first = signals.map((_, i) => signals.slice(0, i).reduce((sum, s) => sum + s.perFrame, 0));
  const file = { blob, name, signals, width, first, offset, missing: null };
  if (FLAC_BITS[format]) await openFlac(file, FLAC_BITS[format], frames);
  else openPacked(file, PACKINGS[format], format, frames);
  if (format === "8") file.stored = integrated(file);
  return { frames: file.frames, read: (which, start, stop) => read(file, which, start, stop) };
}

function openPacked(file, packing, format, frames) {
  if (!packing) throw new DataError(`${file.name}: signal format ${format} is not supported`);
  const { size } = file.blob;
  if (frames !== null) {
    const needed = Math.ceil((frames * file.width * packing.size) / packing.samples) + file.offset;
    if (size < needed) {
      throw new DataError(
        `${file.name}: short: ${thousands(size)} bytes of the ${thousands(needed)} that the header names`);
    }
  }
  const there = Math.floor((Math.max(size - file.offset, 0) * packing.samples) / packing.size);
  file.frames = frames ?? Math.floor(there / file.width);
  file.missing = packing.missing;
  file.stored = (which, start, stop) => unpacked(file, packing, which, start, stop);
}

async function unpacked(file, packing, which, start, stop) {
  const spf = file.signals[which].perFrame;
  const from = Math.floor(start / spf);
  const first = from * file.width;
  const last = Math.ceil(stop / spf) * file.width;
  const block = Math.floor(first / packing.samples);
  const blocks = Math.ceil(last / packing.samples) - block;
  const begin = file.offset + block * packing.size;
  const raw = new Uint8Array(blocks * packing.size); // half a block at the end
  raw.set(new Uint8Array(await file.blob.slice(begin, begin + raw.length).arrayBuffer()));
  const values = packing.unpack(raw, blocks * packing.samples);
  const lead = first - block * packing.samples + file.first[which];
  const found = new Int32Array(stop - start);
  for (let i = 0; i < found.length; i += 1) {
    const at = start + i - from * spf;
    found[i] = values[lead + Math.floor(at / spf) * file.width + (at % spf)];
  }
  return found;
}

/** All of a signal in first differences: every sample depends on those before. */
function integrated(file) {
  const [differences, whole] = [file.stored, []];
  return async (which, start, stop) => {
    const line = file.signals[which];
    whole[which] ??= await differences(which, 0, file.frames * line.perFrame).then((found) => {
      let sum = line.initial;
      return found.map((step) => (sum += step));
    });
    return whole[which].subarray(start, stop);
  };
}

async function openFlac(file, bits, frames) {
  const { signals, name } = file;
  const found = decodeFlac(new Uint8Array(await file.blob.arrayBuffer()), name, signals.length,
    signals[0].perFrame * (frames ?? Infinity) + file.offset);
  if (found.bits !== bits || found.channels.length !== signals.length) {
    throw new DataError(`${name}: ${found.channels.length} FLAC channels of ${found.bits} bits, ` +
      `which does not fit the header's ${signals.length} signals`);
  }
  if (new Set(signals.map((s) => s.perFrame)).size > 1) {
    throw new DataError(`${name}: signals of different sampling rates in one FLAC file`);
  }
  const there = Math.floor(Math.max(found.channels[0].length - file.offset, 0) / signals[0].perFrame);
  if (frames !== null && there < frames) {
    throw new DataError(
      `${name}: short: ${thousands(there)} samples of the ${thousands(frames)} that the header names`);
  }
  file.frames = frames ?? there;
  file.missing = -(2 ** (bits - 1));
  file.blob = null; // all of it is decoded
  file.stored = (which, start, stop) =>
    found.channels[which].subarray(start + file.offset, stop + file.offset);
}

/** Samples of a signal at its own rate, in its unit; NaN where one is missing. */
async function read(file, which, start, stop) {
  const line = file.signals[which];
  const shift = line.skew * line.perFrame;
  const end = file.frames * line.perFrame;
  const found = new Float64Array(Math.max(stop - start, 0)).fill(NaN);
  const [first, last] = [Math.min(start + shift, end), Math.min(stop + shift, end)];
  if (last <= first) return found;
  const stored = await file.stored(which, first, last);
  for (let i = 0; i < stored.length; i += 1) {
    if (stored[i] !== file.missing) found[i] = (stored[i] - line.baseline) / line.gain;
  }
  return found;
}
