// Which record decides? Records are ticked in and out, and every number follows.

/** Accuracy, macro-F1 and F1 by class of a confusion matrix in one row; NaN where undefined. */
function scoresOf(sum, about) {
  const k = about.classes.length;
  const f1 = about.classes.map((_, c) => {
    let annotated = 0;
    let predicted = 0;
    for (let i = 0; i < k; i++) {
      annotated += sum[c * k + i];
      predicted += sum[i * k + c];
    }
    return annotated + predicted ? (2 * sum[c * k + c]) / (annotated + predicted) : NaN;
  });
  const all = sum.reduce((a, b) => a + b, 0);
  const hits = about.classes.reduce((a, _, c) => a + sum[c * k + c], 0);
  const scored = about.scored.map((letter) => f1[about.classes.indexOf(letter)] || 0);
  return {
    accuracy: all ? hits / all : NaN,
    macro: all ? scored.reduce((a, b) => a + b, 0) / scored.length : NaN,
    f1,
  };
}

function summed(counts, chosen) {
  const sum = new Array(counts[0].length).fill(0);
  for (const record of chosen) counts[record].forEach((n, i) => { sum[i] += n; });
  return sum;
}

/** Random numbers in [0, 1) that are the same every time (mulberry32). */
function randomness(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The middle 95 % of what resamples of the chosen records give, by name of the number. */
function intervalsOf(counts, chosen, about, names) {
  if (chosen.length < 2) return {};
  const random = randomness(about.seed);
  const drawn = Object.fromEntries(names.map((name) => [name, []]));
  for (let i = 0; i < about.resamples; i++) {
    const sample = chosen.map(() => chosen[Math.floor(random() * chosen.length)]);
    const found = scoresOf(summed(counts, sample), about);
    for (const name of names) {
      const value = numberOf(found, name, about);
      if (Number.isFinite(value)) drawn[name].push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, middle(drawn[name])]));
}

function middle(values) {
  values.sort((a, b) => a - b);
  const at = (share) => {
    const place = share * (values.length - 1);
    const low = Math.floor(place);
    return values[low] + (place - low) * ((values[low + 1] ?? values[low]) - values[low]);
  };
  return values.length ? [at(0.025), at(0.975)] : null;
}

function numberOf(found, name, about) {
  return name in found ? found[name] : found.f1[about.classes.indexOf(name)];
}

/** A number with its interval, as text and as a bar from 0 to 1. */
function cellOf(value, ends, format) {
  const bar = drawing("svg", { viewBox: "0 0 100 10", "aria-hidden": "true", preserveAspectRatio: "none" },
    drawing("rect", { class: "st-room", width: 100, height: 10 }),
    drawing("rect", { class: "st-value", width: 100 * (value || 0), height: 10 }));
  if (ends) {
    bar.append(drawing("line", { class: "st-span", x1: 100 * ends[0], x2: 100 * ends[1], y1: 5, y2: 5 }));
  }
  const words = ends ? ` (${format(ends[0])} to ${format(ends[1])})` : "";
  return element("td", {}, element("strong", {}, format(value)), words, bar);
}

function matrixOf(sum, title, about) {
  const k = about.classes.length;
  const head = element("tr", {}, element("td", {}, ""),
    ...about.classes.map((c) => element("th", { scope: "col" }, `\u2192 ${c}`)));
  const rows = about.classes.map((c, i) => element("tr", {}, element("th", { scope: "row" }, c),
    ...about.classes.map((_, j) => element("td", { class: i === j ? "st-right" : "" },
      whole(sum[i * k + j])))));
  return element("table", { class: "st-matrix" },
    element("caption", {}, `${title}: annotated (rows), answered (columns)`),
    element("thead", {}, head), element("tbody", {}, ...rows));
}

start("which_record", (root, about) => {
  const names = ["accuracy", "macro", ...about.scored];
  const titles = { accuracy: "Accuracy", macro: `Macro-F1 of ${about.scored.join(", ")}` };
  const held = about.records.map((_, record) => aboutRecord(record));
  const boxes = about.records.map((name) => element("input", {
    type: "checkbox", checked: true, value: name, onchange: () => follow(),
  }));
  const presets = about.presets.map(({ title, records }) => element("button", {
    type: "button", "aria-pressed": "false",
    onclick: () => {
      boxes.forEach((box, record) => { box.checked = records.includes(record); });
      follow();
    },
  }, title));
  const said = element("p", { class: "st-said", role: "status" });
  const results = element("div", { class: "st-results", tabindex: "0", role: "group", "aria-label": "Scores" });
  const matrices = element("div", { class: "st-matrices" });
  root.replaceChildren(
    element("div", { class: "st-presets", role: "group", "aria-label": "Ready-made choices" }, ...presets),
    element("fieldset", { class: "st-records" }, element("legend", {}, "Records that are counted, and their S and V beats"),
      ...boxes.map((box, record) => element("label", {}, box, element("span", {}, about.records[record]),
        element("small", {}, held[record])))),
    said, results, matrices);

  function aboutRecord(record) {
    const k = about.classes.length;
    const counts = about.models.map((m) => m.counts[record]).find((c) => c.some((n) => n)) ?? [];
    const beats = (c) => about.classes.reduce((a, _, j) => a + (counts[about.classes.indexOf(c) * k + j] ?? 0), 0);
    return `S ${whole(beats("S"))} \u00b7 V ${whole(beats("V"))}`;
  }

  function follow() {
    const chosen = boxes.flatMap((box, record) => (box.checked ? [record] : []));
    about.presets.forEach(({ records }, i) => presets[i].setAttribute("aria-pressed",
      String(records.length === chosen.length && records.every((r) => chosen.includes(r)))));
    const found = about.models.map(({ title, counts }) => {
      const sum = summed(counts, chosen);
      return { title, sum, scores: scoresOf(sum, about), ends: intervalsOf(counts, chosen, about, names) };
    });
    const head = element("tr", {}, element("td", {}, ""),
      ...found.map(({ title }) => element("th", { scope: "col" }, title)));
    const rows = names.map((name) => element("tr", {},
      element("th", { scope: "row" }, titles[name] ?? `F1 of ${name}`),
      ...found.map(({ scores, ends }) => cellOf(numberOf(scores, name, about), ends[name],
        name === "accuracy" ? percent : score))));
    results.replaceChildren(element("table", { class: "st-scores" },
      element("caption", {}, "In brackets: 95\u00a0% intervals over the chosen records"),
      element("thead", {}, head), element("tbody", {}, ...rows)));
    matrices.replaceChildren(...found.map(({ title, sum }) => matrixOf(sum, title, about)));
    said.textContent = chosen.length
      ? `${chosen.length} of ${boxes.length} records: macro-F1 ${found.map(({ title, scores }) =>
        `${score(scores.macro)} (${title})`).join(", ")}.`
      : "No record is counted.";
  }

  follow();
});
