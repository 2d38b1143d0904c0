// What one may jump to in a recording: events, beats of a class, doubts, corrections.
import { annotated, CLASSES, confidence, KIND_NAMES, WHY } from "./classes.js";
import { plural } from "./dom.js";

const UNSURE = 0.7; // probability of the answered class below which a beat counts as doubtful
const SEQUENCES = ["run", "triplet", "couplet", "bigeminy", "trigeminy"];

/** @typedef {{kind: string, letter: string, start: number, stop: number, words: string,
    beat: number}} Stop times in s; beat: position of its first beat, -1 for none */

/** All kinds there are, in the order in which they matter: {id, name, stops: Stop[]}. */
export function kindsOf(shown) {
  const events = shown.summary.all.map(eventStop);
  const found = [{ id: "events", name: "events", stops: events }];
  const some = (id, name, stops) => stops.length && found.push({ id, name, stops });
  for (const kind of SEQUENCES) {
    for (const letter of "VS") {
      some(`${kind} ${letter}`, `${KIND_NAMES[kind]}, ${letter}`, events.filter((e) => e.kind === kind && e.letter === letter));
    }
  }
  for (const kind of ["pause", "irregular"]) some(kind, KIND_NAMES[kind], events.filter((e) => e.kind === kind));
  for (const letter of "SVFQN") some(letter, `${letter} beats`, beatStops(shown, (i) => CLASSES[shown.decision[i]] === letter));
  some("unsure", "doubtful beats", beatStops(shown, (i) => confidence(shown, i) < UNSURE));
  some("differs", "beats annotated otherwise", beatStops(shown, (i) => annotated(shown, i) >= 0 && annotated(shown, i) !== shown.decision[i]));
  some("unusable", "what is not analysed", shown.unusable.map((s) => ({ ...s, kind: "unusable", letter: "",
    words: `not analysed: ${WHY[s.why] ?? s.why}`, beat: -1 })));
  some("by hand", "corrected beats", beatStops(shown, (i) => shown.byHand[i]));
  return found;
}

function eventStop(event) {
  return { ...event, beat: event.first, words: eventWords(event) };
}

/** What an event is, in a few words. */
export function eventWords({ kind, letter, beats, start, stop, rate }) {
  const seconds = stop - start;
  if (kind === "pause") return `pause of ${seconds.toFixed(2)} s`;
  if (kind === "irregular") return `irregular rhythm, ${rate.toFixed(0)} a minute`;
  const name = kind === "run" ? `run of ${beats} ${letter} beats` : `${KIND_NAMES[kind]} of ${letter}`;
  const size = kind.endsWith("geminy") ? `, ${plural(beats, `${letter} beat`)}` : "";
  return `${name}${size}, ${rate.toFixed(0)} a minute`;
}

function beatStops(shown, holds) {
  const found = [];
  for (let i = 0; i < shown.time.length; i += 1) {
    if (!holds(i)) continue;
    const letter = CLASSES[shown.decision[i]];
    found.push({ kind: "beat", letter, start: shown.time[i], stop: shown.time[i], beat: i, words: `${letter} beat` });
  }
  return found;
}

/** The stop after or before a time; null at the end. step: 1 or -1. */
export function neighbour(stops, at, step) {
  const NEAR_S = 0.005;
  if (step > 0) return stops.find((s) => s.start > at + NEAR_S) ?? null;
  for (let i = stops.length - 1; i >= 0; i -= 1) if (stops[i].start < at - NEAR_S) return stops[i];
  return null;
}
