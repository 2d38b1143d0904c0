"""The parameters that notebooks declare, and their check."""

import ast
import json
from typing import Any

from ecgcore import paths
from ecgcore.beats.splits import PROTOCOLS
from ecgcore.errors import ConfigError
from ecgcore.models.config import check_type, train_config


def notebook_names() -> list[str]:
    return sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))


def refuse_unknown(found: dict, known, where: str) -> None:
    if not isinstance(found, dict):
        raise ConfigError(f"{where}: must be a mapping, not {found!r}")
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(map(str, unknown))}")


def declared_parameters(notebook: str) -> dict[str, Any]:
    """Name to type, from the notebook's one cell tagged `parameters`."""
    path = paths.NOTEBOOKS / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise ConfigError(f"{path}: {len(tagged)} cells are tagged `parameters`, not one")
    body = ast.parse("".join(tagged[0]["source"])).body
    return {s.target.id: _type(s.annotation) for s in body if isinstance(s, ast.AnnAssign)}


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


def check_parameters(notebook: str, parameters: dict[str, Any]) -> None:
    """Raise ConfigError for a parameter that the notebook does not declare, or of another type."""
    declared = declared_parameters(notebook)
    refuse_unknown(parameters, declared, f"{notebook}: parameters")
    for name, value in parameters.items():
        check_type(f"{notebook}: {name}", value, declared[name])
    for protocol in parameters.get("protocols", []):
        if protocol not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise ConfigError(f"{notebook}: protocol {protocol!r} is unknown; choose from {known}")
    for protocol, overrides in parameters.get("overrides", {}).items():
        refuse_unknown({protocol: 0}, PROTOCOLS, f"{notebook}: overrides")
        train_config(parameters.get("recipe", "one_cycle"), **overrides)
