"""The book's source, brought together for Jupyter Book."""

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from ecgcore import paths, provenance
from ecgcore.files import replacing, write_text
from ecgcore.workflow import graph
from ecgcore.workflow.profiles import load_profile
from ecgcore.workflow.results import assemble, load_metrics


def site_dir(profile: str) -> Path:
    """Folder of the book's source as Jupyter Book reads it, complete but not yet built."""
    return paths.run_dir(profile) / "site"


def publish(executed: Path, target: Path) -> Path:
    """Copy an executed notebook for the book, with the injected parameters folded away.

    Widgets lose their state, which only a kernel or another host's scripts could bring to life:
    in the book each is shown by its HTML twin, which has the data too.
    """
    document = json.loads(executed.read_text(encoding="utf-8"))
    document["cells"] = joined(_with_sources(document["cells"], executed.stem))
    for cell in document["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "injected-parameters" in tags:
            cell["metadata"]["tags"] = [*tags, "hide-input"]
        cell["metadata"].pop("papermill", None)
    document["metadata"].pop("papermill", None)
    document["metadata"].pop("widgets", None)
    write_text(target, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return target


def joined(cells: Iterable[dict]) -> list[dict]:
    """The cells, those together whose code is folded and of which the first show nothing, so that
    the page has one fold there and not a row of them."""
    out: list[dict] = []
    for cell in cells:
        if out and _is_folded(cell) and _is_folded(out[-1]) and not out[-1]["outputs"]:
            before = "".join(out.pop()["source"]).rstrip()
            source = f"{before}\n\n{''.join(cell['source'])}"
            cell = cell | {"source": source.splitlines(keepends=True)}
        out.append(cell)
    return out


def _is_folded(cell: dict) -> bool:
    tags = {"hide-input", "injected-parameters"} & set(cell["metadata"].get("tags", []))
    return cell["cell_type"] == "code" and bool(tags)


SAVED = re.compile(r"""\bsave\(\s*\w+(?:\([^()]*\))?,\s*"(\w+)",\s*profile\)""")
BELOW = """::::{{div}} figure-source
{{download}}`SVG <../../figures/{name}.svg>` ·
{{download}}`data (CSV) <../../figures/{name}.csv>` ·
notebooks/{notebook}.ipynb, cell {number}, at commit {commit}
::::
"""


def _with_sources(cells: list[dict], notebook: str) -> Iterator[dict]:
    """The cells, and below each figure a quiet line that leads to what it is made of."""
    number = 0
    for cell in cells:
        yield cell
        if cell["cell_type"] != "code":
            continue
        number += "injected-parameters" not in cell["metadata"].get("tags", [])
        saved = SAVED.search("".join(cell["source"]))
        if saved and "mystnb" in cell["metadata"]:
            text = BELOW.format(
                name=saved[1], notebook=notebook, number=number, commit=provenance.commit()
            )
            yield {
                "cell_type": "markdown",
                "id": f"source-{number}",
                "metadata": {},
                "source": text.splitlines(keepends=True),
            }


# What stands at the top of every page, where it is not the book of mitdb.
SMOKE = "Smoke profile: a few records, one epoch. The numbers on this page are no results."
OWN = (
    "Made from a database of one's own. What is said of patients and records by number, the "
    "studies, and the chapters on rhythm, another database, two patients and noise are those of "
    "the MIT-BIH Arrhythmia Database, as published."
)


def stage_site(profile: str) -> Path:
    """Bring the book's pages, figures and configuration beside the executed notebooks."""
    site = site_dir(profile)
    assemble(profile)
    ignore = shutil.ignore_patterns("executed")
    shutil.copytree(paths.BOOK, site / "book", dirs_exist_ok=True, ignore=ignore)
    shutil.copytree(paths.figures_dir(profile), site / "figures", dirs_exist_ok=True)
    graph.write_page(profile, site)
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(paths.ROOT / name, site / name)
    if profile == "smoke":
        _announce(site / "_config.yml", SMOKE)
    else:
        if load_profile(profile).data.is_own:
            _announce(site / "_config.yml", OWN)
        _mark_claims(site / "book", load_metrics(profile))
    return site


def _mark_claims(book: Path, numbers: dict) -> None:
    """Say beside each sentence that this run's numbers contradict that they do."""
    from ecgcore.workflow import claims  # needs pandas, and running a notebook does not

    for page in sorted(book.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        write_text(page, claims.marked(page.stem, text, numbers))
    for notebook in sorted((book / "executed").glob("*.ipynb")):
        document = json.loads(notebook.read_text(encoding="utf-8"))
        claims.mark_notebook(notebook.stem, document, numbers)
        write_text(notebook, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _announce(config: Path, text: str) -> None:
    """Say something at the top of every page."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    document["sphinx"]["config"]["html_theme_options"]["announcement"] = text
    with replacing(config) as temporary:
        temporary.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
