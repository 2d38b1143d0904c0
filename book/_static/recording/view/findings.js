// What was found, in sentences; how good the model is, and how far annotators agree. No elements
// here: see headline.js.
import { annotated, CLASSES, WHY } from "./classes.js";
import { clock, duration } from "./charts.js";
import { percent, plural, thousands } from "./dom.js";
import { eventWords } from "./stops.js";

const ECTOPIC = { S: "supraventricular ectopic", V: "ventricular ectopic" };
const whole = (v) => (Number.isFinite(v) ? v.toFixed(0) : "–");

/** The first sentence, about rate and beats. */
export function opening({ time, seconds, summary: { rate } }) {
  if (!time.length) return `No beat in ${duration(seconds)}.`;
  return `${plural(time.length, "beat")} in ${duration(seconds)}, ${whole(rate.mean)} a minute ` +
    `(${whole(rate.least)} to ${whole(rate.most)} over eight beats).`;
}

/** Further sentences: {words, at: seconds where it can be seen, or null}. */
export function sentences(shown) {
  return [...ectopic(shown), ...sequences(shown), irregular(shown), pauses(shown), ...unusable(shown), byHand(shown)]
    .filter(Boolean);
}

function ectopic({ time, decision, summary }) {
  const first = (letter) => time[decision.indexOf(CLASSES.indexOf(letter))] ?? null;
  const found = Object.entries(ECTOPIC).filter(([letter]) => summary.burden[letter].beats).map(([letter, name]) => {
    const { beats, share, anHour } = summary.burden[letter];
    return { words: `${thousands(beats)} of them (${percent(share)}) ${beats === 1 ? "is" : "are"} ${name} (${letter}), ` +
      `${thousands(Math.round(anHour))} an hour.`, at: first(letter) };
  });
  for (const [letter, name] of [["F", "fusions of a ventricular and a normal beat"], ["Q", "paced or unclassifiable"]]) {
    const n = summary.counts[CLASSES.indexOf(letter)];
    if (n) found.push({ words: `${thousands(n)} ${n === 1 ? "is" : "are"} ${name} (${letter}).`, at: first(letter) });
  }
  if (!found.length && time.length) found.push({ words: "All of them are normal or bundle branch block beats (N).", at: null });
  return found;
}

function sequences({ summary, start }) {
  const said = [];
  for (const letter of "VS") {
    const own = summary.events.filter((e) => e.letter === letter);
    const runs = own.filter((e) => e.kind === "run" || e.kind === "triplet");
    const counted = [["couplet", "couplet"], ["triplet", "triplet"], ["run", "longer run"]]
      .map(([kind, name]) => [own.filter((e) => e.kind === kind).length, name]).filter(([n]) => n);
    if (!counted.length) continue;
    const words = `In sequence, ${letter}: ${counted.map(([n, name]) => plural(n, name)).join(", ")}`;
    const longest = runs.reduce((a, b) => (a && a.beats >= b.beats ? a : b), null);
    const more = longest ? `; the longest, a ${eventWords(longest)}, at ${clock(longest.start, start)}` : "";
    said.push({ words: `${words}${more}.`, at: (longest ?? own[0]).start });
  }
  return said;
}

function irregular({ summary: { fibrillation, fibrillationShare, analysed } }) {
  if (!fibrillation.length) {
    return analysed < 60 ? null : { words: "No stretch is as irregular as in atrial fibrillation.", at: null };
  }
  const length = fibrillation.reduce((sum, e) => sum + e.stop - e.start, 0);
  return { words: `For ${duration(length)} (${percent(fibrillationShare, 0)}) the rhythm is as irregular as in atrial fibrillation.`,
    at: fibrillation[0].start };
}

function pauses({ summary: { events, longest }, start }) {
  const own = events.filter((e) => e.kind === "pause");
  if (!own.length || !longest) return null;
  return { words: `${plural(own.length, "pause")} of more than 3 s; the longest lasts ` +
    `${(longest.stop - longest.start).toFixed(2)} s, at ${clock(longest.start, start)}.`, at: longest.start };
}

function unusable({ unusable: stretches, seconds }) {
  const length = new Map();
  for (const { start, stop, why } of stretches) length.set(why, (length.get(why) ?? 0) + stop - start);
  const total = [...length.values()].reduce((a, b) => a + b, 0);
  if (!total) return [];
  const parts = [...length].sort((a, b) => b[1] - a[1]).map(([why, s]) => `${WHY[why] ?? why} (${duration(Math.max(s, 1))})`);
  return [{ words: `${percent(total / seconds)} could not be analysed: ${parts.join(", ")}.`, at: stretches[0].start }];
}

function byHand({ edits, unmatched }) {
  if (!edits.length) return null;
  const lost = unmatched.length ? `, of which ${thousands(unmatched.length)} find no beat any more` : "";
  return { words: `${plural(edits.length, "correction")} by hand${lost}; all numbers here include them.`, at: edits.at(-1).at_s };
}

/** How often the model is right, a row a class it answers: {letter, right, ci95, found} of a test
    (see known.json): share of its answers that hold, and of the annotated beats that it finds. */
export function rows(test) {
  return [...CLASSES].map((letter) => {
    const { answered, share, ci95 } = test.classes[letter];
    const truly = [...CLASSES].reduce((sum, said) => sum + test.classes[said].truly[letter], 0);
    const hit = test.classes[letter].truly[letter];
    return { letter, answered, right: share, ci95, truly, found: truly ? hit / truly : null };
  });
}

/** How far the shown classes agree with annotations: null without any. */
export function agreement(shown) {
  let [n, same] = [0, 0];
  const matrix = Array.from({ length: 5 }, () => Array(5).fill(0)); // annotated, shown
  for (let i = 0; i < shown.time.length; i += 1) {
    const truth = annotated(shown, i);
    if (truth < 0) continue;
    n += 1;
    same += Number(truth === shown.decision[i]);
    matrix[truth][shown.decision[i]] += 1;
  }
  return n ? { n, same, matrix } : null;
}
