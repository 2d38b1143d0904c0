// The conventions of ecgcore/constants.py and the colours of its figures.
export const CLASSES = ["N", "S", "V", "F", "Q"];
export const CLASS_NAMES = {
  N: "normal and bundle branch block",
  S: "supraventricular ectopic",
  V: "ventricular ectopic",
  F: "fusion of ventricular and normal",
  Q: "paced, fusion of paced and normal, unclassifiable",
};
export const COLOURS = { N: "#0072B2", S: "#E69F00", V: "#D55E00", F: "#CC79A7", Q: "#009E73" };
export const FS = 125; // Hz
export const BEAT_LENGTH = 187; // samples
