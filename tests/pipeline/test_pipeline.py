"""The graph of steps, run for real on the smoke profile in a copy of the project."""

import json
import os

import pytest

from ecgcore import paths
from ecgcore.workflow.build import hold
from ecgcore.workflow.parameters import notebook_names


def test_smoke_book_is_complete(smoke):
    html = smoke.root / "runs/smoke/_build/html"
    assert (html / "index.html").is_file()
    for notebook in notebook_names():
        page = (html / "book/executed" / f"{notebook}.html").read_text(encoding="utf-8")
        assert "The numbers on this page are no results" in page


def test_nothing_half_written_stays_behind_for_good(smoke):
    left = smoke.root / "runs/smoke/.4711.beats.npz"
    left.write_bytes(b"half")
    smoke.run(*smoke.book())
    assert not left.exists() and (smoke.root / "runs/smoke/beats.npz").exists()


def test_a_second_run_says_that_one_is_at_work(smoke):
    with hold(smoke.root / "runs", "smoke"):
        told = smoke.run(*smoke.book(), ok=False)
    assert f"being made here already (profile smoke, process {os.getpid()})" in told


def test_smoke_leaves_the_published_figures_alone(smoke):
    tracked = sorted(path.name for path in paths.FIGURES.iterdir())
    assert sorted(path.name for path in (smoke.root / "figures").iterdir()) == tracked
    assert (smoke.root / "runs/smoke/figures/metrics.json").is_file()


def test_metrics_have_what_the_book_promises(smoke):
    metrics = json.loads((smoke.root / "runs/smoke/figures/metrics.json").read_text())
    for protocol in ("random", "inter_patient"):
        entry = metrics[protocol]
        assert (
            sum(entry["counts"].values()) == entry["n_beats"] == sum(map(sum, entry["confusion"]))
        )
        right = sum(entry["confusion"][i][i] for i in range(5))
        assert entry["accuracy"] == pytest.approx(right / entry["n_beats"])
        assert {"precision", "sensitivity", "f1", "support"} <= set(entry["per_class"]["S"])
        assert {"seconds", "epochs", "parameters"} <= set(entry["training"])
        assert {"commit", "profile", "hardware", "versions", "data_sha256"} <= set(
            entry["provenance"]
        )
        assert entry["provenance"]["profile"] == "smoke"


def test_nothing_changed_nothing_runs(smoke):
    assert smoke.planned() == set()


def test_a_parameter_reruns_only_what_depends_on_it(smoke):
    smoke.replace("profiles/smoke.yaml", "latency_beats: 20", "latency_beats: 21")
    planned = smoke.planned()
    plan = smoke.snakemake("--dry-run")
    smoke.replace("profiles/smoke.yaml", "latency_beats: 21", "latency_beats: 20")
    assert {"evaluation", "error_analysis", "book"} <= planned
    assert not planned & {"beats", "training", "exploration"}
    assert "Params have changed" in plan


def test_a_module_reruns_only_what_uses_it(smoke):
    smoke.replace("ecgcore/chapters/error_analysis.py", '"share of class"', '"share of the class"')
    planned = smoke.planned()
    smoke.replace("ecgcore/chapters/error_analysis.py", '"share of the class"', '"share of class"')
    # The last three draw, compare and hold all.
    assert planned == {"error_analysis", "house", "reproduction", "book"}


def test_a_changed_figure_does_not_train_again(smoke):
    before = (smoke.root / "runs/smoke/models/random.safetensors").read_bytes()
    smoke.replace(
        "ecgcore/chapters/training.py", '"validation accuracy"', '"accuracy in validation"'
    )
    smoke.run("ecgcore", "run", "02_training", "--profile", "smoke")
    smoke.replace(
        "ecgcore/chapters/training.py", '"accuracy in validation"', '"validation accuracy"'
    )
    executed = (smoke.root / "runs/smoke/notebooks/02_training.ipynb").read_text()
    assert "found 1 finished epochs" in executed
    assert (smoke.root / "runs/smoke/models/random.safetensors").read_bytes() == before


def test_figures_are_drawn_whatever_backend_the_environment_asks_for(smoke, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    smoke.run("ecgcore", "run", "01_exploration", "--profile", "smoke")
    executed = (smoke.root / "runs/smoke/notebooks/01_exploration.ipynb").read_text()
    assert '"image/svg+xml"' in executed


def test_a_failing_cell_is_named_and_the_notebook_kept(smoke):
    notebook = json.loads((smoke.root / "notebooks/01_exploration.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    code[-1]["source"] = ["raise ValueError('the lead fell off')"]
    target = smoke.root / "notebooks/99_failing.ipynb"
    target.write_text(json.dumps(notebook))
    printed = smoke.run("ecgcore", "run", "99_failing", "--profile", "smoke", ok=False)
    target.unlink()
    last = printed[printed.index("ecgcore: ") :]
    assert "99_failing.ipynb: cell" in last and "ValueError: the lead fell off" in last
    kept = smoke.root / "runs/smoke/notebooks/99_failing.ipynb"
    assert "the lead fell off" in kept.read_text()
    assert not (smoke.root / "runs/smoke/site/book/executed/99_failing.ipynb").exists()
