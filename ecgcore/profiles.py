"""Profiles: the one place that holds the parameters of every step and notebook.

A profile is a YAML file with two keys: `data` (the fields of DataConfig) and `notebooks`
(for each notebook, the parameters that differ from its own parameters cell).
"""

import ast
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from ecgcore import paths
from ecgcore.config import check_type, train_config
from ecgcore.errors import ConfigError
from ecgcore.splits import PROTOCOLS


@dataclass(frozen=True)
class DataConfig:
    """Which beats a profile works on. Raises ConfigError for a value of the wrong type."""

    database: str = "data/mitdb"  # folder of a WFDB database with .atr annotations
    records: tuple[str, ...] = ()  # names; none: every record of the database
    kaggle: str = ""  # folder of mitbih_train.csv and mitbih_test.csv, for the protocol kaggle

    def __post_init__(self):
        object.__setattr__(self, "records", tuple(self.records))
        hints = get_type_hints(type(self))
        for field in fields(self):
            check_type(f"data.{field.name}", getattr(self, field.name), hints[field.name])

    @property
    def database_path(self) -> Path:
        return paths.ROOT / self.database


@dataclass(frozen=True)
class Profile:
    name: str
    data: DataConfig
    notebooks: dict[str, dict[str, Any]]

    def parameters(self, notebook: str) -> dict[str, Any]:
        """What papermill injects into a notebook."""
        return {"profile": self.name} | self.notebooks.get(notebook, {})


def load_profile(name: str) -> Profile:
    """Read and check profiles/<name>.yaml. Raises ConfigError that names what is wrong."""
    path = paths.PROFILES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in paths.PROFILES.glob("*.yaml")))
        raise ConfigError(f"profile {name!r} is unknown; choose from {known}")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML ({error})") from None
    _refuse_unknown(document, ("data", "notebooks"), str(path))
    data = document.get("data") or {}
    _refuse_unknown(data, [field.name for field in fields(DataConfig)], f"{path}: data")
    notebooks = document.get("notebooks") or {}
    _refuse_unknown(notebooks, notebook_names(), f"{path}: notebooks")
    profile = Profile(name, DataConfig(**data), {k: v or {} for k, v in notebooks.items()})
    for notebook in notebook_names():
        check_parameters(notebook, profile.parameters(notebook))
    return profile


def notebook_names() -> list[str]:
    return sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))


def _refuse_unknown(found: dict, known, where: str) -> None:
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
    _refuse_unknown(parameters, declared, f"{notebook}: parameters")
    for name, value in parameters.items():
        check_type(f"{notebook}: {name}", value, declared[name])
    for protocol in parameters.get("protocols", []):
        if protocol not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise ConfigError(f"{notebook}: protocol {protocol!r} is unknown; choose from {known}")
    for protocol, overrides in parameters.get("overrides", {}).items():
        _refuse_unknown({protocol: 0}, PROTOCOLS, f"{notebook}: overrides")
        train_config(parameters.get("recipe", "one_cycle"), **overrides)
