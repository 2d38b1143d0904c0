// Makes the page "Try it" one that can be installed and that works without a network. A classic
// script, which does nothing where the page was opened as a file.
(function () {
  const root = new URL("../../", document.currentScript.src);
  if (!/^https?:$/.test(location.protocol)) return;
  const manifest = document.createElement("link");
  manifest.rel = "manifest";
  manifest.href = new URL("app.webmanifest", root);
  document.head.append(manifest);
  if (!("serviceWorker" in navigator)) return; // an old browser, or a host that is not secure

  const held = navigator.serviceWorker.controller; // the page came from what was kept
  addEventListener("load", () =>
    navigator.serviceWorker
      .register(new URL("service-worker.js", root)) // in charge of the book, for the page's worker, too
      .then(watch)
      .catch((error) => console.info(`This page will need the network again: ${error.message}`)));

  function watch(registration) {
    if (registration.waiting && held) offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker.addEventListener("statechange", () => {
        if (worker.state === "installed" && held) offer(worker);
        if (worker.state === "activated") tell("This page works without a network from now on.");
      });
    });
    if (held) tell("This page works without a network.");
  }

  function offer(worker) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Use it";
    button.addEventListener("click", () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      worker.postMessage("take over");
    });
    tell("A newer version of this page is here. ").append(button);
  }

  function tell(words) {
    let line = document.getElementById("offline");
    if (!line) {
      line = document.createElement("p");
      line.id = "offline";
      line.className = "quiet";
      line.setAttribute("role", "status");
      document.getElementById("ecg-page")?.append(line);
    }
    line.textContent = words;
    return line;
  }
})();
