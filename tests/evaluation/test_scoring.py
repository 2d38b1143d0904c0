"""Other conventions of scoring, and what flawed protocols give away."""

import numpy as np
import pytest
from answers import answers
from sklearn import metrics

from ecgcore.constants import CLASSES
from ecgcore.evaluation import leakage, scoring


@pytest.fixture(scope="module")
def p():
    rng = np.random.default_rng(0)
    true = rng.choice(5, 800, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    predicted = np.where(rng.random(800) < 0.7, true, rng.integers(0, 5, 800))
    return answers(true, predicted, rng.choice(["100", "202", "232"], 800))


def test_one_vs_rest_average_hides_three_fifths_of_every_error(p):
    error = 1 - metrics.accuracy_score(p.true, p.predicted)
    assert scoring.one_vs_rest_accuracy(p) == pytest.approx(1 - 2 / 5 * error)


def test_one_vs_rest_average_is_the_mean_of_binary_accuracies(p):
    each = [metrics.accuracy_score(p.true == n, p.predicted == n) for n in range(3)]
    assert scoring.one_vs_rest_accuracy(p, "NSV") == pytest.approx(np.mean(each))


def test_a_constant_answer_is_right_as_often_as_its_class_occurs(p):
    table = scoring.accuracy_table({"always N": scoring.always(p)}, CLASSES).iloc[0]
    share = (p.true == 0).mean()
    assert table["accuracy"] == pytest.approx(share)
    assert table["one-vs-rest average"] == pytest.approx(1 - 2 / 5 * (1 - share))
    assert table["macro-F1"] == pytest.approx(2 * share / (1 + share) / 5)


def test_variants_score_the_beats_they_name(p):
    table = scoring.variants(p, ["202"], resamples=50).set_index(["records", "scoring"])
    for name, beats in (("all", np.full(len(p), True)), ("without 202", p.record != "202")):
        three = beats & (p.true < 3)
        for scoring_name, mask, count in (("all beats", beats, 4), ("N, S, V", three, 3)):
            row, q = table.loc[(name, scoring_name)], p[mask]
            f1 = metrics.f1_score(q.true, q.predicted, labels=range(5), average=None)
            assert row["beats"] == mask.sum()
            assert row["accuracy"] == pytest.approx(q.correct.mean())
            assert row["macro_f1"] == pytest.approx(f1[:count].mean())
            assert row["f1_S"] == pytest.approx(f1[1]) and row["f1_V"] == pytest.approx(f1[2])
            assert row["accuracy low"] <= row["accuracy"] <= row["accuracy high"]


def test_a_record_that_is_not_there_changes_nothing(p):
    assert len(scoring.without_records(p, ["999"])) == len(p)


def test_top_record_holds_most_beats_of_a_class():
    p = answers("SSSNSN", "NNNNNN", ["232", "232", "232", "100", "222", "100"])
    assert scoring.top_record(p, "S") == ("232", 0.75)
    name, share = scoring.top_record(p, "V")
    assert name == "–" and np.isnan(share)


def test_balancing_first_copies_the_rare_classes_into_training(beats):
    copied = leakage.copied_share(beats.aami)
    assert copied["N"] == 0  # the largest class is not multiplied
    assert all(copied[letter] > 0.99 for letter in "SVFQ")


def test_a_class_drawn_twice_over_is_copied_for_as_many_as_chance_says():
    """A test beat was drawn k more times, Poisson with mean 1 but for originals that were not."""
    aami = np.repeat([0, 1], [40_000, 20_000])
    copied = leakage.copied_share(aami, test_share=0.2)
    k = np.arange(30)
    poisson = np.exp(-1) / np.cumprod(np.maximum(k, 1))
    # A beat is in the pool 1 + k times, each time in the test part with probability 0.2.
    in_test = (1 + k) * 0.2
    alone = in_test * 0.2**k  # all its other copies are in the test part as well
    expected = 1 - (poisson * alone).sum() / (poisson * in_test).sum()
    assert copied["S"] == pytest.approx(expected, abs=0.01)
    assert np.isnan(copied["V"])


def test_windows_are_pure_only_within_a_record():
    record = np.repeat(["100", "101"], 7)
    letters = "SSSNSNN" + "SSSNNNN"  # in threes: SSS NSN | SSS NNN, the rest too short
    aami = np.array([CLASSES.index(letter) for letter in letters])
    assert leakage.pure_windows(aami, record, "S", length=3) == pytest.approx(2 / 3)
    assert leakage.pure_windows(aami, record, "N", length=3) == pytest.approx(1 / 2)
    assert np.isnan(leakage.pure_windows(aami, record, "F", length=3))


def test_true_sequences_of_the_database_are_mixed(beats):
    assert leakage.pure_windows(beats.aami, beats.record, "V") < 0.1
    grouped = np.argsort(beats.aami, kind="stable")
    same = np.full(len(beats), "all")
    assert leakage.pure_windows(beats.aami[grouped], same, "V") > 0.99
