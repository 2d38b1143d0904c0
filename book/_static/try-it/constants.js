// The conventions of ecgcore/constants.py.
export const CLASSES = ["N", "S", "V", "F", "Q"];
export const CLASS_NAMES = {
  N: "normal and bundle branch block",
  S: "supraventricular ectopic",
  V: "ventricular ectopic",
  F: "fusion of ventricular and normal",
  Q: "paced, fusion of paced and normal, unclassifiable",
};
export const FS = 125; // Hz
export const BEAT_LENGTH = 187; // samples
