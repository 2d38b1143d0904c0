// What the page asks: the sampling rate where a file does not say it, the lead, whose R peaks.
import { element } from "./dom.js";

/** Ask for the sampling rate. why: the sentence that says so; onRate: (Hz) → void */
export function askRate(part, why, onRate) {
  part("why-asked").textContent = why;
  part("question").hidden = false;
  part("question").onsubmit = (event) => {
    event.preventDefault();
    const fs = Number(part("rate").value);
    if (!(fs > 0)) return;
    part("question").hidden = true;
    onRate(fs);
  };
  part("rate").focus();
}

/** Lead and R peaks of the recording that is shown. */
export class Choices {
  /** onWish: (what is wished of the worker) → void */
  constructor(part, onWish) {
    this.part = part;
    part("lead").addEventListener("change", () => onWish({ lead: Number(part("lead").value) }));
    part("own-peaks").addEventListener("change", () => onWish({ ownPeaks: part("own-peaks").checked }));
  }

  show({ leads, which, hasPeaks, annotated }) {
    const { part } = this;
    part("lead").replaceChildren(...leads.map((name, i) => element("option", { value: i }, name)));
    part("lead").value = String(which);
    part("lead").disabled = leads.length < 2;
    part("own-peaks").checked = !annotated;
    part("own-peaks").closest("label").hidden = !hasPeaks;
  }
}
