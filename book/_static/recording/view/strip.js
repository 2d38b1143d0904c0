// The strip of ECG that can be scrolled and zoomed: what is seen, and when it is drawn.
import * as paper from "./paper.js";
import { scaleOf } from "./charts.js";
import { still } from "./dom.js";
import { usualHeight } from "../events.js";

const USUAL = paper.MM * paper.MM_S; // pixels a second at 25 mm/s
const [LEAST, MOST] = [1.2, 600]; // pixels a second
const [TALL_MM, LOW_MM] = [36, 26]; // heights of the first and the second lead
const GLIDE_MS = 260;
const COLOURS = ["paper", "ink", "quiet", "rule", "minor", "major", "trace", "bad", "irregular", ...("NSVFQ")];

export class Strip {
  /** onView hears when something else is seen. */
  constructor(canvas, onView) {
    Object.assign(this, { canvas, onView, shown: null, current: -1, pending: null, ghost: null, waves: [] });
    this.view = { start: 0, perSecond: USUAL, width: 1 };
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement);
    new MutationObserver(() => this.recolour()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    document.fonts?.ready.then(() => this.draw());
    this.recolour();
  }

  /** Show a recording: its beats, and its leads anew if they are others. */
  show(shown) {
    const other = this.shown?.signal !== shown.signal;
    this.shown = shown;
    if (other) {
      const leads = [{ name: shown.lead, unit: shown.unit, signal: shown.signal }, shown.second].filter(Boolean);
      this.waves = leads.map((lead, i) => {
        const [mm, told] = scaleOf(lead.unit, usualHeight(lead.signal, shown.time), (i ? LOW_MM : TALL_MM) - 6);
        return new paper.Wave({ ...lead, scale: mm * paper.MM, told });
      });
      this.#resize();
    }
    this.draw();
  }

  get seconds() {
    return this.view.width / this.view.perSecond;
  }

  get middle() {
    return this.view.start + this.seconds / 2;
  }

  get zoom() {
    return this.view.perSecond / USUAL;
  }

  /** Time at a position of the canvas. */
  at(x) {
    return this.view.start + x / this.view.perSecond;
  }

  /** In words: how large things are. */
  scale() {
    const speed = Math.abs(this.zoom - 1) < 0.005 ? "25 mm/s" : `${(25 * this.zoom).toPrecision(2)} mm/s`;
    const heights = [...new Set(this.waves.map((w) => w.told))].join(" and ");
    return `${speed}, ${heights}; a large square is 0.2 s`;
  }

  /** See from a time on, at some pixels a second, at once. */
  look(start, perSecond = this.view.perSecond) {
    cancelAnimationFrame(this.gliding);
    this.#look(start, perSecond);
  }

  #look(start, perSecond) {
    const { view, shown } = this;
    const least = Math.max(LEAST, Math.min(view.width / (shown?.seconds ?? 1), USUAL));
    view.perSecond = Math.min(Math.max(perSecond, least), MOST);
    const last = Math.max((shown?.seconds ?? 0) - this.seconds, 0);
    view.start = Math.min(Math.max(start, 0), last);
    this.draw();
    this.onView();
  }

  /** Bring a time to the middle; smoothly, unless it is far away or nothing shall move. */
  centre(second) {
    this.glide(second - this.seconds / 2);
  }

  glide(to) {
    cancelAnimationFrame(this.gliding);
    const from = this.view.start;
    if (still() || Math.abs(to - from) > 3 * this.seconds) {
      this.#look(to, this.view.perSecond);
      return;
    }
    const since = performance.now();
    const step = (now) => {
      const share = Math.min(Math.max((now - since) / GLIDE_MS, 0), 1);
      this.#look(from + (to - from) * (1 - (1 - share) ** 3), this.view.perSecond);
      if (share < 1) this.gliding = requestAnimationFrame(step);
    };
    this.gliding = requestAnimationFrame(step);
  }

  /** Zoom about a position, which keeps its time. */
  zoomAt(factor, x = this.view.width / 2) {
    const second = this.at(x);
    const perSecond = Math.min(Math.max(this.view.perSecond * factor, LEAST), MOST);
    this.look(second - x / perSecond, perSecond);
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.shown && this.view.width > 1) this.#paint();
    });
  }

  recolour() {
    const style = getComputedStyle(this.canvas);
    const family = style.fontFamily;
    this.colours = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    Object.assign(this.colours, { small: `12px ${family}`, bold: `700 14px ${family}` });
    this.draw();
  }

  #resize() {
    const width = this.canvas.parentElement.clientWidth;
    if (!width) return;
    const middle = this.middle;
    const ratio = window.devicePixelRatio || 1;
    this.height = paper.MARKS + this.waves.reduce((sum, _, i) => sum + (i ? LOW_MM : TALL_MM) * paper.MM, 0) + paper.AXIS;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = `${this.height}px`;
    const before = this.view.width;
    this.view.width = width;
    if (this.shown) this.#look(before > 1 ? middle - this.seconds / 2 : this.view.start, this.view.perSecond);
  }

  #paint() {
    const { context, view, shown, colours } = this;
    const ratio = this.canvas.width / view.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colours.paper;
    context.fillRect(0, 0, view.width, this.height);
    const all = { top: paper.MARKS, height: this.height - paper.MARKS - paper.AXIS };
    paper.grid(context, view, all, colours);
    paper.stretches(context, view, shown, all, colours);
    let { top } = all;
    this.waves.forEach((wave, i) => {
      const height = (i ? LOW_MM : TALL_MM) * paper.MM;
      paper.trace(context, view, wave, { top, height }, colours);
      top += height;
    });
    paper.marks(context, view, shown, this.current, all.top + all.height, colours);
    if (this.ghost !== null) paper.ghost(context, view, this.ghost, all.top + all.height, colours);
    if (this.pending) paper.band(context, view, this.pending, all, colours);
    paper.axis(context, view, shown, all.top + all.height, colours);
  }
}
