"""From scores to results: which thresholds decide what, what is kept, and the log of DS2."""

import json

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.beats.splits import DS1, DS2
from ecgcore.chapters.rhythm import runs, tables
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.counts import predictions
from ecgcore.files import write_json

N, S, V = (CLASSES.index(c) for c in "NSV")
SOURCE = {"commit": "0" * 12, "hardware": {"processor": "abacus"}}


def leave(name, shift=0.0, beats=40, records=("200", "232")):
    """Scores as a run leaves them: S above 0 and V above 1, both moved by `shift`."""
    true = np.tile([N, N, S, V], beats // 4).astype(np.int8)
    scores = np.full((beats, 3), -5.0, dtype=np.float32)
    scores[true == S, 0] = 0.5 + shift
    scores[true == V, 1] = 1.5 + shift
    scores[0, 0] = 0.2 + shift  # an N beat that looks a little like S
    path = runs.scores_file("smoke", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = np.repeat(records, beats // len(records))
    np.savez(path, scores=scores, aami=true, record=record, sample=np.arange(beats))
    write_json(path.with_suffix(".json"), {"run": name, "seconds": 60.0, "provenance": SOURCE})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    return tmp_path


def test_every_run_learns_from_other_patients_than_it_scores():
    """But for the runs that cross databases, whose patients differ anyway."""
    assert len(runs.RUNS) == len(set(runs.RUNS.values()))
    made = runs._cases("mitdb")  # one database will do: the rule is the same
    for name, run in runs.RUNS.items():
        if (run.learn, run.test) != ("mitdb", "mitdb") or run.causal or run.seed:
            continue
        learnt, tested = (set(part.record.tolist()) for part in runs.parts(run))
        assert learnt and tested and not learnt & tested, name
        if run.part == "ds2":
            assert learnt == set(DS1) and tested == set(DS2)
        elif run.part == "ds1":
            assert learnt | tested == set(DS1)
        else:
            assert {"201", "202"} <= learnt or {"201", "202"} <= tested
    folds = [runs.parts(runs.RUNS[f"mitdb-{n}"])[1].record for n in range(1, 6)]
    assert sorted(np.unique(np.concatenate(folds))) == sorted(np.unique(made.record))
    assert sum(map(len, folds)) == len(made)


def test_thresholds_of_ds2_come_from_ds1_alone(folder):
    for fold in range(1, 6):
        leave(f"ds1-mitdb-{fold}", records=("101", "106"))
    leave("ds2-mitdb-0")
    leave("ds2-mitdb-1", shift=-3)  # its scores would need lower thresholds, and do not get them
    runs.collect("smoke", partial=True)
    entries = runs.kept("smoke")["results"]["ds2-mitdb"]
    assert entries[0]["thresholds"] == {"v": 1.5, "f": None, "s": 0.5}
    assert entries[0]["thresholds"] == entries[1]["thresholds"]
    right, wrong = (predictions(entry) for entry in entries)
    assert right.correct.all()
    assert (wrong.predicted == N).all()
    assert tables.seeds(entries)["f1_S"].tolist() == [1, 0]
    assert tables.seeds(entries, ["232"])["seed"].tolist() == [0, 1]
    found = tables.metrics(runs.kept("smoke"))["inter_patient_rhythm"]
    assert found["n_beats"] == 40 and found["without_232"]["n_beats"] == 20


def test_a_fold_is_decided_by_the_others(folder):
    for fold in range(1, 6):
        leave(f"mitdb-{fold}", shift=4.0 * (fold == 3), records=(f"10{fold}",))
    runs.collect("smoke", partial=True)
    (entry,) = runs.kept("smoke")["results"]["mitdb"]
    found = predictions(entry)
    third = found.record == "103"
    assert not found.correct[third].all()  # its own thresholds would have been higher
    assert found.correct[~third].all()


def test_every_scoring_of_ds2_is_logged_once(folder):
    for fold in range(1, 6):
        leave(f"ds1-mitdb-{fold}")
    leave("ds2-mitdb-0")
    for _ in range(2):
        runs.collect("smoke", partial=True)
    (line,) = runs.read_log("smoke")
    assert (line["what"], line["scorings"], line["commit"]) == ("ds2-mitdb-0", "1", "0" * 12)
    leave("ds2-mitdb-0", shift=1)  # scored anew
    runs.collect("smoke", partial=True)
    assert [line["what"] for line in runs.read_log("smoke")] == ["ds2-mitdb-0"] * 2


def test_what_falls_short_of_an_aim_is_said_with_its_distance():
    def entry(seed, found):
        confusion = np.zeros((5, 5), dtype=int)
        confusion[N, N], confusion[S, S], confusion[V, V] = 1000, found, 50
        confusion[S, N] = 50 - found
        return {"seed": seed, "records": {"200": confusion.tolist()}}

    results = {"ds2-mitdb": [entry(0, 50), entry(1, 25), entry(2, 20)]}
    told = tables.aims(results).set_index("number")
    assert told.loc["F1 of S", "median"] == pytest.approx(2 / 3)
    assert told["seeds"].tolist() == ["3 of 3", "1 of 3", "3 of 3"]
    assert tables.missed(results, "ds2-mitdb") == f"misses F1 of S by {0.77 - 2 / 3:.3f}"
    results = {"ds2-mitdb": [entry(0, 50)]}
    assert tables.missed(results, "ds2-mitdb") == "reaches all three aims"


def test_missing_runs_are_named(folder):
    with pytest.raises(DataError, match="no scores yet of ds1-mitdb-1, ds1-mitdb-2"):
        runs.collect("smoke")
    with pytest.raises(ConfigError, match="no run 'ds3'"):
        runs.run("smoke", "ds3")
    with pytest.raises(DataError, match="PROFILE=full"):
        runs.kept("smoke")


# What is published


@pytest.fixture(scope="module")
def published():
    return runs.kept("paper")


def test_published_results_are_whole_records(published):
    results = published["results"]
    for name, entries in results.items():
        for entry in entries:
            names = set(entry["records"])
            if name.startswith("ds1"):
                assert names == set(DS1)
            elif name.startswith("ds2"):
                assert names == set(DS2)
            counts = np.array(list(entry["records"].values()))
            assert counts.shape[1:] == (5, 5) and (counts.sum(axis=(1, 2)) > 0).all()


def test_every_published_scoring_of_ds2_is_in_the_log(published):
    logged = [line["what"] for line in runs.read_log("paper")]
    for name, entries in published["results"].items():
        if name.startswith("ds2"):
            assert {f"{name}-{entry['seed']}" for entry in entries} <= set(logged)


def test_published_metrics_follow_from_the_kept_results(published):
    metrics = json.loads((paths.FIGURES / "metrics.json").read_text())
    for key, values in tables.metrics(published).items():
        for number in ("accuracy", "accuracy_ci95", "confusion", "thresholds"):
            assert metrics[key][number] == values[number], key
