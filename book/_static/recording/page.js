// The page "Try it": what happens when. All that is seen of a recording is made of `shown`: the
// worker's answer with the reader's corrections, and what they add up to.
import { apply, nearestBeat } from "./corrections.js";
import { summarise } from "./events.js";
import { buttons } from "./exports.js";
import { poincare, tachogram } from "./view/charts.js";
import { beatPanel } from "./view/beat.js";
import { beats } from "../try-it/main.js";
import { element, goTo, partsOf, percent } from "./view/dom.js";
import { Editing } from "./view/editing.js";
import { EventList } from "./view/event_list.js";
import { Gestures } from "./view/gestures.js";
import { annotations, facts, findings, model } from "./view/headline.js";
import { History } from "./view/history.js";
import { acceptFiles, fetchRecord, named, recordCards } from "./view/intake.js";
import { fingerprint, keep, kept } from "./view/keeping.js";
import { acceptKeys, keysTable } from "./view/keys.js";
import { Overview } from "./view/overview.js";
import { askRate, Choices } from "./view/questions.js";
import { Strip } from "./view/strip.js";
import { CLASSES } from "./view/classes.js";
import { clock } from "./view/charts.js";
import { Work } from "./view/work.js";

const SETTLED_MS = 120; // after which the beat in view is looked at closely

/** root: the page's element; assets: address of the folder with all that is loaded. */
export async function start(root, assets) {
  const page = new Page(root, assets);
  await page.open();
  return page;
}

class Page {
  constructor(root, assets) {
    Object.assign(this, { root, assets, part: partsOf(root), files: null, wish: {}, answer: null, now: null });
  }

  shown = () => this.now;
  history = () => this.edits;

  async open() {
    const { part } = this;
    const [manifest, records, known] = await Promise.all(["manifest", "records", "known"].map((name) => json(`${this.assets}${name}.json`)));
    if (!manifest?.rhythm) {
      part("unavailable").hidden = false;
      return;
    }
    Object.assign(this, { manifest, known: known ?? [] });
    this.work = new Work(this.assets, manifest, (done, step) => this.#progress(done, step));
    this.beats = beats(this.root, this.assets, manifest);
    this.#viewer();
    this.takeAway = buttons(part("take-away"), this.shown, { known: this.known, model: manifest.rhythm.about, assets: this.assets });
    part("records").replaceChildren(...recordCards(records ?? [], (record) => this.#builtIn(record)));
    acceptFiles(part("drop"), [part("file"), part("folder")], (files) => this.take(files));
    part("stop").addEventListener("click", () => this.work.stop());
    part("controls").hidden = false;
  }

  #viewer() {
    const { part } = this;
    this.strip = new Strip(part("strip").querySelector("canvas"), () => this.#viewed());
    this.overview = new Overview(part("overview"), this.strip);
    this.editing = new Editing(this);
    this.events = new EventList(part, (stop) => this.visit(stop));
    this.choices = new Choices(part, (wish) => this.#classify({ ...this.wish, ...wish }));
    new Gestures(this.strip, { mode: () => this.editing.mode, drag: (...how) => this.editing.drag(...how),
      tap: (second) => (this.editing.mode === "add" ? this.editing.addAt(second) : this.choose(nearestBeat(this.now.time, second))) });
    acceptKeys(part("strip"), this);
    part("keys").replaceChildren(keysTable());
    part("nearer").addEventListener("click", () => this.strip.zoomAt(1.5));
    part("farther").addEventListener("click", () => this.strip.zoomAt(1 / 1.5));
    part("usual").addEventListener("click", () => this.strip.zoomAt(1 / this.strip.zoom));
    new ResizeObserver(() => this.#charts()).observe(part("tachogram"));
  }

  say = (words) => {
    this.part("spoken").textContent = words;
  };

  async #builtIn(record) {
    this.#clear();
    this.#progress(0, `fetching ${record.name}`);
    try {
      await this.take(await fetchRecord(record, this.assets));
    } catch (error) {
      this.#fail(error.message);
    }
  }

  /** Classify what was dropped or chosen. */
  async take(files) {
    this.files = files;
    this.#clear();
    this.edits = null;
    await this.#classify({});
  }

  async #classify(wish) {
    this.wish = wish;
    this.#clear(this.answer !== null && this.edits !== null);
    this.#progress(0, `reading ${named(this.files)}`);
    const outcome = await this.work.classify(this.files, wish);
    this.part("work").hidden = true;
    if (outcome.stopped) this.say("Stopped.");
    else if (outcome.answer) await this.#present(outcome.answer);
    else if (outcome.rows) await this.beats.take(outcome.rows);
    else if (outcome.unknownRate) askRate(this.part, outcome.error, (fs) => this.#classify({ ...wish, fs }));
    else this.#fail(outcome.error);
  }

  #progress(done, step) {
    const { part } = this;
    part("work").hidden = false;
    part("work-progress").value = done;
    part("step").textContent = done ? `${step}: ${percent(done, 0)}` : step;
  }

  #fail(sentence) {
    this.part("work").hidden = true;
    this.part("error").textContent = sentence;
    this.part("error").hidden = false;
  }

  /** Nothing shown of what was before; again: it is the same recording, seen otherwise. */
  #clear(again = false) {
    for (const name of ["error", "question"]) this.part(name).hidden = true;
    this.say("");
    this.beats.clear();
    if (!again) this.part("answer").hidden = true;
  }

  async #present(answer) {
    const { part } = this;
    const first = this.edits === null;
    this.answer = answer;
    this.mark = await fingerprint(this.files);
    this.edits = new History(kept(this.mark, answer), () => this.#changed());
    this.closely = new Map(); // explanations by position among the answered beats
    part("answer").hidden = false;
    part("title").textContent = answer.name;
    part("facts").textContent = facts(answer);
    part("doubts-of-recording").replaceChildren(...answer.notes.map((note) => element("li", {}, `${note}.`)));
    part("doubts-of-recording").hidden = !answer.notes.length;
    part("model").replaceChildren(...model(this.known, this.manifest.rhythm.about));
    this.choices.show(answer);
    this.strip.current = -1;
    this.#changed();
    if (!first) return;
    this.strip.look(0, 100);
    goTo(part("title"));
  }

  /** The answer as corrected now: everything follows. */
  #changed() {
    const { answer, edits: { edits } } = this;
    const applied = apply(answer, edits);
    const summary = summarise(applied.time, applied.decision, answer.seconds, applied.unusable);
    const at = this.strip.current >= 0 && this.now ? this.now.time[this.strip.current] : null;
    this.now = { ...answer, ...applied, summary, edits };
    this.saved = keep(this.mark, answer, edits);
    this.part("saved").hidden = this.saved;
    this.part("findings").replaceChildren(...findings(this.now, (second) => this.visit({ start: second, stop: second })));
    this.part("agreement").replaceChildren(...annotations(this.now, this.manifest.rhythm.about));
    this.part("agreement").parentElement.hidden = !answer.annotated;
    this.strip.show(this.now);
    this.strip.current = at === null ? nearestBeat(this.now.time, this.strip.middle) : nearestBeat(this.now.time, at);
    this.overview.show(this.now);
    this.events.show(this.now);
    this.editing.refresh();
    this.takeAway();
    this.#charts(true);
    this.#viewed();
    this.#beat();
  }

