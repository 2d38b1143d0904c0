// From the leads of a recording to classified beats: what ecgcore/inference/classifying.py does in
// rhythm, block by block, so that memory stays bounded.
import { CLASS_OF } from "./annotations.js";
import { decide, probabilities } from "./decide.js";
import { DataError, general } from "./errors.js";
import { featureRows, filtered, scaled } from "./features.js";
import * as leadChoice from "./leads.js";
import { fraction, median, percentile, round } from "./numeric.js";
import { fillGaps, review } from "./quality.js";
import { resample } from "./resample.js";
import { checkLead } from "./signals.js";

const [BLOCK_S, CONTEXT_S, LARGE] = [300, 15, 10]; // as ecgcore/data/signals.py
const [REVIEWED, READ] = [0.5, 0.65]; // share of the time until R peaks are known, and windows cut
const STEPS = ["looking for R peaks", "looking at each beat", "classifying beats"];
const BATCH = 256; // beats that the graph sees at once
const FEWEST = 4;
const [SLOW, FAST, UPRIGHT, NOTABLE] = [40, 180, 0.4, 0.01]; // as ecgcore/inference/sanity.py
const CLASSES = "NSVFQ";

/** @typedef {{name: string, lead: string, which: number, leads: string[], unit: string, fs: number, seconds: number,
    start: object | null, annotated: boolean, notes: string[], unusable: object[],
    time: Float64Array, decision: Uint8Array, probabilities: Float32Array, truth: Int8Array,
    signal: Float32Array, second: {name: string, unit: string, signal: Float32Array} | null}} Answer
    Times in s, signals at 125 Hz, five probabilities a beat, truth: class number annotated or -1;
    which: position of the lead. */

/** Classify a recording. recording: {name, leads, start, peaks, symbols, notes}; how: Python's
    numbers; graph: see graph.js; wish: {lead: position or null, ownPeaks}; onDone hears the share
    that is done, and of which step. Throws DataError. @returns {Promise<Answer>} */
export async function analyse(recording, how, graph, wish = {}, onDone = () => {}, onSeen = () => {}) {
  const { leads, name } = recording;
  const which = wish.lead ?? recording.chosen ?? (await leadChoice.choose(leads, name));
  const lead = checkLead(leads[which], name);
  const found = await review(lead, how, (done) => onDone(REVIEWED * done, STEPS[0]));
  const annotated = recording.peaks !== null && !wish.ownPeaks;
  const seconds = Float64Array.from(annotated ? recording.peaks : found.peaks);
  const read = await windowsOf(lead, seconds, how, (done) => onDone(REVIEWED + (READ - REVIEWED) * done, STEPS[1]));
  check(read, seconds, lead, name);
  const rows = featureRows(scaled(seconds, read.windows, how), how);
  onSeen(rows);
  const answer = await answers(graph, rows, (done) => onDone(READ + (1 - READ) * done, STEPS[2]));
  const other = leadChoice.second(leads, which);
  const kept = annotated ? recording.symbols.slice(0, -1) : [];
  return {
    name, lead: lead.name, which, leads: leads.map((l) => l.name), unit: lead.unit, fs: lead.fs, annotated,
    hasPeaks: recording.peaks !== null, seconds: lead.n / lead.fs, start: recording.start,
    notes: [...recording.notes, ...doubts(read, found.stretches, seconds, lead, name)], unusable: found.stretches,
    time: seconds.slice(0, -1), ...answer, signal: read.signal,
    truth: Int8Array.from(answer.decision, (_, i) => (annotated ? CLASSES.indexOf(CLASS_OF[kept[i]]) : -1)),
    second: other < 0 ? null : { name: leads[other].name, unit: leads[other].unit,
      signal: await at125(leads[other], how) },
  };
}

