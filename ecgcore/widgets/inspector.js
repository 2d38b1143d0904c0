// The beat inspector. Its state is the widget's traits, so that Python and every view agree; in
// a published page a small stand-in for the widget's model holds them (see inspector.py).

import { askedFor, filtersLink, followFilters, followLink, linkOf } from "./address.js";
import { confusion, load, unpack } from "./data.js";
import { Detail } from "./detail.js";
import { button, checkbox, element } from "./elements.js";
import { comparison, filterForm, protocolSwitch, shortcuts } from "./controls.js";
import { FILTERS, NO_FILTERS, filtersOf, match, otherOf, total } from "./filters.js";
import { PAGE, countSentence, drawCard, emptyGallery, gallery, pager } from "./gallery.js";
import { matrixTable } from "./matrix.js";
import { beatRows, csvOf, download, noteRows } from "./notes.js";

const DISCLAIMER = "Research software, no medical device. Annotations are the database\u2019s "
  + "own; leads are shown at 125\u202fHz, of which the network sees the first alone.";

class Inspector {
  constructor(data, model, root) {
    Object.assign(this, { data, model, root, page: 0, shares: false });
    this.linked = Boolean(model.get("linked"));
    this.first = model.get("protocol");
    this.detail = new Detail(data, {
      walk: (by) => this.walk(by), close: () => this.change({ opened: -1 }), linked: this.linked,
    });
    this.parts = Object.fromEntries(["tabs", "chips", "compare", "matrix", "note", "count", "beats", "pages"]
      .map((name) => [name, element(name === "count" || name === "note" ? "p" : "div", { class: `bi-${name}-part` })]));
    this.parts.count.setAttribute("role", "status");
    this.parts.note.setAttribute("role", "status");
    this.filters = filterForm(data, (changes) => this.change(changes));
    this.build();
    this.listen();
    this.refresh();
    this.follow();
  }

  build() {
    const { tabs, chips, compare, matrix, note, count, beats, pages } = this.parts;
    const scale = checkbox("Share of each row", this.shares, (on) => {
      this.shares = on;
      this.refresh();
    });
    this.root.replaceChildren(tabs, chips,
      element("div", { class: "bi-top" },
        element("div", { class: "bi-matrix" }, matrix, scale), this.filters.form),
      compare, note, count, beats, pages, this.takeAway(), element("p", { class: "bi-foot" }, DISCLAIMER), this.detail.dialog);
  }

  /** The beats that match, and the reader's notes, as files. */
  takeAway() {
    return element("div", { class: "bi-take" },
      button("Save these beats (CSV)", () => download(`beats-${this.table.name}.csv`,
        csvOf(beatRows(this.data, this.table, this.rows)))),
      button("Save my notes (CSV)", () => download("notes.csv", csvOf(noteRows()))));
  }

