// From one sampling rate to another: ecgcore/data/resampling.py.
import { fraction } from "./numeric.js";

const BETA = 5; // of the Kaiser window, as scipy's resample_poly has it
const single = Math.fround;

function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** A low-pass filter of 2 * half + 1 taps, whose sum is 1. */
function taps(half, cutoff) {
  const found = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const t = cutoff * (i - half);
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    const window = bessel(BETA * Math.sqrt(1 - ((i - half) / half) ** 2)) / bessel(BETA);
    return cutoff * sinc * window;
  });
  const sum = found.reduce((a, b) => a + b, 0);
  return found.map((h) => h / sum);
}

/** Samples at `fs` Hz as samples at `to` Hz, those at the ends repeated beyond; Float32Array.
    Computed in the precision of the samples, every step of it, as scipy does. */
export function resample(samples, fs, to) {
  const [up, down] = fraction(to / fs);
  if (up === 1 && down === 1) return Float32Array.from(samples);
  const half = 10 * Math.max(up, down);
  const filter = taps(half, 1 / Math.max(up, down));
  const result = new Float32Array(Math.ceil((samples.length * up) / down));
  if (samples instanceof Float32Array) {
    convolveSingle(samples, up, down, half, Float32Array.from(filter, (h) => single(h) * up), result);
  } else convolve(samples, up, down, half, filter.map((h) => h * up), result);
  return result;
}

function convolve(samples, up, down, half, filter, result) {
  const last = samples.length - 1;
  for (let i = 0, middle = 0; i < result.length; i += 1, middle += down) {
    const stop = Math.floor((middle + half) / up);
    let sum = 0;
    for (let k = Math.ceil((middle - half) / up); k <= stop; k += 1) {
      sum += samples[k < 0 ? 0 : k < last ? k : last] * filter[middle - k * up + half];
    }
    result[i] = sum;
  }
}

function convolveSingle(samples, up, down, half, filter, result) {
  const last = samples.length - 1;
  for (let i = 0, middle = 0; i < result.length; i += 1, middle += down) {
    const stop = Math.floor((middle + half) / up);
    let sum = 0;
    for (let k = Math.ceil((middle - half) / up); k <= stop; k += 1) {
      sum = single(sum + single(samples[k < 0 ? 0 : k < last ? k : last] * filter[middle - k * up + half]));
    }
    result[i] = sum;
  }
}
