// What lines of text before the numbers tell of a signal: sampling rate, unit, lead:
// ecgcore/data/formats/csv_signal.py.
import { stripped } from "./csv_lines.js";
import { rank } from "./leads.js";
import { FASTEST, SLOWEST } from "./signals.js";

const RATE_KEY = new RegExp("(?:sampl\\w*[ _-]*(?:rate|freq\\w*|at)|(?<![a-z])(?:fs|sfreq|sps|srate)(?![a-z])|" +
  "abtast\\w*|frequence|fr[ée]quence d.[ée]chantillonnage|frecuencia[\\w ]*|frequenza[\\w ]*|frequency)" +
  "[^\\d\\n]{0,20}?(\\d+(?:[.,]\\d+)?)\\s*(k?)", "gi");
const RATE_HZ = /(\d+(?:[.,]\d+)?)\s*(k?)(?:hz|hertz|sps|samples? ?(?:\/|per) ?s)/gi;
const NO_RATE = /filter|pass|notch|mains|band|cut|power ?line|netz/i;
const INTERVAL = new RegExp("(?:sampl\\w*[ _-]*(?:interval|period|time)|(?<![a-z])dt(?![a-z]))[^\\d\\n]{0,12}?" +
  "(\\d+(?:[.,]\\d+)?(?:e-?\\d+)?)\\s*(ms|µs|us|s)", "gi");
// A key, and a number with a word after it, in whatever language hertz is written there.
const RATE_WORD = /^[^,;:\d]+[,;:]\s*"?(\d{2,5}(?:[.,]\d+)?)\s*([^\P{L}\d_]{2,12})\.?"?$/gu;
const OTHER_WORDS = new Set(["ms", "mv", "uv", "µv", "bpm", "kg", "cm", "mm", "sec", "years", "jahre", "min",
  "samples", "ans", "mmhg", "seconds", "sekunden", "leads"]);
const UNIT = /(?<![a-z])([munµμ]v|v|mvolt|microvolts?|millivolts?)(?![a-z])/i;
const LONGEST = 4096; // characters of a line that are looked at

/** The sampling rate (Hz) that lines of text tell; null if none does. */
export function rateIn(preface) {
  for (const pattern of [RATE_KEY, INTERVAL, RATE_HZ, RATE_WORD]) {
    for (const line of preface) {
      if (NO_RATE.test(line) && pattern !== RATE_KEY) continue;
      for (const found of line.slice(0, LONGEST).matchAll(pattern)) {
        const rate = rateOf(pattern, found);
        if (rate) return rate;
      }
    }
  }
  return null;
}

function rateOf(pattern, [, digits, word]) {
  let value = Number(digits.replace(",", "."));
  if (pattern === INTERVAL) {
    value = ({ s: 1, ms: 1e3 }[word.toLowerCase()] ?? 1e6) / value;
  } else if (pattern === RATE_WORD) {
    if (OTHER_WORDS.has(word.toLowerCase())) return null;
  } else if (word) value *= 1000;
  return value >= SLOWEST && value <= FASTEST ? value : null;
}

/** The ECG lead that lines of text tell, as "Lead,Lead I" or "lead II in mV"; empty if none. */
export function leadIn(preface) {
  for (const line of preface.map((text) => text.slice(0, LONGEST))) {
    for (const value of line.split(/[,;:\t]/).slice(1)) {
      if (value.length < 30 && rank(value) < 3) return stripped(value.trim(), '"');
    }
    const found = /\b(?:lead|ableitung)\s+(\w+)/i.exec(line);
    if (found && rank(found[1]) < 3) return found[1];
  }
  return "";
}

export const isUnit = (text) => UNIT.exec(text)?.[0].length === text.length && text.length > 0;

/** Name of a column by its title; empty if that is only a unit. */
export function nameOf(title) {
  if (!title || isUnit(title)) return "";
  return title.slice(0, 200).replace(/\s*[(\[].*?[)\]]/g, "").trim() || title;
}

/** Unit that the first of some texts tells. */
export function unitIn(texts) {
  for (const text of texts) {
    const found = UNIT.exec(text.slice(0, LONGEST).replaceAll("_", " "));
    if (found && (found[1].length > 1 || ["V", "v"].includes(text.trim()))) return found[1].replace("μ", "µ");
  }
  return "unknown unit";
}
