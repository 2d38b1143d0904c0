"""A run with other parameters than its profile's leaves the profile's results alone."""

import pytest

from ecgcore import paths
from ecgcore.errors import ConfigError
from ecgcore.files import read_json, write_json, write_text
from ecgcore.workflow import experiments
from ecgcore.workflow.experiments import destination
from ecgcore.workflow.parameters import fitted
from ecgcore.workflow.profiles import load_profile
from ecgcore.workflow.results import write_metrics
from ecgcore.workflow.session import begin

NOTEBOOK = "01_exploration"


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "DATA", paths.DATA)
    (tmp_path / "data").symlink_to(paths.DATA)
    return tmp_path / "runs"


def given(**changes) -> dict:
    """The globals of the notebook after its parameters cell."""
    return load_profile("smoke").all_parameters(NOTEBOOK) | changes


def test_the_profiles_own_parameters_go_to_the_profile(runs):
    assert begin(NOTEBOOK, given()) == "smoke"
    assert not (runs / "smoke/experiments").exists()
    assert read_json(runs / f"smoke/results/{NOTEBOOK}.json")["provenance"]["notebook"] == NOTEBOOK


def test_others_go_to_an_experiment_and_say_so(capsys):
    name = begin(NOTEBOOK, given(examples=7))
    assert name.startswith(f"smoke/experiments/{NOTEBOOK}-")
    assert "examples=7" in capsys.readouterr().out
    assert begin(NOTEBOOK, given(examples=7)) == name  # the same changes, the same place
    assert begin(NOTEBOOK, given(examples=8)) != name
    assert begin(NOTEBOOK, load_profile(name).all_parameters(NOTEBOOK)) == name


def test_a_named_experiment_has_its_name(monkeypatch):
    monkeypatch.setenv("ECGCORE_EXPERIMENT", "mine")
    assert begin(NOTEBOOK, given(examples=7)) == "smoke/experiments/mine"
    assert load_profile("smoke/experiments/mine").all_parameters(NOTEBOOK)["examples"] == 7
    with pytest.raises(ConfigError, match="yours"):
        load_profile("smoke/experiments/yours")


def test_an_experiment_sees_the_profile_and_does_not_change_it(runs):
    network = paths.model_file("smoke", "random")
    write_text(network, "the profile's")
    name = begin(NOTEBOOK, given(examples=7))
    own = paths.model_file(name, "random")
    assert own.read_text() == "the profile's"
    write_text(own, "the experiment's")
    assert network.read_text() == "the profile's"


@pytest.mark.parametrize("value", [232, "232"])
def test_numbers_are_texts_where_texts_are_wanted(value):
    values = given(strip_record=value)
    begin(NOTEBOOK, values)
    assert values["strip_record"] == "232"


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [("strip_start_s", 580, 580.0), ("strip_start_s", "5.8e2", 580.0), ("strip_record", 7, "7")],
)
def test_what_cannot_be_mistaken_is_accepted(name, value, read):
    assert fitted(NOTEBOOK, {name: value}) == {name: read}


@pytest.mark.parametrize(
    ("name", "value"),
    [("examples", "many"), ("strip_record", True), ("strip_start_s", "soon"), ("exampels", 3)],
)
def test_mistakes_are_named_before_anything_is_computed(name, value, runs):
    with pytest.raises(ConfigError, match=name):
        fitted(NOTEBOOK, {name: value})


def test_experiments_are_listed_with_what_differs_and_what_they_reached():
    reached = {"random": {"accuracy": 0.9, "macro_f1": 0.5, "training": {}}}
    begin("03_evaluation", load_profile("smoke").all_parameters("03_evaluation"))
    write_metrics("smoke", reached)
    changed = load_profile("smoke").all_parameters("03_evaluation") | {"latency_beats": 5}
    name = begin("03_evaluation", changed)
    write_metrics(name, {"random": reached["random"] | {"accuracy": 0.8}})
    begin(NOTEBOOK, given(examples=7))
    found = experiments.table("smoke").set_index("name")
    own = name.rpartition("/")[2]
    assert found["random accuracy"].round(2).to_dict() == pytest.approx(
        {"smoke": 0.9, own: 0.8, found.index[-1]: float("nan")}, nan_ok=True
    )
    assert found.at[own, "what differs"] == "03_evaluation: latency_beats=5"


def test_a_run_of_a_study_is_no_experiment(monkeypatch, tmp_path):
    profile = load_profile("full/seeds-1")
    values = profile.all_parameters("02_training")
    del values["profile"]
    assert destination("02_training", profile, values) == ("full/seeds-1", {})


def test_a_mistyped_notebook_gets_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 02_training"):
        fitted("2_training", {})


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("[100, 101]", ("100", "101")),
        ("100", ("100",)),
        ('"100"', ("100",)),
        ("", ()),
        ("[]", ()),
    ],
)
def test_records_of_a_profile_are_names(tmp_path, monkeypatch, text, records):
    (tmp_path / "mine.yaml").write_text(f"\ufeffdata: {{records: {text}}}\r\n", encoding="utf-8")
    monkeypatch.setattr(paths, "PROFILES", tmp_path)
    assert load_profile("mine").data.records == records


def test_an_exponent_is_a_number_in_a_profile(tmp_path, monkeypatch):
    write_json(tmp_path / "x.json", {})
    (tmp_path / "mine.yaml").write_text(
        "notebooks: {02_training: {overrides: {random: {learning_rate: 1e-3}}}}"
    )
    monkeypatch.setattr(paths, "PROFILES", tmp_path)
    assert load_profile("mine").train_config("random").learning_rate == 1e-3
