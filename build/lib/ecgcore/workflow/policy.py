"""A content security policy for the page "Try it": what is dropped there must not leave it.

The page itself tells the browser to ask no other host for anything, and to send nothing there. Its
scripts come from files of the book alone, those of the theme too, so that it works behind a server
that allows nothing else.
"""

import base64
import hashlib
import re
from html import escape, unescape
from pathlib import Path

from ecgcore.files import write_text

FOLDER = Path("_static", "inline")
INLINE = re.compile(r"<script(?P<how>(?![^>]*\b(?:src|type)=)[^>]*)>(?P<code>.+?)</script>", re.S)
HANDLER = re.compile(r'\son\w+="([^"]*)"')
META = '<meta http-equiv="Content-Security-Policy" content="{}">'


def protect(html: Path, page: str) -> None:
    """Give a page of a built book its policy, and its inline scripts files of their own.

    page: address from the book's root, in a folder of it.
    """
    path = html / page
    text = path.read_text(encoding="utf-8")
    if "Content-Security-Policy" in text:
        return
    text = INLINE.sub(lambda found: _moved(html, found), text)
    policy = META.format(escape(policy_of(text)))
    head, mark, rest = text.partition("<head>")
    write_text(path, f"{head}{mark}\n    {policy}{rest}")


def _moved(html: Path, script: re.Match) -> str:
    code = script["code"].strip() + "\n"
    name = f"{hashlib.sha256(code.encode()).hexdigest()[:12]}.js"
    write_text(html / FOLDER / name, code)
    return f'<script{script["how"]} src="../{(FOLDER / name).as_posix()}"></script>'


def policy_of(text: str) -> str:
    """The policy of a page without inline scripts: own files, the theme's inline styles and
    buttons, and WebAssembly for the network for single beats."""
    handlers = sorted({unescape(code) for code in HANDLER.findall(text)})
    digests = [base64.b64encode(hashlib.sha256(c.encode()).digest()).decode() for c in handlers]
    allowed = ["'unsafe-hashes'", *(f"'sha256-{d}'" for d in digests)] if digests else []
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src", "'self'", "'wasm-unsafe-eval'", *allowed]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        ]
    )
