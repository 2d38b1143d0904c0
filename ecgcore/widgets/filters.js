// Which beats match, in which order. The filters are the widget's traits; no drawing here.

export const FILTERS = [
  "protocol", "true_class", "predicted_class", "record", "outcome", "confidence", "sort", "preset",
  "other", "relation",
];

export const NO_FILTERS = {
  true_class: "", predicted_class: "", record: "", outcome: "wrong", confidence: [0, 1],
  sort: "confidence", preset: "", other: "", relation: "",
};

export const SORTS = {
  confidence: "most confident first",
  unsure: "least confident first",
  loss: "largest loss first",
  time: "record and time",
  ranking: "as the preset ranks",
};

export const OUTCOMES = { wrong: "wrong only", right: "right only", all: "right and wrong" };

/** Who is right of two models, in the order in which they are counted. */
export const RELATIONS = {
  both_right: "both right", only_this: "this one alone is right",
  only_other: "the other alone is right", both_wrong: "both wrong",
};

/** The number, among those who answered, of the model that is compared; -1 if there is none. */
export function otherOf(data, table, { other }) {
  const number = data.answering.indexOf(other);
  return table[`other${number}`] ? number : -1;
}

/** Beats that both answered, by relation, in one record or all; [] where nobody is compared. */
export function relationCounts(data, table, filters) {
  const number = otherOf(data, table, filters);
  if (number < 0) return [];
  const k = Object.keys(RELATIONS).length;
  return Object.keys(RELATIONS).map((_, i) => data.records.reduce((sum, { name }, r) => (
    filters.record && name !== filters.record ? sum : sum + table[`relations${number}`][r * k + i]), 0));
}

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
  const number = otherOf(data, table, filters);
  wanted.other = number < 0 ? null : table[`other${number}`];
  const preset = data.presets.findIndex((p) => p.name === filters.preset);
  const rows = preset < 0 ? table.index.keys() : table[`preset${preset}`];
  const found = [];
  for (const row of rows) if (matches(table, row, wanted, filters)) found.push(row);
  return order(table, found, filters.sort);
}

function matches(table, row, wanted, { outcome, confidence, relation }) {
  const wrong = table.true[row] !== table.predicted[row];
  return related(table, row, wanted.other, wrong, relation)
    && (wanted.true < 0 || table.true[row] === wanted.true)
    && (wanted.predicted < 0 || table.predicted[row] === wanted.predicted)
    && (wanted.record < 0 || table.record[row] === wanted.record)
    && (outcome === "all" || wrong === (outcome === "wrong"))
    && table.confidence[row] >= confidence[0] && table.confidence[row] <= confidence[1];
}

function related(table, row, other, wrong, relation) {
  if (!other || !relation) return true;
  if (other[row] < 0) return false;
  const found = 2 * Number(wrong) + Number(other[row] !== table.true[row]);
  return Object.keys(RELATIONS)[found] === relation;
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
  if (filters.preset || low > 0 || high < 1 || filters.relation) return null;
  const k = data.classes.length;
  const is = (letter, number) => !letter || data.classes[number] === letter;
  return confusionCounts.reduce((sum, count, i) => {
    const [t, p] = [Math.floor(i / k), i % k];
    const counts = is(filters.true_class, t) && is(filters.predicted_class, p)
      && (filters.outcome === "all" || (t !== p) === (filters.outcome === "wrong"));
    return counts ? sum + count : sum;
  }, 0);
}
