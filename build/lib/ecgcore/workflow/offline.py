"""The page "Try it" as an app: installable, and there without a network.

The build writes a web app manifest and a service worker at the root of the book. The worker keeps
the page and all that it needs to classify a recording, under a digest of these files, so that a new
book replaces an old one as a whole. The book's other pages never come from it.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from ecgcore.files import write_text
from ecgcore.workflow import page_recordings

PAGE = "book/try_it.html"
SCRIPT = Path("_static", "offline", "offline.js")
WORKER, MANIFEST = "service-worker.js", "app.webmanifest"
SOURCE = Path("_static", "offline", WORKER)
ASSETS = Path("_static", "try-it", "assets")
ICON = "_static/favicon.svg"
NEEDED = (
    *("manifest.json", page_recordings.MODEL, page_recordings.NUMBERS, page_recordings.KNOWN),
    *(page_recordings.RECORDS, page_recordings.REPORT_STYLE),
)
CODE = ("_static/recording/**/*.js", "_static/recording/**/*.css", "_static/try-it/*.*")
NAMED = re.compile(r"""@import "([^"]+)"|url\("?([^)"]+\.woff2)""")
UNUSED = ("fa-regular", "fa-brands")  # fonts of the theme in which this page shows nothing
BLUE = "#0B3C5D"  # of the icon


def is_ready(static: Path) -> bool:
    """Whether the page has what it classifies with. static: _static of the source or the book."""
    return all((static.parent / ASSETS / name).is_file() for name in NEEDED)


def publish(html: Path, title: str) -> bool:
    """Write service worker and manifest into a built book; whether the page is there for them."""
    if not (html / PAGE).is_file() or not is_ready(html / "_static"):
        return False
    write_text(html / MANIFEST, json.dumps(manifest(title), indent=1) + "\n")
    source = (html / SOURCE).read_text(encoding="utf-8")
    write_text(html / WORKER, worker(source, html, kept(html)))
    return True


def kept(html: Path) -> list[str]:
    """Addresses that the page asks for until a recording is classified, from the book's root."""
    page = BeautifulSoup((html / PAGE).read_text(encoding="utf-8"), "html.parser")
    asked = [tag.get("src") for tag in page.select("script[src], img[src]")]
    asked += [tag.get("href") for tag in page.select("link[href]") if _is_loaded(tag)]
    found = [_from_root(address) for address in asked]
    found += [str(p.relative_to(html)) for glob in CODE for p in html.glob(glob) if p.is_file()]
    found += [str(ASSETS / name) for name in NEEDED] + [ICON]
    styles = [html / urlsplit(a).path for a in found if urlsplit(a).path.endswith(".css")]
    found += [str(p.relative_to(html)) for style in styles for p in _of_style(html, style)]
    there = [a for a in found if (html / urlsplit(a).path).is_file()]
    return sorted({PAGE, MANIFEST, *there})


def _of_style(html: Path, style: Path) -> list[Path]:
    """Style sheets and fonts that a style sheet names."""
    if not style.is_file():
        return []
    named = NAMED.findall(style.read_text(encoding="utf-8"))
    found = [Path(os.path.normpath(style.parent / (a or b))) for a, b in named]
    return [p for p in found if p.is_relative_to(html) and not p.name.startswith(UNUSED)]


def _is_loaded(link) -> bool:
    return bool({"stylesheet", "preload", "icon"} & set(link.get("rel", [])))


def _from_root(address: str) -> str:
    """An address on the page, which lies in a folder of the book's root."""
    return address.removeprefix("../")


def worker(source: str, html: Path, files: list[str]) -> str:
    """The service worker with its list. Raises ValueError if its source has no place for it."""
    digest = hashlib.sha256()
    for name in files:
        path = html / urlsplit(name).path
        digest.update(name.encode() + b"\0")
        digest.update(path.read_bytes())
    values = {"VERSION": digest.hexdigest()[:16], "FILES": files, "PAGE": PAGE}
    for name, value in values.items():
        source, n = re.subn(
            rf"^const {name} = [^;]*;", lambda _, k=name, v=value: _line(k, v), source, flags=re.M
        )
        if n != 1:
            raise ValueError(f"{SOURCE}: no place for {name}")
    return source


def _line(name: str, value) -> str:
    return f"const {name} = {json.dumps(value)};"


def manifest(title: str) -> dict:
    """What an installed page is called, and where it starts."""
    return {
        "name": f"Try it: {title}",
        "short_name": "ECG, classified",
        "description": "Classifies the heartbeats of a recording on your own machine. "
        "Research software, no medical device.",
        "start_url": PAGE,
        "scope": "./",
        "display": "minimal-ui",
        "background_color": "#ffffff",
        "theme_color": BLUE,
        "icons": [{"src": ICON, "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }
