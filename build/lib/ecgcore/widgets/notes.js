// What a reader notes of a beat: kept in this browser alone, and to be downloaded.

import { clock } from "./data.js";
import { element } from "./elements.js";

const KEY = "ecg-book-notes";

/** All notes: `record/sample` to { doubt, words }. Empty where the browser keeps nothing. */
export function readNotes() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

export function noteKey(data, table, row) {
  const sample = table.sample[row];
  return `${data.records[table.record[row]].name}/${sample < 0 ? `beat ${table.index[row]}` : sample}`;
}

/** Keeps a note, or forgets it if it says nothing. False if the browser keeps nothing. */
export function keepNote(key, note) {
  const notes = readNotes();
  if (note.doubt || note.words) notes[key] = note;
  else delete notes[key];
  try {
    localStorage.setItem(KEY, JSON.stringify(notes));
    return true;
  } catch {
    return false;
  }
}

/** Rows of text as CSV. Words that a spreadsheet would take for a formula begin with a quote. */
export function csvOf(rows) {
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

/** The given beats as rows, after a head: what the model answered, and what was noted. */
export function beatRows(data, table, rows) {
  const notes = readNotes();
  const head = ["record", "sample", "time", "annotated", "symbol", "model", "confidence", "loss",
    "rr_before_ms", "rr_after_ms", "label_looks_wrong", "note"];
  return [head, ...rows.map((row) => {
    const record = data.records[table.record[row]];
    const note = notes[noteKey(data, table, row)] ?? {};
    return [record.name, table.sample[row], table.sample[row] < 0 ? "" : clock(table.sample[row] / record.fs),
      data.classes[table.true[row]], String.fromCharCode(table.symbol[row]), data.classes[table.predicted[row]],
      table.confidence[row].toFixed(4), table.loss[row].toFixed(4), table.rr_pre_ms[row], table.rr_post_ms[row],
      note.doubt ? 1 : 0, note.words ?? ""];
  })];
}

export function noteRows() {
  const told = Object.entries(readNotes()).map(([key, { doubt, words }]) => {
    const at = key.lastIndexOf("/");
    return [key.slice(0, at), key.slice(at + 1), doubt ? 1 : 0, words ?? ""];
  });
  return [["record", "sample", "label_looks_wrong", "note"], ...told];
}

/** Hands a text to the reader as a file. */
export function download(name, text, type = "text/csv") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
