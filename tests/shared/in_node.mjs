// The page's modules in Node: work comes as JSON on the standard input, results go out likewise.
import { openAsBlob, readFileSync, readdirSync } from "node:fs";
const [modules] = process.argv.slice(2);
const { open } = await import(`${modules}/opening.js`);
const { openRecord } = await import(`${modules}/wfdb.js`);
const { analyse } = await import(`${modules}/chain.js`);
const { unpack } = await import(`${modules}/graph.js`);
const { review } = await import(`${modules}/quality.js`);
const { choose, rank } = await import(`${modules}/leads.js`);
const { decide, probabilities } = await import(`${modules}/decide.js`);
const { DataError } = await import(`${modules}/errors.js`);
const job = JSON.parse(readFileSync(0, "utf8"));
const told = (error) => {
  if (!(error instanceof DataError)) throw error;
  return { error: error.message, rows: error.rows, unknownRate: error.unknownRate };
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

const ways = {
  async recording(paths) {
    const found = await dropped(paths, job.wish);
    const which = found.chosen ?? (await choose(found.leads, found.name));
    const lead = found.leads[which];
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
    const bytes = readFileSync(job.graph);
    const graph = unpack(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const found = await analyse(await opened(where), job.how, graph, job.wish);
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
  async decided(scores) {
    return scores.map((s) => [decide(s, job.at), probabilities(s)]);
  },
};
const results = [];
for (const each of job.of) results.push(await ways[job.way](each).catch(told));
console.log(JSON.stringify(results, (_, v) => (Number.isNaN(v) ? null : v)));