  listen() {
    this.onFilter = () => this.schedule(() => { this.page = 0; });
    this.onOpened = () => this.schedule();
    for (const name of FILTERS) this.model.on(`change:${name}`, this.onFilter);
    this.model.on("change:opened", this.onOpened);
    this.onHash = () => this.follow();
    if (this.linked) window.addEventListener("hashchange", this.onHash);
    // Records are brought when the gallery comes near, not with the page.
    this.nearing = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.near = true;
      this.nearing.disconnect();
      this.fill();
    }, { rootMargin: "300px" });
    this.nearing.observe(this.parts.beats);
    // JupyterLab would take arrows and Enter for commands on cells.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
  }

  stop() {
    for (const name of FILTERS) this.model.off(`change:${name}`, this.onFilter);
    this.model.off("change:opened", this.onOpened);
    window.removeEventListener("hashchange", this.onHash);
    this.detail.observer.disconnect();
    this.nearing.disconnect();
  }

  change(changes) {
    if (Object.keys(changes).some((name) => name !== "opened")) this.unknown = "";
    for (const [name, value] of Object.entries(changes)) this.model.set(name, value);
    this.model.save_changes();
  }

  /** Several traits often change at once; what they ask for is drawn once. */
  schedule(first = () => {}) {
    first();
    if (this.waiting) return;
    this.waiting = true;
    queueMicrotask(() => {
      this.waiting = false;
      this.refresh();
    });
  }

  refresh() {
    const { data, model, parts } = this;
    const filters = filtersOf(model);
    const table = data.tables[filters.protocol];
    this.rows = match(data, filters);
    this.table = table;
    this.keepFocus(() => {
      const change = (changes) => this.change({ opened: -1, ...changes });
      parts.tabs.replaceChildren(protocolSwitch(data, filters, change));
      parts.chips.replaceChildren(shortcuts(data, filters, change));
      parts.compare.replaceChildren(comparison(data, filters, change));
      parts.matrix.replaceChildren(matrixTable(data, filters, this.shares, (t, p) => change({
        ...NO_FILTERS, record: filters.record, other: filters.other, true_class: t, predicted_class: p,
        outcome: t || p ? "all" : "wrong",
      })));
      this.filters.sync(filters);
    });
    parts.note.textContent = this.unknown
      || (data.presets.find((p) => p.name === filters.preset) ?? data.protocols.find((p) => p.name === filters.protocol)).note;
    const counts = confusion(data, table, filters.record);
    parts.count.replaceChildren(...countSentence(this.rows.length, total(data, filters, counts), filters));
    this.drawBeats();
    this.drawDetail(filters.protocol);
    this.writeAddress(filters);
    this.tell();
  }

  /** Parts are drawn anew; the button that had the focus gets it back. */
  keepFocus(redraw) {
    const focused = this.root.contains(document.activeElement) && document.activeElement;
    const label = focused && (focused.getAttribute("aria-label") || focused.textContent);
    redraw();
    if (!focused || focused.isConnected) return;
    const same = [...this.root.querySelectorAll("button")].find(
      (b) => (b.getAttribute("aria-label") || b.textContent) === label);
    same?.focus({ preventScroll: true });
  }

  drawBeats() {
    const { data, table, rows, parts } = this;
    const turn = (by) => this.turn(by);
    const go = (page) => this.turn(page - this.page);
    parts.beats.replaceChildren(rows.length
      ? gallery(data, table, rows, this.page, { open: (row) => this.open(row), turn, other: otherOf(data, table, filtersOf(this.model)) })
      : emptyGallery(() => this.change({ ...NO_FILTERS })));
    parts.pages.replaceChildren(pager(this.page, rows.length, go));
    this.fill();
  }

  /** Draws the beats on the cards, each when its record is there. */
  fill() {
    if (!this.near) return;
    const { data, table } = this;
    for (const card of this.parts.beats.querySelectorAll(".bi-card:not([data-drawn])")) {
      load(data, table.record[card.dataset.row]).then(
        () => drawCard(card, data, table), () => { card.title = "Its record could not be loaded."; });
    }
  }

  turn(by) {
    const pages = Math.ceil(this.rows.length / PAGE);
    const page = Math.min(pages - 1, Math.max(0, this.page + by));
    if (page === this.page) return;
    this.page = page;
    const inside = this.parts.beats.contains(document.activeElement);
    this.drawBeats();
    const cards = this.parts.beats.querySelectorAll(".bi-card");
    if (inside) cards[by < 0 ? cards.length - 1 : 0]?.focus();
  }

  open(row) {
    this.change({ opened: this.table.index[row] });
  }

  walk(by) {
    const row = this.rows[this.rows.indexOf(this.detail.row) + by];
    if (row !== undefined && this.rows.includes(this.detail.row)) this.open(row);
  }

  drawDetail(protocol) {
    const row = this.table.index.indexOf(this.model.get("opened"));
    if (row < 0) {
      this.close();
      return;
    }
    const position = this.rows.indexOf(row);
    const other = otherOf(this.data, this.table, filtersOf(this.model));
    if (row !== this.detail.row || protocol !== this.detail.protocol || !this.detail.dialog.open) {
      this.detail.show(protocol, row, position, this.rows.length, other);
    }
  }

  /** The address leads to what is shown. An opened beat is an entry of its own in the history, so
      that Back closes it. */
  writeAddress(filters) {
    if (!this.linked || !this.followed) return;
    const row = this.table.index.indexOf(this.model.get("opened"));
    const link = row >= 0 ? linkOf(this.data, filters.protocol, row) : filtersLink(this.data, filters, this.first);
    if (this.unknown || location.hash === link || (!link && !/^#beats?-/.test(location.hash))) return;
    const address = link || location.pathname + location.search;
    if (row >= 0 && !this.entered && !askedFor(location.hash)) {
      this.entered = true;
      history.pushState(null, "", address);
    } else {
      history.replaceState(null, "", address);
    }
  }

  /** Hides the dialog; the beat's card, on whatever page, gets the focus. */
  close() {
    const { row, protocol } = this.detail;
    const wasOpen = row >= 0;
    this.detail.hide();
    if (!wasOpen) return;
    if (this.entered) {
      this.entered = false;
      if (askedFor(location.hash)) history.back(); // to where the beat was opened
    }
    const position = protocol === this.model.get("protocol") ? this.rows.indexOf(row) : -1;
    if (position < 0) return;
    this.page = Math.floor(position / PAGE);
    this.drawBeats();
    this.parts.beats.querySelector(`[data-row="${row}"]`)?.focus();
  }

  /** Shows what the address names: a beat, or a choice of beats. */
  follow() {
    if (!this.linked) return;
    const { data, followed } = this;
    this.followed = true;
    const { hash } = location;
    const target = followLink(data, hash);
    const asked = askedFor(hash);
    this.unknown = asked && !target
      ? `The beat that the address names (${asked}) is not among those shown here: there is none, or it is one of the rightly classified beats that were not drawn.` : "";
    if (target) {
      const table = data.tables[target.protocol];
      if (this.model.get("opened") === table.index[target.row] && this.model.get("protocol") === target.protocol) return;
      const right = table.true[target.row] === table.predicted[target.row];
      this.root.scrollIntoView();
      this.change({
        ...NO_FILTERS, protocol: target.protocol, outcome: right ? "right" : "wrong",
        opened: table.index[target.row],
      });
      return;
    }
    if (this.model.get("opened") >= 0) this.change({ opened: -1 });
    const filters = followFilters(data, hash);
    if (filters) {
      this.change({ protocol: this.first, ...filters });
      if (!followed) this.root.scrollIntoView();
    }
    if (this.unknown) {
      this.schedule();
      this.root.scrollIntoView();
    }
  }

  /** Python hears which beats match. */
  tell() {
    if (this.linked) return;
    this.model.set("selected", Array.from(this.rows, (row) => this.table.index[row]));
    this.model.save_changes();
  }
}

async function render({ model, el }) {
  const root = element("section", {
    class: "beat-inspector", "aria-label": "Beat inspector", "data-lm-suppress-shortcuts": "true",
  }, element("p", {}, "Unpacking the beats\u2026"));
  el.replaceChildren(root);
  if (typeof DecompressionStream === "undefined") {
    root.textContent = "This view needs a browser of 2023 or later.";
    return () => {};
  }
  const inspector = new Inspector(await unpack(model.get("payload"), model.get("parts"), model.get("seconds")), model, root);
  root.dataset.ready = "true";
  return () => inspector.stop();
}

export default { render };
