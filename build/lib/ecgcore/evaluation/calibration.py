"""Whether a probability means what it says, and what one number can do about it.

Reliability diagram, expected calibration error and temperature scaling as in Guo et al. (2017);
Brier score as in Brier (1950): the sum over the classes, so between 0 and 2.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.metrics import brier_score_loss, log_loss

from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.predictions import Predictions

BINS = 15
NAMES = {"confidence": "mean confidence", "ece": "ECE", "brier": "Brier score", "nll": "log loss"}
TEMPERATURES = (0.05, 20.0)  # the range that is searched


def reliability(p: Predictions, bins: int = BINS) -> pd.DataFrame:
    """A row for each of `bins` equally wide bins of the confidence that holds beats.

    Columns: low, high (the bin's edges), beats, confidence (its mean), accuracy.
    """
    edges = np.linspace(0, 1, bins + 1)
    number = np.clip(np.digitize(p.confidence, edges, right=True) - 1, 0, bins - 1)
    frame = pd.DataFrame({"bin": number, "confidence": p.confidence, "correct": p.correct})
    table = (
        frame.astype({"confidence": float})
        .groupby("bin")
        .agg(
            beats=("correct", "size"),
            confidence=("confidence", "mean"),
            accuracy=("correct", "mean"),
        )
    )
    table.insert(0, "low", edges[table.index])
    table.insert(1, "high", edges[table.index + 1])
    return table.reset_index(drop=True)


def expected_calibration_error(p: Predictions, bins: int = BINS) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their beats."""
    table = reliability(p, bins)
    return float(
        np.average((table["confidence"] - table["accuracy"]).abs(), weights=table["beats"])
    )


def brier_score(p: Predictions) -> float:
    """Mean over the beats of the squared distance between probabilities and the truth, summed
    over the classes: 0 is perfect, 2 is certain and wrong."""
    labels = range(len(CLASSES))
    return float(brier_score_loss(p.true, _unit_sum(p), labels=labels, scale_by_half=False))


def negative_log_likelihood(p: Predictions) -> float:
    """Mean negative logarithm (nat) of the probability that the annotated class was given."""
    return float(log_loss(p.true, _unit_sum(p), labels=range(len(CLASSES))))


def _unit_sum(p: Predictions) -> np.ndarray:
    """The probabilities in float64, so that their rows sum to 1 as closely as scikit-learn asks."""
    wide = p.probabilities.astype(np.float64)
    return wide / wide.sum(axis=1, keepdims=True)


def scale(p: Predictions, temperature: float) -> Predictions:
    """The predictions with their logits divided by `temperature`; the predicted class stays."""
    # A softmax's logarithm is its logits up to a constant, which the next softmax removes.
    tiny = np.finfo(np.float32).tiny
    logits = np.log(np.maximum(p.probabilities, tiny).astype(np.float64)) / temperature
    exponential = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax = exponential / exponential.sum(axis=1, keepdims=True)
    return replace(p, probabilities=softmax.astype(np.float32))


def fit_temperature(validation: Predictions) -> float:
    """The temperature that makes the annotated classes most likely. Above 1: overconfident.

    Raises DataError without beats.
    """
    if not len(validation):
        raise DataError("temperature scaling: no validation beats to fit it on")
    found = minimize_scalar(
        lambda t: negative_log_likelihood(scale(validation, np.exp(t))),
        bounds=np.log(TEMPERATURES),
        method="bounded",
    )
    return float(np.exp(found.x))


def summary(p: Predictions, bins: int = BINS) -> dict[str, float]:
    """Accuracy, mean confidence, calibration error, Brier score and likelihood of predictions."""
    return {
        "accuracy": float(p.correct.mean()),
        "confidence": float(p.confidence.mean(dtype=np.float64)),
        "ece": expected_calibration_error(p, bins),
        "brier": brier_score(p),
        "nll": negative_log_likelihood(p),
    }
