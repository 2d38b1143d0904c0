// A classic script, because modules do not load from a file: it can at least say so.
(function () {
  const root = document.getElementById("ecg-page");
  const base = document.currentScript.src.replace(/start\.js.*$/, "");
  if (location.protocol === "file:") {
    root.querySelector("[data-part=from-file]").hidden = false;
    return;
  }
  const assets = base.replace(/recording\/$/, "try-it/assets/");
  import(base + "page.js").then((page) => page.start(root, assets));
})();
