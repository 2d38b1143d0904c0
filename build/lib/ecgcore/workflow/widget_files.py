"""The data of the book's widgets as files of their own, loaded when they are asked for.

Script files, since a page that is opened as a file may fetch nothing; named after their contents,
so that pages share what is the same.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from ecgcore.files import write_text

PART = re.compile(
    r'<script type="application/octet-stream" data-part(?P<second> data-second)?>'
    r"(?P<data>[A-Za-z0-9+/=]+)</script>"
)
FOLDER = "_static/beats"
KEY = re.compile(r'data-key="(\w+)"')


def move_out(body: str, html: Path, address: Callable[[str], str]) -> str:
    """A page's body without the parts of its inspectors, which become files below `html`.

    address: of a file, given from the root of the book, as this page may name it.
    """

    def moved(part: re.Match) -> str:
        key = sha256(part["data"].encode()).hexdigest()[:16]
        path = f"{FOLDER}/{key}.js"
        text = f'(window.beatParts ??= {{}})["{key}"] = "{part["data"]}";\n'
        if not (html / path).is_file():
            write_text(html / path, text)
        kind = f"data-part{part['second'] or ''}"
        return (
            f'<script type="application/octet-stream" {kind} data-key="{key}" '
            f'data-src="{address(path)}"></script>'
        )

    return PART.sub(moved, body)


def forget_unused(html: Path) -> None:
    """Delete the files that no page names any more."""
    used = {key for page in html.rglob("*.html") for key in KEY.findall(page.read_text("utf-8"))}
    for path in (html / FOLDER).glob("*.js"):
        if path.stem not in used:
            path.unlink()
