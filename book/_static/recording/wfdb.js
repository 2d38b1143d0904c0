// WFDB records: header and samples, as header(5) and signal(5) of the WFDB Applications Guide.

export class DataError extends Error {}

const signed = (value, bits) => (value << (32 - bits)) >> (32 - bits);
const word = (b, at) => b[at] | (b[at + 1] << 8);
const ten = (value) => signed(value & 0x3ff, 10);

/** Formats: samples in so many bytes; take(bytes, at) gives them; missing: what stands for none. */
const PACKINGS = {
  16: { samples: 1, size: 2, take: (b, at) => [signed(word(b, at), 16)], missing: -32768 },
  24: { samples: 1, size: 3, take: (b, at) => [signed(word(b, at) | (b[at + 2] << 16), 24)],
    missing: -8388608 },
  32: { samples: 1, size: 4, take: (b, at) => [word(b, at) | (word(b, at + 2) << 16)],
    missing: -2147483648 },
  61: { samples: 1, size: 2, take: (b, at) => [signed(b[at + 1] | (b[at] << 8), 16)],
    missing: -32768 },
  80: { samples: 1, size: 1, take: (b, at) => [b[at] - 128], missing: -128 },
  160: { samples: 1, size: 2, take: (b, at) => [word(b, at) - 32768], missing: -32768 },
  212: { samples: 2, size: 3, missing: -2048, take: (b, at) => [
    signed(b[at] | ((b[at + 1] & 15) << 8), 12), signed(b[at + 2] | ((b[at + 1] >> 4) << 8), 12)] },
  310: { samples: 3, size: 4, missing: -512, take: (b, at) => {
    const [first, second] = [word(b, at), word(b, at + 2)];
    return [ten(first >> 1), ten(second >> 1), ten((first >> 11) | ((second >> 11) << 5))];
  } },
  311: { samples: 3, size: 4, missing: -512, take: (b, at) => {
    const whole = word(b, at) | (word(b, at + 2) << 16);
    return [ten(whole), ten(whole >> 10), ten(whole >> 20)];
  } },
};

const GAIN = /^([+-]?[\d.]+(?:e[+-]?\d+)?)(?:\(([+-]?\d+)\))?(?:\/(\S+))?$/i;

/** The header of a record in one piece: {name, fs, length, signals}. Throws DataError.
    @param {string} text  @param {string} file its name, for what is said of it */
export function parseHeader(text, file) {
  const lines = text.split(/\r\n|\r|\n/).map((l) => l.trim()).filter((l) => l && !l.startsWith("#"));
  const [name, count, rate, length] = (lines[0] ?? "").split(/\s+/);
  const n = Number(count);
  if (!name || !Number.isInteger(n) || n < 1 || n > 1000 || lines.length <= n) {
    throw new DataError(`${file}: not a WFDB header of a record with signals`);
  }
  if (name.includes("/")) throw new DataError(`${file}: a record in several segments`);
  const fs = rate ? Number.parseFloat(rate) : 250;
  if (!(fs >= 50 && fs <= 10000)) {
    throw new DataError(`${file}: a sampling rate of ${fs} Hz is implausible`);
  }
  return { name, fs, length: Number.parseInt(length, 10) || null,
    signals: lines.slice(1, n + 1).map((line) => signalLine(line, file)) };
}

function signalLine(line, file) {
  const [name, format, gain = "", , zero, , , , ...words] = line.split(/\s+/);
  const of = /^(\d+)(?:x(\d{1,6}))?(?::(\d{1,9}))?(?:\+(\d{1,12}))?$/.exec(format ?? "");
  if (!of) throw new DataError(`${file}: a line that describes no signal`);
  const [, value, baseline, unit] = GAIN.exec(gain) ?? [];
  return { file: name, format: of[1], perFrame: Number(of[2] ?? 1) || 1, skew: Number(of[3] ?? 0),
    offset: Number(of[4] ?? 0), gain: Number(value) || 200,
    baseline: Number(baseline ?? zero) || 0, unit: unit ?? "mV", name: words.join(" ") };
}

/** Samples of one signal of a file, in its unit; Float64Array, NaN where one is missing.
    @param {Uint8Array} bytes of the file  @param signals all that share it
    @param {number} which of them  @param {number | null} length frames, as the header says */
export function samplesOf(bytes, signals, which, length, file) {
  const packing = PACKINGS[signals[0].format];
  if (!packing) throw new DataError(`${file}: signal format ${signals[0].format} is not supported`);
  if (signals.some((s) => s.format !== signals[0].format)) {
    throw new DataError(`${file}: signals of different formats in one file`);
  }
  const width = signals.reduce((sum, s) => sum + s.perFrame, 0);
  const { offset } = signals[0];
  const there = Math.floor(
    Math.floor((Math.max(bytes.length - offset, 0) * packing.samples) / packing.size) / width,
  );
  if (length !== null && there < length) {
    throw new DataError(`${file}: short: ${there} samples of the ${length} that the header names`);
  }
  const line = signals[which];
  const own = signals.slice(0, which).reduce((sum, s) => sum + s.perFrame, 0);
  const end = (length ?? there) * line.perFrame;
  const found = new Float64Array(end).fill(NaN);
  for (let i = line.skew * line.perFrame; i < end; i += 1) {
    const at = Math.floor(i / line.perFrame) * width + own + (i % line.perFrame);
    const block = offset + Math.floor(at / packing.samples) * packing.size;
    const stored = packing.take(bytes, block)[at % packing.samples];
    const value = stored === packing.missing ? NaN : (stored - line.baseline) / line.gain;
    found[i - line.skew * line.perFrame] = value;
  }
  return found;
}
