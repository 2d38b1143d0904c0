// The whole chain beside the page, so that it does not freeze; whoever stops it ends the worker.
import { analyse } from "./chain.js";
import { DataError } from "./errors.js";
import { unpack } from "./graph.js";
import { open } from "./opening.js";

const TELL_MS = 60;
const held = { graph: null, recording: null };

async function graphOf(url) {
  if (held.graph) return held.graph;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answers ${response.status} for the model`);
  held.graph = unpack(await response.arrayBuffer());
  return held.graph;
}

function progress() {
  let last = 0;
  return (done) => {
    if (performance.now() - last < TELL_MS) return;
    last = performance.now();
    postMessage({ done });
  };
}

self.onmessage = async ({ data: { files, model, how, wish } }) => {
  try {
    postMessage({ done: 0 });
    if (files) held.recording = await open(files, wish);
    const answer = await analyse(held.recording, how, await graphOf(model), wish, progress());
    const buffers = [answer.time, answer.decision, answer.probabilities, answer.truth, answer.signal];
    if (answer.second) buffers.push(answer.second.signal);
    postMessage({ answer }, buffers.map((b) => b.buffer));
  } catch (error) {
    const known = error instanceof DataError;
    const memory = error instanceof RangeError ? "it is too large for this browser" : error.message;
    postMessage({ error: known ? error.message : `${files?.[0]?.name ?? "the file"}: ${memory}`,
      rows: known && Boolean(error.rows), unknownRate: known && Boolean(error.unknownRate) });
  }
};
