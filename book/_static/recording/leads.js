// Which of several signals is the ECG lead to look at: ecgcore/data/lead_choice.py.
import { fillGaps } from "./quality.js";
import { median, round } from "./numeric.js";
import { peaksOf } from "./qrs.js";
import { resample } from "./resample.js";
import { DataError } from "./errors.js";

const [FS, WINDOW_S, WINDOWS] = [125, 10, 5];
const [QRS_HZ, WAVES_HZ] = [[8, 25], [0.5, 40]];
const [REFRACTORY_S, LEAST_SCORE, MOST_OF, CLEARLY] = [0.3, 0.01, 0.6, 1.25];
const LEAD_II = /^((mod(ified)?)?(m?l)?ii|d(ii|2)|(lead|ableitung|derivaci?on)(ii|2))$/;
const ECG = new RegExp("^(m?l?i{1,3}|d(i{1,3}|[1-3])|(lead|ableitung|derivaci?on)(i{1,3}|[1-3])|" +
  "av[rlf]|m?cl\\d|v\\d?r?|v[1-9]|v[xyz]|c[cmsb]\\d|frank[xyz]|na[shi]|es|as|ai)$");
const OTHER = new RegExp("abp|^art|^bp|press|pleth|ppg|^spo|sao2|resp|breath|emg|^eeg|eog|cvp|^pap|" +
  "^icp|co2|^acc|gyro|^temp|flow|thor|abd|snor|posit|mark|event|status|^stage|annot|batter|^time|" +
  "^hr$|heartrate|^rr$|^stim|trigger|label|^chin|^leg|^bcg|^scg|phono|^pcg|sound|^gsr|^eda$|" +
  "impedance|^lap$|^rap$|^lvp$|^u[ao]p$|^ao$|^sv$|^co$|^pulse|^bvp|quality|index|sample|^bcgs|" +
  "^imu|glucose");

/** A name without case, blanks, accents and punctuation. */
export const plain = (name) => name.normalize("NFKD").toLowerCase().replace(/[^0-9a-z]+/g, "");

/** 0: MLII; 1: lead II; 2: another ECG lead; 3: a name that says nothing; 4: no ECG. */
export function rank(name) {
  const short = plain(name);
  const bare = short.replace(/^(mdc)?(ecg|ekg)(?=.)|^elec|^lead(?=[a-z])/, "").replace(/^lead(?=[a-z])/, "");
  if (bare === "mlii") return 0;
  if (LEAD_II.test(bare)) return 1;
  if (short.includes("ecg") || short.includes("ekg") || ECG.test(bare)) return 2;
  return OTHER.test(short) ? 4 : 3;
}

/** Position of the lead to look at. Throws DataError if none is an ECG. */
export async function choose(leads, where) {
  const ranks = leads.map((lead) => rank(lead.name));
  const candidates = leads.map((_, i) => i).filter((i) => ranks[i] < 4)
    .sort((a, b) => ranks[a] - ranks[b] || a - b);
  if (!candidates.length) {
    throw new DataError(`${where}: none of its signals is an ECG by its name ` +
      `(${leads.map((l) => l.name).join(", ")})`);
  }
  const named = candidates.filter((i) => ranks[i] < 3);
  return named.length ? longest(leads, named) : byWaves(leads, candidates);
}

/** Another ECG lead of the same length and rate, by its name; -1 if there is none. */
export function second(leads, first) {
  const fits = leads.map((_, i) => i).filter((i) => i !== first && rank(leads[i].name) < 3 &&
    leads[i].fs === leads[first].fs && leads[i].n === leads[first].n);
  return fits.sort((a, b) => rank(leads[a].name) - rank(leads[b].name) || a - b)[0] ?? -1;
}

/** The first, unless another is there for much more of the recording. */
async function longest(leads, which) {
  if (which.length === 1) return which[0];
  const there = [];
  for (const i of which) there.push((await windowsOf(leads[i])).filter(moves).length);
  return which.find((_, k) => there[k] >= MOST_OF * Math.max(...there));
}

async function byWaves(leads, which) {
  let [best, most] = [which[0], which.length > 1 ? await score(leads[which[0]]) : 0];
  for (const i of which.slice(1)) {
    const found = await score(leads[i]);
    if (found > Math.max(CLEARLY * most, LEAST_SCORE)) [best, most] = [i, found];
  }
  return best;
}

