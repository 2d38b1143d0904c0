"""The verdict: every number is of one kind, and what is out of tolerance is named."""

import copy

import pytest

from ecgcore import paths
from ecgcore.cli import main
from ecgcore.errors import DataError
from ecgcore.files import read_json, write_json
from ecgcore.workflow import verdict
from ecgcore.workflow.results import write_metrics

PUBLISHED = {
    "random": {
        "n_beats": 100,
        "accuracy": 0.95,
        "confusion": [[90, 2], [3, 5]],
        "training": {"seconds": 12.5, "seed": 0},
        "provenance": {"commit": "abc", "hardware": {"processor": "one"}},
    },
    "noise": {"clean": {"accuracy": 0.8}},
}
TOLERANCES = {"random/accuracy": 0.01, "random/confusion/0/0": 4.0}


def changed(value, *address):
    """The published numbers with one of them replaced."""
    document = copy.deepcopy(PUBLISHED)
    place = document
    for key in address[:-1]:
        place = place[key]
    place[address[-1]] = value
    return document


def wrong(found) -> list[str]:
    rows = verdict.compare(found, PUBLISHED, ["random"], TOLERANCES)
    return [row.address for row in rows if not row.holds]


def test_equal_numbers_hold():
    assert wrong(PUBLISHED) == []


@pytest.mark.parametrize(
    ("value", "address", "named"),
    [
        (101, ("random", "n_beats"), True),  # counted: exact
        (1, ("random", "training", "seed"), True),
        (0.81, ("noise", "clean", "accuracy"), True),  # read, not computed: exact
        (0.955, ("random", "accuracy"), False),  # trained: within its tolerance
        (0.97, ("random", "accuracy"), True),
        (float("nan"), ("random", "accuracy"), True),
        (None, ("random", "accuracy"), True),
        (87, ("random", "confusion", 0, 0), False),
        (3, ("random", "confusion", 0, 1), True),  # no tolerance is known for this one
        (99.0, ("random", "training", "seconds"), False),  # times are not compared
        ("two", ("random", "provenance", "hardware", "processor"), False),
    ],
)
def test_what_is_out_of_tolerance_is_named(value, address, named):
    assert wrong(changed(value, *address)) == (["/".join(map(str, address))] if named else [])


def test_what_is_missing_or_new_is_named():
    less = copy.deepcopy(PUBLISHED)
    del less["noise"]
    assert wrong(less) == ["noise/clean/accuracy"]
    assert wrong(PUBLISHED | {"more": {"f1": 0.5}}) == ["more/f1"]


def test_tolerances_come_from_other_seeds():
    runs = [changed(value, "random", "accuracy") for value in (0.94, 0.95, 0.97)]
    found = verdict.tolerances(runs)
    assert found["random/accuracy"] == pytest.approx(verdict.RANGES * 0.03)
    assert 0 < found["noise/clean/accuracy"] <= verdict.RANGES * 0.01
    with pytest.raises(DataError, match="two seeds"):
        verdict.tolerances(runs[:1])


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run that found what is published."""
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    write_json(tmp_path / "figures" / "metrics.json", PUBLISHED)
    write_json(tmp_path / "figures" / verdict.TOLERANCES, TOLERANCES)
    write_metrics("paper", PUBLISHED)
    return tmp_path / "runs" / "paper" / "reproduction.json"


def test_a_run_that_reproduces_ends_well(run, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["ecgcore", "check"])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert not stop.value.code
    assert "Reproduced" in capsys.readouterr().out
    assert read_json(run)["reproduced"] is True


def test_an_altered_published_number_is_named(run, monkeypatch, capsys):
    write_json(paths.FIGURES / "metrics.json", changed(99, "random", "n_beats"))
    monkeypatch.setattr("sys.argv", ["ecgcore", "check"])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert stop.value.code == 1
    assert "random/n_beats: 100 (published 99)" in capsys.readouterr().out
    (row,) = read_json(run)["out_of_tolerance"]
    assert row["address"] == "random/n_beats" and row["kind"] == "exact"
