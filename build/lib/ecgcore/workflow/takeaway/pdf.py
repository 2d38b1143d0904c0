"""The book as one PDF: each of its pages printed by a headless Chromium, and joined."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from ecgcore import paths
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import replacing

NAMES = ("chromium", "chromium-browser", "google-chrome")
PAGE_S = 120  # that a page may take
LOADING_MS = 15_000  # of the page's own time, which passes as fast as the browser can


def pages_in_order(toc: Path) -> list[tuple[str, str]]:
    """Part and file, such as ("Results", "book/methods"), of each page, as Jupyter Book's table of
    contents has them."""
    document = yaml.safe_load(toc.read_text(encoding="utf-8"))
    rest = [
        (part.get("caption", ""), chapter["file"])
        for part in document.get("parts", [document])
        for chapter in part.get("chapters", [])
    ]
    return [("", document["root"]), *rest]


def browser() -> str:
    """The Chromium that prints. Raises ConfigError if there is none."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise ConfigError(
            "no Chromium to print the book with: install one (Debian: chromium), or set CHROMIUM "
            "to its path"
        )
    return found


def write(profile: str, target: Path | None = None, shown: int | None = None) -> Path:
    """Print a profile's book, by default to `runs/<profile>/book.pdf`; widgets are printed as they
    stand when a page opens. shown: only so many pages of it.

    Raises DataError if the book is not built or a page cannot be printed, ConfigError without a
    browser.
    """
    from pypdf import PdfWriter  # needed for nothing else

    html = paths.html_dir(profile)
    found = pages_in_order(paths.ROOT / "_toc.yml")[:shown]
    missing = next((p for _, p in found if not (html / f"{p}.html").is_file()), None)
    if missing:
        raise DataError(f"{html}: no page {missing}.html; run `make book PROFILE={profile}` first")
    joined, chromium = PdfWriter(), browser()
    parts: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (part, page) in enumerate(found):
            printed = Path(folder) / f"{number}.pdf"
            _print(chromium, html / f"{page}.html", printed)
            start = len(joined.pages)
            joined.append(printed, import_outline=False)
            if part and part not in parts:
                parts[part] = joined.add_outline_item(title=part, page_number=start)
            joined.add_outline_item(
                title=_title(html / f"{page}.html"), page_number=start, parent=parts.get(part)
            )
    joined.add_metadata({"/Title": _title(html / f"{found[0][1]}.html")})
    target = target or paths.run_dir(profile) / "book.pdf"
    with replacing(target) as temporary:
        joined.write(temporary)
    return target


def _print(chromium: str, page: Path, target: Path) -> None:
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={target.parent / 'browser'}",
        "--no-pdf-header-footer",
        f"--virtual-time-budget={LOADING_MS}",
        f"--print-to-pdf={target}",
        f"{page.as_uri()}?print",  # tells the page to bring all its pictures
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PAGE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{page}: cannot be printed by {chromium}: {error}") from None
    if done.returncode or not target.is_file():
        last = list(_lines(done.stderr))[-1:] or ["it gave no reason"]
        raise DataError(f"{page}: cannot be printed by {chromium}: {last[0]}")


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())


def _title(page: Path) -> str:
    """A page's heading."""
    from bs4 import BeautifulSoup

    heading = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("h1")
    for mark in heading.select(".headerlink"):
        mark.decompose()
    return " ".join(heading.get_text().split())
