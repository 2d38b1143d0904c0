"""The numbers of a profile, a part a notebook, each with what it is made of.

A notebook writes `runs/<profile>/results/<notebook>.json` and no other, so that notebooks may run
side by side: its numbers, and their provenance. `load_metrics` puts the parts together, and
`assemble` writes them as one metrics.json, with the figures.
"""

import hashlib
import json
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from ecgcore import paths, provenance
from ecgcore.errors import DataError
from ecgcore.files import read_json, write_json
from ecgcore.workflow.dependencies import code_sha256

if TYPE_CHECKING:  # whoever starts a notebook needs none of these, and they take seconds
    import pandas as pd

    from ecgcore.evaluation.predictions import Predictions

DIGEST = "sha256"  # of a part, in it
BY_HAND = "00_by_hand"  # the part of numbers that no notebook wrote


def metrics_file(profile: str) -> Path:
    return paths.figures_dir(profile) / "metrics.json"


def part_file(profile: str, notebook: str) -> Path:
    """What a notebook found, and what that is made of."""
    return paths.run_dir(profile) / "results" / f"{notebook}.json"


def start_part(profile: str, notebook: str, parameters: dict[str, Any], database: Path) -> None:
    """Begin a notebook's part anew: no numbers yet, but where they will come from."""
    source = provenance.provenance(profile, database) | {
        "notebook": notebook,
        "parameters": parameters,
        "code_sha256": code_sha256(notebook),
    }
    provenance.begin(source)
    _write_part(part_file(profile, notebook), {"provenance": source, "numbers": {}})


def _write_part(path: Path, part: dict) -> None:
    write_json(path, part | {DIGEST: _digest(part)})


def _read_part(path: Path) -> dict:
    """Raises DataError if it is damaged, be it by one flipped bit."""
    part = read_json(path)
    if not isinstance(part, dict) or not {"provenance", "numbers"} <= part.keys():
        raise DataError(f"{path}: no numbers of a notebook")
    if part.pop(DIGEST, None) not in (None, _digest(part)):
        raise DataError(
            f"{path}: damaged (its SHA-256 is not the one in it); run its notebook again"
        )
    return part


def _digest(part: dict) -> str:
    """SHA-256 of what a part says, but for its own digest."""
    said = {key: value for key, value in part.items() if key != DIGEST}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def end_part(profile: str, notebook: str, seconds: float) -> None:
    """Add how long the notebook took, once it has ended."""
    path = part_file(profile, notebook)
    part = _read_part(path)
    part["provenance"]["seconds"] = round(seconds, 1)
    _write_part(path, part | {"finished": True})


def parts(profile: str) -> dict[str, dict]:
    """Notebook to its part, in the notebooks' order."""
    files = sorted((paths.run_dir(profile) / "results").glob("*.json"))
    return {path.stem: _read_part(path) for path in files}


def load_metrics(profile: str) -> dict:
    """What a profile's notebooks found: entry to numbers, each with its provenance.

    Raises DataError if nothing has been found yet.
    """
    found: dict[str, Any] = {}
    for part in parts(profile).values():
        for name, entry in part["numbers"].items():
            if isinstance(entry, dict):
                entry["provenance"] = part["provenance"] | entry.get("provenance", {})
            found[name] = entry
    if not found:
        raise DataError(f"{metrics_file(profile)}: no metrics here; run 03_evaluation first")
    return found


def assemble(profile: str) -> Path:
    """Write all numbers as one metrics.json beside the figures."""
    write_json(metrics_file(profile), load_metrics(profile))
    return metrics_file(profile)


def published_metrics() -> dict:
    """The numbers that are published."""
    return read_json(paths.FIGURES / "metrics.json")


def write_metrics(profile: str, metrics: dict) -> None:
    """Add or replace entries among the numbers of the notebook that runs; leave the others."""
    notebook = provenance.current().get("notebook", BY_HAND)
    path = part_file(profile, notebook)
    part = _read_part(path) if path.is_file() else {"provenance": {}, "numbers": {}}
    part["numbers"] |= metrics
    _write_part(path, part)


def json_rows(frame: "pd.DataFrame") -> list[dict]:
    """A table as plain JSON values, a dict a row; NaN becomes null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def training_summary(about: dict) -> dict:
    """What is told of a training run. about: the document of its checkpoint."""
    same = ("best_epoch", "parameters", "precision", "seed", "config")
    measured = {"seconds": about["train_seconds"], "epochs": about["epochs_run"]}
    measured |= {"val_macro_f1": about["validation"]["val_macro_f1"]}
    return measured | {key: about[key] for key in same}


def nearest_median(seeds: list[dict]) -> int:
    """Of the seeds of an entry of metrics.json, the one nearest their median in macro-F1, the
    lowest of equals."""
    middle = median(seed["macro_f1"] for seed in seeds)
    nearest = min(seeds, key=lambda seed: (abs(seed["macro_f1"] - middle), seed["seed"]))
    return nearest["seed"]


def protocol_metrics(predictions: "Predictions", about: dict) -> dict:
    """Everything that is reported of one protocol, with where its network comes from.

    about: the document of the checkpoint that made the predictions.
    """
    from ecgcore.beats.splits import SCORED_CLASSES
    from ecgcore.evaluation.metrics import summarise

    protocol = about["protocol"]
    return {
        **summarise(predictions, SCORED_CLASSES[protocol]),
        "training": training_summary(about) | {"split": about["split"]},
        "provenance": {"commit": about["commit"], "hardware": about["hardware"]},
    }
