"""Scores from annotated and predicted classes."""

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from ecgcore.constants import CLASSES
from ecgcore.evaluation.predictions import Predictions


def confusion_matrix(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(5, 5) int64 counts: row = true class, column = predicted class."""
    k = len(CLASSES)
    pairs = np.asarray(true, dtype=np.int64) * k + np.asarray(predicted, dtype=np.int64)
    return np.bincount(pairs, minlength=k * k).reshape(k, k)


def f1_scores(confusion: np.ndarray) -> np.ndarray:
    """(..., 5) F1 of each class of (..., 5, 5) confusion matrices; 0 where a class never occurs."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    total = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return np.divide(2 * hits, total, out=np.zeros(hits.shape), where=total > 0)


def summarise(predictions: Predictions, scored: tuple[str, ...] = CLASSES) -> dict:
    """Every headline number of a set of predictions, as plain JSON values.

    Accuracy counts all beats. macro_f1 is the plain mean and weighted_f1 the mean weighted by
    support, both over the classes `scored`; per_class lists all five.
    """
    true, predicted = predictions.true, predictions.predicted
    precision, sensitivity, f1, support = precision_recall_fscore_support(
        true, predicted, labels=range(len(CLASSES)), zero_division=0
    )
    at = [CLASSES.index(c) for c in scored]
    return {
        "n_beats": len(predictions),
        "counts": dict(zip(CLASSES, support.tolist(), strict=True)),
        "accuracy": float(predictions.correct.mean()),
        "macro_f1": float(f1[at].mean()),
        "weighted_f1": float(np.average(f1[at], weights=support[at])),
        "scored_classes": list(scored),
        "per_class": {
            c: {
                "precision": float(precision[i]),
                "sensitivity": float(sensitivity[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, c in enumerate(CLASSES)
        },
        "confusion": confusion_matrix(true, predicted).tolist(),
    }
