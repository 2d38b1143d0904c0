// What numpy and scipy do with arrays, in the same order of operations, so that results are equal.

/** A number rounded to a whole one, halves to the even one, as Python's round. */
export function round(value) {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/** Median of some numbers; their array is not changed. */
export function median(values) {
  const sorted = new Float64Array(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Percentile of some numbers, between the two nearest of them. */
export function percentile(values, share) {
  const sorted = new Float64Array(values).sort();
  const at = (share / 100) * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** First position at which a value could be put into increasing ones; right: behind its equals. */
export function searchSorted(values, value, right = false) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (right ? values[middle] <= value : values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Straight lines between points, the outermost values beyond them. x, xp increasing. */
export function interpolate(x, xp, fp) {
  const last = xp.length - 1;
  return Float64Array.from(x, (value) => {
    if (value <= xp[0]) return fp[0];
    if (value >= xp[last]) return fp[last];
    const i = searchSorted(xp, value, true) - 1;
    return ((fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i])) * (value - xp[i]) + fp[i];
  });
}

/** Median of the `size` values (odd) about each, the outermost ones repeated beyond the ends. */
export function medianFilter(values, size) {
  const half = size >> 1;
  const window = new Float64Array(size);
  return Float64Array.from(values, (_, i) => {
    for (let k = 0; k < size; k += 1) {
      window[k] = values[Math.min(Math.max(i + k - half, 0), values.length - 1)];
    }
    return window.slice().sort()[half];
  });
}

/** Mean of the `size` values about each, mirrored beyond the ends, as a running sum. */
export function uniformFilter(values, size) {
  const n = values.length;
  const before = size >> 1;
  const at = (i) => {
    let k = ((i % (2 * n)) + 2 * n) % (2 * n);
    if (k >= n) k = 2 * n - 1 - k;
    return values[k];
  };
  const means = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < size; k += 1) sum += at(k - before);
  means[0] = sum / size;
  for (let i = 1; i < n; i += 1) {
    sum += at(i - 1 + size - before) - at(i - 1 - before);
    means[i] = sum / size;
  }
  return means;
}

/** A fraction near a number, its denominator 1000 at most: [numerator, denominator]. */
export function fraction(value, most = 1000) {
  let [p0, q0, p1, q1, rest] = [0, 1, 1, 0, value];
  for (let i = 0; i < 64; i += 1) {
    const whole = Math.floor(rest);
    const q2 = q0 + whole * q1;
    if (q2 > most) {
      const k = Math.floor((most - q0) / q1);
      const near = [p0 + k * p1, q0 + k * q1];
      const closer = Math.abs(p1 / q1 - value) <= Math.abs(near[0] / near[1] - value);
      return closer ? [p1, q1] : near;
    }
    [p0, q0, p1, q1] = [p1, q1, p0 + whole * p1, q2];
    if (Math.abs(rest - whole) < 1e-12) break;
    rest = 1 / (rest - whole);
  }
  return [p1, q1];
}
