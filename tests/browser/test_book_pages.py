"""The built pages in a real browser, at desktop and phone width, by day and by night."""

import gzip
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe import troubles
from bs4 import BeautifulSoup

WIDTHS = (1280, 390)
RAW_MB, SENT_MB = 3, 1.5  # that a page may weigh at a first visit, as it is and as sent
RULES = {"light": (), "dark": ("color-contrast",)}  # by night, only what colours decide
PACKED = {".html", ".js", ".css", ".svg", ".json"}  # what web servers compress


@dataclass
class Visit:
    """What was met on one page."""

    name: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)
    too_wide: dict[int, int] = field(default_factory=dict)
    barriers: dict[tuple[int, str], list] = field(default_factory=dict)


def pages(smoke):
    html = smoke.root / "runs/smoke/_build/html"
    return sorted(path for path in (html / "book").rglob("*.html"))


@pytest.fixture(scope="module")
def visits(smoke, browser, axe_script):
    """Every page, loaded once: in both widths and both colours."""
    return [_visit(browser, path, axe_script) for path in pages(smoke)]


def _visit(browser, path: Path, axe: str) -> Visit:
    found, asked = Visit(path.stem), {path.as_uri()}
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light")
    page.on("console", lambda m: found.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("request", lambda r: found.foreign.append(r.url) if _is_foreign(r.url) else None)
    page.on("requestfailed", lambda r: found.missing.append(r.url))
    page.on("request", lambda r: asked.add(r.url))
    page.goto(path.as_uri(), wait_until="load")
    found.loaded = set(asked)  # what a reader waits for; more may come with scrolling
    for width in WIDTHS:
        if width != WIDTHS[0]:
            page.set_viewport_size({"width": width, "height": 900})
            page.reload(wait_until="load")  # a phone has had no other width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
            page.evaluate("document.getAnimations().forEach((each) => each.finish())")
            found.barriers[width, scheme] = troubles(page, axe, RULES[scheme]) if axe else []
        assert page.locator("article h1").first.is_visible(), (path.name, width)
        found.too_wide[width] = page.evaluate(
            "document.documentElement.scrollWidth - window.innerWidth"
        )
    page.close()
    return found


def _is_foreign(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))


def test_every_page_loads_in_silence(visits):
    assert {"index", "methods", "03_evaluation", "glossary"} <= {visit.name for visit in visits}
    for visit in visits:
        assert not visit.errors and not visit.foreign and not visit.missing, visit


def test_no_page_is_wider_than_its_window(visits):
    wide = {v.name: v.too_wide for v in visits if max(v.too_wide.values()) > 0}
    assert not wide


def test_every_page_is_light(visits):
    for visit in visits:
        raw, sent = (sum(mb) for mb in zip(*map(_weight, visit.loaded), strict=True))
        assert raw <= RAW_MB and sent <= SENT_MB, (visit.name, raw, sent)


@cache
def _weight(url: str) -> tuple[float, float]:
    """MB of a file that a page loads, as it is and as a web server sends it."""
    if not url.startswith("file:"):
        return 0.0, 0.0
    path = Path(unquote(urlsplit(url).path))
    data = path.read_bytes()
    sent = gzip.compress(data, 6) if path.suffix in PACKED else data
    return len(data) / 1e6, len(sent) / 1e6


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.usefixtures("axe")
def test_nothing_serious_keeps_anyone_from_reading(visits, width, scheme):
    barriers = {v.name: v.barriers[width, scheme] for v in visits if v.barriers[width, scheme]}
    assert not barriers


def test_figures_are_numbered_captioned_and_described(smoke):
    for path in pages(smoke):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for figure in page.select("main figure"):
            caption = figure.find("figcaption").get_text().strip()
            assert caption.startswith("Fig."), (path.name, caption)
            assert figure.find("img")["alt"], (path.name, caption)


def test_pages_show_no_warnings_and_no_path_of_this_machine(smoke):
    for path in pages(smoke):
        text = path.read_text(encoding="utf-8")
        assert 'class="output stderr' not in text, path.name
        assert str(smoke.root) not in text, path.name
        assert "site-packages" not in text, path.name


def test_landing_page_shows_numbers_that_were_computed(smoke):
    html = smoke.root / "runs/smoke/_build/html"
    assert "book/index.html" in (html / "index.html").read_text(encoding="utf-8")
    page = BeautifulSoup((html / "book/index.html").read_text(encoding="utf-8"), "html.parser")
    text = page.find("main").get_text().replace("\u00a0", " ")  # no break before %
    metrics = json.loads((smoke.root / "runs/smoke/figures/metrics.json").read_text())
    for protocol in ("random", "inter_patient"):
        assert f"{100 * metrics[protocol]['accuracy']:.1f} %" in text
        assert f"{metrics[protocol]['macro_f1']:.3f}" in text
