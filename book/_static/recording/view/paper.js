// A stretch of a recording drawn on ECG paper, on a canvas: grid, waves, beats and what is to be
// told of them. All lengths in CSS pixels; `view` says what is seen: {start (s), perSecond, width}.
import { annotated, CLASSES, confidence, WHY } from "./classes.js";
import { clock } from "./charts.js";
import { timeTicks } from "./drawing.js";
import { median, searchSorted } from "../numeric.js";

const FS = 125;
export const [MM, MM_S] = [4, 25]; // pixels a mm, mm a second
export const [MARKS, AXIS] = [34, 20]; // height of the letters, and of the times
const CALM_S = 4; // over which the level is taken about which a wave is drawn
const [LETTERS, NARROW] = [13, 7]; // pixels a beat below which only odd beats have letters, or none

/** Samples of a lead with what is needed to draw it: `scale` is pixels a unit. */
export class Wave {
  constructor({ name, signal, scale, told }) {
    Object.assign(this, { name, signal, scale, told, levels: new Map() });
  }

  /** Level of the signal about a time: that of the nearest seconds, without jumps. */
  level(second) {
    const at = second / CALM_S - 0.5;
    const low = Math.floor(at);
    return this.#block(low) * (1 - (at - low)) + this.#block(low + 1) * (at - low);
  }

  #block(number) {
    const last = Math.max(Math.ceil(this.signal.length / FS / CALM_S) - 1, 0);
    const k = Math.min(Math.max(number, 0), last);
    if (!this.levels.has(k)) {
      const piece = this.signal.subarray(k * CALM_S * FS, (k + 1) * CALM_S * FS);
      this.levels.set(k, piece.length ? median(piece.filter((_, i) => i % 3 === 0)) : 0);
    }
    return this.levels.get(k);
  }
}

const xOf = (view, second) => (second - view.start) * view.perSecond;
const stopOf = (view) => view.start + view.width / view.perSecond;

/** Lines each 0.04 s and 0.1 mV, bold ones each five; where they would be too dense, fewer. */
export function grid(context, view, { top, height }, colours) {
  const mm = view.perSecond / MM_S;
  const steps = [[1, colours.minor], [5, colours.major]].filter(([n]) => n * mm >= 3);
  for (const [every, colour] of steps) {
    context.beginPath();
    const step = every / MM_S;
    for (let k = Math.ceil(view.start / step); k * step <= stopOf(view); k += 1) {
      const x = Math.round(xOf(view, k * step)) + 0.5;
      context.moveTo(x, top);
      context.lineTo(x, top + height);
    }
    for (let y = 0; y <= height; y += every * MM) {
      context.moveTo(0, top + y + 0.5);
      context.lineTo(view.width, top + y + 0.5);
    }
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.stroke();
  }
}

/** The curve of a lead within its row. */
export function trace(context, view, wave, { top, height }, colours) {
  const { signal } = wave;
  const first = Math.max(Math.floor(view.start * FS) - 1, 0);
  const last = Math.min(Math.ceil(stopOf(view) * FS) + 1, signal.length);
  const level = wave.level(view.start + view.width / view.perSecond / 2);
  const y = (v) => top + height / 2 - (v - level) * wave.scale;
  context.save();
  context.beginPath();
  context.rect(0, top, view.width, height);
  context.clip();
  context.beginPath();
  const dense = FS / view.perSecond; // samples a pixel
  if (dense <= 2) {
    for (let i = first; i < last; i += 1) context.lineTo(xOf(view, i / FS), y(signal[i]));
  } else envelope(context, view, signal, first, last, y);
  context.strokeStyle = colours.trace;
  context.lineWidth = 1.3;
  context.lineJoin = "round";
  context.stroke();
  context.restore();
  context.fillStyle = colours.quiet;
  context.textAlign = "left";
  context.font = colours.small;
  context.fillText(wave.name, 6, top + 14);
}

/** Where several samples fall on a pixel: from the least to the greatest of them. */
function envelope(context, view, signal, first, last, y) {
  for (let x = 0; x < view.width; x += 1) {
    const from = Math.max(Math.floor((view.start + x / view.perSecond) * FS), first);
    const to = Math.min(Math.ceil((view.start + (x + 1) / view.perSecond) * FS), last);
    if (from >= to) continue;
    let [low, high] = [Infinity, -Infinity];
    for (let i = from; i < to; i += 1) {
      if (signal[i] < low) low = signal[i];
      if (signal[i] > high) high = signal[i];
    }
    context.lineTo(x, y(high));
    context.lineTo(x, y(low));
  }
}

