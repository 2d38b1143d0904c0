// The network in the reader's browser: onnxruntime-web and the model, both from the book itself.
import { BEAT_LENGTH, CLASSES } from "./constants.js";

const BATCH = 256; // beats between two looks at the page

/** Fetch runtime and model. onProgress hears the bytes that have arrived. */
export async function load(base, manifest, onProgress) {
  const arrived = {};
  const stop = new AbortController(); // if one download fails, the other must not go on
  const get = (name) =>
    fetchBytes(base + name, stop.signal, (bytes) => {
      arrived[name] = bytes;
      onProgress(Object.values(arrived).reduce((sum, n) => sum + n, 0));
    });
  const { script, binary } = manifest.runtime;
  const both = Promise.all([get(binary), get(manifest.model)]);
  const [wasm, model] = await both.catch((error) => {
    stop.abort();
    throw error;
  });
  const ort = await import(base + script);
  ort.env.wasm.wasmBinary = wasm.buffer;
  ort.env.wasm.numThreads = 1; // more would need headers that few servers send
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return (signal, onDone) => classify(ort, session, signal, onDone);
}

async function fetchBytes(url, signal, onBytes) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: the server answers ${response.status}`);
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) break;
    parts.push(value);
    size += value.length;
    onBytes(size);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Probabilities of beats scaled to [0, 1], one Float32Array(5) a beat. The graph z-scores. */
async function classify(ort, session, signal, onDone = () => {}) {
  const probabilities = [];
  for (let start = 0; start < signal.length; start += BATCH) {
    const batch = signal.slice(start, start + BATCH);
    const data = new Float32Array(batch.length * BEAT_LENGTH);
    batch.forEach((beat, i) => data.set(beat, i * BEAT_LENGTH));
    const beats = new ort.Tensor("float32", data, [batch.length, BEAT_LENGTH]);
    const found = await session.run({ beats });
    const flat = found.probabilities.data;
    for (let i = 0; i < batch.length; i += 1) {
      probabilities.push(flat.slice(i * CLASSES.length, (i + 1) * CLASSES.length));
    }
    onDone(probabilities.length / signal.length);
    await new Promise((resume) => setTimeout(resume)); // let the page draw
  }
  return probabilities;
}
