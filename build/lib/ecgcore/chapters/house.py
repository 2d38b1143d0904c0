"""Chapter 15, how it is built: the house drawn from the code itself."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.colours import FIRST, MUTED, SECOND
from ecgcore.plots.style import Figure, canvas
from ecgcore.sources import FLOORS, FORMER, GROUND, PACKAGE, imported_by

NARROWEST, WIDTH_A_LETTER = 0.008, 0.0089  # share of a floor that a name needs
SHADES = (FIRST, "#3B6A8C")


@dataclass(frozen=True)
class Module:
    """A file of the package; about: its first sentence; uses: the modules that it imports."""

    path: Path
    floor: str
    lines: int
    about: str
    uses: frozenset[Path]

    @property
    def name(self) -> str:
        inside = self.path.relative_to(PACKAGE / ("" if self.floor == GROUND else self.floor))
        return ".".join(inside.with_suffix("").parts)


def modules() -> list[Module]:
    """Every module of the package but the faces of its folders, by floor and size."""
    former = {PACKAGE / f"{name}.py" for name in FORMER}
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path.stem != "__init__"]
    found = [_module(path) for path in paths if path not in former]
    return sorted(found, key=lambda m: (FLOORS.index(m.floor), -m.lines))


def _module(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    folders = path.relative_to(PACKAGE).parts[:-1]
    about = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    floor = folders[0] if folders else GROUND
    return Module(path, floor, len(text.splitlines()), about, imported_by(path))


def floors(found: list[Module]) -> pd.DataFrame:
    """A row a floor, from the top: what it is for, how many modules and lines it has."""
    rows = []
    for name in reversed(FLOORS):
        own = [m for m in found if m.floor == name]
        rows.append(
            {
                "folder": name if name == GROUND else f"{name}/",
                "what it is for": _purpose(name),
                "modules": len(own),
                "lines": sum(m.lines for m in own),
            }
        )
    return pd.DataFrame(rows)


def _purpose(floor: str) -> str:
    if floor == GROUND:
        return "What all others stand on: constants, errors, paths, files, progress, provenance."
    text = (PACKAGE / floor / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def arrows(found: list[Module]) -> np.ndarray:
    """(n, n) int, how many imports run from each floor (row) to each (column), in FLOORS' order."""
    floor_of = {m.path: FLOORS.index(m.floor) for m in found}
    count = np.zeros((len(FLOORS), len(FLOORS)), dtype=int)
    for module in found:
        for path in module.uses & floor_of.keys():
            count[floor_of[module.path], floor_of[path]] += 1
    return count


def house(found: list[Module]) -> Figure:
    """Each floor with its rooms (modules, or folders of them) in proportion to their lines; beside
    it who imports whom."""
    figure, (plan, matrix) = canvas(1, 2, size=(9.4, 5.8), width_ratios=(5, 2))
    for level, name in enumerate(FLOORS):
        sizes = _rooms(found, name)
        whole, left = sum(sizes.values()), 0.0
        for number, (room, lines) in enumerate(sizes.items()):
            share = lines / whole
            plan.barh(level, share, left=left, height=0.86, color=SHADES[number % 2])
            if share > NARROWEST + WIDTH_A_LETTER * len(room):
                middle = left + share / 2
                plan.text(middle, level, room, color="white", size=6, ha="center", va="center")
            left += share
        plan.text(1.01, level, f"{whole:,}", size=7, va="center")
    plan.set(yticks=range(len(FLOORS)), yticklabels=FLOORS, xticks=[], xlim=(0, 1.08))
    plan.set_xlabel("rooms of each floor in proportion to their lines, of which there are so many")
    plan.grid(visible=False)
    _draw_matrix(matrix, arrows(found))
    return figure


def _rooms(found: list[Module], floor: str) -> dict[str, int]:
    """Lines of each module of a floor, those of a folder together; the largest first."""
    sizes: dict[str, int] = {}
    for module in (m for m in found if m.floor == floor):
        room = module.name.partition(".")[0]
        sizes[room] = sizes.get(room, 0) + module.lines
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _draw_matrix(ax, count: np.ndarray) -> None:
    """Dots as large as there are imports; below the diagonal is down."""
    row, column = np.nonzero(count)
    up = column > row
    size = 14 * np.sqrt(count[row, column])
    ax.scatter(column, row, s=size, color=np.where(up, SECOND, FIRST))
    ax.plot([-0.5, len(FLOORS) - 0.5], [-0.5, len(FLOORS) - 0.5], color=MUTED, linewidth=0.8)
    ticks = range(len(FLOORS))
    ax.set(yticks=ticks, yticklabels=[], ylim=(-0.6, len(FLOORS) - 0.4))
    ax.set_xticks(ticks, FLOORS, rotation=90)
    ax.set_xlabel("imports from")


def places(wanted: dict[str, Callable | type | str]) -> pd.DataFrame:
    """Where to find things: question to file and line. wanted: an object of the code, or a path."""
    rows = [{"question": question, "go to": _place(what)} for question, what in wanted.items()]
    return pd.DataFrame(rows)


def _place(what: Callable | type | str) -> str:
    if isinstance(what, str):
        if not (PACKAGE.parent / what).exists():
            raise FileNotFoundError(what)  # a map that points nowhere is worse than none
        return what
    path = Path(inspect.getsourcefile(what)).relative_to(PACKAGE.parent)
    return f"{path.as_posix()}, line {inspect.getsourcelines(what)[1]}: {what.__name__}"