  #charts(anew = false) {
    const { part, now } = this;
    const width = part("tachogram").clientWidth;
    if (!now || !width || (!anew && width === this.chartWidth)) return;
    this.chartWidth = width;
    part("tachogram").innerHTML = tachogram(now, width);
    part("poincare").innerHTML = poincare(now, part("poincare").clientWidth);
  }

  /** Go to an event or a time. */
  visit(stop) {
    this.strip.centre(stop.stop - stop.start > this.strip.seconds ? stop.start + this.strip.seconds / 2.2 : (stop.start + stop.stop) / 2);
    this.events.at = stop.start;
    this.choose(stop.beat >= 0 ? stop.beat : nearestBeat(this.now.time, stop.start));
    this.say(`${stop.words ?? ""} ${clock(stop.start, this.now.start)}`);
    const { top, bottom } = this.part("strip").getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) goTo(this.part("strip"));
  }

  /** Look at a beat; reveal: scroll to it. */
  choose(i, reveal = false) {
    if (!(i >= 0 && i < this.now.time.length)) return;
    this.strip.current = i;
    this.events.at = this.now.time[i];
    const at = this.now.time[i];
    if (reveal && (at < this.strip.at(20) || at > this.strip.at(this.strip.view.width - 20))) this.strip.centre(at);
    if (reveal) this.say(`${CLASSES[this.now.decision[i]]}, ${clock(at, this.now.start)}`);
    this.strip.draw();
    this.#beat();
  }

  /** Something else is in view. */
  #viewed() {
    if (!this.now) return;
    const { strip, part } = this;
    this.overview.mark();
    part("scale").textContent = strip.scale();
    const label = `ECG from ${clock(strip.view.start, this.now.start)} to ${clock(strip.at(strip.view.width), this.now.start)}`;
    if (part("strip").getAttribute("aria-label") !== label) part("strip").setAttribute("aria-label", label);
    const at = this.now.time[strip.current];
    if (at >= strip.view.start && at <= strip.at(strip.view.width)) return;
    const next = nearestBeat(this.now.time, strip.middle);
    if (next === strip.current) return;
    strip.current = next;
    this.events.at = strip.middle;
    this.#beat();
  }

  /** The beat in view, and soon what speaks for its class. */
  #beat() {
    clearTimeout(this.looking);
    const { now, strip, part } = this;
    const i = strip.current;
    part("beat-in-view").hidden = !(i >= 0);
    if (!(i >= 0)) return;
    const source = now.source[i];
    const draw = () => part("beat-in-view").replaceChildren(...beatPanel(now, i, this.known, this.closely.get(source) ?? null));
    draw();
    if (source < 0 || this.closely.has(source)) return;
    this.looking = setTimeout(async () => {
      const explained = await this.work.explain(source);
      if (!explained) return;
      this.closely.set(source, explained);
      if (this.now.source[this.strip.current] === source) this.#beat();
    }, SETTLED_MS);
  }
}

async function json(url) {
  const response = await fetch(url).catch(() => null);
  return response?.ok ? response.json() : null;
}
