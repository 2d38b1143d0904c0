"""Intervals cover what they should, mean what their unit says, and come out the same again."""

import json

import numpy as np
import pytest
from answers import answers, from_confusion
from scipy import stats
from sklearn import metrics

from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation import uncertainty as u
from ecgcore.evaluation.metrics import f1_scores, summarise

NUMBERS = range(len(CLASSES))
# Shares of all beats, by annotated and predicted class.
POPULATION = np.array(
    [
        [0.40, 0.04, 0.02, 0.02, 0.02],
        [0.04, 0.10, 0.02, 0.00, 0.00],
        [0.02, 0.01, 0.14, 0.02, 0.01],
        [0.01, 0.00, 0.01, 0.03, 0.00],
        [0.01, 0.00, 0.00, 0.00, 0.08],
    ]
)


def drawn_from_population(rng, n):
    true, predicted = np.divmod(rng.choice(25, n, p=POPULATION.ravel()), 5)
    return answers(true, predicted)


def width(ends):
    return ends[1] - ends[0]


@pytest.fixture(scope="module")
def patients():
    """30 records of unequal size, in each of which the network errs at a rate of its own."""
    rng = np.random.default_rng(3)
    record = np.repeat([f"{100 + i}" for i in range(30)], rng.integers(20, 80, 30))
    rate = dict(zip(np.unique(record), rng.beta(2, 1, 30), strict=True))
    true = rng.choice(5, len(record), p=[0.6, 0.1, 0.15, 0.05, 0.1])
    right = rng.random(len(record)) < [rate[name] for name in record]
    return answers(true, np.where(right, true, rng.integers(0, 5, len(record))), record)


def test_intervals_over_beats_cover_the_truth_in_95_percent_of_studies():
    rng = np.random.default_rng(0)
    truth = {"accuracy": np.trace(POPULATION), "macro_f1": f1_scores(POPULATION).mean()}
    covered = dict.fromkeys(truth, 0)
    studies = 400
    for seed in range(studies):
        drawn = u.resample(drawn_from_population(rng, 400), "beat", 400, seed)
        found = u.intervals(drawn, CLASSES)
        for name, value in truth.items():
            low, high = found[f"{name}_ci95"]
            covered[name] += low <= value <= high
    for count in covered.values():  # 0.95, within three standard deviations of 400 studies
        assert 0.915 <= count / studies <= 0.985


def test_only_intervals_over_records_cover_the_next_patients():
    rng = np.random.default_rng(1)
    studies, records, size = 200, 40, 50
    covered = {"beat": 0, "record": 0}
    for seed in range(studies):
        right = rng.random((records, size)) < rng.beta(3, 1, (records, 1))  # 0.75 on average
        p = answers(
            np.zeros(right.size), ~right.ravel(), np.repeat(np.arange(records).astype(str), size)
        )
        for unit in covered:
            low, high = u.intervals(u.resample(p, unit, 400, seed), CLASSES)["accuracy_ci95"]
            covered[unit] += low <= 0.75 <= high
    assert covered["record"] / studies > 0.89
    assert covered["beat"] / studies < 0.7


def test_more_beats_of_the_same_patients_tell_nothing_new_about_patients(patients):
    copies = patients[np.repeat(np.arange(len(patients)), 9)]
    ends = {
        (name, unit): u.intervals(u.resample(p, unit), CLASSES)["macro_f1_ci95"]
        for name, p in (("once", patients), ("nine times", copies))
        for unit in ("beat", "record")
    }
    assert ends["nine times", "record"] == ends["once", "record"]
    narrowed = width(ends["once", "beat"]) / width(ends["nine times", "beat"])
    assert narrowed == pytest.approx(3, rel=0.15)  # the square root of nine


