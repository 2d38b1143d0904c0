// What a person corrects: a list of edits, applied in order to what was answered, as
// ecgcore/inference/corrections.py does.
import { DataError } from "./errors.js";
import { median, searchSorted } from "./numeric.js";

const CLASSES = "NSVFQ";
const [MATCH_S, APART_S] = [0.15, 0.1]; // EC57's window; two R peaks are never closer
const [SAME_LENGTH_S, MOST, FS] = [1, 100_000, 125];
const KINDS = ["class", "add", "remove", "move", "hide"];
const [HAS_CLASS, HAS_END] = [["class", "add"], ["move", "hide"]];
export const HIDDEN = "hidden by hand";
export const FORMAT = "ecgcore corrections, version 1";

/** @typedef {{kind: string, at_s: number, to_s?: number, class?: string}} Edit */

/** An answer as corrected: {time, decision, source, byHand, unusable, unmatched}. source: position
    among the beats answered, -1 for one that was added; byHand: kind of the last edit, or "";
    unmatched: edits for which there is no beat any more, or already one.
    @param answer see chain.js  @param {Edit[]} edits */
export function apply(answer, edits) {
  const state = { hidden: [], beats: Array.from(answer.time, (at, i) =>
    ({ at, decision: answer.decision[i], source: i, byHand: "" })) };
  const unmatched = edits.filter((edit) => !change(state, edit, answer.seconds));
  const { beats, hidden } = state;
  return {
    time: Float64Array.from(beats, (b) => b.at), decision: Uint8Array.from(beats, (b) => b.decision),
    source: Int32Array.from(beats, (b) => b.source), byHand: beats.map((b) => b.byHand), unmatched,
    unusable: [...hidden, ...outside(answer.unusable, hidden)].sort((a, b) => a.start - b.start),
  };
}

/** Apply an edit; whether there was something to apply it to. */
function change(state, edit, seconds) {
  const { kind, at_s: at, to_s: to } = edit;
  if (kind === "hide") return hide(state, at, Math.min(to, seconds));
  const i = nearest(state.beats, at);
  const beat = state.beats[i];
  if (kind === "add") {
    if ((beat && Math.abs(beat.at - at) < APART_S) || at >= seconds) return false;
    put(state.beats, { at, decision: CLASSES.indexOf(edit.class), source: -1, byHand: "add" });
    return true;
  }
  if (!beat || (kind === "move" && to >= seconds)) return false;
  if (kind === "class") {
    beat.decision = CLASSES.indexOf(edit.class);
    if (beat.byHand !== "add") beat.byHand = "class";
    return true;
  }
  state.beats.splice(i, 1);
  if (kind === "move") put(state.beats, { ...beat, at: to, byHand: beat.byHand || "move" });
  return true;
}

function hide(state, start, stop) {
  if (start >= stop) return false;
  state.beats = state.beats.filter((b) => b.at < start || b.at >= stop);
  state.hidden = union([...state.hidden, { start, stop, why: HIDDEN }]);
  return true;
}

/** First position at or behind a time. */
function position(beats, at) {
  let [low, high] = [0, beats.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beats[middle].at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const put = (beats, beat) => beats.splice(position(beats, beat.at), 0, beat);

/** Position of the beat at a time, within EC57's window; -1 for none. */
function nearest(beats, at) {
  const after = position(beats, at);
  const far = (i) => (beats[i] ? Math.abs(beats[i].at - at) : Infinity);
  const best = far(after) < far(after - 1) ? after : after - 1;
  return far(best) <= MATCH_S ? best : -1;
}

function union(found) {
  const joined = [];
  for (const each of found.slice().sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && each.start <= last.stop) last.stop = Math.max(last.stop, each.stop);
    else joined.push({ ...each });
  }
  return joined;
}

/** The parts of stretches that lie in none of the others, lest their time count twice. */
function outside(found, others) {
  return others.reduce((left, other) => left.flatMap((each) => {
    if (each.stop <= other.start || each.start >= other.stop) return [each];
    return [{ ...each, stop: other.start }, { ...each, start: other.stop }].filter((p) => p.start < p.stop);
  }), found);
}

const rounded = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits;

/** The document that ecgcore keeps beside a recording, too. */
export const documentOf = (answer, edits) => ({
  format: FORMAT, recording: answer.name, seconds: rounded(answer.seconds, 3),
  edits: edits.map((e) => Object.fromEntries(Object.entries(e).map(
    ([k, v]) => [k, typeof v === "number" ? rounded(v, 4) : v]))),
});

/** The edits of a document. name: of the file that holds it; seconds: length of the recording.
    Throws DataError if it is damaged, or was written for a recording of another length. */
export function editsOf(found, name, seconds) {
  if (found?.format !== FORMAT) throw new DataError(`${name}: no corrections of this project`);
  const { edits, seconds: length } = found;
  if (!Array.isArray(edits) || edits.length > MOST || typeof length !== "number") {
    throw new DataError(`${name}: damaged corrections`);
  }
  if (!(Math.abs(length - seconds) <= SAME_LENGTH_S)) {
    throw new DataError(`${name}: corrections of a recording of ${length.toFixed(0)} s; ` +
      `this one has ${seconds.toFixed(0)} s`);
  }
  edits.forEach((edit, i) => {
    if (!isEdit(edit)) throw new DataError(`${name}: correction ${i + 1} is none`);
  });
  return edits;
}

function isEdit(edit) {
  const { kind, at_s: at, to_s: to, class: letter } = edit ?? {};
  const times = HAS_END.includes(kind) ? [at, to] : [at];
  return KINDS.includes(kind) && times.every((t) => Number.isFinite(t) && t >= 0) &&
    (kind !== "hide" || to > at) &&
    (!HAS_CLASS.includes(kind) || (typeof letter === "string" && letter.length === 1 && CLASSES.includes(letter)));
}

/** Where a signal (125 Hz) swings furthest from its level between two times: s, of a likely R peak. */
export function strongest(signal, start, stop) {
  const first = Math.max(Math.trunc(start * FS), 0);
  const piece = signal.subarray(first, Math.max(Math.ceil(stop * FS), first + 1));
  if (!piece.length) return start;
  const level = median(piece);
  const swing = piece.map((v) => Math.abs(v - level));
  return (first + swing.indexOf(swing.reduce((a, b) => Math.max(a, b)))) / FS;
}

/** Position of the beat nearest to a time, however far; -1 if there is none. time: increasing. */
export function nearestBeat(time, at) {
  const after = searchSorted(time, at);
  if (after && (after === time.length || at - time[after - 1] <= time[after] - at)) return after - 1;
  return after < time.length ? after : -1;
}
