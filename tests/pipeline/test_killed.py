"""A run that was killed, beside one that was not."""

import json

import numpy as np
import pytest
from project import Project, copy_project

from ecgcore.files import weights_sha256


@pytest.fixture(scope="module")
def calm(tmp_path_factory) -> Project:
    """A copy of the project whose smoke profile ran undisturbed, as far as its evaluation."""
    project = copy_project(tmp_path_factory.mktemp("calm") / "project")
    project.snakemake("--quiet", "host", "--", "runs/smoke/site/book/executed/03_evaluation.ipynb")
    return project


# `smoke` comes second, lest a process that could run the other only waits for it.
def test_killed_three_times_it_ends_with_the_results_of_an_undisturbed_run(calm, smoke):
    for name in ("beats.npz", "models/random.safetensors", "predictions/inter_patient.npz"):
        ours, theirs = (p.root / "runs/smoke" / name for p in (calm, smoke))
        assert same_content(ours, theirs), name
    ours, theirs = (scores(p, "03_evaluation") for p in (calm, smoke))
    assert ours == theirs and ours["random"]["accuracy"]


def same_content(a, b) -> bool:
    """Whether two files hold the same arrays, whenever they were written."""
    if a.suffix == ".safetensors":
        return weights_sha256(a) == weights_sha256(b)
    with np.load(a) as x, np.load(b) as y:
        return set(x) == set(y) and all(
            np.array_equal(x[n], y[n], equal_nan=x[n].dtype.kind == "f") for n in x
        )


def scores(project, notebook) -> dict:
    """A notebook's results without times and origin, which differ from one run to the next."""
    part = json.loads((project.root / f"runs/smoke/results/{notebook}.json").read_text())
    return {key: without_times(entry) for key, entry in part["numbers"].items()}


def without_times(value):
    if not isinstance(value, dict):
        return value
    times = {"provenance", "seconds", "inference"}
    return {k: without_times(v) for k, v in value.items() if k not in times}
