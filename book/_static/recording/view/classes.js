// What the classes and events are called.
import { HIDDEN } from "../corrections.js";

export const CLASSES = "NSVFQ";
export const CLASS_NAMES = {
  N: "normal or bundle branch block", S: "supraventricular ectopic", V: "ventricular ectopic",
  F: "fusion of ventricular and normal", Q: "paced or unclassifiable",
};
export const KIND_NAMES = { couplet: "couplet", triplet: "triplet", run: "run", bigeminy: "bigeminy",
  trigeminy: "trigeminy", pause: "pause", irregular: "irregular rhythm", unusable: "not analysed" };
export const WHY = { missing: "no samples", flat: "a flat line", railed: "a signal at its limit",
  "too noisy": "noise", [HIDDEN]: "marked as noise by hand" };

/** Probability of the class that a beat of `shown` has; NaN where a person decided. */
export function confidence(shown, i) {
  const { source, byHand, decision, probabilities } = shown;
  if (source[i] < 0 || byHand[i] === "class") return NaN;
  return probabilities[5 * source[i] + decision[i]];
}

/** The class that annotators gave a beat: its number, -1 if there is none. */
export const annotated = (shown, i) => (shown.source[i] < 0 ? -1 : shown.truth[shown.source[i]]);
