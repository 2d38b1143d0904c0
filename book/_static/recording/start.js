// A classic script, because modules do not load from a file, nor from a server that does not know
// them as scripts: it can at least say so.
(function () {
  const root = document.getElementById("ecg-page");
  const base = document.currentScript.src.replace(/start\.js.*$/, "");
  if (location.protocol === "file:") {
    root.querySelector("[data-part=from-file]").hidden = false;
    return;
  }
  const assets = base.replace(/recording\/$/, "try-it/assets/");
  import(base + "page.js")
    .then((page) => page.start(root, assets))
    .catch((error) => {
      const line = document.createElement("p");
      line.className = "error";
      line.setAttribute("role", "alert");
      line.textContent = `This browser or server does not let the page start: ${error.message}`;
      root.append(line);
    });
})();
