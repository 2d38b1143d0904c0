// What the reader sees of a result: the wave, the probabilities, the counts, the table.
import { CLASSES, CLASS_NAMES, FS } from "./constants.js";
import { badge, element, percent, thousands } from "../recording/view/dom.js";

/** A beat as a curve, with its axes. signal: Float32Array(187), 0 to 1. */
export function wave(signal, letter, description) {
  const [width, height, left, bottom, top] = [480, 250, 58, 46, 10];
  const seconds = (signal.length - 1) / FS;
  const x = (s) => left + (s / seconds) * (width - left - 12);
  const y = (v) => height - bottom - v * (height - bottom - top);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "wave" });
  svg.append(element("title", {}, description));
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(element("line", { class: "grid", x1: x(0), x2: x(seconds), y1: y(v), y2: y(v) }));
    svg.append(element("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, String(v)));
  }
  for (let s = 0; s <= seconds; s += 0.25) {
    svg.append(element("line", { class: "grid", x1: x(s), x2: x(s), y1: y(0), y2: y(1) }));
    if (s % 0.5 === 0) {
      svg.append(
        element("text", { x: x(s), y: y(0) + 18, "text-anchor": "middle" }, s.toFixed(1)),
      );
    }
  }
  const middle = left + (width - left) / 2;
  svg.append(
    element("text", { x: middle, y: height - 6, "text-anchor": "middle" }, "time after R (s)"),
    element(
      "text",
      { transform: `translate(14 ${y(0.5)}) rotate(-90)`, "text-anchor": "middle" },
      "amplitude (0 to 1)",
    ),
  );
  const points = Array.from(signal, (v, i) => `${x(i / FS).toFixed(1)},${y(v).toFixed(1)}`);
  svg.append(element("path", { d: `M${points.join("L")}`, class: `curve of-${letter}` }));
  return svg;
}

/** One bar a class. values: five numbers from 0 to 1; texts: what to write beside each. */
export function bars(values, texts) {
  const rows = CLASSES.map((letter, i) => {
    const fill = element("span", { class: `fill is-${letter}` });
    fill.style.width = `${100 * values[i]}%`;
    const track = element("span", { class: "track", "aria-hidden": "true" }, fill);
    const name = element("span", { class: "name" }, CLASS_NAMES[letter]);
    const number = element("span", { class: "number" }, texts[i]);
    return element("li", {}, badge(letter), name, track, number);
  });
  return element("ul", { class: "bars" }, ...rows);
}

/** One beat in full. beat: {signal, probabilities, label, name}. */
export function beatView(beat) {
  const best = beat.probabilities.indexOf(Math.max(...beat.probabilities));
  const letter = CLASSES[best];
  const sure = percent(beat.probabilities[best]);
  const verdict = element("p", { class: "verdict" }, badge(letter));
  verdict.append(` ${CLASS_NAMES[letter]}, with a probability of ${sure}`);
  const known = beat.label >= 0 ? CLASSES[beat.label] : "";
  const truth = element("p", {});
  if (known) {
    truth.append("Annotated as ", badge(known), known === letter ? ": right." : ": wrong.");
  }
  const said = `${beat.name}: a beat that the network takes for ${letter}`;
  return [
    element("h3", {}, beat.name),
    verdict,
    truth,
    element("div", { class: "pair" }, wave(beat.signal, letter, said),
      bars(beat.probabilities, Array.from(beat.probabilities, percent))),
  ];
}

/** Beats by class, and how many of the labelled ones are right. result: see main.js. */
export function summaryView(result) {
  const counts = CLASSES.map((_, i) => result.predicted.filter((p) => p === i).length);
  const total = result.predicted.length;
  const shares = counts.map((n) => n / total);
  const texts = counts.map((n, i) => `${thousands(n)} (${percent(shares[i])})`);
  const parts = [element("h3", {}, `${result.name}: ${thousands(total)} beats`), bars(shares, texts)];
  const labelled = result.label.filter((l) => l >= 0).length;
  if (labelled) {
    const right = result.label.filter((l, i) => l >= 0 && l === result.predicted[i]).length;
    parts.push(
      element("p", {}, `${percent(right / labelled)} of the ${thousands(labelled)} labelled `,
        `beats agree with their label (${thousands(right)} of them).`),
    );
  }
  return parts;
}

/** Some rows of the table. order: positions in the result; choose hears the one clicked. */
export function tableView(result, order, choose) {
  const labelled = result.label.some((l) => l >= 0);
  const titles = ["row", "class", "probability", ...(labelled ? ["label"] : []), ...CLASSES];
  const head = element("tr", {}, ...titles.map((t) => element("th", { scope: "col" }, t)));
  const rows = order.map((i) => {
    const p = result.probabilities[i];
    const show = element("button", { type: "button", class: "plain", onclick: () => choose(i) });
    show.append(String(result.row[i]));
    show.setAttribute("aria-label", `show row ${result.row[i]}`);
    const cells = [show, badge(CLASSES[result.predicted[i]]), Math.max(...p).toFixed(3)];
    if (labelled) cells.push(result.label[i] >= 0 ? badge(CLASSES[result.label[i]]) : "–");
    cells.push(...Array.from(p, (v) => v.toFixed(3)));
    return element("tr", {}, ...cells.map((c) => element("td", {}, c)));
  });
  return element("table", { class: "beats" }, element("thead", {}, head),
    element("tbody", {}, ...rows));
}

/** The table as CSV, as `ecgcore predict --format csv` writes it. */
export function toCsv(result) {
  const head = ["row", "class", "probability", ...CLASSES.map((c) => `p_${c}`)].join(",");
  const rows = result.row.map((row, i) => {
    const p = Array.from(result.probabilities[i], (v) => v.toFixed(6));
    const best = result.predicted[i];
    return [row, CLASSES[best], p[best], ...p].join(",");
  });
  return `${[head, ...rows].join("\n")}\n`;
}
