// Hover cards: what a link to a term, a reference or a figure leads to, without leaving the text.
// Their contents are gathered when the book is built, and loaded when the first is asked for.

(() => {
  const WAIT_MS = 180; // a pointer on its way elsewhere opens nothing
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const card = document.createElement("div");
  Object.assign(card, { className: "book-card", id: "book-card", hidden: true });
  card.setAttribute("role", "tooltip");
  let loading, timer, shownFor;

  function load() {
    loading ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = new URL("_static/cards.data.js", root).href;
      script.onload = script.onerror = () => resolve(window.bookCards ?? {});
      document.head.append(script);
    });
    return loading;
  }

  /** `page#anchor` from the root of the book; null for links that lead out of it. */
  function keyOf(link) {
    if (!link.hash || !link.href.startsWith(root.href)) return null;
    return decodeURIComponent(link.href.slice(root.href.length).replace(/\?[^#]*/, ""));
  }

  async function show(link) {
    const text = (await load())[keyOf(link)];
    if (!text || shownFor !== link) return;
    card.innerHTML = text;
    for (const image of card.querySelectorAll("img")) image.src = new URL(image.dataset.src, root).href;
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    place(link);
    for (const image of card.querySelectorAll("img")) image.onload = () => place(link);
  }

  /** Below the link, or above it where there is more room; always inside the window. */
  function place(link) {
    const at = link.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card;
    const below = at.bottom + height + 8 < innerHeight || at.top < height + 8;
    card.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    card.style.top = `${below ? at.bottom + 6 : at.top - height - 6}px`;
  }

  function hide() {
    clearTimeout(timer);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = null;
    card.hidden = true;
  }

  function begin(link) {
    if (link === shownFor) return;
    hide();
    shownFor = link;
    timer = setTimeout(() => show(link), WAIT_MS);
  }

  const article = document.querySelector("main article") ?? document.body;
  document.body.append(card);
  const linkOf = (event) => {
    const link = event.target.closest?.("a.reference.internal[href], a.citation[href]");
    return link && !link.closest("nav, .headerlink") && keyOf(link) ? link : null;
  };
  article.addEventListener("pointerover", (event) => {
    const link = event.pointerType !== "touch" && linkOf(event);
    if (link) begin(link);
    else if (shownFor && !card.contains(event.target)) hide();
  });
  article.addEventListener("focusin", (event) => { const link = linkOf(event); if (link) begin(link); });
  article.addEventListener("focusout", hide);
  article.addEventListener("pointerleave", hide);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
