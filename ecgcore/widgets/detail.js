// One beat, large, in a dialog.

import { clock, load, loadSecond, number, percent, probabilitiesOf } from "./data.js";
import {
  SCREEN, barsPanel, beatPanel, facts, image, sentence, stripPanel, wholeFigure,
} from "./drawing.js";
import { linkOf } from "./address.js";
import { tachogramPanel, tachogramWords } from "./tachogram.js";
import { button, checkbox, choice, element } from "./elements.js";
import { download, keepNote, noteKey, readNotes } from "./notes.js";

/** The dialog and what drives it. `walk(by)` and `close()` are called; `linked`: offer a link. */
export class Detail {
  constructor(data, { walk, close, linked }) {
    Object.assign(this, { data, walk, linked, cam: "model", usual: true, wide: false, both: false });
    this.title = element("h3", { class: "bi-title", tabindex: -1, autofocus: true, id: `bi-title-${Math.random().toString(36).slice(2)}` });
    this.place = element("span", { class: "bi-place" });
    this.body = element("div", { class: "bi-body" });
    this.scroller = element("div", { class: "bi-scroll" }, this.body);
    this.said = element("span", { class: "bi-said", role: "status" });
    this.previous = button("\u2039 Previous", () => walk(-1));
    this.next = button("Next \u203a", () => walk(1));
    this.dialog = element("dialog", { class: "bi-dialog", "aria-labelledby": this.title.id },
      element("header", {}, this.title, button("\u2715", () => this.dialog.close(),
        { "aria-label": "Close", class: "bi-button bi-close" })),
      element("nav", { class: "bi-walk", "aria-label": "Beats" }, this.previous, this.place, this.next),
      this.scroller, this.noting(), this.tools());
    this.dialog.addEventListener("close", close);
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // the backdrop
    });
    this.observer = new ResizeObserver(() => this.row >= 0 && this.fitted !== this.room() && this.draw());
    this.observer.observe(this.body);
  }

  tools() {
    const redraw = (name) => (value) => { this[name] = value; this.draw(); };
    this.camChoice = choice("Grad-CAM for", [["model", "the answer"],
      ["annotated", "the annotation"], ...this.data.classes.map((letter) => [letter, letter]),
      ["", "nothing"]], redraw("cam"));
    this.camChoice.field.classList.add("bi-beside");
    this.bothBox = checkbox("Both leads", this.both, (on) => { this.both = on; this.bring(); });
    const shared = this.linked ? [button("Copy link", () => this.copy())] : [];
    return element("footer", { class: "bi-tools" },
      this.camChoice.field,
      checkbox("The patient\u2019s usual beat", this.usual, redraw("usual")),
      checkbox(`${this.data.wide_s}\u202fs of context`, this.wide, redraw("wide")),
      this.bothBox,
      element("span", { class: "bi-space" }), this.said, ...shared,
      button("Save SVG", () => this.save("svg")), button("Save PNG", () => this.save("png")));
  }

  /** Where a reader doubts the label, or notes something. */
  noting() {
    const keep = () => {
      const note = { doubt: this.doubt.checked, words: this.words.value.trim() };
      const kept = keepNote(noteKey(this.data, this.table, this.row), note);
      this.said.textContent = kept ? "Kept in this browser" : "This browser keeps no notes";
    };
    this.doubt = element("input", { type: "checkbox", onchange: keep });
    this.words = element("input", { type: "text", maxlength: 500, onchange: keep, "aria-label": "Your note on this beat", placeholder: "Your note" });
    return element("div", { class: "bi-noting" },
      element("label", { class: "bi-check" }, this.doubt, "This label looks wrong"), this.words);
  }

  showNote() {
    const { doubt = false, words = "" } = readNotes()[noteKey(this.data, this.table, this.row)] ?? {};
    this.doubt.checked = doubt;
    this.words.value = words;
  }

  /** Shows a row of a protocol's table; `position` of `count` matching beats, -1 if none of them. */
  show(protocol, row, position, count, other = -1) {
    Object.assign(this, { protocol, table: this.data.tables[protocol], row, other });
    this.place.textContent = position < 0 ? "" : `${number(position + 1)} of ${number(count)}`;
    this.previous.disabled = position <= 0;
    this.next.disabled = position < 0 || position >= count - 1;
    this.said.textContent = "";
    this.showNote();
    this.camChoice.field.hidden = !this.table.explained;
    this.bothBox.hidden = !this.data.records[this.table.record[row]].second;
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.scroller.scrollTop = 0;
    }
    this.title.textContent = sentence(this.data, this.table, row);
    this.bring();
  }

  /** Draws the beat once its record is there. */
  async bring() {
    const { data, table, row } = this;
    const record = table.record[row];
    const waiting = (words) => {
      if (this.row === row && this.table === table) this.body.replaceChildren(element("p", { class: "bi-hint" }, words));
    };
    if (!data.drawn[record]) waiting("Loading the record\u2026");
    try {
      await (this.showsBoth() ? loadSecond : load)(data, record);
      if (this.row === row && this.table === table) this.draw();
    } catch (error) {
      waiting(`This record cannot be shown: ${error.message}.`);
    }
  }

  /** Whether the second lead is wanted, and there is one. */
  showsBoth() {
    return this.both && Boolean(this.data.records[this.table.record[this.row]].second);
  }

  hide() {
    this.row = -1;
    if (this.dialog.open) this.dialog.close();
  }

  room() {
    return Math.max(280, this.body.clientWidth);
  }

  draw() {
    const { data, table, row, cam, usual } = this;
    if (!data.drawn[table.record[row]]) return;
    const width = this.room();
    this.fitted = width;
    const narrow = width < 720;
    const palette = SCREEN;
    const beat = beatPanel(data, table, row, {
      width: narrow ? width : width - 326, palette, cam: table.explained && cam, usual,
    });
    const bars = barsPanel(data, table, row, { width: narrow ? width : 310, palette });
    this.body.replaceChildren(
      ...this.strip(width, palette),
      ...this.rhythm(width, palette),
      element("div", { class: "bi-panels" },
        image(beat, "The beat as the network sees it, with Grad-CAM along it"),
        image(bars, this.probabilityWords())),
      element("dl", { class: "bi-facts" }, ...facts(data, table, row, clock).map(([term, value]) =>
        element("div", {}, element("dt", {}, term), element("dd", {}, value)))));
    const scroll = this.body.querySelector(".bi-strip");
    const start = scroll?.querySelector(".bi-window").getAttribute("x");
    if (scroll) scroll.scrollLeft = start - (scroll.clientWidth - 100) / 2;
  }

  /** The strip and a line below it; only the line for beats of no known record. */
  strip(width, palette) {
    const { data, table, row } = this;
    const hint = (words) => element("p", { class: "bi-hint" }, words);
    if (!data.records[table.record[row]].known) {
      return [hint("This beat\u2019s record and amplitude are unknown, so its context cannot be shown.")];
    }
    const panel = stripPanel(data, table, row, { width, palette, wide: this.wide, both: this.both, other: this.other });
    const seen = this.other < 0 ? "" : `; in squares: ${data.answering[this.other]}`;
    const more = panel.width > width ? " Scroll it sideways to see the rest." : "";
    return [
      element("div", { class: "bi-strip", tabindex: 0, "aria-label": "ECG strip" },
        image(panel, this.inWords())),
      hint(`Letters above: what was annotated; below: what the model answered, where the beat was tested. The shaded part is what a network sees of one beat${seen}.${more}`),
    ];
  }

  /** The RR intervals around the beat, where its record is known. */
  rhythm(width, palette) {
    const { data, table, row } = this;
    const panel = data.records[table.record[row]].known && tachogramPanel(data, table, row, { width, palette });
    return panel ? [image(panel, tachogramWords(data, table, row))] : [];
  }

  inWords() {
    const { data, table, row } = this;
    const told = facts(data, table, row, clock).map((pair) => pair.join(": ")).join("; ");
    return `ECG strip around the beat. ${told}`;
  }

  probabilityWords() {
    const { data, table, row } = this;
    const values = [...probabilitiesOf(data, table, row)];
    return `Probabilities: ${values.map((v, k) => `${data.classes[k]} ${percent(v)}`).join(", ")}`;
  }

  key(event) {
    event.stopPropagation(); // JupyterLab has shortcuts of its own
    const inField = event.target.matches("input[type=checkbox], .bi-strip");
    if (event.target.matches("input[type=text], select")) return;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step || (inField && event.target.scrollWidth > event.target.clientWidth)) return;
    event.preventDefault();
    this.walk(step);
  }

  async copy() {
    const link = new URL(linkOf(this.data, this.protocol, this.row), document.location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.said.textContent = "Link copied";
    } catch {
      this.said.textContent = "The link is in the address bar"; // pages opened as files may not copy
    }
  }

  async save(kind) {
    const { data, table, row, cam, usual } = this;
    const record = data.records[table.record[row]];
    await (this.showsBoth() ? loadSecond : load)(data, table.record[row]);
    const told = facts(data, table, row, clock);
    const heading = [sentence(data, table, row),
      told.slice(0, told.findIndex(([term]) => term === "Annotated")).map((pair) => pair.join(" ")).join(" \u00b7 ")];
    const figure = wholeFigure(data, table, row, { heading, cam: table.explained && cam, usual, wide: this.wide, both: this.both, other: this.other });
    const name = `beat-${this.protocol}-${record.name}-${Math.max(table.sample[row], 0) || table.index[row]}`;
    const drawn = new Blob([new XMLSerializer().serializeToString(figure)], { type: "image/svg+xml" });
    const blob = kind === "svg" ? drawn : await rasterise(drawn, figure);
    download(`${name}.${kind}`, blob, blob.type);
    this.said.textContent = `Saved ${name}.${kind}`;
  }
}

/** A PNG at twice the size, from an SVG blob. */
async function rasterise(blob, figure) {
  const picture = new Image();
  const url = URL.createObjectURL(blob);
  picture.src = url;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * figure.getAttribute("width");
  canvas.height = 2 * figure.getAttribute("height");
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
