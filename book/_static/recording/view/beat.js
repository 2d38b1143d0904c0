// The beat in view: what the model says of it, how often that is right, and what speaks for it.
import { annotated, CLASS_NAMES, CLASSES } from "./classes.js";
import { clock } from "./charts.js";
import { badge, element, percent } from "./dom.js";
import { shape } from "./beat_shape.js";
import { reasons, targetOf } from "./reasons.js";

/** All of it. i: position among the shown beats; known: see known.json; explained: see explain.js,
    null while it is computed or where there is none. */
export function beatPanel(shown, i, known, explained) {
  const source = shown.source[i];
  const title = element("h4", {}, badge(CLASSES[shown.decision[i]], CLASS_NAMES[CLASSES[shown.decision[i]]]),
    ` Beat ${(i + 1).toLocaleString("en-GB")} at ${clock(shown.time[i], shown.start)}`);
  const parts = [title, element("p", {}, told(shown, i))];
  if (source < 0) return parts;
  const chances = Array.from(shown.probabilities.subarray(5 * source, 5 * source + 5));
  const left = element("div", {}, bars(chances, shown.decision[i], known));
  const right = element("div", { class: "why" });
  if (explained) {
    const target = targetOf(chances);
    right.append(shape(explained, target), ...reasons(explained, target, chances));
  } else right.append(element("p", { class: "quiet" }, "What speaks for it …"));
  return [...parts, element("div", { class: "pair" }, left, right)];
}

function told(shown, i) {
  const letter = CLASSES[shown.decision[i]];
  const source = shown.source[i];
  if (source < 0) return `Added by hand as ${letter}; the model has not seen it.`;
  const said = [`${CLASS_NAMES[letter][0].toUpperCase()}${CLASS_NAMES[letter].slice(1)}`];
  if (shown.byHand[i] === "class") said.push("corrected by hand");
  if (shown.byHand[i] === "move") said.push("R peak moved by hand; the model saw it where it was");
  const truth = annotated(shown, i);
  if (truth >= 0) said.push(`annotated as ${CLASSES[truth]}: ${truth === shown.decision[i] ? "the same" : "another"}`);
  return `${said.join("; ")}.`;
}

/** A bar a class: probability, and how often such an answer is right on new patients. */
function bars(chances, decided, known) {
  const rows = [...CLASSES].map((letter, k) => {
    const fill = element("span", { class: `fill is-${letter}` });
    fill.style.width = `${100 * chances[k]}%`;
    return element("li", { class: k === decided ? "decided" : false }, badge(letter),
      element("span", { class: "name" }, CLASS_NAMES[letter]), element("span", { class: "number" }, percent(chances[k])),
      element("span", { class: "track", "aria-hidden": "true" }, fill), element("small", {}, often(letter, known)));
  });
  return element("ul", { class: "bars" }, ...rows);
}

/** How often the model is right when it answers this class, in words. */
function often(letter, known) {
  const shares = known.map((test) => test.classes[letter].share);
  if (shares.every((share) => share === null)) return "The model never answers this.";
  const of = shares.filter((s) => s !== null).map((s) => Math.round(100 * s));
  const range = Math.min(...of) === Math.max(...of) ? of[0] : `${Math.min(...of)} to ${Math.max(...of)}`;
  return `On new patients right ${range} times of 100 when it says ${letter}.`;
}
