// Filters of second-order sections, whose coefficients Python has designed.

/** @typedef {{sos: number[][], zi: number[][]}} Filter coefficients, and the state at rest at 1 */

/** One way through the sections; state starts as at rest at `level`. */
function forwards(filter, samples, level) {
  let values = samples;
  filter.sos.forEach(([b0, b1, b2, , a1, a2], section) => {
    let [z0, z1] = filter.zi[section].map((z) => z * level);
    const next = new Float64Array(values.length);
    for (let i = 0; i < values.length; i += 1) {
      const x = values[i];
      const y = b0 * x + z0;
      z0 = b1 * x - a1 * y + z1;
      z1 = b2 * x - a2 * y;
      next[i] = y;
    }
    values = next;
  });
  return values;
}

/** Samples filtered forwards and backwards, odd extensions at both ends; Float64Array.
    @param {Filter} filter  @param {ArrayLike<number>} samples more than the extension has */
export function forthAndBack(filter, samples) {
  const zeros = (column) => filter.sos.filter((row) => row[column] === 0).length;
  const edge = 3 * (2 * filter.sos.length + 1 - Math.min(zeros(2), zeros(5)));
  const n = samples.length;
  const extended = new Float64Array(n + 2 * edge);
  for (let i = 0; i < edge; i += 1) {
    extended[i] = 2 * samples[0] - samples[edge - i];
    extended[edge + n + i] = 2 * samples[n - 1] - samples[n - 2 - i];
  }
  extended.set(samples, edge);
  const there = forwards(filter, extended, extended[0]).reverse();
  return forwards(filter, there, there[0]).reverse().slice(edge, edge + n);
}
