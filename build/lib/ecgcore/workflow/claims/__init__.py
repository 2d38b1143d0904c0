"""The book's sentences that interpret numbers, each bound to a condition on the numbers.

A table is computed, and so is a number in the text. What the text *says* of it is not: "little is
left", "falls further", "none of them helps". Such a phrase is listed here beside a function that
says, of any run's numbers, whether it is true. A test holds that each phrase stands in its page
word for word, so no text can be changed without its condition; and that each condition holds for
the published numbers, and can fail. Where a phrase is not true of the run that made a page, the
page says so (`marked`), and `ecgcore check` lists it (`broken`).

The thresholds in the conditions are what the words mean, not what a run gave. So they hold for any
seed and processor, or else the words are wrong.
"""

import json
import re
from collections.abc import Iterable

import pandas as pd

from ecgcore import paths
from ecgcore.workflow.claims import (  # noqa: F401, each lists its claims when it is imported
    core,
    discussion,
    errors,
    evaluation,
    front,
    literature,
    noise,
    records,
    rhythm,
    studies,
    uncertainty,
)
from ecgcore.workflow.claims.core import BROKEN, HOLDS, UNKNOWN, Claim, Numbers

__all__ = ["BROKEN", "CLAIMS", "HOLDS", "UNKNOWN", "Claim"]

PAGES = (  # with claims, in the order of the book
    "index",
    "01_exploration",
    "02_training",
    "03_evaluation",
    "04_error_analysis",
    "06_uncertainty",
    "09_studies",
    "11_rhythm",
    "12_another_database",
    "13_two_patients",
    "14_noise",
    "05_literature",
    "pitfalls",
    "discussion",
)
CLAIMS = tuple(sorted(core.CLAIMS, key=lambda claim: PAGES.index(claim.page)))
HEAD = ":::{admonition} Not so in this run"  # how a note begins
DIRECTIVE = re.compile(r"^(`{3,}|:{3,})\{.*?^\1 *$", re.MULTILINE | re.DOTALL)
NOTE = "-note"  # how the name of a cell that holds notes ends


def broken(numbers: Numbers) -> list[Claim]:
    """The claims that a run's numbers contradict. numbers: as `results.load_metrics` returns."""
    return [claim for claim in CLAIMS if claim.verdict(numbers) == BROKEN]


def unknown(numbers: Numbers) -> list[Claim]:
    """The claims that a run has no numbers for."""
    return [claim for claim in CLAIMS if claim.verdict(numbers) == UNKNOWN]


def table(numbers: Numbers) -> pd.DataFrame:
    """A row a claim: page, phrase, what it means, verdict."""
    return pd.DataFrame(
        {"page": c.page, "phrase": c.text, "means": c.means, "verdict": c.verdict(numbers)}
        for c in CLAIMS
    )


def source(page: str) -> str:
    """The text of a page: of a notebook, its Markdown, captions and descriptions of figures."""
    notebook = paths.NOTEBOOKS / f"{page}.ipynb"
    if not notebook.is_file():
        return (paths.BOOK / f"{page}.md").read_text(encoding="utf-8")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(text for cell in cells for text in _texts(cell))


def _texts(cell: dict) -> list[str]:
    """What of a notebook's cell is prose."""
    if cell["cell_type"] == "markdown":
        return ["".join(cell["source"])]
    shown = cell["metadata"].get("mystnb", {})
    texts = shown.get("figure", {}).get("caption"), shown.get("image", {}).get("alt")
    return [text for text in texts if text]


def notes(page: str, numbers: Numbers) -> list[str]:
    """What a page has to say of its phrases that its run's numbers contradict, in MyST."""
    return [_note(claim) for claim in broken(numbers) if claim.page == page]


def _note(claim: Claim) -> str:
    return (
        f"{HEAD}\n:class: caution\n"
        f"“{claim.text}” is taken to mean: {claim.means} "
        "The numbers of the run that made this page say otherwise.\n:::"
    )


def marked(page: str, text: str, numbers: Numbers) -> str:
    """The source of a page of `book/`, with each note below paragraph or figure it is about."""
    return _marked(text, [c for c in broken(numbers) if c.page == page])


def _marked(text: str, claims: Iterable[Claim]) -> str:
    for claim in claims:
        at = text.find(claim.text)
        if at >= 0:
            end = _end(text, at)
            text = f"{text[:end]}\n\n{_note(claim)}{text[end:]}"
    return text


def _end(text: str, at: int) -> int:
    """Where the directive around a position ends, else the paragraph."""
    for directive in DIRECTIVE.finditer(text):
        if directive.start() <= at < directive.end():
            return directive.end()
    end = text.find("\n\n", at)
    return len(text.rstrip()) if end < 0 else end


def unmarked(text: str) -> str:
    """A source without the notes that were put into it."""
    return re.sub(r"\n\n" + re.escape(HEAD) + r".*?\n:::", "", text, flags=re.DOTALL)


def mark_notebook(page: str, document: dict, numbers: Numbers) -> None:
    """Put the notes into an executed notebook: below the paragraph, or the figure, they are about.

    Notes of an earlier run go.
    """
    claims = [c for c in broken(numbers) if c.page == page]
    cells = []
    for cell in document["cells"]:
        if str(cell.get("id", "")).endswith(NOTE):
            continue
        if cell["cell_type"] == "markdown":
            cell["source"] = [unmarked("".join(cell["source"]))]
        text = "\n\n".join(_texts(cell))
        own = [c for c in claims if c.text in text]
        cells.append(cell)
        if cell["cell_type"] == "markdown":
            cell["source"] = _marked(text, own).splitlines(keepends=True)
        elif own:
            said = "\n\n".join(map(_note, own)).splitlines(keepends=True)
            below = {"cell_type": "markdown", "metadata": {}, "source": said}
            cells.append(below | {"id": f"{cell.get('id', 'cell')}{NOTE}"})
    document["cells"] = cells
