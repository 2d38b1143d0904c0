"""The page's service worker in a real browser, under a folder of a strict server."""

import shutil
from itertools import count

import pytest
from serving import serving

from ecgcore import paths
from ecgcore.workflow import offline, page_recordings

STRICT = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "no-cache"}
WORKER = """async () => {
  const assets = new URL("../_static/try-it/assets/", location.href).href;
  const how = await (await fetch(`${assets}how.json`)).json();
  const text = Array.from({ length: 7500 }, (_, i) => Math.exp(-(((i % 200) - 100) ** 2) / 20).toFixed(4));
  const files = [{ name: "made.csv", blob: new Blob([text.join("\\n")]) }];
  const worker = new Worker("../_static/recording/worker.js", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = () => reject(new Error("the worker did not start"));
    worker.onmessage = ({ data }) => ("done" in data ? null : resolve(data.answer ? data.answer.time.length : data.error));
    worker.postMessage({ files, model: `${assets}rhythm.bin`, how, wish: { fs: 250 } });
  });
}"""  # noqa: E501
PAGE = """<!doctype html><html lang="en"><head><title>Try it</title>
<script defer src="../_static/offline/offline.js"></script></head>
<body><p id="made">{}</p><div id="ecg-page"></div></body></html>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A book of one page, with the modules and what they load."""
    html = tmp_path_factory.mktemp("book")
    shutil.copytree(paths.BOOK / "_static", html / "_static")
    (html / offline.ASSETS).mkdir(parents=True, exist_ok=True)
    page_recordings.publish("smoke", html / offline.ASSETS)
    (html / offline.ASSETS / "manifest.json").write_text("{}")
    (html / "book").mkdir()
    (html / "book/other.html").write_text(PAGE.format("other"))
    return html


made = count(1)


def build(folder):
    """A new version of the book; what its page says."""
    words = f"version {next(made)}"
    (folder / offline.PAGE).write_text(PAGE.format(words))
    assert offline.publish(folder, "Book")
    return words


@pytest.fixture
def visit(folder, browser):
    """Site, context and page after a first visit."""
    build(folder)
    with serving(folder, "/deep/book/", STRICT) as site:
        context = browser.new_context(bypass_csp=False, service_workers="allow")
        page = context.new_page()
        page.goto(f"{site.url}/book/try_it.html")
        page.get_by_text("works without a network from now on").wait_for()
        yield site, context, page
        context.close()


def test_after_one_visit_it_classifies_without_a_network(visit):
    site, context, page = visit
    online = page.evaluate(WORKER)
    assert online > 30
    page.goto(f"{site.url}/book/other.html")
    site.folder = site.folder / "nothing"  # the server has nothing any more
    context.set_offline(True)
    site.asked.clear()
    page.goto(f"{site.url}/book/try_it.html?from=home#top")
    page.get_by_text("works without a network").wait_for()
    assert page.evaluate(WORKER) == online
    files = [url for _, url, _ in site.asked if not url.endswith("/service-worker.js")]
    assert not files


def test_it_can_be_installed(visit):
    _, context, page = visit
    chromium = context.new_cdp_session(page)
    found = chromium.send("Page.getAppManifest")
    assert found["url"].endswith("/deep/book/app.webmanifest") and not found["errors"]
    missing = chromium.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {m["errorId"] for m in missing} <= {"in-incognito"}, missing  # as tests always are


def test_a_new_version_waits_until_it_is_wanted_and_replaces_all(visit, folder):
    _, _, page = visit
    before = page.inner_text("#made")
    now = build(folder)
    page.reload()
    page.get_by_text("newer version").wait_for()
    assert page.inner_text("#made") == before
    page.get_by_role("button", name="Use it").click()
    page.get_by_text(now).wait_for()
    names = page.evaluate("caches.keys()")
    assert len(names) == 1 and "/deep/book/" in names[0]
    worker = (folder / offline.WORKER).read_text()
    assert names[0].split()[-1] in worker


def test_other_pages_of_the_book_are_never_old(visit, folder):
    site, _, page = visit
    page.goto(f"{site.url}/book/other.html")
    site.asked.clear()
    (folder / "book/other.html").write_text(PAGE.format("new"))
    page.reload()
    assert page.inner_text("#made") == "new"
    assert [url for _, url, _ in site.asked if url.endswith("offline.js")]


def test_opened_as_a_file_it_does_nothing(folder, browser):
    build(folder)
    page = browser.new_page(service_workers="allow")
    said = []
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto((folder / offline.PAGE).as_uri())
    assert not said and not page.locator("#offline").count()
    page.close()