function check(read, seconds, lead, name) {
  const total = lead.n / lead.fs;
  const refuse = (why) => {
    throw new DataError(`${name}: ${why}`);
  };
  if (total - read.missing < 1) refuse("the signal holds no samples");
  if (read.flat >= 0.99 * total) refuse("the signal is constant: no heartbeat in it");
  if (!seconds.length) {
    refuse(`no heartbeat found in ${total.toFixed(1)} s of signal; is it an ECG, and sampled at ` +
      `${general(lead.fs)} Hz?`);
  }
  if (seconds.length < FEWEST) {
    refuse(`${seconds.length} R peaks make no rhythm: at least ${FEWEST} are needed`);
  }
  if (seconds.some((s, i) => i && s <= seconds[i - 1]) || seconds.at(-1) > total) {
    refuse("the R peaks must increase and lie inside the signal");
  }
}

/** A lead at 125 Hz piece by piece, each with context: {signal, offset, start, stop} (s). Pieces
    start where a sample of one rate falls on one of the other; the values do not depend on them. */
async function* blocks(lead, how) {
  const unit = fraction(how.FS / lead.fs)[1];
  const [step, context] = [BLOCK_S, CONTEXT_S].map((s) => unit * Math.ceil((s * lead.fs) / unit));
  let level = null;
  for (let start = 0; start < lead.n; start += step) {
    const first = Math.max(0, start - context);
    const stop = Math.min(start + step, lead.n);
    const samples = await lead.read(first, Math.min(stop + context, lead.n));
    level ??= farLevel(samples);
    const near = fillGaps(samples);
    for (let i = 0; level && i < near.length; i += 1) near[i] -= level;
    yield { signal: resample(new Float32Array(near), lead.fs, how.FS), offset: round((first / lead.fs) * how.FS),
      start: start / lead.fs, stop: stop / lead.fs, last: stop === lead.n,
      samples: samples.subarray(start - first, stop - first) };
  }
}

/** Median of samples that lie so far from zero that 32 bits would round their waves; else 0. */
function farLevel(samples) {
  const known = samples.filter(Number.isFinite);
  if (!known.length) return null;
  const level = median(known);
  return Math.abs(level) > LARGE * (percentile(known, 99) - percentile(known, 1)) ? level : 0;
}

const core = (block, how) =>
  block.signal.subarray(round(block.start * how.FS) - block.offset, round(block.stop * how.FS) - block.offset);

/** A whole lead at 125 Hz, zeros as yet. Throws RangeError if the browser has no room for it. */
const empty = (lead, how) => new Float32Array(round((lead.n / lead.fs) * how.FS));

async function at125(lead, how) {
  const whole = empty(lead, how);
  for await (const block of blocks(lead, how)) whole.set(core(block, how), round(block.start * how.FS));
  return whole;
}

/** The signal at 125 Hz, the filtered windows about R peaks one after the other, and what is odd:
    {signal, windows, upright, missing, flat}. */
async function windowsOf(lead, seconds, how, onDone) {
  const windows = new Float32Array(seconds.length * how.WINDOW);
  const found = { signal: empty(lead, how), windows, upright: [], missing: 0, flat: 0 };
  let first = 0;
  for await (const block of blocks(lead, how)) {
    found.signal.set(core(block, how), round(block.start * how.FS));
    const { missing, flat } = absence(block.samples, lead.fs);
    found.missing += missing;
    found.flat += flat;
    let last = first;
    while (last < seconds.length && (seconds[last] < block.stop || block.last)) last += 1;
    const peaks = Array.from(seconds.subarray(first, last), (s) => round(s * how.FS) - block.offset);
    if (peaks.length) cut(filtered(block.signal, how), peaks, windows.subarray(first * how.WINDOW), how);
    for (const share of oddities(block, peaks, how)) found.upright.push(share);
    first = last;
    onDone(block.stop / (lead.n / lead.fs));
  }
  return found;
}

function cut(signal, peaks, windows, how) {
  peaks.forEach((peak, i) => {
    for (let k = 0; k < how.WINDOW; k += 1) {
      windows[i * how.WINDOW + k] = signal[peak - how.BEFORE + k] ?? 0;
    }
  });
}

