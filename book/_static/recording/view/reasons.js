// What speaks for the model's answer about a beat, in words and numbers (see ../explain.js).
import { probabilities } from "../decide.js";
import { CLASSES } from "./classes.js";
import { badge, element, percent } from "./dom.js";

const SCORED = "SVF"; // the classes that have a score of their own
const LEAST = 0.02; // by which a probability must change to be worth a sentence

/** The class that is asked about: the likeliest one that is no N, since N is what is left. */
export function targetOf(chances) {
  return [...SCORED].map((c) => CLASSES.indexOf(c)).reduce((a, b) => (chances[b] > chances[a] ? b : a));
}

/** By how much the log odds of a class fall when something is replaced. */
export function gain(scores, without, target) {
  const k = SCORED.indexOf(CLASSES[target]);
  return scores[k] - without[k];
}

/** Sentences and bars: how probable the class were without each of its reasons. */
export function reasons(explained, target, chances) {
  const letter = CLASSES[target];
  const chance = (scores) => probabilities(scores)[target];
  const own = chance(explained.scores);
  const rows = [
    [timing(explained.rr, explained.usual, "before it"), chance(explained.before)],
    [timing(explained.next, explained.usual, "after it"), chance(explained.after)],
    ["the rhythm about it", chance(explained.rhythm)],
    ["its shape", chance(explained.form)],
  ].map(([words, p]) => line(words, own, p));
  const asked = chances.indexOf(Math.max(...chances)) === target ? "What speaks for" : "How much speaks for";
  return [
    element("p", { class: "why-title" }, `${asked} `, badge(letter), `: ${percent(own)} as it is; if only this were as usual for the patient, then`),
    element("ul", { class: "reasons" }, ...rows),
    element("p", { class: "quiet" }, "Below the beat: pieces of its shape that speak for (up) or against it (down). Each is replaced by the usual beat, ",
      "and the model asked again; what changes together is not told apart.")];
}

function timing(interval, usual, where) {
  if (!Number.isFinite(interval)) return `the interval ${where}`;
  const share = interval / usual - 1;
  const than = Math.abs(share) < 0.03 ? "as usual" : `${percent(Math.abs(share), 0)} ${share < 0 ? "shorter" : "longer"} than usual`;
  return `the interval ${where} (${interval.toFixed(2)} s, ${than})`;
}

function line(words, own, without) {
  const change = without - own;
  const kind = Math.abs(change) < LEAST ? "same" : change < 0 ? "for" : "against";
  const fill = element("span", { class: `fill ${kind}` });
  fill.style.width = `${100 * without}%`;
  return element("li", { class: kind }, element("span", { class: "name" }, words), element("span", { class: "number" }, percent(without)),
    element("span", { class: "track", "aria-hidden": "true" }, fill));
}
