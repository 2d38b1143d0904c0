// Every figure opens large: on a click, or Enter on it. Escape, the cross and the backdrop close it.

(() => {
  const dialog = document.createElement("dialog");
  dialog.className = "figure-large";
  dialog.setAttribute("aria-label", "Figure, enlarged");
  dialog.innerHTML = `<button type="button" class="figure-close" aria-label="Close">\u2715</button>
    <div class="figure-scroll" tabindex="0"></div><p class="figure-words"></p>`;
  const [cross, scroller, words] = dialog.children;

  function open(image) {
    const large = image.cloneNode();
    large.removeAttribute("width");
    large.removeAttribute("style");
    for (const name of ["loading", "role", "tabindex", "aria-haspopup", "aria-label"]) large.removeAttribute(name);
    large.className = "";
    scroller.replaceChildren(large);
    const caption = image.closest("figure")?.querySelector("figcaption .caption-text, figcaption");
    words.textContent = caption?.textContent.replace(/#$/, "").trim() ?? "";
    dialog.showModal();
    scroller.scrollTo(0, 0);
  }

  cross.onclick = () => dialog.close();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  document.body.append(dialog);

  /** For paper: what is loaded late comes now, what is folded lies open. */
  function unfold() {
    document.querySelectorAll("img[loading=lazy]").forEach((image) => { image.loading = "eager"; });
    document.querySelectorAll("details.folded").forEach((table) => { table.open = true; });
  }
  window.addEventListener("beforeprint", unfold);
  if (new URLSearchParams(location.search).has("print")) unfold();

  for (const image of document.querySelectorAll("main figure img")) {
    if (image.closest("a")) continue;
    Object.entries({ role: "button", tabindex: "0", "aria-haspopup": "dialog",
      "aria-label": `${image.alt} Opens large.`, title: "Open large" })
      .forEach(([name, value]) => image.setAttribute(name, value));
    image.onclick = () => open(image);
    image.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(image);
    };
  }
})();
