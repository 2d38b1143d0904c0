// Move the threshold: what one gives on validation and on test beats, beside the honest choices.

const WIDE = 560;
const HIGH = 150;

function ratesOf({ beats, hits, said }, at) {
  return {
    sensitivity: hits[at] / beats, predictivity: said[at] ? hits[at] / said[at] : NaN,
    f1: (2 * hits[at]) / (beats + said[at]),
  };
}

function lineOf(values, x) {
  return values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${(HIGH * (1 - v)).toFixed(1)}`).join("");
}

start("move_threshold", (root, about) => {
  root.replaceChildren(...about.detectors.map((detector, number) => panel(detector, number)));

  function panel({ letter, name, thresholds, marks, sides }, number) {
    const x = (at) => (WIDE * at) / (thresholds.length - 1);
    const now = drawing("line", { class: "st-now", y1: -4, y2: HIGH });
    const shares = sides.map((side) => thresholds.map((_, at) => ratesOf(side, at).f1));
    const picture = drawing("svg", { viewBox: `-34 -10 ${WIDE + 44} ${HIGH + 20}`, "aria-hidden": "true" },
      ...[0, 0.5, 1].flatMap((v) => [
        drawing("line", { class: "st-grid", x1: 0, x2: WIDE, y1: HIGH * (1 - v), y2: HIGH * (1 - v) }),
        drawing("text", { x: -6, y: HIGH * (1 - v) + 4, "text-anchor": "end" }, String(v))]),
      ...marks.map(({ at }) => drawing("line", { class: "st-mark", x1: x(at), x2: x(at), y1: 0, y2: HIGH })),
      ...shares.map((values, i) => drawing("path", { class: `st-line st-line-${i}`, d: lineOf(values, x) })),
      now);
    const table = element("tbody");
    const slider = element("input", {
      type: "range", min: 0, max: thresholds.length - 1, step: 1,
      "aria-label": `Threshold on the probability of ${letter}`, oninput: () => follow(),
    });
    slider.value = marks[0].at;
    const value = element("output", { class: "st-said" });
    const choices = marks.map(({ rule, at }) => element("button", {
      type: "button", onclick: () => { slider.value = at; follow(); },
    }, `Validation\u2019s choice: ${rule}`));

    function follow() {
      const at = Number(slider.value);
      const threshold = thresholds[at];
      const words = threshold.toPrecision(3);
      now.setAttribute("x1", x(at));
      now.setAttribute("x2", x(at));
      value.textContent = `called ${letter} where the probability of ${letter} is at least ${words}`;
      slider.setAttribute("aria-valuetext", words);
      marks.forEach((mark, i) => choices[i].setAttribute("aria-pressed", String(mark.at === at)));
      table.replaceChildren(...sides.map((side) => {
        const { sensitivity, predictivity, f1 } = ratesOf(side, at);
        return element("tr", {}, element("th", { scope: "row" }, side.title),
          element("td", {}, element("strong", {}, score(f1))),
          element("td", {}, percent(sensitivity)), element("td", {}, percent(predictivity)),
          element("td", {}, whole(side.beats - side.hits[at])),
          element("td", {}, whole(side.said[at] - side.hits[at])));
      }));
    }
    follow();
    return element("div", { class: "st-detector", "data-letter": letter },
      element("h4", { id: `st-detector-${number}` }, `${letter}: ${name}`),
      element("p", { class: "st-key" }, "F1 at each threshold: ",
        element("span", { class: "st-line-0" }, "validation"), ", ",
        element("span", { class: "st-line-1" }, "test"), "; dashed: what validation chose"),
      picture, element("label", {}, "Threshold", slider), value,
      element("div", { class: "st-presets", role: "group", "aria-label": `Honest choices for ${letter}` }, ...choices),
      element("div", { class: "st-scroll", tabindex: "0", role: "group", "aria-label": `Scores of ${letter}` },
        element("table", { class: "st-scores" }, element("thead", {}, element("tr", {}, element("td", {}, ""),
          ...["F1", "sensitivity", "positive predictivity", "missed", "false"].map(
            (words) => element("th", { scope: "col" }, words)))), table)));
  }
});
