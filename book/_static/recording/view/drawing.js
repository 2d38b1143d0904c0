// Charts as SVG text, for the page and for the report: ecgcore/inference/drawing.py.

export const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
export const number = (value) => String(Math.round(10 * value) / 10);

/** Round numbers between two, about as many as wanted. */
export function ticks(low, high, wanted = 5) {
  const rough = Math.max((high - low) / wanted, 1e-9);
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((m) => m * size >= rough * 0.999999);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(6)));
}

const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** Whole seconds, minutes or hours within some time. offset: clock time of its start, s. */
export function timeTicks(seconds, offset = 0, wanted = 8) {
  const step = STEPS.find((s) => seconds / s <= wanted) ?? 86400;
  const found = [];
  for (let at = Math.ceil(offset / step) * step - offset; at <= seconds + 1e-6; at += step) found.push(at);
  return found;
}

/** A drawing whose axes map x and y (low, high) to the area inside the margins (left, right, top,
    bottom). */
export class Canvas {
  constructor(width, height, x, y, margins) {
    Object.assign(this, { width, height, x, y, margins, parts: [] });
  }

  atX(value) {
    const [left, right] = this.margins;
    return left + ((value - this.x[0]) / (this.x[1] - this.x[0])) * (this.width - right - left);
  }

  atY(value) {
    const [, , top, bottom] = this.margins;
    return this.height - bottom - ((value - this.y[0]) / (this.y[1] - this.y[0])) * (this.height - bottom - top);
  }

  path(d, kind) {
    if (d) this.parts.push(`<path class="${kind}" d="${d}"/>`);
  }

  text(x, y, words, kind = "", anchor = "middle") {
    this.parts.push(`<text class="${kind}" x="${number(x)}" y="${number(y)}" text-anchor="${anchor}">` +
      `${escape(words)}</text>`);
  }

  /** A rectangle in the units of the axes, at least a pixel wide. */
  box(start, stop, low, high, kind) {
    const [left, right, top, bottom] = [this.atX(start), this.atX(stop), this.atY(high), this.atY(low)];
    this.parts.push(`<rect class="${kind}" x="${number(left)}" y="${number(top)}" ` +
      `width="${number(Math.max(right - left, 1))}" height="${number(Math.max(bottom - top, 0))}"/>`);
  }

  xAxis(at, labels) {
    const [, , top, bottom] = this.margins;
    at.forEach((value, i) => {
      const x = this.atX(value);
      this.path(`M${number(x)} ${number(top)}V${number(this.height - bottom)}`, "grid");
      const edge = x > this.width - 24; // a label in the middle would be cut off
      this.text(edge ? this.width : x, this.height - bottom + 15, labels[i], "tick", edge ? "end" : "middle");
    });
  }

  yAxis(at, labels) {
    at.forEach((value, i) => {
      const y = this.atY(value);
      this.path(`M${number(this.margins[0])} ${number(y)}H${number(this.width - this.margins[1])}`, "grid");
      this.text(this.margins[0] - 5, y + 4, labels[i], "tick", "end");
    });
  }

  line(points) {
    return points.map(([x, y], i) => `${i ? "L" : "M"}${number(this.atX(x))} ${number(this.atY(y))}`).join("");
  }

  dots(points) {
    return points.map(([x, y]) => `M${number(this.atX(x))} ${number(this.atY(y))}h0`).join("");
  }

  /** label: what it shows, for those who cannot see it. */
  svg(label) {
    return `<svg viewBox="0 0 ${number(this.width)} ${number(this.height)}" role="img" ` +
      `aria-label="${escape(label)}">${this.parts.join("")}</svg>`;
  }
}
