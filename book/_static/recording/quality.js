// Stretches of a signal that cannot be analysed, and the R peaks of all others:
// ecgcore/data/quality.py, block by block. Its constants come in `how`.
import { median, medianFilter, round, searchSorted } from "./numeric.js";
import * as qrs from "./qrs.js";
import { resample } from "./resample.js";

/** @typedef {{start: number, stop: number, why: string}} Stretch in seconds */

/** R peaks (s, increasing) and stretches of a lead. onDone hears the share that is done.
    @returns {Promise<{peaks: number[], stretches: Stretch[]}>} */
export async function review(lead, how, onDone = () => {}) {
  const [peaks, stretches] = [[], []];
  const context = Math.ceil(how.CONTEXT_S * lead.fs);
  const n = Math.ceil(lead.n / lead.fs / how.BLOCK_S);
  const edge = (i) => Math.min(Math.ceil(i * how.BLOCK_S * lead.fs), lead.n);
  for (let i = 0; i < n; i += 1) {
    const first = Math.max(0, edge(i) - context);
    const samples = await lead.read(first, Math.min(edge(i + 1) + context, lead.n));
    const found = reviewBlock(samples, first / lead.fs, edge(i) - first, edge(i + 1) - first, lead.fs, how);
    peaks.push(...found.peaks);
    stretches.push(...found.stretches);
    onDone((i + 1) / n);
  }
  return { peaks, stretches: joined(stretches) };
}

function reviewBlock(samples, offset, start, stop, fs, how) {
  const [begin, end] = [start / fs, stop / fs];
  if (samples.length >= how.MISSING_S * fs && !samples.some(Number.isFinite)) { // what follows, at once
    return { peaks: [], stretches: [{ start: begin + offset, stop: end + offset, why: "missing" }] };
  }
  const single = faultsOf(samples, fs, how);
  const { runs, short } = runsBetween(single, samples.length / fs, how);
  const found = wavesOf(samples, fs, single, runs, how);
  const faults = joined([...single, ...short]);
  const noisy = noisyWindows(found, begin, end, how).flatMap((each) => without(each, faults));
  const bad = joined([...faults, ...noisy]);
  return {
    peaks: found.peaks
      .filter((s) => s >= begin && s < end && !bad.some((b) => s >= b.start && s < b.stop))
      .map((s) => s + offset),
    stretches: bad
      .map((b) => ({ ...b, start: Math.max(b.start, begin), stop: Math.min(b.stop, end) }))
      .filter((b) => b.stop > b.start)
      .map((b) => ({ ...b, start: b.start + offset, stop: b.stop + offset })),
  };
}

/** Where a mask holds for at least so many samples, from and to. */
function runsOf(n, holds, shortest) {
  const found = [];
  let from = -1;
  for (let i = 0; i <= n; i += 1) {
    if (i < n && holds(i)) from = from < 0 ? i : from;
    else if (from >= 0) {
      if (i - from >= shortest) found.push([from, i]);
      from = -1;
    }
  }
  return found;
}

