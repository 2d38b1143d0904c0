"""Profiles, parameters and what a notebook depends on: what is told before anything runs."""

import json

import pytest

from ecgcore import paths
from ecgcore.errors import ConfigError
from ecgcore.models.config import train_config
from ecgcore.workflow import dependencies, notebooks
from ecgcore.workflow.parameters import declared_parameters, fitted, notebook_names
from ecgcore.workflow.profiles import DataConfig, Profile, load_profile


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
        ("notebooks: {03_evaluation: 3}", "03_evaluation: must be a mapping"),
        ("notebooks: {02_training: {overrides: {random: 3}}}", "random: must be a mapping"),
        ("studies: {mine: {runs: {a: text}}}", "mine: a: must be a mapping"),
        ("data: " + "[" * 5000, "not valid YAML"),
        ("data: !!python/object:os.system []", "not valid YAML"),
    ],
)
def test_wrong_profiles_are_refused_by_name(tmp_path, monkeypatch, text, named):
    (tmp_path / "mine.yaml").write_text(text)
    monkeypatch.setattr(paths, "PROFILES", tmp_path)
    with pytest.raises(ConfigError, match=named):
        load_profile("mine")


def test_a_profile_that_is_no_text_is_refused_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_bytes(b"data: {database: \xe8}\n")
    monkeypatch.setattr(paths, "PROFILES", tmp_path)
    with pytest.raises(ConfigError, match=r"^\S+mine\.yaml: not valid YAML .*$"):
        load_profile("mine")


def test_every_shipped_profile_is_valid():
    for path in paths.PROFILES.glob("*.yaml"):
        assert load_profile(path.stem).name == path.stem


def test_a_database_of_ones_own_reads_nothing_that_is_kept_with_the_project():
    own = Profile("mine", DataConfig(database="somewhere"), {})
    assert own.recomputes("08_label_errors")
    assert not load_profile("paper").recomputes("08_label_errors")


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
