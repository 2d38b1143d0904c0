// Mouse, finger and wheel on the strip, made into what they mean.
import { still } from "./dom.js";

const TAP = 6; // pixels that a finger may slip
const [FRICTION, SLOWEST] = [0.94, 0.02]; // of a throw, a frame; pixels a ms at which it ends

/** Hear of gestures. strip: see strip.js; means: {mode() → "look" | "add" | "move" | "noise",
    tap(second), drag(from, to, done)} where drag hears what a tool does between two times (s). */
export class Gestures {
  constructor(strip, means) {
    Object.assign(this, { strip, means, fingers: new Map(), what: null });
    const { canvas } = strip;
    canvas.addEventListener("pointerdown", (e) => this.#down(e));
    canvas.addEventListener("pointermove", (e) => this.#move(e));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (e) => this.#up(e));
    canvas.addEventListener("wheel", (e) => this.#wheel(e), { passive: false });
  }

  #x(event) {
    return event.clientX - this.strip.canvas.getBoundingClientRect().left;
  }

  #down(event) {
    if (event.button) return;
    cancelAnimationFrame(this.thrown);
    this.strip.canvas.setPointerCapture(event.pointerId);
    const x = this.#x(event);
    this.fingers.set(event.pointerId, x);
    if (this.fingers.size === 2) {
      if (this.what === "tool") this.means.drag(this.from, this.from, true);
      this.what = "pinch";
      return;
    }
    const mode = event.shiftKey ? "noise" : this.means.mode();
    this.what = mode === "noise" || mode === "move" ? "tool" : "scroll";
    Object.assign(this, { x0: x, from: this.strip.at(x), start: this.strip.view.start, moved: false,
      mode, speed: 0, last: [x, event.timeStamp] });
  }

  #move(event) {
    if (!this.fingers.has(event.pointerId)) return;
    const x = this.#x(event);
    if (this.what === "pinch") {
      this.#pinch(event.pointerId, x);
      return;
    }
    this.fingers.set(event.pointerId, x);
    if (Math.abs(x - this.x0) > TAP) this.moved = true;
    if (!this.moved) return;
    if (this.what === "tool") this.means.drag(this.from, this.strip.at(x), false, this.mode);
    else if (this.what === "scroll") this.#scroll(x, event.timeStamp);
  }

  #scroll(x, now) {
    const [before, then] = this.last;
    if (now > then) this.speed = 0.7 * this.speed + 0.3 * ((x - before) / (now - then));
    this.last = [x, now];
    this.strip.look(this.start - (x - this.x0) / this.strip.view.perSecond);
  }

  #pinch(id, x) {
    const before = [...this.fingers.values()];
    this.fingers.set(id, x);
    const after = [...this.fingers.values()];
    const [wide, wider] = [before, after].map(([a, b]) => Math.max(Math.abs(a - b), 10));
    const [middle, now] = [before, after].map(([a, b]) => (a + b) / 2);
    this.strip.zoomAt(wider / wide, middle);
    this.strip.look(this.strip.view.start - (now - middle) / this.strip.view.perSecond);
  }

  #up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    const x = this.#x(event);
    const cancelled = event.type === "pointercancel";
    if (this.what === "tool" && !this.fingers.size) {
      this.means.drag(this.from, this.moved && !cancelled ? this.strip.at(x) : this.from, true, this.mode);
    }
    if (this.what === "scroll" && !cancelled) {
      if (!this.moved) this.means.tap(this.strip.at(x));
      else if (event.timeStamp - this.last[1] < 60) this.#throw(event.timeStamp);
    }
    if (!this.fingers.size) this.what = null;
    else if (this.what === "pinch") this.what = "ended";
  }

  /** A strip that was pushed glides on for a while. */
  #throw() {
    if (still()) return;
    let before = performance.now();
    const step = (now) => {
      const passed = Math.min(now - before, 50);
      before = now;
      this.strip.look(this.strip.view.start - (this.speed * passed) / this.strip.view.perSecond);
      this.speed *= FRICTION ** (passed / 16);
      if (Math.abs(this.speed) > SLOWEST) this.thrown = requestAnimationFrame(step);
    };
    this.thrown = requestAnimationFrame(step);
  }

  /** Sideways it scrolls; with Ctrl it zooms; up and down it scrolls once the strip has the focus,
      since before that the page itself may be meant. */
  #wheel(event) {
    const { strip } = this;
    const unit = event.deltaMode ? 30 : 1;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      strip.zoomAt(Math.exp(-event.deltaY * unit * 0.004), this.#x(event));
      return;
    }
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (!sideways && !strip.canvas.parentElement.matches(":focus")) return;
    event.preventDefault();
    const by = (Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY) * unit;
    strip.look(strip.view.start + by / strip.view.perSecond);
  }
}
