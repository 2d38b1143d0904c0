// What a person corrects: a list of edits, applied in order to what was answered, as
// ecgcore/inference/corrections.py does.
import { searchSorted } from "./numeric.js";

const CLASSES = "NSVFQ";
const [MATCH_S, APART_S] = [0.15, 0.1]; // EC57's window; two R peaks are never closer
export const HIDDEN = "hidden by hand";
export const FORMAT = "ecgcore corrections, version 1";

/** @typedef {{kind: string, at_s: number, to_s?: number, class?: string}} Edit */

/** An answer as corrected: {time, decision, source, byHand, unusable}; source: position among the
    beats answered, -1 for one that was added.
    @param answer see chain.js  @param {Edit[]} edits */
export function apply(answer, edits) {
  const state = Array.from(answer.time, (at, i) =>
    ({ at, decision: answer.decision[i], source: i, byHand: "" }));
  let hidden = [];
  let beats = state;
  for (const edit of edits) {
    const { kind, at_s: at } = edit;
    if (kind === "hide") {
      const stop = Math.min(edit.to_s, answer.seconds);
      beats = beats.filter((b) => b.at < at || b.at >= stop);
      hidden = union([...hidden, { start: at, stop, why: HIDDEN }]);
    } else if (kind === "add") {
      const near = nearest(beats, at);
      if (near >= 0 && Math.abs(beats[near].at - at) < APART_S) continue;
      put(beats, { at, decision: CLASSES.indexOf(edit.class), source: -1, byHand: "add" });
    } else change(beats, edit);
  }
  return {
    time: Float64Array.from(beats, (b) => b.at), decision: Uint8Array.from(beats, (b) => b.decision),
    source: Int32Array.from(beats, (b) => b.source), byHand: beats.map((b) => b.byHand),
    unusable: [...hidden, ...outside(answer.unusable, hidden)].sort((a, b) => a.start - b.start),
  };
}

function change(beats, edit) {
  const i = nearest(beats, edit.at_s);
  if (i < 0) return;
  if (edit.kind === "class") {
    beats[i].decision = CLASSES.indexOf(edit.class);
    if (beats[i].byHand !== "add") beats[i].byHand = "class";
  } else {
    const [gone] = beats.splice(i, 1);
    if (edit.kind === "move") put(beats, { ...gone, at: edit.to_s, byHand: gone.byHand || "move" });
  }
}

const put = (beats, beat) => beats.splice(searchSorted(beats.map((b) => b.at), beat.at), 0, beat);

/** Position of the beat at a time, within EC57's window; -1 for none. */
function nearest(beats, at) {
  let [low, high] = [0, beats.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beats[middle].at < at) low = middle + 1;
    else high = middle;
  }
  const far = (i) => Math.abs(beats[i].at - at);
  const best = [low - 1, low].filter((i) => i >= 0 && i < beats.length).sort((a, b) => far(a) - far(b))[0];
  return best !== undefined && far(best) <= MATCH_S ? best : -1;
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

/** The document that ecgcore keeps beside a recording, too. */
export const documentOf = (answer, edits) => ({
  format: FORMAT, recording: answer.name, seconds: Math.round(answer.seconds * 1000) / 1000,
  edits: edits.map((e) => Object.fromEntries(Object.entries(e).map(
    ([k, v]) => [k, typeof v === "number" ? Math.round(v * 1e4) / 1e4 : v]))),
});
