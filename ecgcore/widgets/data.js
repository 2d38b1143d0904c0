// Unpacking what packing.py packed, and looking things up in it. No drawing here.

const ARRAYS = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, float32: Float32Array,
};

/** Bytes of a base64 text, or of the DataView or ArrayBuffer that a live widget receives. */
function toBytes(value) {
  if (typeof value === "string") return Uint8Array.from(atob(value), (c) => c.charCodeAt(0));
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** One array out of its bytes, which are grouped by their place in an element. */
function unshuffle(bytes, Type, count) {
  const size = Type.BYTES_PER_ELEMENT;
  const out = new Uint8Array(count * size);
  for (let k = 0; k < size; k++) {
    for (let i = 0, from = k * count; i < count; i++) out[i * size + k] = bytes[from + i];
  }
  return new Type(out.buffer);
}

/** A block's header and its arrays by name. */
async function unpackBlock(value) {
  const bytes = await inflate(toBytes(value));
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const arrays = {};
  for (const [name, dtype, count, delta] of about.arrays) {
    const Type = ARRAYS[dtype];
    const array = unshuffle(bytes.subarray(at, at + count * Type.BYTES_PER_ELEMENT), Type, count);
    at += count * Type.BYTES_PER_ELEMENT;
    if (delta) for (let i = 1; i < count; i++) array[i] += array[i - 1];
    arrays[name] = array;
  }
  return { about, arrays };
}

/** The header's entries and tables, one object of columns per protocol; `parts` and `seconds`, one
    a record, are bytes or functions that bring them, and unpacked when `load` and `loadSecond` ask
    for them. */
export async function unpack(value, parts, seconds) {
  const { about, arrays } = await unpackBlock(value);
  const data = { ...about, tables: {}, parts, seconds, drawn: [], loading: [], loadingSecond: [] };
  for (const { name, explained } of about.protocols) data.tables[name] = { name, explained };
  for (const [name, array] of Object.entries(arrays)) {
    const [table, column] = name.split("/");
    data.tables[table][column] = array;
  }
  for (const table of Object.values(data.tables)) table.place = placesIn(table, about.records);
  return data;
}

/** Brings what drawing beats of a record needs: afterwards `data.drawn[record]` is there. */
export function load(data, record) {
  data.loading[record] ??= bring(data, record).catch((error) => {
    data.loading[record] = undefined; // the next one who asks tries again
    throw error;
  });
  return data.loading[record];
}

async function bring(data, record) {
  const { arrays } = await unpackPart(data.parts[record]);
  data.drawn[record] = { ...arrays, offsets: runningStart(arrays.stretch_length) };
}

async function unpackPart(part) {
  return unpackBlock(typeof part === "function" ? await part() : part);
}

/** Brings a record's second lead, after the first. */
export function loadSecond(data, record) {
  data.loadingSecond[record] ??= bringSecond(data, record).catch((error) => {
    data.loadingSecond[record] = undefined;
    throw error;
  });
  return data.loadingSecond[record];
}

async function bringSecond(data, record) {
  const [{ arrays }] = await Promise.all([unpackPart(data.seconds[record]), load(data, record)]);
  data.drawn[record].second = arrays.signal;
}

/** Each beat's number among those of its record. */
function placesIn(table, records) {
  const seen = new Int32Array(records.length);
  return Int32Array.from(table.record, (record) => seen[record]++);
}

function runningStart(lengths) {
  const out = new Int32Array(lengths.length);
  for (let i = 1; i < out.length; i++) out[i] = out[i - 1] + lengths[i - 1];
  return out;
}

/** The first position at which a value is passed in a sorted array. */
function bisect(values, value) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A beat's strip: values (mV, or 0 to 1 if the amplitude is unknown), those of the second lead if
    it was brought, the R peak's position in them, annotations within. */
export function stripOf(data, table, row, wide = false) {
  const part = data.drawn[table.record[row]];
  const stretch = bisect(part.stretch_start, table.start[row]) - 1;
  const [start, width] = wide ? widened(data, table, row, part, stretch) : [table.start[row], table.width[row]];
  const from = part.offsets[stretch] + start - part.stretch_start[stretch];
  const inMv = (signal) => Float32Array.from(signal.subarray(from, from + width), (v) => v * data.step_mv);
  const marks = [];
  for (let a = bisect(part.ann_r, start - 1);
    a < part.ann_r.length && part.ann_r[a] < start + width; a++) {
    const at = part.ann_r[a] - start;
    const symbol = String.fromCharCode(part.ann_symbol[a]);
    const answers = data.answering.map((_, i) => part[`ann_answer${i}`][a]);
    marks.push({ at, class: part.ann_class[a], symbol, here: part.ann_r[a] === table.r[row], answers });
  }
  const second = part.second && inMv(part.second);
  return { values: inMv(part.signal), second, at: table.r[row] - start, marks };
}

/** Start and width of the strip that has `wide_s` seconds around the R peak, as far as the record
    goes, and no less than the strip as it is. */
function widened(data, table, row, part, stretch) {
  const half = Math.round((data.wide_s * data.fs) / 2);
  const first = part.stretch_start[stretch];
  const start = Math.max(first, Math.min(table.start[row], table.r[row] - half));
  const end = Math.max(table.start[row] + table.width[row], table.r[row] + half);
  return [start, Math.min(end, first + part.stretch_length[stretch]) - start];
}

/** The beat as the network gets it before its z-score: from the R peak, in [0, 1], padded. */
export function networkBeat(data, table, row, strip) {
  const piece = strip.values.subarray(strip.at, strip.at + table.length[row]);
  const low = Math.min(...piece);
  const extent = Math.max(...piece) - low || 1;
  const out = new Float32Array(data.beat_length);
  piece.forEach((v, i) => { out[i] = (v - low) / extent; });
  return out;
}

/** The number of the class that Grad-CAM is shown for: `cam` is "model" for the one that the model
    chose, "annotated", or a letter. */
export function explainedClass(data, table, row, cam) {
  return { model: table.predicted[row], annotated: table.true[row] }[cam] ?? data.classes.indexOf(cam);
}

/** Grad-CAM in [0, 1] at every `cam_stride`-th sample of a beat, or null; `number`: of a class. */
export function camOf(data, table, row, number) {
  const cam = data.drawn[table.record[row]][`${table.name}/cam`];
  if (!cam) return null;
  const n = Math.ceil(data.beat_length / data.cam_stride);
  const at = table.place[row] * data.classes.length + number;
  return Array.from(cam.subarray(at * n, (at + 1) * n), (v) => v / data.cam_levels);
}

/** The intervals before the beats within `half_s` seconds of a beat: when (s from it), how long
    (s), the class of the beat that ends it, and whether it is this one. */
export function intervalsOf(data, table, row, half_s) {
  const { beat_r: r, beat_class: classes } = data.drawn[table.record[row]];
  const here = table.r[row];
  const out = [];
  for (let i = Math.max(1, bisect(r, here - half_s * data.fs)); i < r.length && r[i] <= here + half_s * data.fs; i++) {
    out.push({ at: (r[i] - here) / data.fs, rr: (r[i] - r[i - 1]) / data.fs, class: classes[i], here: r[i] === here });
  }
  return out;
}

/** The median of the patient's N beats, in [0, 1], or null. */
export function usualOf(data, table, row) {
  const { usual } = data.drawn[table.record[row]];
  return usual.length ? Array.from(usual, (v) => v / 255) : null;
}

/** Which of those who answered the table belongs to. */
export function answererOf(data, table) {
  return data.protocols.findIndex(({ name }) => name === table.name);
}

export function probabilitiesOf(data, table, row) {
  const k = data.classes.length;
  const at = table.place[row];
  return data.drawn[table.record[row]][`${table.name}/probabilities`].subarray(at * k, (at + 1) * k);
}

/** Beats of each (annotated, predicted) pair in one record, or in all if `record` is "". */
export function confusion(data, table, record) {
  const cells = data.classes.length ** 2;
  const sum = new Array(cells).fill(0);
  data.records.forEach(({ name }, number) => {
    if (record && name !== record) return;
    for (let i = 0; i < cells; i++) sum[i] += table.counts[number * cells + i];
  });
  return sum;
}

/** Names of the records that a protocol has beats of, errors first counted: [name, wrong, all]. */
export function recordsOf(data, table) {
  const k = data.classes.length;
  const out = [];
  data.records.forEach(({ name }, number) => {
    let all = 0;
    let wrong = 0;
    for (let i = 0; i < k * k; i++) {
      const count = table.counts[number * k * k + i];
      all += count;
      if (Math.floor(i / k) !== i % k) wrong += count;
    }
    if (all) out.push([name, wrong, all]);
  });
  return out;
}

/** Seconds as h:mm:ss. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** A share in percent; nothing short of certainty is rounded to 100 %, or above nought to 0 %. */
export function percent(share, digits = 1) {
  const step = 10 ** -digits;
  if (share > 0 && 100 * share < step / 2) return `<\u202f${step.toFixed(digits)}\u202f%`;
  if (share < 1 && 100 * (1 - share) <= step / 2) return `>\u202f${(100 - step).toFixed(digits)}\u202f%`;
  return `${(100 * share).toFixed(digits)}\u202f%`;
}

export function number(n) {
  return n.toLocaleString("en-GB");
}