/** Classes and probabilities of all beats but the last, which no R peak follows. */
async function answers(graph, { n, features, windows, template }, onDone) {
  const beats = n - 1;
  const [decision, shares] = [new Uint8Array(beats), new Float32Array(5 * beats)];
  const [width, length] = [features.length / n, template.length];
  for (let start = 0; start < beats; start += BATCH) {
    const size = Math.min(BATCH, beats - start);
    const scores = scoresOf(graph, features.subarray(start * width, (start + size) * width),
      windows.subarray(start * length, (start + size) * length), template);
    for (let i = 0; i < size; i += 1) {
      const own = scores.subarray(3 * i, 3 * i + 3);
      decision[start + i] = decide(own, graph.about.thresholds);
      shares.set(probabilities(Array.from(own)), 5 * (start + i));
    }
    onDone((start + size) / beats);
  }
  return { decision, probabilities: shares };
}

/** The model's scores of some beats, three each: log odds of S, V and F. features, windows: of the
    beats, one after the other; template: the usual beat. */
export function scoresOf(graph, features, windows, template) {
  const length = template.length;
  const size = windows.length / length;
  const pair = new Float32Array(size * 2 * length);
  for (let i = 0; i < size; i += 1) {
    pair.set(windows.subarray(i * length, (i + 1) * length), 2 * i * length);
    pair.set(template, (2 * i + 1) * length);
  }
  return graph.run({
    features: { data: features, shape: [size, features.length / size] },
    pair: { data: pair, shape: [size, 2, length] },
  }).scores.data;
}

/** What is odd about a block, beside its R peaks (positions in its signal). */
function oddities(block, peaks, how) {
  const around = round(0.4 * how.FS);
  const near = round(0.08 * how.FS);
  const last = block.signal.length - 1;
  const piece = new Float64Array(2 * around + 1);
  return peaks.map((at) => {
    for (let k = 0; k < piece.length; k += 1) {
      piece[k] = block.signal[Math.min(Math.max(at + k - around, 0), last)];
    }
    const level = median(piece);
    const complex = piece.subarray(around - near, around + near + 1);
    const [above, below] = [Math.max(...complex) - level, level - Math.min(...complex)];
    return above + below > 0 ? above / (above + below) : 0.5;
  });
}

/** Seconds without a number, and whole ones in which nothing changes. */
function absence(samples, fs) {
  const second = Math.min(Math.round(fs), samples.length);
  let [missing, flat] = [0, 0];
  for (let i = 0; i < samples.length; i += 1) if (!Number.isFinite(samples[i])) missing += 1;
  for (let at = 0; at + second <= samples.length; at += second) {
    let k = at + 1;
    while (k < at + second && samples[k] === samples[at]) k += 1;
    if (k === at + second && samples[at] === samples[at]) flat += second; // NaN is no level
  }
  return { missing: missing / fs, flat: flat / fs };
}

const REASONS = { railed: "a signal that stays at its highest or lowest value",
  "too noisy": "noise in which QRS complexes do not stand out" };

/** Doubts about the whole, a sentence each: ecgcore/inference/sanity.py. */
function doubts(read, stretches, seconds, lead, name) {
  const total = lead.n / lead.fs;
  const told = [];
  const rate = 60 / median(seconds.slice(1).map((s, i) => s - seconds[i]));
  if (rate < SLOW || rate > FAST) {
    told.push(`${name}: a median heart rate of ${rate.toFixed(0)} a minute is unusual: is ` +
      `${general(lead.fs)} Hz its sampling rate?`);
  }
  if (median(read.upright) < UPRIGHT) {
    told.push(`${name}: most QRS complexes point downwards, so the lead seems inverted; ` +
      "the network has learnt upright ones");
  }
  const share = (value, what) => {
    if (value / total > NOTABLE) told.push(`${name}: ${((100 * value) / total).toFixed(0)}% of the signal ${what}`);
  };
  share(read.missing, "is missing");
  share(read.flat, "is flat");
  for (const [why, words] of Object.entries(REASONS)) {
    share(stretches.filter((s) => s.why === why).reduce((sum, s) => sum + s.stop - s.start, 0),
      `cannot be analysed: ${words}`);
  }
  return told;
}
