"""Four pictures of the book's page "Try it" for README: `python app/screenshots.py film_strip`.

Opens the page of the book that was built last, drops a record there, goes to a run of beats, and
opens the report.
"""

import base64
import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
HTML = ROOT / "_build" / "html"
PAGE = "book/try_it.html"
RECORD = ROOT / "data" / "svdb" / "851"  # of a patient that no model has learnt from
SUFFIXES = (".hea", ".dat", ".atr")
NAMES = ("drop", "overview", "strip", "report")
SIZE = {"width": 900, "height": 675}
QUALITY = 78  # of a JPEG
PATIENCE_MS = 120_000
DROP = """(zone, files) => {
  const dataTransfer = new DataTransfer();
  for (const { name, data } of files) {
    dataTransfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  }
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def take(browser, path: Path, html: Path = HTML) -> list[Path]:
    """Write the pictures, as NAME_drop.jpg and so on. html: folder of a built book.

    Raises FileNotFoundError if there is none.
    """
    if not (html / PAGE).is_file():
        raise FileNotFoundError(f"{html / PAGE}: no book yet; `make book` builds one")
    paths = [path.with_name(f"{path.stem}_{name}.jpg") for name in NAMES]
    with _serving(html) as address:
        context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}/{PAGE}")
        _scenes(context, page, paths)
        context.close()
    return paths


def _scenes(context, page, paths: list[Path]) -> None:
    drop, overview, strip, report = paths
    zone = page.locator("[data-part=drop]")
    page.locator("[data-part=records] button").first.wait_for()
    _shoot(page, zone, drop)
    files = [RECORD.with_suffix(suffix) for suffix in SUFFIXES]
    told = [{"name": f.name, "data": base64.b64encode(f.read_bytes()).decode()} for f in files]
    zone.evaluate(DROP, told)
    page.locator("[data-part=answer]").wait_for(state="visible")
    page.add_style_tag(content="#pst-back-to-top { display: none }")  # it would lie over the curve
    _shoot(page, page.locator("[data-part=findings]"), overview)
    page.locator("[data-part=next]").click()
    page.locator("[data-part=beat-in-view] .why svg").first.wait_for()
    _shoot(page, page.locator("[data-part=previous]"), strip)
    with context.expect_page() as waiting:
        page.get_by_role("button", name="Report").click()
    tab = waiting.value
    tab.locator(".tiles").wait_for()
    _shoot(tab, tab.locator("h1"), report)


def _shoot(page, top, path: Path) -> None:
    """A picture of the window, whose upper edge is a little above an element."""
    top.evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 70)")
    page.mouse.move(0, 0)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=path, type="jpeg", quality=QUALITY)
