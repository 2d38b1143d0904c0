"""What a network must beat: classifiers that need none, each fitted on the same training beats."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecgcore.beats.context import rr_context
from ecgcore.beats.cutting import Beats, normalise
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError

SEED = 0
SEGMENTS = 17  # of 11 samples (88 ms) each, into which a beat's shape is averaged
CHUNK = 8192  # beats transformed at a time


@dataclass(frozen=True)
class Baseline:
    """inputs: what it reads of beats, (n_beats, n) float32; make: a classifier, not yet fitted;
    size: how many numbers a fitted one has learnt."""

    inputs: Callable[[Beats], np.ndarray]
    make: Callable[[], ClassifierMixin]
    size: Callable[[ClassifierMixin], int]


def shape_and_rhythm(beats: Beats) -> np.ndarray:
    """(n_beats, 23): the z-scored beat averaged over 17 segments, its amplitude, RR intervals.

    The beats must be whole records in order, as for beats.rr_context.
    """
    shape = normalise(beats.signal).reshape(len(beats), SEGMENTS, -1).mean(axis=2)
    return np.column_stack([shape, beats.amplitude_mv, rr_context(beats)])


def _samples(beats: Beats) -> np.ndarray:
    return normalise(beats.signal)


def _minirocket() -> ClassifierMixin:
    # Imported here: only this baseline needs aeon, which compiles as it is imported.
    from aeon.transformations.collection.convolution_based import MiniRocket

    return _Rocket(MiniRocket(random_state=SEED, n_jobs=1), RidgeClassifier(copy_X=False))


class _Rocket(ClassifierMixin):
    """MiniRocket's 9,996 features (Dempster et al. 2021) and a ridge classifier, as its authors do.

    Both in 32 bits and the first in pieces: 80,000 beats make three gigabytes of features.
    """

    def __init__(self, rocket, linear: RidgeClassifier):
        self.rocket, self.linear = rocket, linear

    def _features(self, x: np.ndarray) -> np.ndarray:
        pieces = (x[at : at + CHUNK, None] for at in range(0, len(x), CHUNK))
        return np.concatenate([self.rocket.transform(p).astype(np.float32) for p in pieces])

    def fit(self, x: np.ndarray, y: np.ndarray) -> "_Rocket":
        self.rocket.fit(x[:CHUNK, None])  # draws its biases from some of the beats
        self.linear.fit(self._features(x), y)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        pieces = (x[at : at + CHUNK] for at in range(0, len(x), CHUNK))
        return np.concatenate([self.linear.predict(self._features(p)) for p in pieces])


def _boosted_size(model: HistGradientBoostingClassifier) -> int:
    """A threshold or a value for each node of each tree."""
    return sum(tree.get_n_leaf_nodes() * 2 - 1 for trees in model._predictors for tree in trees)


BASELINES = {
    "always_n": Baseline(
        _samples,
        lambda: DummyClassifier(strategy="constant", constant=CLASSES.index("N")),
        lambda model: 0,
    ),
    "logistic": Baseline(
        _samples,
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        lambda model: model[-1].coef_.size + model[-1].intercept_.size,
    ),
    "boosted": Baseline(
        shape_and_rhythm,
        lambda: HistGradientBoostingClassifier(random_state=SEED, early_stopping=True),
        _boosted_size,
    ),
    "minirocket": Baseline(
        _samples, _minirocket, lambda model: model.linear.coef_.size + model.linear.intercept_.size
    ),
}


@dataclass(frozen=True)
class Fitted:
    """predicted: (n_tested,) int8 class numbers; seconds to fit; beats classified a second;
    parameters: numbers learnt."""

    predicted: np.ndarray
    seconds: float
    beats_per_s: float
    parameters: int


def fit_predict(name: str, beats: Beats, train: np.ndarray, tested: np.ndarray) -> Fitted:
    """Fit a baseline on the beats at the positions `train`, classify those at `tested`.

    Raises ConfigError for a name that BASELINES does not hold.
    """
    if name not in BASELINES:
        raise ConfigError(f"baseline {name!r} is unknown; choose from {', '.join(BASELINES)}")
    baseline = BASELINES[name]
    inputs = baseline.inputs(beats)
    threads = torch.get_num_threads()
    try:
        start = time.perf_counter()
        model = baseline.make().fit(inputs[train], beats.aami[train])
        fitted = time.perf_counter()
        predicted = model.predict(inputs[tested]).astype(np.int8)
        rate = len(tested) / (time.perf_counter() - fitted)
    finally:
        # numba, on which aeon builds, shares torch's OpenMP: its first parallel loop in a process
        # sets the number of threads to that of the cores, and so changes what torch rounds.
        torch.set_num_threads(threads)
    return Fitted(predicted, fitted - start, rate, baseline.size(model))
