"""Absolute locations of everything the project reads or writes."""

import os
from pathlib import Path

# The package is installed in editable mode, so its parent folder is the project.
ROOT = Path(os.environ.get("ECGCORE_ROOT", Path(__file__).resolve().parent.parent))
DATA = ROOT / "data"
FIGURES = ROOT / "figures"  # what is published; written by `ecgcore publish` alone
NOTEBOOKS = ROOT / "notebooks"
BOOK = ROOT / "book"
PROFILES = ROOT / "profiles"
RUNS = ROOT / "runs"


def run_dir(profile: str) -> Path:
    """Folder of everything that one profile computes: beats, checkpoints, predictions, site.

    `<profile>/<run>` names a run of one of the profile's studies, `<profile>/experiments/<name>`
    an experiment; each has a folder of its own.
    """
    name, _, run = profile.partition("/")
    if run.startswith("experiments/"):
        return RUNS / name / run
    return RUNS / name / "studies" / run if run else RUNS / name


def experiment_of(path: Path) -> str:
    """The name of the experiment in whose folder a path lies; empty if in none."""
    parts = Path(path).relative_to(RUNS).parts
    return parts[2] if len(parts) > 2 and parts[1] == "experiments" else ""


def score_file(profile: str, run: str) -> Path:
    """What a run of a study is worth."""
    return run_dir(f"{profile}/{run}") / "score.json"


def checkpoint_dir(profile: str, protocol: str) -> Path:
    """Where training keeps its state, from which it resumes."""
    return run_dir(profile) / "checkpoints" / protocol


def model_file(profile: str, protocol: str) -> Path:
    """The trained network that everything after training uses."""
    return run_dir(profile) / "models" / f"{protocol}.safetensors"


def predictions_file(profile: str, protocol: str) -> Path:
    return run_dir(profile) / "predictions" / f"{protocol}.npz"


def bootstrap_file(profile: str, protocol: str) -> Path:
    """The resamples from which a protocol's intervals are computed."""
    return run_dir(profile) / "bootstrap" / f"{protocol}.npz"


def figures_dir(profile: str) -> Path:
    """Where a profile's figures, metrics.json and kept results go: never to what is published."""
    return run_dir(profile) / "figures"


def html_dir(profile: str) -> Path:
    """The profile's finished book."""
    return run_dir(profile) / "_build" / "html"
