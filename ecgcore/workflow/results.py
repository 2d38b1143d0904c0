"""metrics.json: every number of a profile."""

from pathlib import Path

import pandas as pd

from ecgcore import paths
from ecgcore.beats.splits import SCORED_CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.files import read_json, write_json
from ecgcore.provenance import provenance


def metrics_file(profile: str) -> Path:
    return paths.figures_dir(profile) / "metrics.json"


def load_metrics(profile: str) -> dict:
    """What the evaluation wrote: protocol to numbers. Raises DataError if it has not run."""
    path = metrics_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no metrics here; run 03_evaluation first")
    return read_json(path)


def published_metrics() -> dict:
    """The numbers that are published."""
    return read_json(paths.FIGURES / "metrics.json")


def write_metrics(profile: str, metrics: dict) -> None:
    """Add or replace top-level entries of the profile's metrics.json; leave the others."""
    path = metrics_file(profile)
    found = read_json(path) if path.is_file() else {}
    write_json(path, found | metrics)


def json_rows(frame: pd.DataFrame) -> list[dict]:
    """A table as plain JSON values, a dict a row; NaN becomes null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def training_summary(about: dict) -> dict:
    """What is told of a training run. about: the document of its checkpoint."""
    same = ("best_epoch", "parameters", "precision", "seed", "config")
    measured = {"seconds": about["train_seconds"], "epochs": about["epochs_run"]}
    return measured | {key: about[key] for key in same}


def protocol_metrics(predictions: Predictions, about: dict, profile: str, database: Path) -> dict:
    """Everything that is reported of one protocol, with where it comes from.

    about: the document of the checkpoint that made the predictions.
    """
    protocol = about["protocol"]
    source = provenance(profile, database)
    return {
        **summarise(predictions, SCORED_CLASSES[protocol]),
        "training": training_summary(about) | {"split": about["split"]},
        "provenance": source | {"commit": about["commit"], "hardware": about["hardware"]},
    }
