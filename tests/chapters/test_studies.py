"""Studies: every run is done and scored as its profile says, and the kept numbers hang together."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pending import PENDING_STUDIES

from ecgcore.beats import splits
from ecgcore.chapters.studies import runs as studies_runs
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.counts import by_record, pooled, predictions, result
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.models import baselines
from ecgcore.workflow.profiles import load_profile


def test_every_run_is_scored_on_what_the_profile_says(sweep):
    entries = json.loads((sweep.root / "runs/sweep/figures/09_studies.json").read_text())
    assert [(e["study"], e["run"], e["part"], e["protocol"]) for e in entries] == [
        ("networks", "1", "test", "random"),
        ("patients", "1", "test", "patients_1"),
        ("baselines", "always_n", "validation", "random"),
    ]
    rr, fold, constant = entries
    assert rr["training"]["seed"] == 1 and rr["training"]["config"]["model"] == "cnn_lstm_rr"
    assert rr["n_beats"] > constant["n_beats"]
    assert constant["per_class"]["N"]["sensitivity"] == 1
    assert constant["accuracy"] == pytest.approx(constant["counts"]["N"] / constant["n_beats"])
    assert sum(np.sum(c) for c in fold["records"].values()) == fold["n_beats"]
    for entry in entries:
        assert {"commit", "hardware", "profile", "versions"} <= set(entry["provenance"])


def test_a_run_leaves_the_published_book_alone(sweep):
    assert not (sweep.root / "runs/sweep/site").exists()
    assert (sweep.root / "runs/sweep/studies/networks-1/site/book/executed").is_dir()
    published = (sweep.root / "figures/02_learning_curves.svg").read_bytes()
    assert (
        published
        != (
            sweep.root / "runs/sweep/studies/networks-1/figures/02_learning_curves.svg"
        ).read_bytes()
    )


def test_a_run_that_no_study_has_is_named(sweep):
    told = sweep.run("ecgcore", "study", "networks-7", "--profile", "sweep", ok=False)
    assert "ecgcore: profile 'sweep' has no study's run 'networks-7'" in told


def test_missing_scores_are_named(sweep):
    score = sweep.root / "runs/sweep/studies/networks-1/score.json"
    kept = score.read_text()
    score.unlink()
    told = sweep.run("ecgcore", "collect", "--profile", "sweep", ok=False)
    score.write_text(kept)
    assert "no score yet of networks-1" in told


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ("part: test", "studies: networks: unknown parts"),
        ("    runs: {always_n: {}}\n", "studies: baselines: needs `runs`"),
        ("seed: 1", "TrainConfig has no field sed"),
        ("kind: baseline", "studies: kind must be"),
    ],
)
def test_a_study_that_cannot_be_meant_is_refused_at_once(sweep, changed, complaint):
    wrong = {"part: test": "parts: test", "seed: 1": "sed: 1", "kind: baseline": "kind: tree"}
    text = (
        (sweep.root / "profiles/sweep.yaml").read_text().replace(changed, wrong.get(changed, ""), 1)
    )
    (sweep.root / "profiles/wrong.yaml").write_text(text)
    told = sweep.run("ecgcore", "beats", "--profile", "wrong", ok=False)
    assert complaint in told


# What is made of the kept scores


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(4)
    true, predicted = (rng.integers(0, 5, 3000).astype(np.int8) for _ in range(2))
    certain = np.eye(5, dtype=np.float32)[predicted]
    record = rng.choice(["100", "101", "102"], 3000)
    return Predictions(true, predicted, certain, record, np.full(3000, -1))


def test_counts_tell_the_answers_again(answers):
    entry = {"records": by_record(answers)}
    again = predictions(entry)
    assert summarise(again) == summarise(answers)
    for name in ("100", "101", "102"):
        own, told = answers[answers.record == name], again[again.record == name]
        assert summarise(own) == summarise(told)


def test_folds_are_pooled_record_by_record(answers):
    counts = by_record(answers)
    folds = [{"protocol": "patients_1", "records": {k: counts[k]}} for k in ("102", "100", "101")]
    found = result(pooled(folds), resamples=50)
    assert found["accuracy"] == pytest.approx(answers.correct.mean())
    assert found["bootstrap"] == {"unit": "record", "units": 3, "resamples": 50, "seed": 1993}
    assert found["scored_classes"] == ["N", "S", "V", "F"]


def run_of(seed, macro_f1):
    return {"training": {"seed": seed}, "accuracy": 0.9, "macro_f1": macro_f1}


def test_the_seed_shown_is_nearest_the_median_and_not_the_best():
    runs = [run_of(3, 0.95), run_of(1, 0.91), run_of(0, 0.90), run_of(2, 0.92), run_of(4, 0.99)]
    assert studies_runs.median_seed(runs) == 2
    assert (
        studies_runs.median_seed([run_of(5, 0.8), run_of(2, 0.9)]) == 2
    )  # both as near: the lowest


def test_what_the_seeds_span_is_told():
    def reached(seed, epoch, macro):
        training = {"seed": seed, "best_epoch": epoch, "val_macro_f1": 0.6}
        classes = {c: {"f1": 0.5} for c in CLASSES}
        return {"training": training, "accuracy": macro, "macro_f1": macro, "per_class": classes}

    runs = [reached(0, 5, 0.41), reached(1, 12, 0.37)]
    told = studies_runs.seeds_told(runs)
    assert "37.0 to 41.0 %, macro-F1 0.370 to 0.410" in told
    assert "between epochs 5 and 12" in told
    assert "after epoch 5" in studies_runs.seeds_told(runs[:1])
    assert "no such runs" in studies_runs.seeds_told([])
    table = studies_runs.seed_table(runs)
    assert table["epoch"].tolist() == [5, 12] and table["F1 V"].tolist() == [0.5, 0.5]
    assert studies_runs.seed_table([]).empty


def test_the_published_seed_is_nearest_the_median():
    """Of the kept runs; `make book` shows that one."""
    kept = studies_runs.kept("paper")
    assert len(kept["seeds"]) == len(kept["context_seeds"]) == 5
    for protocol, study in studies_runs.SEEDS.items():
        if study in PENDING_STUDIES:
            continue
        for name in ("paper", "full"):
            seed = load_profile(name).train_config(protocol).seed
            assert seed == studies_runs.median_seed(kept[study])


def test_the_published_studies_are_those_of_the_full_profile():
    profile = load_profile("full")
    found = [
        f"{e['study']}-{e['run']}" for runs in studies_runs.kept("paper").values() for e in runs
    ]
    pending = tuple(f"{study}-" for study in PENDING_STUDIES)
    assert found == [name for name in profile.run_names() if not name.startswith(pending)]


# Baselines


@pytest.mark.parametrize("name", baselines.BASELINES)
def test_a_baseline_learns_from_training_beats_alone(name, small_beats):
    split = splits.make_split("random", small_beats)
    train, test = split.train[::8], split.test[::4]
    found = baselines.fit_predict(name, small_beats, train, test)
    right = (found.predicted == small_beats.aami[test]).mean()
    most = np.bincount(small_beats.aami[test]).max() / len(test)
    assert right > most + 0.05 if name != "always_n" else right < most + 1e-9
    assert found.parameters > 0 or name == "always_n"
    # Other labels outside the training part change nothing.
    aami = small_beats.aami.copy()
    rest = np.setdiff1d(np.arange(len(small_beats)), train)
    aami[rest] = (aami[rest] + 1) % len(CLASSES)
    again = baselines.fit_predict(name, replace(small_beats, aami=aami), train, test)
    np.testing.assert_array_equal(again.predicted, found.predicted)


THREADS = """
import numpy as np, torch
from ecgcore.models import baselines
from ecgcore.beats.cutting import build
from ecgcore.data.records import default_database

torch.set_num_threads(1)
assert torch.get_num_threads() == 1  # as any first use, lets torch set the number itself, once
beats = build(default_database(), ("104",))
baselines.fit_predict("minirocket", beats, np.arange(0, 2000, 20), np.arange(10))
print(torch.get_num_threads())
"""


def test_a_baseline_leaves_torchs_threads_as_they_were():
    """In a process of its own: numba, as of its first loop, shares torch's OpenMP."""
    environment = os.environ | {
        "NUMBA_NUM_THREADS": "2",
        "PYTHONPATH": str(Path(baselines.__file__).parents[2]),
    }
    command = [sys.executable, "-c", THREADS]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split()[-1] == "1"


def test_an_unknown_baseline_is_named(small_beats):
    index = np.arange(10)
    with pytest.raises(ConfigError, match="'svm' is unknown; choose from always_n, logistic"):
        baselines.fit_predict("svm", small_beats, index, index)


def test_shape_and_rhythm_refuses_loose_beats(small_beats):
    with pytest.raises(DataError, match="whole records"):
        baselines.shape_and_rhythm(small_beats[::2])
