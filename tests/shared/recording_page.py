"""What the page "Try it" loads for whole recordings, served to a browser: the worker for a bare
page, and the page itself without the rest of the book."""

import json
import shutil
import sys
from functools import partial
from pathlib import Path

import pydata_sphinx_theme
import pytest
from own_ecg import free_port, serve

from ecgcore.paths import BOOK
from ecgcore.workflow import page_recordings

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/styles"
# Of the page: the files at some addresses, given to a worker; what it says last, and its progress.
CLASSIFY = """async ({ files, wish }) => {
  const how = await (await fetch("assets/how.json")).json();
  const model = new URL("assets/rhythm.bin", location.href).href;
  const dropped = await Promise.all(files.map(async (url) => (
    { name: url.split("/").pop(), blob: await (await fetch(url)).blob() })));
  const worker = (window.worker ??= new Worker("../recording/worker.js", { type: "module" }));
  const heard = [];
  const last = await new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => ("done" in data ? heard.push(data) : resolve(data));
    worker.postMessage({ files: dropped.length ? dropped : undefined, model, how, wish });
  });
  const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  if (!last.answer) return { ...last, rows: last.rows?.name ?? null, heard };
  const { signal, second, ...answer } = last.answer;
  const named = Object.entries(answer).map(([key, value]) => [key, plain(value)]);
  return { ...Object.fromEntries(named), samples: signal.length, heard };
}"""


@pytest.fixture(scope="session")
def recording_site(tmp_path_factory):
    """Folder and address of a bare page, and of the files that it may ask for."""
    root = tmp_path_factory.mktemp("recordings")
    shutil.copytree(BOOK / "_static", root / "_static", ignore=shutil.ignore_patterns("assets"))
    folder = root / "_static" / "try-it"
    shutil.copy(THEME / "pydata-sphinx-theme.css", root / "_static/theme.css")
    (folder / "assets").mkdir()
    told = page_recordings.publish("smoke", folder / "assets")
    manifest = {"runtime": None, "reason": "There is none in this test.", "rhythm": told}
    (folder / "assets/manifest.json").write_text(json.dumps(manifest))
    (folder / "index.html").write_text("<!doctype html><title>Recordings</title>")
    _write_page(root / "book")
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = serve(command, port, cwd=root)
    yield folder, f"http://127.0.0.1:{port}/_static/try-it"
    process.terminate()
    process.wait()


def _write_page(folder: Path) -> None:
    """The page as the book holds it, without the book's theme about it."""
    block = (
        (BOOK / "try_it.md").read_text("utf-8").partition("```{raw} html")[2].partition("```")[0]
    )
    folder.mkdir()
    (folder / "try_it.html").write_text(
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Try it</title>'
        '<link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="../_static/theme.css">'
        '<link rel="stylesheet" href="../_static/book.css"></head>'
        f'<body><main class="bd-article"><h1>Try it</h1>{block}</main></body></html>'
    )


@pytest.fixture
def in_browser(recording_site, browser):
    """A function: what the worker in the browser answers about files of the page's folder."""
    _, address = recording_site
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    yield partial(_classify, page)
    page.close()


DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def open_page(recording_site, browser):
    """A function that opens the page "Try it": it may ask no other host and report no error."""
    address = recording_site[1].removesuffix("/_static/try-it")
    opened, troubles = [], []

    def fresh(**how):
        context = browser.new_context(**DESKTOP | {"reduced_motion": "reduce"} | how)
        page = context.new_page()
        page.on("pageerror", lambda e: troubles.append(str(e)))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        here = (address, "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(here) else troubles.append(r.url))
        page.goto(f"{address}/book/try_it.html")
        part(page, "records").locator("button").first.wait_for()
        opened.append(context)
        return page

    yield fresh
    for context in opened:
        context.close()
    assert not troubles


def part(page, name):
    return page.locator(f"[data-part={name}]")


def _classify(page, files, **wish):
    return page.evaluate(CLASSIFY, {"files": files, "wish": wish})
