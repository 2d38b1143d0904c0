// Corrections by mouse, finger and buttons: each becomes an edit (see ../corrections.js).
import { nearestBeat, strongest } from "../corrections.js";
import { CLASSES } from "./classes.js";
import { clock } from "./charts.js";
import { element } from "./dom.js";
import { inWords } from "./history.js";

const REACH_S = 0.08; // about a tap in which a new R peak is looked for
const GRASP_S = 0.25; // from a beat within which it is grasped
const SHORTEST_S = 0.05; // of a stretch that is marked
const STEP_S = 0.008; // by which a key moves an R peak: one sample
export const TOOLS = { look: "Look", add: "Add a beat", move: "Move a peak", noise: "Mark noise" };
const HINTS = {
  look: "Drag to scroll, tap a beat to see it; the buttons beside change it.",
  add: "Tap where the beat is: its R peak is found near by.",
  move: "Drag an R peak to where it should be.",
  noise: "Drag over what cannot be analysed.",
};

export class Editing {
  /** page: {part, strip, shown(), history(), say(words), choose(beat)} */
  constructor(page) {
    Object.assign(this, { page, mode: "look", from: null });
    const { part } = page;
    part("tools").replaceChildren(...Object.entries(TOOLS).map(([id, name]) => element("label", {},
      element("input", { type: "radio", name: "tool", value: id, checked: id === "look", onchange: () => this.use(id) }),
      element("span", {}, name))));
    part("classes").replaceChildren(...[...CLASSES].map((letter) => element("button", { type: "button",
      class: `badge is-${letter}`, "aria-label": `this beat is ${letter}`, onclick: () => this.classify(letter) }, letter)));
    part("delete").addEventListener("click", () => this.remove());
    part("undo").addEventListener("click", () => this.undo());
    part("redo").addEventListener("click", () => this.redo());
    part("forget").addEventListener("click", () => this.forget());
  }

  use(mode) {
    this.mode = mode;
    const { part, strip } = this.page;
    part("tools").querySelector(`[value=${mode}]`).checked = true;
    part("hint").textContent = HINTS[mode];
    strip.canvas.dataset.tool = mode;
  }

  /** Buttons that can do nothing are off. */
  refresh() {
    const { part, history } = this.page;
    part("undo").disabled = !history().edits.length;
    part("redo").disabled = !history().undone.length;
    part("forget").disabled = !history().edits.length;
  }

  #add(edit) {
    this.page.history().add(edit);
    this.page.say(`${this.#words(edit)}.`);
  }

  #words(edit) {
    return inWords(edit, (second) => clock(second, this.page.shown().start));
  }

  #current() {
    const { strip, shown } = this.page;
    return strip.current >= 0 ? shown().time[strip.current] : null;
  }

  classify(letter) {
    const at = this.#current();
    if (at === null || CLASSES[this.page.shown().decision[this.page.strip.current]] === letter) return;
    this.#add({ kind: "class", at_s: at, class: letter });
  }

  remove() {
    const at = this.#current();
    if (at !== null) this.#add({ kind: "remove", at_s: at });
  }

  /** A beat about a time, as N until somebody says otherwise. */
  addAt(second) {
    const { shown, choose, history, say } = this.page;
    const at = Math.max(strongest(shown().signal, second - REACH_S, second + REACH_S), 0);
    const before = shown().time.length;
    history().add({ kind: "add", at_s: at, class: "N" });
    if (shown().time.length === before) {
      history().drop();
      say("There is a beat already.");
      return;
    }
    choose(nearestBeat(shown().time, at));
    say(`A beat added at ${clock(at, shown().start)}; give it another class if it is no N.`);
  }

  /** Move the current R peak by some samples. */
  nudge(samples) {
    const at = this.#current();
    if (at === null) return;
    this.#move(at, at + samples * STEP_S);
  }

  #move(at, to) {
    const { shown, choose } = this.page;
    if (to < 0 || to >= shown().seconds) return;
    this.#add({ kind: "move", at_s: at, to_s: to });
    choose(nearestBeat(shown().time, to));
  }

  hide(from, to) {
    const [start, stop] = [Math.max(Math.min(from, to), 0), Math.min(Math.max(from, to), this.page.shown().seconds)];
    if (stop - start >= SHORTEST_S) this.#add({ kind: "hide", at_s: start, to_s: stop });
  }

  /** A stretch by keys: its start, then its end. */
  mark(second) {
    const { say, strip, shown } = this.page;
    if (this.from === null) {
      this.from = second;
      strip.pending = [second, second];
      say(`A stretch of noise starts at ${clock(second, shown().start)}; go to its end and press the key again, or Escape.`);
    } else {
      this.hide(this.from, second);
      this.escape();
    }
    strip.draw();
  }

  escape() {
    const { strip } = this.page;
    [this.from, strip.pending, strip.ghost] = [null, null, null];
    strip.draw();
    this.use("look");
  }

  /** What a tool does between two times; done: it was let go. */
  drag(from, to, done, mode) {
    const { strip, shown } = this.page;
    if (mode === "noise") {
      strip.pending = done ? null : [from, to];
      if (done) this.hide(from, to);
    } else {
      const beat = nearestBeat(shown().time, from);
      const at = shown().time[beat];
      if (beat >= 0 && Math.abs(at - from) <= GRASP_S) {
        strip.ghost = done ? null : at + to - from;
        if (done && from !== to) this.#move(at, at + to - from);
        else if (done) this.page.choose(beat);
      }
    }
    strip.draw();
  }

  undo() {
    const edit = this.page.history().undo();
    if (edit) this.page.say(`Taken back: ${this.#words(edit)}.`);
  }

  redo() {
    const edit = this.page.history().redo();
    if (edit) this.page.say(`Made again: ${this.#words(edit)}.`);
  }

  forget() {
    this.page.history().clear();
    this.page.say("All corrections of this recording are forgotten.");
  }
}
