// Which beats match, in which order. The filters are the widget's traits; no drawing here.

export const FILTERS = [
  "protocol", "true_class", "predicted_class", "record", "outcome", "confidence", "sort", "preset",
];

export const NO_FILTERS = {
  true_class: "", predicted_class: "", record: "", outcome: "wrong", confidence: [0, 1],
  sort: "confidence", preset: "",
};

export const SORTS = {
  confidence: "most confident first",
  unsure: "least confident first",
  loss: "largest loss first",
  time: "record and time",
  ranking: "as the preset ranks",
};

export const OUTCOMES = { wrong: "wrong only", right: "right only", all: "right and wrong" };

/** Shortcuts that any predictions offer; presets from Python come after them. */
export const SHORTCUTS = [
  ["All errors", {}],
  ["Confident errors", { confidence: [0.9, 1], sort: "loss" }],
  ["Undecided", { outcome: "all", confidence: [0, 0.6], sort: "unsure" }],
  ["Right, to compare", { outcome: "right", sort: "time" }],
];

export function filtersOf(model) {
  return Object.fromEntries(FILTERS.map((name) => [name, model.get(name)]));
}

/** Rows of the protocol's table that match, in order. */
export function match(data, filters) {
  const table = data.tables[filters.protocol];
  const wanted = {
    true: data.classes.indexOf(filters.true_class),
    predicted: data.classes.indexOf(filters.predicted_class),
    record: filters.record ? data.records.findIndex((r) => r.name === filters.record) : -1,
  };
  const preset = data.presets.findIndex((p) => p.name === filters.preset);
  const rows = preset < 0 ? table.index.keys() : table[`preset${preset}`];
  const found = [];
  for (const row of rows) if (matches(table, row, wanted, filters)) found.push(row);
  return order(table, found, filters.sort);
}

function matches(table, row, wanted, { outcome, confidence }) {
  const wrong = table.true[row] !== table.predicted[row];
  return (wanted.true < 0 || table.true[row] === wanted.true)
    && (wanted.predicted < 0 || table.predicted[row] === wanted.predicted)
    && (wanted.record < 0 || table.record[row] === wanted.record)
    && (outcome === "all" || wrong === (outcome === "wrong"))
    && table.confidence[row] >= confidence[0] && table.confidence[row] <= confidence[1];
}

function order(table, rows, sort) {
  const { confidence, loss, record, r } = table;
  const comparisons = {
    confidence: (a, b) => confidence[b] - confidence[a],
    unsure: (a, b) => confidence[a] - confidence[b],
    loss: (a, b) => loss[b] - loss[a],
    time: (a, b) => record[a] - record[b] || r[a] - r[b],
  };
  return comparisons[sort] ? rows.sort((a, b) => comparisons[sort](a, b) || a - b) : rows;
}

/** How many beats match in all the predictions, embedded or not; null where it is unknown. */
export function total(data, filters, confusionCounts) {
  const [low, high] = filters.confidence;
  if (filters.preset || low > 0 || high < 1) return null;
  const k = data.classes.length;
  const is = (letter, number) => !letter || data.classes[number] === letter;
  return confusionCounts.reduce((sum, count, i) => {
    const [t, p] = [Math.floor(i / k), i % k];
    const counts = is(filters.true_class, t) && is(filters.predicted_class, p)
      && (filters.outcome === "all" || (t !== p) === (filters.outcome === "wrong"));
    return counts ? sum + count : sum;
  }, 0);
}
