// FLAC, as WFDB's formats 508, 516 and 524 have it. Reference: RFC 9639.
import { DataError } from "./errors.js";

const SIGNATURE = 0x664c6143; // "fLaC"
const MOST_SAMPLES = 500e6; // of all channels: a month of one lead

class Bits {
  constructor(bytes, at) {
    [this.bytes, this.at, this.rest, this.held] = [bytes, at, 0, 0];
  }

  /** An unsigned number of up to 32 bits. */
  take(bits) {
    let value = 0;
    for (let wanted = bits; wanted > 0; ) {
      if (!this.held) this.refill();
      const some = Math.min(wanted, this.held);
      this.held -= some;
      value = value * 2 ** some + ((this.rest >>> this.held) & (2 ** some - 1));
      wanted -= some;
    }
    return value;
  }

  refill() {
    if (this.at >= this.bytes.length) throw new RangeError("the end");
    this.rest = this.bytes[this.at++];
    this.held = 8;
  }

  signed(bits) {
    if (!bits) return 0;
    const value = this.take(bits);
    return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  }

  /** How many zeros there are before the next one. */
  unary() {
    let zeros = 0;
    for (;;) {
      if (!this.held) this.refill();
      const ahead = Math.clz32((this.rest & (2 ** this.held - 1)) << (32 - this.held));
      if (ahead < this.held) {
        this.held -= ahead + 1;
        return zeros + ahead;
      }
      zeros += this.held;
      this.held = 0;
    }
  }
}

/** All samples of a FLAC stream: {bits, channels: Int32Array[]}. channels: how many there should
    be; wanted: samples of each, more of which are not decoded. Throws DataError. */
export function decodeFlac(bytes, name, channels, wanted) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 42 || view.getUint32(0) !== SIGNATURE) {
    throw new DataError(`${name}: not a FLAC file, as the header says`);
  }
  const about = new Bits(bytes, 18);
  const stream = { rate: about.take(20), channels: about.take(3) + 1, bits: about.take(5) + 1 };
  const total = Math.min(about.take(36), wanted);
  if (stream.channels !== channels) return { bits: stream.bits, channels: Array(stream.channels) };
  // A frame of nothing but zeros has a dozen bytes for up to 65,536 samples.
  const most = Math.min((bytes.length / 8) * 65536, MOST_SAMPLES / channels);
  if (!Number.isFinite(total) || total > most) {
    throw new DataError(`${name}: a FLAC file that claims more samples than it can hold`);
  }
  const found = Array.from({ length: channels }, () =>
    stream.bits > 16 ? new Int32Array(total) : new Int16Array(total));
  try {
    decodeFrames(new Bits(bytes, audioStart(bytes)), stream, found, total);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(`${name}: damaged: the FLAC stream ends or errs before its last sample`);
  }
  return { bits: stream.bits, channels: found };
}

function audioStart(bytes) {
  let at = 4;
  for (let last = false; !last; ) {
    if (at + 4 > bytes.length) throw new RangeError("the end");
    last = bytes[at] > 127;
    at += 4 + (bytes[at + 1] << 16) + (bytes[at + 2] << 8) + bytes[at + 3];
  }
  return at;
}

function decodeFrames(bits, stream, found, total) {
  for (let done = 0; done < total; ) {
    const { size, layout, depth } = frameHeader(bits, stream);
    const parts = found.map((_, i) => subframe(bits, size, depth + sideBit(layout, i)));
    joinStereo(parts, layout);
    bits.held = 0; // up to the next byte
    bits.take(16); // checksum
    const room = Math.min(size, total - done);
    found.forEach((channel, i) => channel.set(parts[i].subarray(0, room), done));
    done += size;
  }
}

const LEFT_SIDE = 8;
const SIDE_RIGHT = 9;
const MID_SIDE = 10;
const sideBit = (layout, i) =>
  Number((layout === SIDE_RIGHT && i === 0) || ((layout === LEFT_SIDE || layout === MID_SIDE) && i === 1));
const DEPTHS = [0, 8, 12, 0, 16, 20, 24, 32];