/** Stretches behind the curves: what is not analysed, and irregular rhythm. */
export function stretches(context, view, shown, { top, height }, colours) {
  for (const { start, stop, why } of shown.unusable) {
    if (start > stopOf(view) || stop < view.start) continue;
    const [a, b] = [Math.max(xOf(view, start), 0), Math.min(xOf(view, stop), view.width)];
    context.fillStyle = colours.bad;
    context.fillRect(a, top, Math.max(b - a, 1), height);
    if (b - a < 120) continue;
    context.fillStyle = colours.ink;
    context.font = colours.small;
    context.textAlign = "left";
    context.fillText(`not analysed: ${WHY[why] ?? why}`, a + 6, top + height - 8);
  }
  context.fillStyle = colours.irregular;
  for (const { start, stop } of shown.summary.fibrillation) {
    if (start > stopOf(view) || stop < view.start) continue;
    const [a, b] = [Math.max(xOf(view, start), 0), Math.min(xOf(view, stop), view.width)];
    context.fillRect(a, top, Math.max(b - a, 1), 3);
  }
}

/** Letters of the beats, how sure the model is of each (a bar), and a line to the wave below. */
export function marks(context, view, shown, current, height, colours) {
  const { time, decision } = shown;
  const first = searchSorted(time, view.start - 1);
  const last = searchSorted(time, stopOf(view) + 1);
  const room = last > first ? (view.width + 2 * view.perSecond) / (last - first) : Infinity;
  for (let i = first; i < last; i += 1) {
    const letter = CLASSES[decision[i]];
    const x = xOf(view, time[i]);
    const odd = letter !== "N";
    context.strokeStyle = colours[letter];
    context.lineWidth = i === current ? 2 : 1;
    context.globalAlpha = i === current ? 1 : odd ? 0.6 : 0.25;
    line(context, x, room < LETTERS && !odd ? MARKS - 4 : 18, x, i === current ? height : MARKS + 8);
    context.globalAlpha = 1;
    if (room < NARROW || (room < LETTERS && !odd)) continue;
    label(context, shown, i, x, letter, room, i === current, colours);
  }
}

function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function label(context, shown, i, x, letter, room, current, colours) {
  const width = 16;
  context.fillStyle = current ? colours[letter] : colours.paper;
  context.beginPath();
  context.roundRect(x - width / 2, 1, width, 17, 4);
  context.fill();
  if (shown.byHand[i]) {
    context.strokeStyle = colours[letter];
    context.lineWidth = 1.5;
    context.stroke();
  }
  context.textAlign = "center";
  context.fillStyle = current ? colours.paper : colours[letter];
  context.font = colours.bold;
  context.fillText(letter, x, 14);
  const sure = confidence(shown, i);
  if (room >= 24 && Number.isFinite(sure)) {
    context.fillStyle = colours.rule;
    context.fillRect(x - 8, 20, 16, 3);
    context.fillStyle = colours[letter];
    context.fillRect(x - 8, 20, 16 * sure, 3);
  }
  const truth = annotated(shown, i);
  if (truth < 0 || truth === shown.decision[i] || room < 34) return;
  context.fillStyle = colours.quiet;
  context.font = colours.small;
  context.textAlign = "left";
  context.fillText(`≠${CLASSES[truth]}`, x + 10, 14);
}

/** Times below the paper. */
export function axis(context, view, shown, top, colours) {
  const offset = shown.start?.second ?? 0;
  const wanted = Math.max(2, Math.floor(view.width / 110));
  const at = timeTicks(view.width / view.perSecond, offset + view.start, wanted);
  context.fillStyle = colours.quiet;
  context.font = colours.small;
  context.textAlign = "center";
  for (const t of at) {
    const x = t * view.perSecond;
    if (x < 26 || x > view.width - 26) continue;
    context.fillText(clock(view.start + t + 1e-6, shown.start), x, top + 14);
    context.strokeStyle = colours.quiet;
    context.lineWidth = 1;
    line(context, x, top, x, top + 4);
  }
}

/** Where an R peak would lie. */
export function ghost(context, view, second, height, colours) {
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  line(context, xOf(view, second), 0, xOf(view, second), height);
  context.setLineDash([]);
}

/** A stretch that is being marked. */
export function band(context, view, [from, to], { top, height }, colours) {
  const [a, b] = [xOf(view, Math.min(from, to)), xOf(view, Math.max(from, to))];
  context.fillStyle = colours.bad;
  context.fillRect(a, top, b - a, height);
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.strokeRect(a, top + 1, b - a, height - 2);
  context.setLineDash([]);
}
