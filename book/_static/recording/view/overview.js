// The whole recording at a glance; where one clicks or drags, the strip goes.
import { MARGINS, clock, overview } from "./charts.js";
import { element } from "./dom.js";

const STEP = 0.5; // of what the strip shows, an arrow key

export class Overview {
  /** strip: see strip.js, which this one steers; root: an empty element */
  constructor(root, strip) {
    Object.assign(this, { root, strip, shown: null });
    this.drawing = element("div", {});
    this.window = element("div", { class: "window" });
    this.slider = element("div", { class: "overview", role: "slider", tabindex: "0",
      "aria-label": "Place in the recording", "aria-valuemin": "0" }, this.drawing, this.window);
    root.replaceChildren(this.slider);
    for (const kind of ["pointerdown", "pointermove"]) this.slider.addEventListener(kind, (e) => this.#pointer(e));
    this.slider.addEventListener("keydown", (e) => this.#key(e));
    new ResizeObserver(() => this.draw()).observe(root);
  }

  show(shown) {
    this.shown = shown;
    this.width = 0;
    this.draw();
  }

  draw() {
    const width = this.root.clientWidth;
    if (!this.shown || !width || width === this.width) return;
    this.width = width;
    this.drawing.innerHTML = overview(this.shown, width);
    this.slider.setAttribute("aria-valuemax", Math.round(this.shown.seconds));
    this.mark();
  }

  /** Where the strip is. */
  mark() {
    if (!this.shown || !this.width) return;
    const { view, seconds } = this.strip;
    const [left, right] = MARGINS(this.width);
    const scale = (this.width - left - right) / this.shown.seconds;
    this.window.style.left = `${left + view.start * scale}px`;
    this.window.style.width = `${Math.max(Math.min(seconds, this.shown.seconds) * scale, 3)}px`;
    this.slider.setAttribute("aria-valuenow", Math.round(this.strip.middle));
    this.slider.setAttribute("aria-valuetext", clock(this.strip.middle, this.shown.start));
  }

  #pointer(event) {
    if (event.type === "pointerdown" && event.button === 0) this.slider.setPointerCapture(event.pointerId);
    else if (!this.slider.hasPointerCapture?.(event.pointerId)) return;
    const [left, right] = MARGINS(this.width);
    const share = (event.clientX - this.slider.getBoundingClientRect().left - left) / (this.width - left - right);
    const second = Math.min(Math.max(share, 0), 1) * this.shown.seconds;
    this.strip.look(second - this.strip.seconds / 2);
  }

  #key(event) {
    const { strip } = this;
    const far = this.shown.seconds / 20;
    const by = { ArrowRight: STEP * strip.seconds, ArrowUp: STEP * strip.seconds, ArrowLeft: -STEP * strip.seconds,
      ArrowDown: -STEP * strip.seconds, PageUp: far, PageDown: -far, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const to = Math.min(Math.max(strip.view.start + by, 0), this.shown.seconds);
    strip.look(to);
  }
}
