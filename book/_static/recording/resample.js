// From one sampling rate to another: ecgcore/data/resampling.py.
import { fraction } from "./numeric.js";

const BETA = 5; // of the Kaiser window, as scipy's resample_poly has it

function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** A low-pass filter of 2 * half + 1 taps, whose sum is `gain`. */
function taps(half, cutoff, gain) {
  const found = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const t = cutoff * (i - half);
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    const window = bessel(BETA * Math.sqrt(1 - ((i - half) / half) ** 2)) / bessel(BETA);
    return cutoff * sinc * window;
  });
  const sum = found.reduce((a, b) => a + b, 0);
  return found.map((h) => (gain * h) / sum);
}

/** Samples at `fs` Hz as samples at `to` Hz, those at the ends repeated beyond; Float32Array. */
export function resample(samples, fs, to) {
  const [up, down] = fraction(to / fs);
  if (up === 1 && down === 1) return Float32Array.from(samples);
  const half = 10 * Math.max(up, down);
  const filter = taps(half, 1 / Math.max(up, down), up);
  const n = samples.length;
  const result = new Float32Array(Math.ceil((n * up) / down));
  for (let i = 0; i < result.length; i += 1) {
    const middle = i * down;
    const first = Math.ceil((middle - half) / up);
    const last = Math.floor((middle + half) / up);
    let sum = 0;
    if (first >= 0 && last < n) {
      for (let k = first; k <= last; k += 1) sum += samples[k] * filter[middle - k * up + half];
    } else {
      for (let k = first; k <= last; k += 1) {
        sum += samples[Math.min(Math.max(k, 0), n - 1)] * filter[middle - k * up + half];
      }
    }
    result[i] = sum;
  }
  return result;
}
