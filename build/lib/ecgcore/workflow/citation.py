"""How to cite the book: from CITATION.cff, for people and for reference managers."""

import html
import re
from datetime import UTC, datetime
from functools import cache

import yaml

from ecgcore import paths, provenance

DESCRIPTION_LENGTH = 300  # characters, of which search engines show about half


@cache
def known() -> dict:
    """CITATION.cff, as it is."""
    return yaml.safe_load((paths.ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def facts() -> dict[str, str]:
    """What this copy of the book is: version, licence, day (UTC) and commit of its build."""
    return {
        "version": str(known()["version"]),
        "built": datetime.now(UTC).strftime("%-d %B %Y"),
        "commit": provenance.commit(),
        "licence": f"{known()['license']} (code and text)",
    }


def authors() -> list[str]:
    """Names as CITATION.cff has them, family name first where it is known apart."""
    return [
        a["name"] if "name" in a else f"{a['family-names']}, {a['given-names']}"
        for a in known()["authors"]
    ]


def bibtex() -> str:
    """The book as an entry for BibTeX."""
    fields = {
        "author": " and ".join(f"{{{name}}}" if "," not in name else name for name in authors()),
        "title": f"{{{known()['title']}}}",
        "year": str(datetime.now(UTC).year),
        "version": str(known()["version"]),
        "note": f"Commit {provenance.commit()}",
    }
    if "doi" in known():
        fields["doi"] = known()["doi"]
    lines = ",\n".join(f"  {name:<7} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{ecgcore,\n{lines}\n}}"


def meta_tags(title: str, body: str) -> str:
    """A page's head for Zotero and search engines: title, authors, date, and its first sentences.

    body: the page's HTML.
    """
    book = known()["title"]
    first = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
    words = " ".join(re.sub(r"<[^>]+>", "", first[1]).split()) if first else book
    tags = {
        "description": html.unescape(words)[:DESCRIPTION_LENGTH],
        "citation_title": book if not title or title in book else f"{title}. {book}",
        "citation_publication_date": datetime.now(UTC).strftime("%Y/%m/%d"),
        "citation_version": facts()["version"],
        "citation_language": "en",
    }
    pairs = [*tags.items(), *(("citation_author", name) for name in authors())]
    return "\n" + "\n".join(
        f'<meta name="{name}" content="{html.escape(value, quote=True)}" />'
        for name, value in pairs
    )
