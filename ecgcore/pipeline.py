"""Running notebooks, and what each depends on."""

import ast
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from ecgcore import paths
from ecgcore.errors import ConfigError, EcgError
from ecgcore.files import replacing, write_text
from ecgcore.profiles import check_parameters, load_profile

PACKAGE = Path(__file__).parent
TRACEBACK_LINES = 12  # of a failing cell, shown in the terminal


class NotebookError(EcgError):
    """A cell failed: the message names notebook and cell and ends with the traceback."""


def modules_used(source: str) -> list[Path]:
    """Files of the `ecgcore` modules that some code imports, and of all that those import."""
    found: set[Path] = set()
    waiting = _imported(source)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if path.suffix == ".py":
                waiting |= _imported(path.read_text(encoding="utf-8"))
    return sorted(found)


def _imported(source: str) -> set[Path]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ecgcore"):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("ecgcore")}
    return {path for name in names for path in _files(name)}


def _files(module: str) -> list[Path]:
    """A module's source; of a package below `ecgcore`, all of its files, JavaScript included."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    if path == PACKAGE:
        return [path / "__init__.py"]
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.suffix in (".py", ".js", ".css"))
    return [p for p in [path.with_suffix(".py")] if p.is_file()]


def notebook_source(notebook: str) -> str:
    """The code of a notebook without its IPython magics."""
    cells = json.loads((paths.NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return re.sub(r"^%.*$", "", code, flags=re.MULTILINE)


def dependencies(notebook: str) -> list[str]:
    """Files that decide what a notebook shows: itself and the modules that it uses."""
    files = [paths.NOTEBOOKS / f"{notebook}.ipynb", *modules_used(notebook_source(notebook))]
    return [os.path.relpath(path, paths.ROOT) for path in files]


def site_dir(profile: str) -> Path:
    """Folder of the book's source as Jupyter Book reads it, complete but not yet built."""
    return paths.run_dir(profile) / "site"


def run_notebook(notebook: str, profile: str, changes: dict[str, Any] | None = None) -> Path:
    """Execute a notebook with its profile's parameters and `changes`; publish it to the site.

    The executed notebook is written to runs/<profile>/notebooks cell by cell, and stays there if
    a cell fails. Returns the published copy. Raises ConfigError before any kernel starts,
    NotebookError if a cell fails.
    """
    import papermill  # slow to import, and not needed to list dependencies

    parameters = load_profile(profile).parameters(notebook) | (changes or {})
    check_parameters(notebook, parameters)
    executed = paths.run_dir(profile) / "notebooks" / f"{notebook}.ipynb"
    executed.parent.mkdir(parents=True, exist_ok=True)
    # Whatever backend the caller's environment asks for, figures belong in the notebook.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    try:
        papermill.execute_notebook(
            paths.NOTEBOOKS / f"{notebook}.ipynb",
            executed,
            parameters=parameters,
            cwd=paths.ROOT,
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
        )
    except papermill.PapermillExecutionError as error:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
        tail = "\n".join(plain.splitlines()[-TRACEBACK_LINES:])
        shown = os.path.relpath(executed, paths.ROOT)
        raise NotebookError(
            f"{notebook}.ipynb: cell {error.cell_index} failed; see {shown}\n{tail}"
        ) from None
    return publish(executed, site_dir(profile) / "book" / "executed" / executed.name)


def parse_changes(assignments: list[str]) -> dict[str, Any]:
    """NAME=VALUE texts, each value read as YAML. Raises ConfigError for one without `=`."""
    changes = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigError(f"parameter {assignment!r}: write NAME=VALUE")
        changes[name] = yaml.safe_load(value)
    return changes


def publish(executed: Path, target: Path) -> Path:
    """Copy an executed notebook for the book, with the injected parameters folded away.

    Widgets lose their state, which only a kernel or another host's scripts could bring to life:
    in the book each is shown by its HTML twin, which has the data too.
    """
    document = json.loads(executed.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "injected-parameters" in tags:
            cell["metadata"]["tags"] = [*tags, "hide-input"]
        cell["metadata"].pop("papermill", None)
    document["metadata"].pop("papermill", None)
    document["metadata"].pop("widgets", None)
    write_text(target, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return target


def stage_site(profile: str) -> Path:
    """Bring the book's pages, figures and configuration beside the executed notebooks."""
    site = site_dir(profile)
    ignore = shutil.ignore_patterns("executed")
    shutil.copytree(paths.BOOK, site / "book", dirs_exist_ok=True, ignore=ignore)
    shutil.copytree(paths.figures_dir(profile), site / "figures", dirs_exist_ok=True)
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(paths.ROOT / name, site / name)
    if profile == "smoke":
        _announce_smoke(site / "_config.yml")
    return site


def _announce_smoke(config: Path) -> None:
    """Say on every page that the numbers are no results."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    document["sphinx"]["config"]["html_theme_options"]["announcement"] = (
        "Smoke profile: a few records, one epoch. The numbers on this page are no results."
    )
    with replacing(config) as temporary:
        temporary.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