function faultsOf(x, fs, how) {
  const found = runsOf(x.length, (i) => !Number.isFinite(x[i]), how.MISSING_S * fs).map(
    ([a, b]) => ({ start: a / fs, stop: b / fs, why: "missing" }),
  );
  let [low, high] = [Infinity, -Infinity];
  for (const value of x) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const line = new Uint8Array(x.length);
  for (let i = 1; i < x.length - 1; i += 1) {
    const bend = Math.abs(x[i + 1] - x[i] - (x[i] - x[i - 1]));
    if (bend <= how.ROUNDING * Math.abs(x[i])) line.fill(1, i - 1, i + 2);
  }
  for (const [a, b] of runsOf(x.length, (i) => line[i] === 1, how.RAILED_S * fs)) {
    const all = (limit) => x.subarray(a, b).every((v) => v === limit);
    const railed = low < high && (all(low) || all(high));
    if (railed || b - a >= how.FLAT_S * fs) {
      found.push({ start: a / fs, stop: b / fs, why: railed ? "railed" : "flat" });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

function runsBetween(faults, seconds, how) {
  const long = faults.filter((f) => f.stop - f.start >= how.SHORTEST_S);
  const [runs, short] = [[], []];
  for (let i = 0; i <= long.length; i += 1) {
    const start = i ? long[i - 1].stop : 0;
    const stop = i < long.length ? long[i].start : seconds;
    if (stop - start >= how.SHORTEST_S) runs.push([start, stop]);
    else if (long.length && stop > start) short.push({ start, stop, why: long[Math.max(i - 1, 0)].why });
  }
  return { runs, short };
}

function wavesOf(samples, fs, faults, runs, how) {
  const known = new Float64Array(samples);
  for (const fault of faults) known.fill(NaN, round(fault.start * fs), round(fault.stop * fs));
  const mended = steady(fillGaps(known), fs, how);
  const level = median(mended);
  const signal = resample(mended.map((v) => v - level), fs, how.FS);
  const found = { seconds: [], height: [], beat: [], peaks: [] };
  for (const [start, stop] of runs) {
    const first = Math.ceil(start * how.FS);
    const run = Float64Array.from(signal.subarray(first, Math.floor(stop * how.FS)));
    const waves = qrs.waves(run, how);
    const beat = qrs.beats(waves, how);
    const peaks = qrs.peaks(run, waves.position.filter((_, i) => beat[i]), how);
    found.seconds.push(...waves.position.map((p) => (first + p) / how.FS));
    found.height.push(...waves.height);
    found.beat.push(...beat);
    found.peaks.push(...peaks.map((p) => (first + p) / how.FS));
  }
  return found;
}

/** Straight lines across missing samples, zeros where there is none at all. */
export function fillGaps(samples) {
  const found = new Float64Array(samples);
  let last = -1;
  for (let i = 0; i < found.length; i += 1) {
    if (!Number.isFinite(samples[i])) continue;
    for (let k = last + 1; k < i; k += 1) {
      const slope = last < 0 ? 0 : (samples[i] - samples[last]) / (i - last);
      found[k] = last < 0 ? samples[i] : slope * (k - last) + samples[last];
    }
    last = i;
  }
  return found.fill(last < 0 ? 0 : samples[last], last + 1);
}

function rangesOf(x, part) {
  const found = [];
  for (let at = 0; at < x.length; at += part) {
    const piece = x.subarray(at, at + part);
    found.push(piece.reduce((a, b) => Math.max(a, b)) - piece.reduce((a, b) => Math.min(a, b)));
  }
  return found;
}

/** Samples without the spikes and steps that no heart makes. */
function steady(x, fs, how) {
  const part = round(how.STEADY_S * fs);
  const jumps = (v) => v.map((value, i) => (i ? value - v[i - 1] : 0));
  const ranges = rangesOf(x, part);
  if (jumps(x).every((j, i) => Math.abs(j) <= ranges[Math.floor(i / part)] / 2)) return x;
  const slow = medianFilter(x, 2 * round(how.SPIKE_S * fs) + 1);
  const usual = medianFilter(rangesOf(slow, part), how.AROUND);
  const wide = usual.map((v, i) => Math.max(v, usual[Math.max(i - 1, 0)], usual[Math.min(i + 1, usual.length - 1)]));
  const most = (i) => wide[Math.floor(i / part)];
  const spikeless = x.map((v, i) => (Math.abs(v - slow[i]) > most(i) ? slow[i] : v));
  const jump = jumps(spikeless);
  const often = wide.map(() => 0);
  const sudden = jump.map((j, i) => {
    const is = Number(Math.abs(j) > most(i));
    often[Math.floor(i / part)] += is;
    return is;
  });
  let moved = 0;
  return spikeless.map((v, i) => {
    if (sudden[i] && often[Math.floor(i / part)] <= how.OFTEN * part) moved += jump[i];
    return v - moved;
  });
}

function noisyWindows(found, start, stop, how) {
  const n = Math.max(1, Math.floor((stop - start) / how.WINDOW_S));
  const noisy = [];
  for (let i = 0; i < n; i += 1) {
    const [a, b] = [start + how.WINDOW_S * i, i === n - 1 ? stop : start + how.WINDOW_S * (i + 1)];
    const [from, to] = [searchSorted(found.seconds, a), searchSorted(found.seconds, b)];
    const heights = (is) => found.height.slice(from, to).filter((_, k) => found.beat[from + k] === is);
    const [beats, others] = [heights(true), heights(false)];
    if (!others.length) continue;
    if (!beats.length || median(beats) < how.STANDING_OUT * median(others)) {
      noisy.push({ start: a, stop: b, why: "too noisy" });
    }
  }
  return noisy;
}

function without(stretch, others) {
  const found = [];
  let { start } = stretch;
  for (const other of [...others, { start: stretch.stop, stop: stretch.stop }]) {
    const stop = Math.min(other.start, stretch.stop);
    if (start < stop) found.push({ ...stretch, start, stop });
    start = Math.max(start, other.stop);
  }
  return found;
}

function joined(stretches) {
  const found = [];
  for (const each of stretches.slice().sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last && last.why === each.why && each.start - last.stop < 1e-6) last.stop = each.stop;
    else found.push({ ...each });
  }
  return found;
}
