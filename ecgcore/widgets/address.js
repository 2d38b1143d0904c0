// What stands in the page's address: an open beat, or the filters. No drawing here.
// Plain CSS identifiers, as other scripts of the page expect.

import { NO_FILTERS, RELATIONS } from "./filters.js";

const LINK = /^#beat-(.+)-([^-]*)-(-?\d+)$/;

/** The part of an address that leads to a beat; a plain CSS identifier, as other scripts expect. */
export function linkOf(data, protocol, row) {
  const table = data.tables[protocol];
  const record = encodeURIComponent(data.records[table.record[row]].name);
  const place = table.sample[row] < 0 ? `${table.index[row]}` : `${table.sample[row]}`;
  return `#beat-${protocol}-${record}-${place}`;
}

/** The protocol and row that a link leads to, or null. */
export function followLink(data, hash) {
  const [, protocol, record, place] = LINK.exec(hash) ?? [];
  const table = data.tables[protocol];
  if (!table) return null;
  for (let row = 0; row < table.index.length; row++) {
    const key = table.sample[row] < 0 ? table.index[row] : table.sample[row];
    if (key === Number(place) && data.records[table.record[row]].name === decodeURIComponent(record)) {
      return { protocol, row };
    }
  }
  return null;
}

/** What a link to a beat asks for, in words, or null if it is none. */
export function askedFor(hash) {
  const [, protocol, record, place] = LINK.exec(hash) ?? [];
  return protocol ? `record ${decodeURIComponent(record)}, sample ${place}, ${protocol}` : null;
}

const BEATS = "#beats";

/** The part of an address that leads to a choice of beats; empty for what is shown at first. */
export function filtersLink(data, filters, first) {
  const parts = [];
  const add = (name, value) => parts.push(`${name}_${encodeURIComponent(value)}`);
  if (filters.protocol !== first) add("protocol", filters.protocol);
  for (const [name, key] of [["true_class", "annotated"], ["predicted_class", "model"],
    ["record", "record"], ["outcome", "outcome"], ["sort", "sort"]]) {
    if (filters[name] !== NO_FILTERS[name]) add(key, filters[name]);
  }
  if (filters.other) add("beside", data.answering.indexOf(filters.other));
  if (filters.relation) add("relation", filters.relation);
  if (filters.preset) add("preset", data.presets.findIndex((p) => p.name === filters.preset));
  const [low, high] = filters.confidence.map((share) => Math.round(100 * share));
  if (low > 0 || high < 100) add("confidence", `${low}-${high}`);
  return parts.length ? [BEATS, ...parts].join("--") : "";
}

/** The filters that such a link asks for, as far as they are known here; null if it is none. */
export function followFilters(data, hash) {
  const [head, ...parts] = hash.split("--");
  if (head !== BEATS) return null;
  const asked = Object.fromEntries(parts.map((part) => {
    const at = part.indexOf("_");
    return [part.slice(0, at), decodeURIComponent(part.slice(at + 1))];
  }));
  const among = (value, known, otherwise) => (known.includes(value) ? value : otherwise);
  const filters = { ...NO_FILTERS };
  if (data.tables[asked.protocol]) filters.protocol = asked.protocol;
  filters.true_class = among(asked.annotated, data.classes, "");
  filters.predicted_class = among(asked.model, data.classes, "");
  filters.record = among(asked.record, data.records.map(({ name }) => name), "");
  filters.outcome = among(asked.outcome, ["wrong", "right", "all"], NO_FILTERS.outcome);
  filters.sort = among(asked.sort, ["confidence", "unsure", "loss", "time", "ranking"], NO_FILTERS.sort);
  filters.other = data.answering[asked.beside] ?? "";
  filters.relation = filters.other ? among(asked.relation, Object.keys(RELATIONS), "") : "";
  filters.preset = data.presets[asked.preset]?.name ?? "";
  const range = /^(\d+)-(\d+)$/.exec(asked.confidence ?? "");
  if (range && +range[1] <= +range[2] && +range[2] <= 100) filters.confidence = [range[1] / 100, range[2] / 100];
  return filters;
}
