// The whole chain beside the page, so that it does not freeze; whoever stops it ends the worker.
// In: {files?, model: address, how, wish}; without files the recording is the one before. Out:
// {done: 0..1, step}, then {answer} or {error, rows, unknownRate}. rows: the file, unpacked, of beats
// that are already cut, or null. In: {explain: position of a beat}; out: {explained, of}.
import { analyse } from "./chain.js";
import { DataError } from "./errors.js";
import { explain } from "./explain.js";
import { unpack } from "./graph.js";
import { open } from "./opening.js";

const TELL_MS = 60;
const held = { graph: null, how: null, files: null, recording: null, seen: null };

async function graphOf(url) {
  if (held.graph) return held.graph;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answers ${response.status} for the model`);
  const unpacked = response.body.pipeThrough(new DecompressionStream("gzip"));
  held.graph = unpack(await new Response(unpacked).arrayBuffer());
  return held.graph;
}

/** The recording; what could not be opened for want of a rate is opened once that is told. */
async function recordingOf(files, wish) {
  if (files) [held.files, held.recording] = [files, null];
  held.recording ??= await open(held.files, wish);
  return held.recording;
}

function progress() {
  let last = 0;
  return (done, step) => {
    if (performance.now() - last < TELL_MS) return;
    last = performance.now();
    postMessage({ done, step });
  };
}

self.onmessage = ({ data }) => ("explain" in data ? explained(data.explain) : classify(data));

function explained(of) {
  const { seen, graph, how } = held;
  postMessage({ of, explained: explain(seen, graph, how, of) });
}

async function classify({ files, model, how, wish }) {
  try {
    postMessage({ done: 0, step: "reading" });
    held.seen = null;
    const recording = await recordingOf(files, wish);
    const graph = await graphOf(model);
    held.how = how;
    const answer = await analyse(recording, how, graph, wish, progress(), (seen) => (held.seen = seen));
    const buffers = [answer.time, answer.decision, answer.probabilities, answer.truth, answer.signal];
    if (answer.second) buffers.push(answer.second.signal);
    postMessage({ answer }, buffers.map((b) => b.buffer));
  } catch (error) {
    postMessage(told(error, held.files?.[0]?.name ?? "the file"));
  }
}

function told(error, name) {
  if (error instanceof DataError) return { error: error.message, rows: error.rows, unknownRate: error.unknownRate };
  const why = error instanceof RangeError ? "it is too large for this browser" : error.message;
  return { error: `${name}: ${why}`, rows: null, unknownRate: false };
}
