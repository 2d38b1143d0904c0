"""Which modules of the package a piece of code uses: what a result depends on."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
GROUND = "(ground)"  # the modules at the top of the package
FLOORS = (  # its folders, from the ground up; a test holds that none imports from one after it
    GROUND, "data", "beats", "models", "evaluation", "training", "rhythm", "published",
    "inference", "plots", "widgets", "workflow", "chapters", "cli",
)  # fmt: skip
FORMER = ("profiles", "records", "signals")  # addresses kept for programs written for them
ASSETS = (".js", ".css")  # which modules of their folder read


def modules_used(source: str) -> list[Path]:
    """Files of the `ecgcore` modules that some code imports, and of all that those import.

    A module at a time: the others of its folder do not count. Who reads JavaScript or styles that
    lie beside it depends on all of them.
    """
    found: set[Path] = set()
    waiting = set(_imported(source))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if path.suffix == ".py":
                waiting |= imported_by(path)
    return sorted(found)


def imported_by(path: Path) -> frozenset[Path]:
    """What a module itself imports and reads: files of the package, the faces of folders too."""
    return _imported_by(path, path.stat().st_mtime_ns)


@cache
def _imported_by(path: Path, changed: int) -> frozenset[Path]:
    text = path.read_text(encoding="utf-8")
    beside = (p for p in path.parent.iterdir() if p.suffix in ASSETS)
    assets = {p for p in beside if any(suffix in text for suffix in ASSETS)}
    return _imported(text) | assets


def _imported(source: str) -> frozenset[Path]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ecgcore"):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("ecgcore")}
    return frozenset(path for name in names for path in _files(name))


def _files(module: str) -> list[Path]:
    """A module's source and the faces of the folders that it lies in; none if there is no such."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not file.is_file():
        return []
    folders = [p for p in file.parents if p.is_relative_to(PACKAGE)]
    return [file, *(folder / "__init__.py" for folder in folders)]
