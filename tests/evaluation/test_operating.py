"""Thresholds are those that a search by hand finds, and never depend on a test beat."""

import numpy as np
import pytest
from answers import answers, probable
from sklearn import metrics

from ecgcore.constants import CLASSES
from ecgcore.evaluation import operating as o

S = CLASSES.index("S")


def made_up(seed, n=240, confusing=1.0):
    """Beats of which many are S and V, with probabilities that lean to the annotated class."""
    rng = np.random.default_rng(seed)
    true = rng.choice(5, n, p=[0.5, 0.2, 0.2, 0.05, 0.05])
    weight = np.exp(rng.normal(0, confusing, (n, 5)) + 1.5 * np.eye(5)[true])
    return probable(weight / weight.sum(axis=1, keepdims=True), true)


@pytest.fixture(scope="module")
def validation():
    return made_up(0)


@pytest.fixture(scope="module")
def tested():
    return made_up(1, confusing=1.5)


def by_hand(p, letter, threshold):
    number = CLASSES.index(letter)
    said = p.probabilities[:, number] >= threshold
    return [
        score(p.true == number, said, zero_division=np.nan)
        for score in (metrics.recall_score, metrics.precision_score, metrics.f1_score)
    ]


def test_the_threshold_of_maximal_f1_has_no_better(validation):
    chosen = o.maximal_f1(o.detection_curve(validation, "S"))
    scores = [by_hand(validation, "S", t)[2] for t in np.unique(validation.probabilities[:, S])]
    assert by_hand(validation, "S", chosen)[2] == pytest.approx(max(scores))


@pytest.mark.parametrize("target", [0.5, 0.9, 1.0])
def test_sensitivity_is_reached_by_no_higher_threshold(validation, target):
    chosen = o.reaching_sensitivity(o.detection_curve(validation, "S"), target)
    candidates = np.unique(validation.probabilities[:, S])
    assert by_hand(validation, "S", chosen)[0] >= target
    higher = candidates[candidates > np.float32(chosen)]
    assert all(by_hand(validation, "S", threshold)[0] < target for threshold in higher)


def test_detection_is_scored_as_by_scikit_learn(tested):
    for threshold in (0.1, 0.35, 0.8):
        found = o.detect(tested, "V", threshold)
        np.testing.assert_allclose(
            [found[rate] for rate in o.RATES], by_hand(tested, "V", threshold)
        )


def test_the_test_beats_choose_nothing(validation, tested):
    table = o.operating_points(validation, tested, sensitivity=0.9)
    other = o.operating_points(validation, made_up(7, confusing=4), sensitivity=0.9)
    assert list(zip(table["class"], table["rule"], strict=True)) == [
        ("S", "maximal F1"),
        ("S", "sensitivity ≥ 0.9"),
        ("V", "maximal F1"),
        ("V", "sensitivity ≥ 0.9"),
    ]
    same = [c for c in table if not c.startswith("test")]
    assert table[same].equals(other[same])
    assert not table.equals(other)
    for _, row in table.iterrows():
        expected = by_hand(tested, row["class"], row["threshold"])
        np.testing.assert_allclose(row[[f"test {r}" for r in o.RATES]].astype(float), expected)


def test_hindsight_never_looks_worse_than_the_chosen_threshold(validation, tested):
    table = o.operating_points(validation, tested, 0.9).set_index(["rule", "class"])
    for letter in "SV":
        chosen = table.at[("maximal F1", letter), "test f1"]
        assert chosen < o.hindsight(tested, letter)["f1"]


def test_a_class_that_validation_lacks_has_no_operating_point(validation, tested):
    without = validation[validation.true != S]
    table = o.operating_points(without, tested, 0.9).set_index("class")
    assert table.loc["S", "threshold"].isna().all() and table.loc["S", "test f1"].isna().all()
    assert table.loc["V"].notna().all().all()


def test_a_class_that_the_test_lacks_is_not_scored(validation, tested):
    table = o.operating_points(validation, tested[tested.true != S], 0.9).set_index("class")
    assert table.loc["S", "threshold"].notna().all() and table.loc["S", "test f1"].isna().all()


def test_the_selective_curve_is_what_counting_gives(tested):
    curve = o.selective_curve(tested)
    assert curve["threshold"].is_monotonic_increasing and curve["threshold"].is_unique
    for _, row in curve.iloc[::20].iterrows():
        taken = tested.confidence >= row["threshold"]
        assert row["left"] == pytest.approx(1 - taken.mean())
        assert row["accuracy"] == pytest.approx(tested.correct[taken].mean())
    assert curve["left"].iloc[0] == 0
    assert curve["accuracy"].iloc[0] == pytest.approx(tested.correct.mean())


def test_beats_of_equal_confidence_are_accepted_together():
    curve = o.selective_curve(answers("NNNS", "NNNN"))
    assert curve.to_numpy().tolist() == [[1.0, 0.0, 0.75]]


def test_the_threshold_for_an_accuracy_is_the_lowest(validation):
    target = 0.95
    chosen = o.reaching_accuracy(o.selective_curve(validation), target)
    lower = np.unique(validation.confidence[validation.confidence < np.float32(chosen)])
    assert o.accept(validation, chosen)["accuracy"] >= target
    assert all(o.accept(validation, threshold)["accuracy"] < target for threshold in lower)


def test_shares_are_left_on_validation_beats(validation, tested):
    table = o.selective_points(validation, tested, accuracy=0.9, shares=[0.1, 0.25])
    assert table["rule"].tolist() == ["accuracy ≥ 90 %", "10 % left", "25 % left"]
    np.testing.assert_allclose(table["validation left"][1:], [0.1, 0.25], atol=1 / 240)
    row = table.iloc[2]
    left = tested.confidence < row["threshold"]
    assert row["test left"] == pytest.approx(left.mean())
    assert row["test errors left"] == pytest.approx(
        (left & ~tested.correct).sum() / (~tested.correct).sum()
    )


def test_an_accuracy_out_of_reach_accepts_nothing():
    wrong = made_up(3)
    wrong = wrong[~wrong.correct]
    table = o.selective_points(wrong, wrong, accuracy=0.99, shares=[])
    assert table.loc[0, ["threshold", "test left", "test accuracy"]].isna().all()
