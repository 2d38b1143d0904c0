// Beats that are already cut, in the page "Try it": the network that sees one beat at a time. Network
// and runtime are loaded when they are wanted.
import { CLASSES } from "./constants.js";
import { DataError, readBeats, warnings } from "./csv.js";
import { load } from "./network.js";
import { beatView, summaryView, tableView, toCsv } from "./view.js";
import { badge, download, element, goTo, megabytes, partsOf, percent, thousands } from "../recording/view/dom.js";

const ROWS_SHOWN = 20;

/** The part of the page for such beats: {take(file {name, blob}), clear()}. */
export function beats(root, assets, manifest) {
  const page = { part: partsOf(root), assets, manifest, network: null, waiting: null };
  const { part } = page;
  if (manifest.runtime) {
    part("load").textContent = `Load the network (${megabytes(manifest.bytes)})`;
    part("load").addEventListener("click", () => loadNetwork(page));
  } else {
    part("no-runtime").hidden = false;
    part("reason").textContent = manifest.reason ?? "";
    part("load").hidden = true;
  }
  return { take: (file) => take(page, file), clear: () => clear(page) };
}

/** A file of beats: classified now, or when the network is there. */
async function take(page, file) {
  page.part("beats").open = true;
  if (page.network) {
    await readFile(page, file);
    return;
  }
  page.waiting = file;
  page.part("waiting").textContent = `${file.name} holds beats that are already cut. The network for them comes first.`;
  page.part("waiting").hidden = false;
  goTo(page.part("beats").querySelector("summary"));
}

async function fetchJson(url) {
  const response = await fetch(url).catch(() => null);
  return response?.ok ? response.json() : null;
}

async function loadNetwork(page) {
  const { part, assets, manifest } = page;
  part("load").disabled = true;
  part("loading").hidden = false;
  part("progress").max = manifest.bytes;
  try {
    page.network = await load(assets, manifest, (bytes) => {
      part("progress").value = bytes;
      const done = `${megabytes(bytes)} of ${megabytes(manifest.bytes)}`;
      say(page, bytes < manifest.bytes ? done : "Starting …");
    });
  } catch (error) {
    part("load").disabled = false;
    say(page, `The network could not be loaded: ${error.message}`);
    return;
  }
  part("progress").hidden = true;
  part("load").hidden = true;
  part("choose").hidden = false;
  say(page, "The network is ready. Everything from here on happens in your browser.");
  const offered = offerSamples(page);
  if (page.waiting) await take(page, page.waiting);
  page.waiting = null;
  await offered;
}

function say(page, text) {
  page.part("status").textContent = text;
}

async function offerSamples(page) {
  const samples = (await fetchJson(`${page.assets}beats.json`)) ?? [];
  for (const [number, letter] of CLASSES.entries()) {
    const of = samples.filter((s) => s.label === number);
    if (!of.length) continue;
    const row = element("p", { class: "samples" }, badge(letter), " ");
    for (const sample of of) {
      const text = `${sample.record}, ${sample.time_s.toFixed(1)} s ${sample.right ? "✓" : "✗"}`;
      const what = sample.right ? "classified right" : "classified wrong";
      const button = element("button", {
        type: "button",
        title: `annotated ${letter}, ${what}`,
        "aria-label": `${letter}, record ${sample.record} at ${sample.time_s.toFixed(1)} s, ${what}`,
        onclick: () => showSample(page, sample),
      });
      button.append(text);
      row.append(button);
    }
    page.part("samples").append(row);
  }
}

async function showSample(page, sample) {
  const name = `Record ${sample.record} at ${sample.time_s.toFixed(1)} s`;
  const signal = [Float32Array.from(sample.signal)];
  await showBeats(page, { name, signal, row: [1], label: [sample.label], problems: [] });
}

async function readFile(page, file) {
  clear(page);
  try {
    const reading = (share) => say(page, `Reading ${file.name}: ${percent(share)}`);
    await showBeats(page, { name: file.name, ...(await readBeats(file.blob, file.name, reading)) });
  } catch (error) {
    say(page, "");
    const known = error instanceof DataError;
    page.part("error").textContent = known ? error.message : `${file.name}: ${error.message}`;
    page.part("error").hidden = false;
  }
}

function clear(page) {
  for (const name of ["error", "waiting", "doubts", "result"]) page.part(name).hidden = true;
}

async function showBeats(page, beats) {
  clear(page);
  const tell = (share) => say(page, `Classifying: ${percent(share)}`);
  const probabilities = await page.network(beats.signal, tell);
  const predicted = probabilities.map((p) => p.indexOf(Math.max(...p)));
  page.result = { ...beats, probabilities, predicted };
  say(page, `${beats.name}: ${thousands(predicted.length)} classified.`);
  showDoubts(page, warnings(beats.signal));
  const many = predicted.length > 1;
  page.part("batch").hidden = !many;
  page.part("summary").replaceChildren(...(many ? summaryView(page.result) : []));
  page.part("result").hidden = false;
  page.part("download").onclick = () => download(`${beats.name}.classes.csv`, toCsv(page.result), "text/csv");
  page.part("order").onchange = () => showTable(page, 0);
  showTable(page, 0);
  showBeat(page, order(page)[0]);
  goTo(page.part("heading"));
}

function showDoubts(page, sentences) {
  const { problems } = page.result;
  const list = [...sentences, ...problems.map((p) => p.text)].map((t) => element("li", {}, t));
  page.part("doubts").hidden = !list.length;
  const title = problems.length
    ? `${thousands(problems.length)} ${problems.length === 1 ? "row" : "rows"} left out`
    : "A doubt";
  page.part("doubts-title").textContent = title;
  page.part("doubts-list").replaceChildren(...list);
}

/** Positions of the beats in the order that the reader chose. */
function order(page) {
  const { probabilities } = page.result;
  const positions = probabilities.map((_, i) => i);
  if (page.part("order").value === "file") return positions;
  const sure = probabilities.map((p) => Math.max(...p));
  return positions.sort((a, b) => sure[a] - sure[b]);
}

function showTable(page, first) {
  const positions = order(page);
  const last = Math.min(first + ROWS_SHOWN, positions.length);
  const table = tableView(page.result, positions.slice(first, last), (i) => showBeat(page, i));
  const turn = (to, text) =>
    element("button", { type: "button", disabled: to < 0 || to >= positions.length,
      onclick: () => showTable(page, to) }, text);
  const where = ` ${thousands(first + 1)} to ${thousands(last)} of ${thousands(positions.length)} `;
  const pager = element("p", {}, turn(first - ROWS_SHOWN, "← earlier"), where,
    turn(first + ROWS_SHOWN, "later →"));
  page.part("table").replaceChildren(table, ...(positions.length > ROWS_SHOWN ? [pager] : []));
}

function showBeat(page, i) {
  const { name, signal, probabilities, label, row } = page.result;
  const title = page.result.row.length > 1 ? `${name}, row ${row[i]}` : name;
  const beat = { signal: signal[i], probabilities: probabilities[i], label: label[i], name: title };
  page.part("beat").replaceChildren(...beatView(beat));
}