async function windowsOf(lead) {
  const length = Math.min(Math.round(WINDOW_S * lead.fs), lead.n);
  const starts = Array.from({ length: WINDOWS }, (_, i) =>
    Math.trunc(((lead.n - length) * i) / (WINDOWS - 1)));
  const found = [];
  for (const start of new Set(starts)) found.push(await lead.read(start, start + length));
  return found;
}

function moves(window) {
  const known = window.filter(Number.isFinite);
  return known.some((v) => v !== known[0]);
}

/** How much a signal looks like an ECG, 0 to 1: the median over a few windows. */
export async function score(lead) {
  return median((await windowsOf(lead)).map((w) => scoreOf(w, lead.fs)));
}

function scoreOf(window, fs) {
  const known = window.filter(Number.isFinite);
  if (known.length < window.length / 2 || !moves(window)) return 0;
  const level = median(known);
  const signal = Float64Array.from(resample(Float32Array.from(fillGaps(window), (v) => v - level), fs, FS));
  const weighted = signal.map((v, i) => v * hann(i, signal.length));
  const [waves, qrs] = [WAVES_HZ, QRS_HZ].map(([low, high]) => ({
    low: Math.ceil((low * signal.length) / FS), high: Math.floor((high * signal.length) / FS),
  }));
  const power = (band) => coefficients(weighted, band).reduce((sum, [re, im]) => sum + re * re + im * im, 0);
  const all = power(waves);
  return all ? (power(qrs) / all) * regularity(within(signal, qrs)) ** 3 : 0;
}

const hann = (i, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (n - 1));

/** Fourier coefficients of some frequencies: [real, imaginary] each. */
function coefficients(signal, { low, high }) {
  return Array.from({ length: Math.max(high - low + 1, 0) }, (_, j) => {
    const [cos, sin] = [Math.cos((2 * Math.PI * (low + j)) / signal.length),
      Math.sin((2 * Math.PI * (low + j)) / signal.length)];
    let [re, im, c, s] = [0, 0, 1, 0];
    for (const value of signal) {
      re += value * c;
      im -= value * s;
      [c, s] = [c * cos - s * sin, s * cos + c * sin];
    }
    return [re, im];
  });
}

/** What of a signal lies in a band of frequencies. */
function within(signal, band) {
  const n = signal.length;
  const found = new Float64Array(n);
  coefficients(signal, band).forEach(([re, im], j) => {
    const step = (2 * Math.PI * (band.low + j)) / n;
    for (let i = 0; i < n; i += 1) {
      found[i] += (2 / n) * (re * Math.cos(step * i) - im * Math.sin(step * i));
    }
  });
  return found;
}

/** Mean correlation of the complexes with their mean, 0 to 1; 0 for fewer than three. */
function regularity(qrs) {
  const [half, width] = [round(0.1 * FS), round(0.12 * FS)];
  const energy = Float64Array.from(qrs, (_, i) => {
    let sum = 0;
    for (let k = 0; k < width; k += 1) {
      const at = i + (width >> 1) - k;
      if (at >= 0 && at < qrs.length) sum += qrs[at] ** 2 * hann(k, width);
    }
    return sum;
  });
  const sorted = energy.slice().sort();
  const height = 0.25 * sorted[sorted.length - Math.max(Math.floor(energy.length / 100), 1)];
  const peaks = peaksOf(energy, round(REFRACTORY_S * FS), height)
    .filter((at) => at >= half && at < qrs.length - half);
  if (peaks.length < 3) return 0;
  const pieces = peaks.map((at) => qrs.subarray(at - half, at + half));
  const mean = Float64Array.from(pieces[0], (_, k) => pieces.reduce((sum, p) => sum + p[k], 0) / pieces.length);
  const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
  const norm = Math.sqrt(dot(mean, mean));
  const alike = pieces.map((p) => dot(p, mean) / Math.max(Math.sqrt(dot(p, p)) * norm, 1e-12));
  return Math.min(Math.max(alike.reduce((a, b) => a + b, 0) / alike.length, 0), 1);
}
