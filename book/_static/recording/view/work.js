// The worker that computes: given files or questions, it tells progress and what came of it.

const WORKER = new URL("../worker.js", import.meta.url);

/** @typedef {{answer?: object, error?: string, rows?: object | null, unknownRate?: boolean,
    stopped?: boolean}} Outcome */

export class Work {
  /** assets: address of the folder with model and numbers; onDone hears the share done and the step. */
  constructor(assets, manifest, onDone) {
    Object.assign(this, { assets, manifest, onDone, worker: null, held: null, finish: null, waiting: new Map() });
  }

  get busy() {
    return this.finish !== null;
  }

  /** Classify files; those of the time before are not read again.
      @returns {Promise<Outcome>} */
  async classify(files, wish) {
    this.stop();
    try {
      this.how ??= await (await fetch(`${this.assets}how.json`)).json();
      this.worker ??= this.#start();
    } catch (error) {
      return { error: `This browser or server does not let the page compute: ${error.message}` };
    }
    const model = new URL(this.assets + this.manifest.rhythm.file, location.href).href;
    return new Promise((resolve) => {
      this.finish = resolve;
      this.worker.postMessage({ files: files === this.held ? undefined : files, model, how: this.how, wish });
      this.held = files;
    });
  }

  /** Why a beat was answered as it was; null if that cannot be told any more. */
  explain(position) {
    if (!this.worker || this.busy) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.waiting.get(position)?.(null);
      this.waiting.set(position, resolve);
      this.worker.postMessage({ explain: position });
    });
  }

  /** End what is being computed; the recording is forgotten with it. */
  stop() {
    if (!this.busy) return;
    this.worker.terminate();
    [this.worker, this.held] = [null, null];
    this.#end({ stopped: true });
  }

  #end(outcome) {
    const finish = this.finish;
    this.finish = null;
    for (const resolve of this.waiting.values()) resolve(null);
    this.waiting.clear();
    finish?.(outcome);
  }

  #start() {
    const worker = new Worker(WORKER, { type: "module" });
    worker.onmessage = ({ data }) => {
      if ("done" in data) this.onDone(data.done, data.step);
      else if ("explained" in data) {
        this.waiting.get(data.of)?.(data.explained);
        this.waiting.delete(data.of);
      } else this.#end(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      [this.worker, this.held] = [null, null];
      this.#end({ error: `The page's worker stopped: ${event.message || "its files could not be loaded"}` });
    };
    return worker;
  }
}
