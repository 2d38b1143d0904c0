"""The graph of steps, run for real on the smoke profile in a copy of the project."""

import json
import os

import numpy as np
import pytest
from project import copy_project

from ecgcore import paths
from ecgcore.errors import ConfigError
from ecgcore.files import weights_sha256
from ecgcore.models.config import train_config
from ecgcore.workflow import dependencies, notebooks
from ecgcore.workflow.build import hold
from ecgcore.workflow.parameters import declared_parameters, fitted, notebook_names
from ecgcore.workflow.profiles import DataConfig, Profile, load_profile


def test_smoke_book_is_complete(smoke):
    html = smoke.root / "runs/smoke/_build/html"
    assert (html / "index.html").is_file()
    for notebook in notebook_names():
        page = (html / "book/executed" / f"{notebook}.html").read_text(encoding="utf-8")
        assert "The numbers on this page are no results" in page


def test_killed_three_times_it_ends_with_the_results_of_an_undisturbed_run(smoke, tmp_path):
    calm = copy_project(tmp_path / "project")
    calm.snakemake("--quiet", "host", "--", "runs/smoke/site/book/executed/03_evaluation.ipynb")
    for name in ("beats.npz", "models/random.safetensors", "predictions/inter_patient.npz"):
        ours, theirs = (p.root / "runs/smoke" / name for p in (calm, smoke))
        assert same_content(ours, theirs), name
    ours, theirs = (scores(p, "03_evaluation") for p in (calm, smoke))
    assert ours == theirs and ours["random"]["accuracy"]


def test_nothing_half_written_stays_behind_for_good(smoke):
    left = smoke.root / "runs/smoke/.4711.beats.npz"
    left.write_bytes(b"half")
    smoke.run(*smoke.book())
    assert not left.exists() and (smoke.root / "runs/smoke/beats.npz").exists()


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


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"epocs": 3}, "epocs"),
        ({"threshold": "high"}, "threshold"),
        ({"protocols": ["patients"]}, "patients"),
        ({"protocols": "random"}, "protocols"),
    ],
)
def test_wrong_parameters_are_refused_before_a_kernel_starts(changes, named):
    with pytest.raises(ConfigError, match=named):
        notebooks.run_notebook("04_error_analysis", "smoke", changes)


def test_training_overrides_are_checked_too():
    with pytest.raises(ConfigError, match="epocs"):
        fitted("02_training", {"overrides": {"random": {"epocs": 3}}})
    with pytest.raises(ConfigError, match="epochs"):
        fitted("02_training", {"overrides": {"random": {"epochs": "three"}}})


def test_unknown_profile_lists_the_known_ones():
    with pytest.raises(ConfigError, match="paper"):
        load_profile("papier")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("data: {database: [7]}", "data.database"),
        ("date: {}", "date"),
        ("notebooks: {09_missing: {}}", "09_missing"),
        ("notebooks: {03_evaluation: {latency_beats: many}}", "latency_beats"),
        ("data: [", "YAML"),
    ],
)
def test_wrong_profiles_are_refused_by_name(tmp_path, monkeypatch, text, named):
    (tmp_path / "mine.yaml").write_text(text)
    monkeypatch.setattr(paths, "PROFILES", tmp_path)
    with pytest.raises(ConfigError, match=named):
        load_profile("mine")


def test_every_shipped_profile_is_valid():
    for path in paths.PROFILES.glob("*.yaml"):
        assert load_profile(path.stem).name == path.stem


def test_the_command_line_trains_what_02_training_does():
    cells = json.loads((paths.NOTEBOOKS / "02_training.ipynb").read_text())["cells"]
    (cell,) = (c for c in cells if "parameters" in c["metadata"].get("tags", []))
    defaults = {}
    exec("".join(cell["source"]), defaults)
    bare = Profile("bare", DataConfig(), {})
    assert bare.protocols == defaults["protocols"]
    assert bare.train_config("random") == train_config(defaults["recipe"])
    changed = Profile("bare", DataConfig(), {"02_training": {"overrides": {"random": {"seed": 3}}}})
    assert [changed.train_config(p).seed for p in ("random", "inter_patient")] == [3, 0]


def test_dependencies_follow_imports():
    needs = dependencies.dependencies("02_training")
    assert {
        "ecgcore/training/loop.py",
        "ecgcore/models/networks.py",
        "ecgcore/plots/style.py",
    } <= set(needs)
    assert "ecgcore/chapters/error_analysis.py" not in needs
    assert "ecgcore/training/loop.py" not in dependencies.dependencies("01_exploration")
    assert "ecgcore/widgets/matrix.js" in dependencies.dependencies("04_error_analysis")


@pytest.mark.parametrize("notebook", notebook_names())
def test_notebook_sources_are_clean(notebook):
    cells = json.loads((paths.NOTEBOOKS / f"{notebook}.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert "profile" in declared_parameters(notebook)
