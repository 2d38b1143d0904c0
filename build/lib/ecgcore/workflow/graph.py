"""Which step comes after which, as Snakemake sees it: the book's page on it, and a start page for
those who open the notebooks."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.files import write_json, write_text
from ecgcore.workflow.results import parts

Graph = Mapping[str, set[str]]  # each step, and those that come right before it
PAGE, PICTURE = "workflow.md", "workflow.svg"
START = "start.ipynb"
WIDTH, HEIGHT, ACROSS, DOWN = 118, 26, 160, 38  # px of a box, and from one to the next
TIMEOUT_S = 120


def steps(profile: str) -> Graph:
    """A profile's steps. Raises DataError if Snakemake does not tell them."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "dot", "--cores", "1"]
    command += ["--nolock", "--rerun-incomplete"]
    try:
        done = subprocess.run(
            [*command, "--config", f"profile={profile}"],
            cwd=paths.ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise DataError(f"Snakemake took more than {TIMEOUT_S} s to tell its steps") from None
    found = read_dot(done.stdout)
    if not found:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise DataError(f"Snakemake does not tell the steps of profile {profile}: {last}")
    return found


def read_dot(text: str) -> Graph:
    """The graph in what Snakemake prints for Graphviz."""
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', text))
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    for before, after in re.findall(r"(\d+) -> (\d+)", text):
        found[names[after]].add(names[before])
    return found


def before(graph: Graph, step: str) -> set[str]:
    """Every step that must have run before one."""
    return set().union(*({s} | before(graph, s) for s in graph[step]))


def after(graph: Graph, step: str) -> set[str]:
    """Every step that runs again when one has changed its results."""
    return {s for s in graph if step in before(graph, s)}


def drawn(graph: Graph) -> str:
    """The graph as SVG, from left to right; an arrow that others imply is left out."""
    column = {step: _depth(graph, step) for step in graph}
    rows: dict[int, int] = {}
    place = {}
    for step in sorted(graph, key=lambda s: (column[s], -len(after(graph, s)), s)):
        row = rows.get(column[step], 0)
        rows[column[step]] = row + 1
        place[step] = (column[step] * ACROSS + 8, row * DOWN + 8)
    lines = [_arrow(place[a], place[b]) for b in graph for a in sorted(_direct(graph, b))]
    boxes = [_box(step, *at) for step, at in place.items()]
    width, height = (max(v) for v in zip(*place.values(), strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + WIDTH + 8}" '
        f'height="{height + HEIGHT + 8}" font-family="sans-serif" font-size="12">'
        f"{''.join(lines)}{''.join(boxes)}</svg>\n"
    )


def _depth(graph: Graph, step: str) -> int:
    return 1 + max((_depth(graph, s) for s in graph[step]), default=-1)


def _direct(graph: Graph, step: str) -> set[str]:
    """Those right before a step that no other of them comes after."""
    return {s for s in graph[step] if not any(s in before(graph, o) for o in graph[step] - {s})}


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x, y), (u, v) = start, end
    x, y, v = x + WIDTH, y + HEIGHT / 2, v + HEIGHT / 2
    middle = (x + u) / 2
    path = f"M{x} {y}C{middle} {y} {middle} {v} {u} {v}"
    return f'<path d="{path}" fill="none" stroke="#8a8f96" stroke-width="1.2"/>'


def _box(step: str, x: int, y: int) -> str:
    words = html.escape(step.replace("_", " "))
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="#eef3f7" '
        f'stroke="#0B3C5D"/><text x="{x + WIDTH / 2}" y="{y + HEIGHT / 2 + 4}" '
        f'text-anchor="middle" fill="#1b1b1b">{words}</text>'
    )


TEXT = """# What runs after what

Snakemake makes this book step by step, and only those steps whose notebook, modules, parameters \
or data have changed. This page is made from its graph and from the times of the run that built \
this copy.

```{{figure}} ../figures/{picture}
:name: fig-workflow
:alt: A graph of the book's steps, from left to right: beats are cut out first, the notebooks \
follow, and all lead to the book.

The steps of profile {profile}. An arrow leads from a step to one that reads what it made; those \
that follow from others are left out.
```

| step | what it is | took | a change of its results runs again |
|---|---|---:|---|
{rows}

A change of one of the package's modules runs the steps again that use it, by import and through \
other modules; a change of a page runs only the last step. `make status` says before a run what is \
stale, and why.
"""


def write_page(profile: str, site: Path) -> None:
    """Put the page and its figure into a book's source."""
    graph = steps(profile)
    seconds = {name: part["provenance"].get("seconds") for name, part in parts(profile).items()}
    of_step = {name.partition("_")[2]: name for name in _notebooks()}
    rows = []
    for step in sorted(graph, key=lambda s: (_depth(graph, s), of_step.get(s, s))):
        name = of_step.get(step)
        what = f"{{doc}}`executed/{name}`" if name else ""
        again = ", ".join(sorted(after(graph, step) - {"book"})).replace("_", " ")
        took = _minutes(seconds.get(name))
        rows.append(f"| {step.replace('_', ' ')} | {what} | {took} | {again or '–'} |")
    text = TEXT.format(picture=PICTURE, profile=profile, rows="\n".join(rows))
    write_text(site / "figures" / PICTURE, drawn(graph))
    write_text(site / "book" / PAGE, text)


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _notebooks() -> list[str]:
    return sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))


HEAD = """# Heartbeats, honestly classified: the notebooks

Open one, and run it from top to bottom; it reads the results of profile `{profile}`, and writes \
to `runs/`. Once `make book PROFILE={profile}` has run, every notebook works, in any order. Times \
are those of that run; a dash: not run yet.

| notebook | what it is for | took | needs |
|---|---|---:|---|
"""


def start_page(profile: str, target: Path | None = None) -> Path:
    """Write a notebook of one text, by default `runs/start.ipynb`, that says what each notebook is
    for, how long it took and what must have run before, from the notebooks and the graph."""
    target = target or paths.RUNS / START
    graph = steps(profile)
    names = _notebooks()
    of_step = {name.partition("_")[2]: name for name in names}
    known = parts(profile)
    rows = []
    for name in names:
        needed = before(graph, name.partition("_")[2]) if name.partition("_")[2] in graph else set()
        needs = ", ".join(sorted(of_step.get(step, step) for step in needed)) or "nothing"
        took = _minutes(known.get(name, {}).get("provenance", {}).get("seconds"))
        link = Path("..", "notebooks", f"{name}.ipynb").as_posix()
        rows.append(f"| [{name}]({link}) | {_heading(name)} | {took} | {needs} |")
    text = HEAD.format(profile=profile) + "\n".join(rows)
    cell = {"cell_type": "markdown", "id": "start", "metadata": {}, "source": text}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    write_json(target, {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    return target


def _heading(name: str) -> str:
    """A notebook's heading and the first sentence that follows it, without references."""
    document = json.loads((paths.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    first = next(c for c in document["cells"] if c["cell_type"] == "markdown")
    heading, _, rest = "".join(first["source"]).partition("\n")
    sentence = re.sub(r" ?\{cite[\w:]*\}`[^`]*`", "", rest.strip())
    sentence = re.sub(r"\{[\w:]+\}`([^`<]*?)(?: <[^`]*)?`", r"\1", sentence)
    sentence = re.split(r"(?<=[.?!])\s", sentence, maxsplit=1)[0]
    heading = heading.lstrip("# ").strip()
    return f"**{heading}{'' if heading.endswith('?') else '.'}** {sentence}".replace("|", "/")
