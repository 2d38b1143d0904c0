// Keeps the page "Try it" for times without a network. The book's build puts a copy of this file,
// with what it has to keep, at the root of the book: ecgcore/workflow/offline.py.
const VERSION = ""; // digest of all that is kept
const FILES = []; // addresses, as the page asks for them, from the root of the book
const PAGE = ""; // the one of them that is the page

const PREFIX = `try-it ${self.registration.scope} `; // other books may lie on the same host
const CACHE = PREFIX + VERSION;
// What is kept once it has been asked for: records to choose from, the network for single beats.
const LATER = "_static/try-it/assets/";
const root = new URL("./", self.location);

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const own = request.mode !== "navigate" || isPage(request.url);
  if (request.method === "GET" && request.url.startsWith(root.href) && own) event.respondWith(answer(event));
});
// A new version waits until no page uses the old one, whose files would not fit; or until it is told.
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());

async function keepAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((file) => new Request(new URL(file, root), { cache: "no-cache" })));
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((n) => n.startsWith(PREFIX) && n !== CACHE).map((n) => caches.delete(n)));
  await self.clients.claim();
}

const isPage = (url) => url.replace(/[?#].*$/, "").replace(/\.html$/, "") === new URL(PAGE, root).href.replace(/\.html$/, "");

/** Whoever asks: the page and its workers get what is kept; the book's other pages are always new. */
async function answer({ request, clientId }) {
  const client = request.mode === "navigate" ? null : await self.clients.get(clientId);
  if (client?.type === "window" && !isPage(client.url)) return fetch(request);
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.mode === "navigate" ? new URL(PAGE, root) : request);
  if (kept) return kept;
  const found = await fetch(request);
  if (found.status === 200 && request.url.startsWith(new URL(LATER, root).href)) await cache.put(request, found.clone());
  return found;
}
