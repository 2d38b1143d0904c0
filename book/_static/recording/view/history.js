// Edits, taken back and made again.

export class History {
  /** onChange hears when the edits are others. */
  constructor(edits, onChange) {
    Object.assign(this, { edits, undone: [], onChange });
  }

  /** A move that goes on from the last one becomes part of it. */
  add(edit) {
    const last = this.edits.at(-1);
    const goesOn = edit.kind === "move" && last?.kind === "move" && last.to_s === edit.at_s;
    this.edits = goesOn ? [...this.edits.slice(0, -1), { ...last, to_s: edit.to_s }] : [...this.edits, edit];
    this.undone = [];
    this.onChange();
  }

  /** Take the last one back as if it had never been. */
  drop() {
    this.edits = this.edits.slice(0, -1);
    this.onChange();
  }

  undo() {
    if (!this.edits.length) return null;
    const last = this.edits.at(-1);
    this.undone.push(last);
    this.drop();
    return last;
  }

  redo() {
    const next = this.undone.pop();
    if (!next) return null;
    this.edits = [...this.edits, next];
    this.onChange();
    return next;
  }

  /** All of them, for good. */
  clear() {
    [this.edits, this.undone] = [[], []];
    this.onChange();
  }
}

/** An edit in words. when: a function from seconds to a time. */
export function inWords(edit, when) {
  const at = when(edit.at_s);
  return {
    class: `The beat at ${at} is ${edit.class}`, add: `A beat (${edit.class}) at ${at} added`,
    remove: `The beat at ${at} removed`, move: `The R peak at ${at} moved`,
    hide: `${at} to ${when(edit.to_s ?? edit.at_s)} marked as noise`,
  }[edit.kind];
}
