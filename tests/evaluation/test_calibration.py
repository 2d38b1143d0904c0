"""Calibration against closed forms, scikit-learn, and models whose overconfidence is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from answers import answers, from_confusion, probable
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from ecgcore.errors import DataError
from ecgcore.evaluation import calibration as c

TRUE_TEMPERATURE = 3.0


@pytest.fixture(scope="module")
def logits():
    return np.random.default_rng(0).normal(0, 1.5, (20_000, 5))


def softmax(logits):
    return torch.from_numpy(np.asarray(logits)).softmax(dim=1).numpy()


@pytest.fixture(scope="module")
def calibrated(logits):
    """Classes drawn with the very probabilities that the model gives."""
    rng = np.random.default_rng(1)
    p = softmax(logits)
    return probable(p, (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1))


@pytest.fixture(scope="module")
def overconfident(logits, calibrated):
    """The same classes, from a model whose logits are too large by a known factor."""
    return probable(softmax(TRUE_TEMPERATURE * logits), calibrated.true)


def test_a_calibrated_model_has_no_calibration_error(calibrated):
    assert c.expected_calibration_error(calibrated) < 0.015
    assert c.fit_temperature(calibrated) == pytest.approx(1, abs=0.05)


def test_an_overconfident_model_is_found_out_and_mended(overconfident, calibrated):
    """Checked on other beats than those that the temperature is fitted on."""
    fitted, checked = slice(0, None, 2), slice(1, None, 2)
    temperature = c.fit_temperature(overconfident[fitted])
    after = c.scale(overconfident[checked], temperature)
    before = c.summary(overconfident[checked])
    assert temperature == pytest.approx(TRUE_TEMPERATURE, rel=0.05)
    assert before["ece"] > 0.15
    assert before["confidence"] > before["accuracy"] + 0.15
    mended = c.summary(after)
    assert mended["ece"] < 0.025
    assert mended["brier"] < before["brier"] and mended["nll"] < before["nll"]
    assert mended["accuracy"] == before["accuracy"]
    np.testing.assert_allclose(after.probabilities, calibrated[checked].probabilities, atol=0.02)


def test_the_temperature_is_scikit_learns():
    rng = np.random.default_rng(2)
    true = np.repeat(np.arange(5), 300)
    x = rng.normal(0, 1, (len(true), 3)) + np.eye(5)[true][:, :3]
    model = LogisticRegression(C=1e6).fit(x[::5], true[::5])
    sharp = LogisticRegression()
    sharp.classes_, sharp.coef_ = model.classes_, 4 * model.coef_
    sharp.intercept_ = 4 * model.intercept_
    theirs = CalibratedClassifierCV(FrozenEstimator(sharp), method="temperature").fit(x, true)
    p = probable(sharp.predict_proba(x), true)
    ours = c.scale(p, c.fit_temperature(p)).probabilities
    np.testing.assert_allclose(ours, theirs.predict_proba(x), atol=2e-3)


def test_scaling_divides_the_logits(logits):
    few = logits[:200]
    p = probable(softmax(few), np.zeros(200))
    for temperature in (0.5, 1.0, 2.5):
        scaled = c.scale(p, temperature)
        np.testing.assert_allclose(scaled.probabilities, softmax(few / temperature), atol=1e-6)
        np.testing.assert_array_equal(scaled.predicted, p.predicted)


def test_certainty_can_be_scaled():
    scaled = c.scale(answers("NSV", "NSV"), 1.5).probabilities
    np.testing.assert_allclose(scaled.sum(axis=1), 1, rtol=1e-6)


def test_calibration_error_of_a_worked_example():
    """Four beats at 0.9, of which two are right; six at 0.6, of which three are right."""
    confidence = np.array([0.9] * 4 + [0.6] * 6)
    right = np.array([1, 1, 0, 0, 1, 1, 1, 0, 0, 0], dtype=bool)
    rest = (1 - confidence) / 4
    p = probable(np.column_stack([confidence, rest, rest, rest, rest]), np.where(right, 0, 1))
    table = c.reliability(p, bins=10)
    assert table["beats"].tolist() == [6, 4]
    np.testing.assert_allclose(table["accuracy"], [0.5, 0.5])
    np.testing.assert_allclose(table["confidence"], [0.6, 0.9], rtol=1e-6)
    assert c.expected_calibration_error(p, bins=10) == pytest.approx(0.6 * 0.1 + 0.4 * 0.4)


@pytest.mark.parametrize("bins", [5, 15])
def test_the_reliability_curve_is_scikit_learns(overconfident, bins):
    table = c.reliability(overconfident, bins)
    accuracy, confidence = calibration_curve(
        overconfident.correct, overconfident.confidence.astype(float), n_bins=bins
    )
    np.testing.assert_allclose(table["accuracy"], accuracy)
    np.testing.assert_allclose(table["confidence"], confidence)
    assert table["beats"].sum() == len(overconfident)


def test_brier_score_counts_every_class(calibrated):
    distance = (calibrated.probabilities - np.eye(5)[calibrated.true]) ** 2
    assert c.brier_score(calibrated) == pytest.approx(distance.sum(axis=1).mean(), rel=1e-5)
    assert c.brier_score(answers("NSVFQ", "NSVFQ")) == 0
    assert c.brier_score(answers("NS", "SN")) == 2
    unsure = replace(answers("NS", "NN"), probabilities=np.full((2, 5), 0.2, np.float32))
    assert c.brier_score(unsure) == pytest.approx(0.8**2 + 4 * 0.2**2)


def test_a_temperature_needs_beats():
    with pytest.raises(DataError, match="validation"):
        c.fit_temperature(from_confusion(np.zeros((5, 5), int)))