def test_a_resample_of_records_scores_as_its_beats_do_in_scikit_learn(patients):
    drawn = u.resample(patients, "record", resamples=5)
    found = u.scores(drawn.confusions(), CLASSES[:4])
    for number, times in enumerate(drawn.draws):
        assert times.sum() == 30
        beats = np.concatenate(
            [
                np.tile(np.flatnonzero(patients.record == name), count)
                for name, count in zip(drawn.name, times, strict=True)
            ]
        )
        true, said = patients.true[beats], patients.predicted[beats]
        accuracy = metrics.accuracy_score(true, said)
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            true, said, labels=NUMBERS, zero_division=np.nan
        )
        weighted = metrics.f1_score(true, said, labels=range(4), average="weighted")
        assert found["accuracy"][number] == pytest.approx(accuracy)
        assert found["macro_f1"][number] == pytest.approx(f1[:4].mean())
        assert found["weighted_f1"][number] == pytest.approx(weighted)
        np.testing.assert_allclose(found["f1"][number], f1)
        np.testing.assert_allclose(found["precision"][number], precision)
        np.testing.assert_allclose(found["sensitivity"][number], recall)


def test_drawing_cells_is_drawing_beats():
    """The interval equals that of scipy, which draws the beats one by one."""
    p = drawn_from_population(np.random.default_rng(5), 600)
    drawn = u.resample(p, "beat", 4000)
    assert (drawn.confusions().sum(axis=(1, 2)) == len(p)).all()
    found = u.intervals(drawn, CLASSES)["accuracy_ci95"]
    expected = stats.bootstrap(
        (p.correct.astype(float),), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    np.testing.assert_allclose(found, expected, atol=0.004)


def test_draws_repeat_with_their_seed_and_survive_a_file(patients, tmp_path):
    first = u.resample(patients, "record")
    first.save(tmp_path / "draws.npz")
    again, kept = u.resample(patients, "record"), u.Resamples.load(tmp_path / "draws.npz")
    other = u.resample(patients, "record", seed=u.SEED + 1)
    np.testing.assert_array_equal(first.draws, again.draws)
    assert (first.draws != other.draws).any()
    assert len(first) >= 1000
    assert u.intervals(kept, CLASSES) == u.intervals(first, CLASSES)


def test_intervals_join_the_numbers_they_belong_to(patients):
    entry = summarise(patients, CLASSES[:4])
    drawn = u.resample(patients, "record")
    joined = u.merged(entry, u.intervals(drawn, entry["scored_classes"]))
    assert joined == json.loads(json.dumps(joined))
    numbers = [joined, *joined["per_class"].values()]
    names = [("accuracy", "macro_f1", "weighted_f1")] + 5 * [("f1", "sensitivity", "precision")]
    for where, keys in zip(numbers, names, strict=True):
        for key in keys:
            low, high = where[f"{key}_ci95"]
            assert low < where[key] < high
    assert joined["bootstrap"] == {
        "unit": "record",
        "units": 30,
        "resamples": len(drawn),
        "seed": u.SEED,
    }
    assert {key: joined[key] for key in entry if key != "per_class"} == {
        key: value for key, value in entry.items() if key != "per_class"
    }


def test_resamples_without_a_class_say_nothing_of_it():
    """F sits in one record of three and is always found: no resample says otherwise."""
    true = ["F"] * 5 + ["N"] * 30
    record = ["208"] * 10 + ["209"] * 10 + ["210"] * 15
    drawn = u.resample(answers(true, true, record), "record")
    held = drawn.confusions()[:, 3].sum(axis=1) > 0
    assert not held.all()
    assert u.intervals(drawn, CLASSES)["per_class"]["F"]["sensitivity_ci95"] == [1.0, 1.0]


def test_a_class_that_never_occurs_has_the_interval_of_what_is_reported_of_it():
    p = answers(["N", "N", "V"], ["N", "V", "V"])
    reported = summarise(p)["per_class"]["Q"]["f1"]
    assert u.intervals(u.resample(p, "beat"), CLASSES)["per_class"]["Q"]["f1_ci95"] == [
        reported,
        reported,
    ]


@pytest.mark.parametrize(("unit", "resamples"), [("patient", 100), ("beat", 0)])
def test_impossible_draws_are_refused(unit, resamples):
    with pytest.raises(ConfigError, match="bootstrap"):
        u.resample(answers("N", "N"), unit, resamples)


def test_no_beats_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="0 beats"):
        u.resample(from_confusion(np.zeros((5, 5), int)), "beat")
    (tmp_path / "draws.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"draws\.npz"):
        u.Resamples.load(tmp_path / "draws.npz")
