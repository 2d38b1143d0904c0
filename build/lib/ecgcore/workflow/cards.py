"""What the hover cards of the book show: terms, references and figures, out of its own pages."""

import json
import posixpath
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from ecgcore.files import write_text

DATA = Path("_static", "cards.data.js")  # a script, since pages opened as files may fetch nothing


def write(html: Path) -> Path:
    """Gather the cards of a finished book: `page#anchor`, from its root, to a piece of HTML."""
    cards = {}
    for path in sorted(html.glob("book/**/*.html")):
        page = path.relative_to(html).as_posix()
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        cards |= {f"{page}#{anchor}": text for anchor, text in of_page(soup, page)}
    write_text(html / DATA, f"window.bookCards = {json.dumps(cards, ensure_ascii=False)};\n")
    return html / DATA


def of_page(soup: BeautifulSoup, page: str) -> Iterator[tuple[str, str]]:
    """(anchor, HTML) of each thing on a page that a link may lead to and a card may show."""
    for term in soup.select("dl.glossary dt[id]"):
        meaning = term.find_next_sibling("dd")
        if meaning:
            yield term["id"], f"<strong>{_words(term)}</strong>: {_words(meaning)}"
    for entry in soup.select("[role=doc-biblioentry]"):
        yield entry["id"], _words(entry.find("p") or entry)
    for figure in soup.select("figure[id]"):
        image, caption = figure.find("img"), figure.find("figcaption")
        if image and caption:
            yield figure["id"], _picture(image, page) + _words(caption)


def _picture(image: Tag, page: str) -> str:
    """The picture, its address from the root of the book and left to the script to complete."""
    source = posixpath.normpath(posixpath.join(posixpath.dirname(page), image["src"]))
    return f'<img alt="" data-src="{source}">'


def _words(node: Tag) -> str:
    """A node's text, without the marks that link to it."""
    for mark in node.select(".headerlink"):
        mark.decompose()
    text = " ".join(node.get_text().split())
    return text.replace("&", "&amp;").replace("<", "&lt;")
