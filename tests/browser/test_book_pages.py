"""The built pages in a real browser, at desktop and phone width."""

import gzip
import json
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe import troubles

WIDTHS = (1280, 390)
RAW_MB, SENT_MB = 3, 1.5  # that a page may weigh at a first visit, as it is and as sent
AUDITED = ("index", "references", "try_it", "06_uncertainty", "05_literature")
PACKED = {".html", ".js", ".css", ".svg", ".json"}  # what web servers compress


def pages(smoke):
    html = smoke.root / "runs/smoke/_build/html"
    return sorted(path for path in (html / "book").rglob("*.html"))


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_loads_in_silence(smoke, browser, width):
    found = pages(smoke)
    assert {"index", "methods", "03_evaluation"} <= {path.stem for path in found}
    for path in found:
        page = browser.new_page(viewport={"width": width, "height": 900})
        errors, foreign, missing, loaded = [], [], [], {path.as_uri()}
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)  # noqa: B023
        page.on("pageerror", lambda e: errors.append(str(e)))  # noqa: B023
        page.on("request", lambda r: foreign.append(r.url) if _is_foreign(r.url) else None)  # noqa: B023
        page.on("requestfailed", lambda r: missing.append(r.url))  # noqa: B023
        page.on("request", lambda r: loaded.add(r.url))  # noqa: B023
        page.goto(path.as_uri(), wait_until="load")
        assert page.locator("article h1").first.is_visible()
        assert not errors and not foreign and not missing, (path.name, errors, foreign, missing)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{path.name} is {overflow} px too wide at {width} px"
        raw, sent = (sum(mb) for mb in zip(*map(_weight, loaded), strict=True))
        assert raw <= RAW_MB and sent <= SENT_MB, (path.name, raw, sent)
        page.close()


@cache
def _weight(url: str) -> tuple[float, float]:
    """MB of a file that a page loads, as it is and as a web server sends it."""
    if not url.startswith("file:"):
        return 0.0, 0.0
    path = Path(unquote(urlsplit(url).path))
    data = path.read_bytes()
    sent = gzip.compress(data, 6) if path.suffix in PACKED else data
    return len(data) / 1e6, len(sent) / 1e6


def _is_foreign(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["index", "references", "try_it", "06_uncertainty", "05_literature"]
)
def test_nothing_serious_keeps_anyone_from_reading(smoke, browser, axe, name, scheme):
    (path,) = [path for path in pages(smoke) if path.stem == name]
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto(path.as_uri(), wait_until="load")
    assert not troubles(page, axe)
    page.close()


def test_figures_are_numbered_captioned_and_described(smoke, browser):
    page = browser.new_page()
    for path in pages(smoke):
        page.goto(path.as_uri())
        for figure in page.locator("main figure").all():
            caption = figure.locator("figcaption").inner_text()
            assert caption.startswith("Fig."), (path.name, caption)
            image = figure.locator("img").first
            assert image.get_attribute("alt"), (path.name, caption)
    page.close()


def test_pages_show_no_warnings_and_no_path_of_this_machine(smoke):
    for path in pages(smoke):
        text = path.read_text(encoding="utf-8")
        assert 'class="output stderr' not in text, path.name
        assert str(smoke.root) not in text, path.name
        assert "site-packages" not in text, path.name


def test_landing_page_shows_numbers_that_were_computed(smoke, browser):
    page = browser.new_page()
    page.goto((smoke.root / "runs/smoke/_build/html/index.html").as_uri())
    page.wait_for_url("**/book/index.html")
    metrics = json.loads((smoke.root / "runs/smoke/figures/metrics.json").read_text())
    text = page.locator("main").inner_text().replace("\u00a0", " ")  # no break before %
    for protocol in ("random", "inter_patient"):
        assert f"{100 * metrics[protocol]['accuracy']:.1f} %" in text
        assert f"{metrics[protocol]['macro_f1']:.3f}" in text
    page.close()
