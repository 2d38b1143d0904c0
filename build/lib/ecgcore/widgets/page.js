// In a published page there is no kernel and no widget manager: this starts the inspector on the
// data beside it, with a stand-in for the widget's model. Comes after inspector.js.

class PageModel {
  constructor(state) {
    this.state = state;
    this.listeners = {};
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
    this.state[name] = value;
    for (const listener of this.listeners[`change:${name}`] ?? []) listener();
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }

  off(event, listener) {
    this.listeners[event] = (this.listeners[event] ?? []).filter((other) => other !== listener);
  }

  save_changes() {} // nobody to tell
}

/** Bytes of a record's beats: in the page itself, or in a script file that is loaded when they are
    asked for, since a page opened as a file may fetch nothing. */
function partOf(block) {
  const { src, key } = block.dataset;
  if (!src) return () => block.textContent;
  return () => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = () => resolve(window.beatParts[key]);
    script.onerror = () => { script.remove(); reject(new Error(`${src} could not be loaded`)); };
    document.head.append(script);
  });
}

for (const page of document.querySelectorAll(".beat-inspector-page:not([data-started])")) {
  page.dataset.started = "true";
  const payload = page.querySelector("[data-table]").textContent;
  const [parts, seconds] = ["[data-part]:not([data-second])", "[data-second]"].map(
    (which) => [...page.querySelectorAll(which)].map(partOf));
  const state = { ...JSON.parse(page.dataset.state), payload, parts, seconds, linked: true };
  const el = page.querySelector("div");
  render({ model: new PageModel(state), el }).catch((error) => {
    el.textContent = `The beat inspector could not start: ${error.message}`;
    throw error;
  });
}
