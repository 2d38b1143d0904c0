// Events to jump to: a choice of kinds, steps to the next one, and a list.
import { clock, duration } from "./charts.js";
import { button, element, thousands } from "./dom.js";
import { kindsOf, neighbour } from "./stops.js";

const PAGE = 12; // rows of the list at first, and more at a time

export class EventList {
  /** part: see dom.partsOf; goTo: (Stop) → void */
  constructor(part, goTo) {
    Object.assign(this, { part, goTo, shown: null, kinds: [], rows: PAGE });
    part("kind").addEventListener("change", () => this.#list(PAGE));
    part("previous").addEventListener("click", () => this.step(-1));
    part("next").addEventListener("click", () => this.step(1));
  }

  show(shown) {
    this.shown = shown;
    const chosen = this.part("kind").value;
    this.kinds = kindsOf(shown);
    const options = this.kinds.map(({ id, name, stops }) => element("option", { value: id }, `${name} (${thousands(stops.length)})`));
    this.part("kind").replaceChildren(...options);
    const first = this.kinds[0].stops.length || this.kinds.length === 1 ? this.kinds[0] : this.kinds[1];
    this.part("kind").value = this.kinds.some((k) => k.id === chosen) ? chosen : first.id;
    this.#list(this.rows);
  }

  get kind() {
    return this.kinds.find((k) => k.id === this.part("kind").value);
  }

  /** Where the next step starts from; whoever moves the strip sets it. */
  at = 0;

  /** To the next (1) or last (-1) event of the kind; what it is, or that there is none, in words. */
  step(by) {
    const stop = neighbour(this.kind.stops, this.at, by);
    if (!stop) return `No ${by > 0 ? "later" : "earlier"} one: ${this.kind.name}.`;
    this.goTo(stop);
    return "";
  }

  #list(rows) {
    this.rows = rows;
    const { stops, name } = this.kind;
    const line = (stop) => element("tr", {},
      element("td", {}, button(clock(stop.start, this.shown.start), () => this.goTo(stop), { class: "plain", "aria-label": `go to ${stop.words} at ${clock(stop.start, this.shown.start)}` })),
      element("td", {}, stop.words), element("td", {}, stop.stop > stop.start ? duration(Math.max(stop.stop - stop.start, 1)) : ""));
    const head = element("tr", {}, ...["at", "what", "lasts"].map((t) => element("th", { scope: "col" }, t)));
    const table = element("table", { class: "numbers events" }, element("caption", {}, `${name}: ${thousands(stops.length)}`),
      element("thead", {}, head), element("tbody", {}, ...stops.slice(0, rows).map(line)));
    const more = button(`show more (${thousands(stops.length - rows)} left)`, () => this.#list(rows + 4 * PAGE));
    this.part("events").replaceChildren(...(stops.length ? [table] : [element("p", {}, "There is none.")]), ...(stops.length > rows ? [more] : []));
  }
}
