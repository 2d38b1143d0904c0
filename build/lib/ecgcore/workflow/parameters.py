"""The parameters that notebooks declare, and their check."""

import ast
import difflib
import json
from pathlib import Path
from typing import Any

from ecgcore import paths
from ecgcore.constants import PROTOCOLS
from ecgcore.errors import ConfigError
from ecgcore.models.config import as_type, check_type, train_config


def notebook_names() -> list[str]:
    return sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))


def notebook_titles() -> dict[str, str]:
    """Name to heading of every notebook, in order."""
    return {name: _title(paths.NOTEBOOKS / f"{name}.ipynb") for name in notebook_names()}


def _title(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "".join(next(c["source"] for c in cells if c["cell_type"] == "markdown"))
    return text.partition("\n")[0].lstrip("# ")


def refuse_unknown(found: dict, known, where: str) -> None:
    if not isinstance(found, dict):
        raise ConfigError(f"{where}: must be a mapping, not {found!r}")
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(map(str, unknown))}")


def declared_parameters(notebook: str) -> dict[str, Any]:
    """Name to type, from the notebook's one cell tagged `parameters`."""
    return {s.target.id: _type(s.annotation) for s in _declarations(notebook)}


def default_parameters(notebook: str) -> dict[str, Any]:
    """Name to value, as the notebook's parameters cell has it."""
    return {s.target.id: ast.literal_eval(s.value) for s in _declarations(notebook)}


def explained_parameters(notebook: str) -> list[tuple[str, str, str]]:
    """(declaration, default, comment) of each parameter, as the notebook's parameters cell says."""
    lines = _cell(notebook).splitlines()
    found = []
    for s in _declarations(notebook):
        comment = lines[s.end_lineno - 1][s.end_col_offset :].partition("#")[2].strip()
        kind = ast.unparse(s.annotation)
        found.append((f"{s.target.id}: {kind}", ast.unparse(s.value), comment))
    return found


def _declarations(notebook: str) -> list[ast.AnnAssign]:
    return [s for s in ast.parse(_cell(notebook)).body if isinstance(s, ast.AnnAssign)]


def _cell(notebook: str) -> str:
    """Source of the parameters cell. Raises ConfigError for a notebook that is not there."""
    path = paths.NOTEBOOKS / f"{notebook}.ipynb"
    if not path.is_file():
        near = difflib.get_close_matches(notebook, notebook_names(), n=1, cutoff=0.4)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(
            f"no notebook {notebook!r}{meant} (there are {', '.join(notebook_names())})"
        )
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise ConfigError(f"{path}: {len(tagged)} cells are tagged `parameters`, not one")
    return "".join(tagged[0]["source"])


def _type(node: ast.expr) -> Any:
    """The type that an annotation of built-in types names."""
    builtin = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _type(node.value)[tuple(_type(n) for n in inner)]
    if isinstance(node, ast.BinOp):
        return _type(node.left) | _type(node.right)
    if isinstance(node, ast.Constant) and node.value is None:
        return type(None)
    return builtin[node.id]


def fitted(notebook: str, given: dict[str, Any]) -> dict[str, Any]:
    """Parameters in the types that the notebook declares, where no mistake is possible: YAML and
    papermill read a record's name 232 as a number, and 1e-3 as a text.

    Raises ConfigError for a parameter that it does not declare, or of another type.
    """
    declared = declared_parameters(notebook)
    refuse_unknown(given, declared, f"{notebook}: parameters")
    values = {name: as_type(value, declared[name]) for name, value in given.items()}
    for name, value in values.items():
        check_type(f"{notebook}: {name}", value, declared[name])
    for protocol in values.get("protocols", []):
        if protocol not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise ConfigError(f"{notebook}: protocol {protocol!r} is unknown; choose from {known}")
    for protocol, overrides in values.get("overrides", {}).items():
        refuse_unknown({protocol: 0}, PROTOCOLS, f"{notebook}: overrides")
        refuse_unknown(overrides, overrides, f"{notebook}: overrides: {protocol}")
        train_config(values.get("recipe", "one_cycle"), **overrides)
    return values
