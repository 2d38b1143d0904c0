"""Made-up predictions, for tests whose right result is known."""

import numpy as np

from ecgcore.constants import CLASSES
from ecgcore.evaluation.predictions import Predictions


def answers(true, predicted, record=None, sample=None, probabilities=None) -> Predictions:
    """Predictions with the given class letters or numbers; certain, unless told otherwise."""
    true, predicted = _numbers(true), _numbers(predicted)
    n = len(true)
    if probabilities is None:
        probabilities = np.eye(len(CLASSES))[predicted]
    return Predictions(
        true=true,
        predicted=predicted,
        probabilities=np.asarray(probabilities, dtype=np.float32),
        record=np.full(n, "100") if record is None else np.asarray(record),
        sample=np.arange(n) if sample is None else np.asarray(sample),
    )


def probable(probabilities, true, record=None) -> Predictions:
    """Predictions with the given (n, 5) probabilities; the most probable class is the answer."""
    probabilities = np.asarray(probabilities, dtype=np.float32)
    return answers(true, probabilities.argmax(axis=1), record, probabilities=probabilities)


def from_confusion(confusion, record: str = "100") -> Predictions:
    """As many beats in each cell as a (5, 5) matrix says."""
    confusion = np.asarray(confusion)
    true, predicted = np.indices(confusion.shape)
    times = confusion.ravel()
    repeated = true.ravel().repeat(times), predicted.ravel().repeat(times)
    return answers(*repeated, record=np.full(times.sum(), record))


def _numbers(classes) -> np.ndarray:
    if len(classes) and isinstance(classes[0], str):
        classes = [CLASSES.index(letter) for letter in classes]
    return np.asarray(classes, dtype=np.int8)
