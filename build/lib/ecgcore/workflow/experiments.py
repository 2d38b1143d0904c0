"""Experiments: runs whose parameters are not exactly their profile's.

An experiment lies in `runs/<profile>/experiments/<name>`, complete: it starts as a view of what the
profile has computed, and what it computes itself takes the place of that, there alone. Its name
is that of its notebook with a hash of what differs, unless it is given one.
"""

import hashlib
import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgcore import paths, provenance
from ecgcore.files import read_json, write_json
from ecgcore.workflow.profiles import EXPERIMENT, Profile, load_profile
from ecgcore.workflow.results import parts

if TYPE_CHECKING:
    import pandas as pd

# What an experiment sees of its profile.
SEEN = ("models", "checkpoints", "predictions", "bootstrap", "results")
NUMBERS = {"accuracy": "accuracy", "macro_f1": "macro-F1"}


def destination(
    notebook: str, profile: Profile, values: dict[str, Any], name: str = ""
) -> tuple[str, dict[str, Any]]:
    """Under which name a notebook's results go, and what of its parameters differs from the
    profile's. values: of all its parameters but `profile`; name: of an experiment, if it has one.

    Where something differs, or a name is given, the experiment's folder is there afterwards.
    """
    usual = load_profile(profile.base).all_parameters(notebook)
    changes = {key: value for key, value in values.items() if value != usual[key]}
    here = profile.all_parameters(notebook)
    if not name and all(here[key] == value for key, value in values.items()):
        return profile.name, {} if profile.is_run else changes
    full_name = f"{profile.base}/experiments/{name or _name(notebook, changes)}"
    _start(full_name, notebook, changes)
    return full_name, changes


def _name(notebook: str, changes: dict) -> str:
    text = json.dumps(changes, sort_keys=True, default=list)
    return f"{notebook}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _start(full_name: str, notebook: str, changes: dict) -> None:
    """Make the folder, or add another notebook's changes to it."""
    folder = paths.run_dir(full_name)
    base = full_name.partition("/")[0]
    about = folder / EXPERIMENT
    document = read_json(about) if about.is_file() else {"notebooks": {}}
    if not about.is_file():
        for name in SEEN:
            _show(paths.run_dir(base) / name, folder / name)
    document["notebooks"][notebook] = changes
    document["started"] = datetime.now().isoformat(timespec="seconds")
    document["commit"] = provenance.commit()
    write_json(about, document)


def _show(source: Path, target: Path) -> None:
    """Let `target` hold what `source` holds now. Files are linked where the disk can: whoever
    writes one renames a new file into its place, so the other keeps what it had."""
    if source.is_dir():
        for path in sorted(source.iterdir()):
            _show(path, target / path.name)
    elif source.is_file() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)


def table(profile: str) -> "pd.DataFrame":
    """The profile's own run, then its experiments in the order of time: what differs, and what
    each split reached (NaN where nothing was evaluated)."""
    import pandas as pd  # not needed to run a notebook

    folder = paths.run_dir(profile) / "experiments"
    found = [
        read_json(path) | {"name": path.parent.name} for path in folder.glob(f"*/{EXPERIMENT}")
    ]
    rows = [{"name": profile, "what differs": "–", **_reached(profile)}]
    for each in sorted(found, key=lambda e: e["started"]):
        differs = "; ".join(_told(n, changes) for n, changes in each["notebooks"].items())
        reached = _reached(f"{profile}/experiments/{each['name']}")
        rows.append(
            {"name": each["name"], "what differs": differs, "commit": each["commit"], **reached}
        )
    return pd.DataFrame(rows)


def _told(notebook: str, changes: dict) -> str:
    values = ", ".join(f"{key}={value}" for key, value in changes.items())
    return f"{notebook}: {values or 'nothing'}"


def _reached(name: str) -> dict[str, float]:
    part = parts(name).get("03_evaluation", {"provenance": {}, "numbers": {}})
    own = part["provenance"].get("profile") == name  # and not what it sees of the profile
    numbers = part["numbers"] if own else {}
    return {
        f"{protocol} {text}": entry[key]
        for protocol, entry in numbers.items()
        for key, text in NUMBERS.items()
        if isinstance(entry, dict) and key in entry and "training" in entry
    }