function frameHeader(bits, stream) {
  if (bits.take(14) !== 0x3ffe) throw new RangeError("no frame");
  bits.take(2);
  const [sizeCode, rateCode, layout] = [bits.take(4), bits.take(4), bits.take(4)];
  const depth = DEPTHS[bits.take(3)] || stream.bits;
  bits.take(1);
  let number = bits.take(8); // of the frame or sample, coded as UTF-8
  for (number <<= 1; number & 0x80 && number & 0x100; number <<= 1) bits.take(8);
  const size = blockSize(bits, sizeCode);
  if (rateCode === 12) bits.take(8);
  else if (rateCode > 12) bits.take(16);
  bits.take(8); // checksum
  const two = layout >= LEFT_SIDE;
  if (layout > MID_SIDE || (two ? 2 : layout + 1) !== stream.channels) throw new RangeError("channels");
  return { size, layout, depth };
}

function blockSize(bits, code) {
  if (code === 0) throw new RangeError("reserved");
  if (code === 1) return 192;
  if (code < 6) return 576 << (code - 2);
  if (code < 8) return bits.take(code === 6 ? 8 : 16) + 1;
  return 256 << (code - 8);
}

function joinStereo([first, second], layout) {
  for (let i = 0; layout >= LEFT_SIDE && i < first.length; i += 1) {
    if (layout === LEFT_SIDE) second[i] = first[i] - second[i];
    else if (layout === SIDE_RIGHT) first[i] += second[i];
    else {
      const sum = first[i] * 2 + (second[i] & 1);
      [first[i], second[i]] = [(sum + second[i]) / 2, (sum - second[i]) / 2];
    }
  }
}

function subframe(bits, size, depth) {
  bits.take(1);
  const kind = bits.take(6);
  const wasted = bits.take(1) ? bits.unary() + 1 : 0;
  const own = depth - wasted;
  const found = new Int32Array(size);
  if (kind === 0) found.fill(bits.signed(own));
  else if (kind === 1) for (let i = 0; i < size; i += 1) found[i] = bits.signed(own);
  else if (kind >= 8 && kind <= 12) fixed(bits, found, kind - 8, own);
  else if (kind >= 32) linear(bits, found, kind - 31, own);
  else throw new RangeError("reserved");
  return wasted ? found.map((v) => v << wasted) : found;
}

const FIXED = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

function fixed(bits, found, order, depth) {
  for (let i = 0; i < order; i += 1) found[i] = bits.signed(depth);
  residual(bits, found, order);
  predict(found, FIXED[order], 0);
}

function linear(bits, found, order, depth) {
  for (let i = 0; i < order; i += 1) found[i] = bits.signed(depth);
  const precision = bits.take(4) + 1;
  const shift = bits.signed(5);
  const weights = Array.from({ length: order }, () => bits.signed(precision));
  if (precision === 16 || shift < 0) throw new RangeError("reserved");
  residual(bits, found, order);
  predict(found, weights, shift);
}

/** What the samples before foretell, added to the residual. Sums stay below 2 ** 53. */
function predict(found, weights, shift) {
  const scale = 2 ** shift;
  for (let i = weights.length; i < found.length; i += 1) {
    let sum = 0;
    for (let k = 0; k < weights.length; k += 1) sum += weights[k] * found[i - 1 - k];
    found[i] += Math.floor(sum / scale);
  }
}

function residual(bits, found, order) {
  const width = bits.take(2) ? 5 : 4;
  const parts = 2 ** bits.take(4);
  const each = found.length / parts;
  if (!Number.isInteger(each) || each < order) throw new RangeError("partitions");
  for (let part = 0; part < parts; part += 1) {
    const parameter = bits.take(width);
    const raw = parameter === 2 ** width - 1 ? bits.take(5) : -1;
    for (let i = part ? part * each : order; i < (part + 1) * each; i += 1) {
      if (raw >= 0) found[i] = bits.signed(raw);
      else {
        const folded = bits.unary() * 2 ** parameter + bits.take(parameter);
        found[i] = folded % 2 ? -(folded + 1) / 2 : folded / 2;
      }
    }
  }
}
