// What the keyboard does while the strip has the focus.
import { element } from "./dom.js";

const [PART, ZOOM] = [0.2, 1.25];

/** Keys in groups, with what they do: [shown, meaning, keys, action(page)]. page: see page.js */
const KEYS = [
  ["← →", "scroll", { ArrowLeft: -PART, ArrowRight: PART }, ({ strip }, by) => strip.glide(strip.view.start + by * strip.seconds)],
  ["Page ↑ ↓", "scroll by what is seen", { PageUp: -1, PageDown: 1 }, ({ strip }, by) => strip.glide(strip.view.start + by * strip.seconds)],
  ["Home End", "start, end", { Home: 0, End: Infinity }, ({ strip }, to) => strip.look(Math.min(to, strip.shown.seconds))],
  ["+ −", "zoom", { "+": ZOOM, "=": ZOOM, "-": 1 / ZOOM }, ({ strip }, by) => strip.zoomAt(by)],
  ["0", "25 mm/s", { 0: 1 }, ({ strip }) => strip.zoomAt(1 / strip.zoom)],
  [", .", "last, next beat", { ",": -1, ".": 1 }, (page, by) => page.choose(page.strip.current + by, true)],
  ["p n", "last, next event", { p: -1, n: 1 }, (page, by) => page.say(page.events.step(by))],
  ["Shift + N, s v f q", "class of the beat", { N: "N", s: "S", v: "V", f: "F", q: "Q", S: "S", V: "V", F: "F", Q: "Q" },
    ({ editing }, letter) => editing.classify(letter)],
  ["Delete", "remove the beat", { Delete: 1, Backspace: 1 }, ({ editing }) => editing.remove()],
  ["a", "add a beat in the middle", { a: 1, Insert: 1 }, ({ editing, strip }) => editing.addAt(strip.middle)],
  ["Alt + ← →", "move the R peak", { "Alt+ArrowLeft": -1, "Alt+ArrowRight": 1 }, ({ editing }, by) => editing.nudge(by)],
  ["x", "noise from the middle, and again: to the middle", { x: 1 }, ({ editing, strip }) => editing.mark(strip.middle)],
  ["Ctrl + Z, Y", "undo, redo", { "Ctrl+z": "undo", "Ctrl+y": "redo", "Ctrl+Z": "redo" }, ({ editing }, what) => editing[what]()],
  ["Escape", "put the tool away", { Escape: 1 }, ({ editing }) => editing.escape()],
];
const ACTIONS = new Map(KEYS.flatMap(([, , keys, act]) => Object.entries(keys).map(([key, value]) => [key, [act, value]])));

/** Hear of keys. root: the strip's focusable element. */
export function acceptKeys(root, page) {
  root.addEventListener("keydown", (event) => {
    const held = event.ctrlKey || event.metaKey ? "Ctrl+" : event.altKey ? "Alt+" : "";
    const found = ACTIONS.get(held + event.key);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation(); // the book's own keys turn its pages
    found[0](page, found[1]);
  });
}

/** The keys, to be read. */
export const keysTable = () => element("dl", { class: "keys" }, ...KEYS.flatMap(([keys, meaning]) => [
  element("dt", {}, ...keys.split(" ").flatMap((k) => (k === "+" && keys !== "+ −" ? [" + "] : [element("kbd", {}, k.replace(",", keys === ", ." ? "," : "")), " "]))),
  element("dd", {}, meaning)]));
