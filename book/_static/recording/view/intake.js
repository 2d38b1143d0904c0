// What somebody wants looked at: dropped or chosen files, or one of the book's records.
import { button, element, megabytes, plural } from "./dom.js";
import { duration } from "./charts.js";

const MOST_FILES = 2000; // in a folder
const KINDS = ["dragenter", "dragover", "dragleave", "drop"];

/** @typedef {{name: string, blob: Blob}} File_ */

/** Hear of files that are dropped anywhere in the zone, or chosen. onFiles: (File_[]) → void */
export function acceptFiles(zone, inputs, onFiles) {
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const files = Array.from(input.files, (file) => ({ name: file.name, blob: file }));
      input.value = ""; // the same file can be chosen again
      if (files.length) onFiles(files);
    });
  }
  let depth = 0; // of the elements that are entered
  for (const kind of KINDS) {
    zone.addEventListener(kind, (event) => {
      if (!Array.from(event.dataTransfer?.types ?? []).includes("Files")) return;
      event.preventDefault();
      depth = kind === "dragenter" ? depth + 1 : kind === "dragleave" ? depth - 1 : depth;
      if (kind === "drop") {
        depth = 0;
        dropped(event.dataTransfer).then((files) => files.length && onFiles(files));
      }
      zone.classList.toggle("over", depth > 0);
    });
  }
}

/** The files of a drop; folders are looked into. */
async function dropped(transfer) {
  // Entries are to be asked for at once: the browser forgets them when the event ends.
  const entries = Array.from(transfer.items ?? [], (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) {
    return Array.from(transfer.files, (file) => ({ name: file.name, blob: file }));
  }
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (found.length >= MOST_FILES || entry.name.startsWith(".")) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ name: file.name, blob: file });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const each of some) await walk(each, found);
  }
}

/** Cards of the book's records. onChoose: (entry of records.json) → void */
export function recordCards(records, onChoose) {
  return records.map((record) => {
    const picture = element("span", { class: "thumbnail" });
    picture.innerHTML = record.thumbnail; // of the book's own files
    const small = `${record.name} · ${duration(record.seconds)} · ${megabytes(record.bytes)}`;
    const card = button("", () => onChoose(record), { class: "record", title: record.of });
    card.append(picture, element("b", {}, record.title), element("span", {}, record.why),
      element("small", {}, small));
    return card;
  });
}

/** The files of one of the book's records. Throws Error where the server lacks one. */
export async function fetchRecord(record, assets) {
  return Promise.all(record.files.map(async (name) => {
    const response = await fetch(assets + name);
    if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
    return { name, blob: await response.blob() };
  }));
}

/** What was given, in a few words. */
export const named = (files) => (files.length === 1 ? files[0].name : `${plural(files.length, "file")}: ${files[0].name} …`);
