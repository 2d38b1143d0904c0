// The page's modules in Node: work comes as JSON on the standard input, results go out likewise.
import { existsSync, openAsBlob, readFileSync, readdirSync } from "node:fs";
const [modules] = process.argv.slice(2);
const { open } = await import(`${modules}/opening.js`);
const { openRecord } = await import(`${modules}/wfdb.js`);
const { analyse } = await import(`${modules}/chain.js`);
const { unpack } = await import(`${modules}/graph.js`);
const { review } = await import(`${modules}/quality.js`);
const { choose, rank } = await import(`${modules}/leads.js`);
const { decide, probabilities } = await import(`${modules}/decide.js`);
const { checkLead } = await import(`${modules}/signals.js`);
const { apply, documentOf, editsOf, strongest } = await import(`${modules}/corrections.js`);
const { summarise } = await import(`${modules}/events.js`);
const { atrBytes, correctionsText, csvText } = await import(`${modules}/exports.js`);
const { reportHtml } = await import(`${modules}/report.js`);
const { chosenStrips } = await import(`${modules}/report_strips.js`);
const { DataError } = await import(`${modules}/errors.js`);
const job = JSON.parse(readFileSync(0, "utf8"));
const told = (error) => {
  if (!(error instanceof DataError)) throw error;
  return { error: error.message, rows: error.rows?.name, unknownRate: error.unknownRate };
};

async function opened(where) {
  const folder = where.slice(0, where.lastIndexOf("/"));
  const names = readdirSync(folder).filter((name) => !job.only || name.includes(job.only));
  const files = await Promise.all(
    names.map(async (name) => ({ name, blob: await openAsBlob(`${folder}/${name}`) })));
  return openRecord(files, files.find((f) => `${folder}/${f.name}` === `${where}.hea`));
}

async function dropped(paths, wish) {
  const named = (path) => path.slice(path.lastIndexOf("/") + 1);
  return open(await Promise.all(paths.map(async (path) => ({ name: named(path), blob: await openAsBlob(path) }))), wish);
}

async function analysed(where) {
  const bytes = readFileSync(job.graph);
  const graph = unpack(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return analyse(await opened(where), job.how, graph, job.wish);
}

/** A generator of numbers from 0 to below n, the same for each seed: mulberry32. */
function random(seed) {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** Bytes of which some are others, or lost, or there twice. */
function damaged(bytes, draw) {
  let found = Uint8Array.from(bytes);
  const near = draw(2) ? Math.min(found.length, 600) : found.length; // headers as often as samples
  for (let i = draw(8); i >= 0; i -= 1) found[draw(near)] = [draw(256), 0, 255, 45, 57, 10][draw(6)];
  const [from, size] = [draw(found.length), draw(Math.min(found.length, 4000))];
  const [before, after] = [found.subarray(0, from), found.subarray(from)];
  const kind = draw(8);
  if (kind === 0) found = before;
  if (kind === 1) found = Uint8Array.from([...before, ...after.subarray(size)]);
  if (kind === 2) found = Uint8Array.from([...before, ...found.subarray(from, from + size), ...after]);
  return found;
}

const ways = {
  /** Files damaged over and over: how often they could be read all the same; no other error. */
  async damaged(paths) {
    const whole = paths.map((path) => ({ name: path.slice(path.lastIndexOf("/") + 1), bytes: readFileSync(path) }));
    const bytes = readFileSync(job.graph);
    const graph = unpack(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const found = { read: 0, refused: 0, analysed: 0 };
    for (let seed = 0; seed < job.seeds; seed += 1) {
      const draw = random(seed);
      const bad = draw(whole.length);
      const files = whole.map((f, i) => ({ name: f.name, blob: new Blob([i === bad ? damaged(f.bytes, draw) : f.bytes]) }));
      try {
        const opened = await open(files, { fs: 360 });
        for (const lead of opened.leads) {
          const some = await lead.read(Math.max(lead.n - 2000, 0), lead.n);
          if (some.length !== Math.min(lead.n, 2000)) throw new Error(`${some.length} samples`);
        }
        found.read += 1;
        if (seed % 8 || opened.leads[0].n > 1e6) continue;
        await analyse(opened, job.how, graph);
        found.analysed += 1;
      } catch (error) {
        if (!(error instanceof DataError)) throw new Error(`${files[bad].name}, seed ${seed}: ${error.stack}`);
        if (!error.message || /[\n\u2028]/.test(error.message) || error.message.length > 700) throw new Error(error.message);
        found.refused += 1;
      }
    }
    return { ...found, megabytes: mostMegabytes() };
  },
  async recording(paths) {
    const found = await dropped(paths, job.wish);
    const which = found.chosen ?? (await choose(found.leads, found.name));
    const lead = checkLead(found.leads[which], found.name);
    const samples = Array.from(await lead.read(0, lead.n));
    const some = Array.from(await lead.read(1000, 2000));
    return { ...found, leads: found.leads.map((l) => l.name), lead: lead.name, unit: lead.unit, fs: lead.fs,
      n: lead.n, samples, some };
  },
  async samples(where) {
    const [lead] = (await opened(where)).leads;
    const whole = Array.from(await lead.read(0, lead.n));
    const some = Array.from(await lead.read(1000, 1234));
    return { n: lead.n, whole, some };
  },
  async answer(where) {
    const found = await analysed(where);
    const { signal, second, ...rest } = found;
    const plain = (v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
    return Object.fromEntries(Object.entries(rest).map(([k, v]) => [k, plain(v)]));
  },
  async review(where) {
    return review((await opened(where)).leads[0], job.how);
  },
  async chosen(where) {
    return choose((await opened(where)).leads, where);
  },
  async ranks(names) {
    return names.map(rank);
  },
  /** A document of corrections applied to beats, and what they add up to then. */
  async corrected({ answer, document }) {
    const found = apply(answer, editsOf(document, "mine.json", answer.seconds));
    const summary = summarise(found.time, found.decision, answer.seconds, found.unusable);
    const plain = Object.entries(found).map(([k, v]) => [k, ArrayBuffer.isView(v) ? Array.from(v) : v]);
    return { ...Object.fromEntries(plain), summary, document: documentOf(answer, document.edits) };
  },
  /** All that a reader takes away of a record. rename: what its names are instead, or nothing. */
  async taken({ where, edits, rename }) {
    const answer = { ...(await analysed(where)), ...rename };
    const applied = apply(answer, edits);
    const summary = summarise(applied.time, applied.decision, answer.seconds, applied.unusable);
    const shown = { ...answer, ...applied, summary, edits };
    return { csv: csvText(shown), atr: Buffer.from(atrBytes(shown)).toString("base64"), corrections: correctionsText(shown),
      report: reportHtml(shown, job.told), strips: chosenStrips(shown) };
  },
  async strongest({ signal, times }) {
    return times.map(([start, stop]) => strongest(Float32Array.from(signal), start, stop));
  },
  async decided(scores) {
    return scores.map((s) => [decide(s, job.at), probabilities(s)]);
  },
};
/** MB at most that this process has held; maxRSS would also count those of the process that started it. */
function mostMegabytes() {
  const status = "/proc/self/status"; // of Linux
  if (!existsSync(status)) return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))[1]) / 1024;
}

const results = [];
for (const each of job.of) results.push(await ways[job.way](each).catch(told));
console.log(JSON.stringify(results, (_, v) => (Number.isNaN(v) ? null : v)));
