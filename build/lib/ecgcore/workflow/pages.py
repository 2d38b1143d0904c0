"""What the book's pages have beside Sphinx's own: a Sphinx extension, named in `_config.yml`.

Pages load their pictures, and what their widgets show of each record, when it is needed. They say
in their head how to cite them, and at their end what they were made from. When all are written, the
theme's script of icons is cut down to those in use, what the hover cards show is gathered (see
`cards`), and the page "Try it" gets a policy that keeps what is dropped there (see
`policy`) and works offline (see `offline`).
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from ecgcore.files import write_text
from ecgcore.workflow import cards, citation, offline, policy, widget_files

ICONS = Path("_static", "scripts", "fontawesome.js")  # the theme's
# One icon in that script: name: [width, height, [other names], code, path or paths].
ICON = re.compile(
    r'(?:"(?P<quoted>[\w-]+)"|(?P<plain>[\w$]+)):\[\d+,\d+,\[(?P<other>[^\]]*)\],'
    r'"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)/?$")
USED = re.compile(r"\bfa-([a-z0-9-]+)")


def setup(app: Sphinx) -> dict:
    app.add_directive("bibtex", Bibtex)
    app.connect("config-inited", _say_version)
    app.connect("html-page-context", _complete_page)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Bibtex(Directive):
    """`{bibtex}`: how to cite the book, to be copied."""

    def run(self) -> list[nodes.Node]:
        text = citation.bibtex()
        return [nodes.literal_block(text, text, language="bibtex")]


def _say_version(app: Sphinx, config) -> None:
    """What pages may name in double braces: version, date, commit."""
    config.myst_substitutions = {**citation.facts(), **config.myst_substitutions}


def _complete_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    if "body" not in context or doctree is None:
        return
    body = widget_files.move_out(
        context["body"], Path(app.outdir), lambda path: context["pathto"](path, resource=True)
    )
    context["body"] = body.replace("<img ", '<img loading="lazy" decoding="async" ')
    title = re.sub(r"<[^>]+>", "", context.get("title", ""))
    context["metatags"] = context.get("metatags", "") + citation.meta_tags(title, context["body"])
    if f"{pagename}.html" == offline.PAGE and offline.is_ready(Path(app.srcdir, "book/_static")):
        script = context["pathto"](offline.SCRIPT.as_posix(), resource=True)
        context["metatags"] += f'<script defer src="{escape(script)}"></script>'
    repository = app.config.html_theme_options.get("repository_url", "")
    context["body"] += imprint(pagename, repository)


# Sphinx's search leaves out words that are numbers, which here are patients. (They are indexed.)
NUMBERS = re.compile(r"\|\|\s*queryTerm\.match\(/\^\\d\+\$/\)")


def find_numbers(html: Path) -> None:
    """Let the search look for records, such as 232."""
    script = html / "_static" / "searchtools.js"
    if script.is_file():
        write_text(script, NUMBERS.sub("", script.read_text(encoding="utf-8")))


# What of the theme misleads screen readers: names that are not what is read, and a list whose
# members are no list items.
MISLEADING = {
    '<summary aria-label="Toggle hidden content">': "<summary>",
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    'search-button-field search-button__button pst-js-only" title="Search" aria-label="Search"': (
        'search-button-field search-button__button pst-js-only"'
    ),
    ' data-mode="light" title="Light"': ' data-mode="light"',
    ' data-mode="dark"  title="Dark"': ' data-mode="dark"',
    ' data-mode="auto"  title="System Settings"': ' data-mode="auto"',
}


def mend_names(html: Path) -> None:
    """Give the theme's buttons and folds the names that stand on them, on every page."""
    for path in html.rglob("*.html"):
        text = before = path.read_text(encoding="utf-8")
        for misleading, plain in MISLEADING.items():
            text = text.replace(misleading, plain)
        if text != before:
            write_text(path, text)


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    html = Path(app.outdir)
    trim_icons(html)
    find_numbers(html)
    mend_names(html)
    widget_files.forget_unused(html)
    cards.write(html)
    if (html / offline.PAGE).is_file():
        policy.protect(html, offline.PAGE)
    offline.publish(html, app.config.html_title)


def trim_icons(html: Path) -> None:
    """Leave out of the theme's script of icons, most of a page's weight, those no page uses.

    Kept are those named in a page or in another script.
    """
    script = html / ICONS
    if not script.is_file():
        return
    readers = [p for p in (*html.rglob("*.html"), *html.rglob("*.js")) if p != script]
    used = {name for p in readers for name in USED.findall(p.read_text(encoding="utf-8"))}

    def keep(icon: re.Match) -> str:
        names = {icon["quoted"] or icon["plain"], *re.findall(r'"([\w-]+)"', icon["other"])}
        return icon[0] if names & used else ""

    write_text(script, ICON.sub(keep, script.read_text(encoding="utf-8")))
    script.with_suffix(".js.map").unlink(missing_ok=True)  # of the whole script


def imprint(page: str, repository: str) -> str:
    """The line at a page's end: version and commit, and where there is a repository, the page's
    source in it and, for a notebook, a place to run it. page: as `book/methods`."""
    about = citation.facts()
    parts = [f"Version {about['version']}, built on {about['built']} from commit {about['commit']}"]
    path = page.replace("book/executed/", "notebooks/")
    ran = path != page
    if repository:
        revision = about["commit"].rstrip("+")
        source = f"{repository.rstrip('/')}/blob/{revision}/{path}.{'ipynb' if ran else 'md'}"
        parts.append(f'<a href="{escape(source)}">source of this page</a>')
    owner = GITHUB.match(repository)
    if owner and ran:
        place = f"https://mybinder.org/v2/gh/{owner[1]}/{revision}?urlpath=lab/tree/{path}.ipynb"
        parts.append(f'<a href="{escape(place)}">run it on Binder</a>')
    return f'<p class="page-source">{" · ".join(parts)}</p>'
