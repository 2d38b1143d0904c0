// The seconds of a recording that matter most: ecgcore/inference/report.py, `strips`.
import { intervalsKnown, movingRate } from "./events.js";
import { clock, duration } from "./view/charts.js";
import { CLASSES, confidence } from "./view/classes.js";

export const STRIP_S = 8;
const LEAST_CONFIDENT = 4; // strips of beats that the model was least sure of
const KINDS = [["run", "Longest run of "], ["triplet", "Triplet of "], ["couplet", "Couplet of "],
  ["bigeminy", "Bigeminy, "], ["trigeminy", "Trigeminy, "], ["pause", "Longest pause"]];

/** @typedef {{title: string, at: number, words: string}} Chosen at: s, in the middle */

const lasts = (event) => event.stop - event.start;
const middle = (event) => (event.start + Math.min(event.stop, event.start + STRIP_S - 2)) / 2;
const first = (those, value) => those.reduce((best, e) => (best && value(best) >= value(e) ? best : e), null);
const isNew = (at, found) => found.every((strip) => Math.abs(at - strip.at) > STRIP_S / 2);

function told(event) {
  if (!event.beats) return `${lasts(event).toFixed(2)} s`;
  return `${event.beats} beats, ${event.rate.toFixed(0)}/min`;
}

/** Each kind of event once a class, the longest and the fastest, what is irregular, the longest RR,
    and the ectopic beats that the model was least sure of. @returns {Chosen[]} */
export function chosenStrips(shown) {
  const found = eventStrips(shown.summary);
  for (const each of rateStrips(shown)) if (isNew(each.at, found)) found.push(each);
  const enough = found.length + LEAST_CONFIDENT;
  for (const each of doubtful(shown)) {
    if (found.length === enough) break;
    if (isNew(each.at, found)) found.push(each);
  }
  return found;
}

function eventStrips({ events, fibrillation, longest }) {
  const found = [];
  for (const [kind, title] of KINDS) {
    for (const letter of kind === "pause" ? [""] : ["V", "S"]) {
      const those = events.filter((e) => e.kind === kind && e.letter === letter);
      const event = first(those, kind === "pause" ? lasts : (e) => e.beats);
      if (event) found.push({ title: title + letter, at: middle(event), words: told(event) });
    }
  }
  const irregular = first(fibrillation, lasts);
  if (irregular) {
    found.push({ title: "Irregular, as in atrial fibrillation", at: middle(irregular),
      words: `for ${duration(lasts(irregular))}, mean rate ${irregular.rate.toFixed(0)}/min` });
  }
  if (longest && !events.some((e) => e.kind === "pause")) {
    found.push({ title: "Longest RR interval", at: middle(longest), words: told(longest) });
  }
  return found;
}

function rateStrips({ time, unusable }) {
  const [at, rate] = movingRate(time, intervalsKnown(time, unusable));
  if (!at.length) return [];
  let [fast, slow] = [0, 0];
  rate.forEach((v, i) => {
    if (v > rate[fast]) fast = i;
    if (v < rate[slow]) slow = i;
  });
  return [["Fastest", fast], ["Slowest", slow]].map(([title, i]) =>
    ({ title, at: at[i], words: `${rate[i].toFixed(0)}/min over eight beats` }));
}

/** Ectopic beats, or where there are none all, from the one that the model was least sure of. */
function doubtful(shown) {
  const sure = Array.from(shown.time.keys(), (i) => confidence(shown, i));
  const answered = Array.from(shown.time.keys()).filter((i) => Number.isFinite(sure[i])); // not by hand
  const ectopic = answered.filter((i) => shown.decision[i]);
  return (ectopic.length ? ectopic : answered).sort((a, b) => sure[a] - sure[b]).map((i) => (
    { title: "Least certain", at: shown.time[i],
      words: `${CLASSES[shown.decision[i]]} with probability ${sure[i].toFixed(2)}` }));
}

/** When a strip is, and why it is shown. */
export const caption = ({ at, words }, start) => `${clock(at, start)} · ${words}`;
