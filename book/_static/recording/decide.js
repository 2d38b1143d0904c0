// From the rhythm model's scores to classes and probabilities: ecgcore/rhythm/thresholds.py.

const [N, S, V, F] = [0, 1, 2, 3];

/** Class number of one beat's scores (log odds of S, V and F). at: thresholds, null for never. */
export function decide([s, v, f], at) {
  const reaches = (score, limit) => limit !== null && score >= limit;
  if (reaches(v, at.v)) return V;
  if (reaches(f, at.f)) return F;
  return reaches(s, at.s) ? S : N;
}

/** Probabilities of the five classes; that of Q is always 0. */
export function probabilities(scores) {
  const [s, v, f] = scores.map((x) => 1 / (1 + Math.exp(-x)));
  const sum = Math.max(1, v + f);
  const rest = 1 - v / sum - f / sum;
  return [rest * (1 - s), rest * s, v / sum, f / sum, 0];
}
