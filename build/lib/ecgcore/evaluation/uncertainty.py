"""How far a number could have come out otherwise: 95 % intervals by the bootstrap.

The percentile bootstrap of Efron and Tibshirani (1993, chapter 13): draw as many units as there
are, with replacement, compute the number anew, and take the middle 95 % of many such draws. What
counts as a unit decides what the interval means: beats, where further beats of the same patients
are the question; records, where further patients are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ecgcore.beats.splits import BY_RECORD
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError
from ecgcore.evaluation.metrics import confusion_matrix, f1_scores
from ecgcore.evaluation.predictions import Predictions
from ecgcore.files import load_arrays, replacing

RESAMPLES = 2000
SEED = 1993  # of the draws, which must not depend on a training seed
LEVEL = 0.95
UNITS = {"random": "beat", "kaggle": "beat"} | dict.fromkeys(BY_RECORD, "record")
K = len(CLASSES)


@dataclass(frozen=True)
class Resamples:
    """Bootstrap resamples of the units that some test beats consist of.

    unit: (), "beat" or "record"; name: (n_units,) str; confusion: (n_units, 5, 5) int64, what a
    unit adds to the confusion matrix; draws: (n_resamples, n_units) int32, how often each resample
    holds each unit; seed: (), int64.

    Beats that share annotated and predicted class change a confusion matrix alike, so where beats
    are drawn a unit stands for all beats of one of its cells (its name: `N as S`), and the
    draws say how many of them a resample holds.
    """

    unit: np.ndarray
    name: np.ndarray
    confusion: np.ndarray
    draws: np.ndarray
    seed: np.ndarray

    def __len__(self) -> int:
        return len(self.draws)

    @property
    def drawn(self) -> int:
        """Units in one resample: as many as there were beats or records."""
        return int(self.draws[0].sum())

    def confusions(self) -> np.ndarray:
        """(n_resamples, 5, 5) int64, the confusion matrix of each resample."""
        return np.tensordot(self.draws.astype(np.int64), self.confusion, axes=1)

    def save(self, path: Path) -> None:
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Resamples":
        """Read what `save` wrote. Raises DataError if the file is missing or damaged."""
        return cls(**load_arrays(path, [f.name for f in fields(cls)]))


def resample(p: Predictions, unit: str, resamples: int = RESAMPLES, seed: int = SEED) -> Resamples:
    """Draw bootstrap resamples of beats or of records; the same seed draws the same.

    Raises ConfigError for another unit, no resamples, or no beats.
    """
    if unit not in ("beat", "record"):
        raise ConfigError(f"bootstrap: unit must be 'beat' or 'record', not {unit!r}")
    if resamples < 1 or not len(p):
        raise ConfigError(f"bootstrap: {resamples} resamples of {len(p)} beats")
    if unit == "record":
        name, number = np.unique(p.record, return_inverse=True)
        confusion = np.zeros((len(name), K, K), dtype=np.int64)
        np.add.at(confusion, (number, p.true, p.predicted), 1)
        size = np.ones(len(name), dtype=np.int64)
    else:
        cells = confusion_matrix(p.true, p.predicted)
        size = cells[cells > 0]
        at = np.argwhere(cells)
        name = np.array([f"{CLASSES[true]} as {CLASSES[said]}" for true, said in at])
        confusion = np.zeros((len(at), K, K), dtype=np.int64)
        confusion[np.arange(len(at)), *at.T] = 1
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(size.sum(), size / size.sum(), resamples).astype(np.int32)
    return Resamples(np.array(unit), name, confusion, draws, np.array(seed, dtype=np.int64))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole as float64, NaN where whole is 0."""
    part = np.asarray(part, dtype=np.float64)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=np.asarray(whole) > 0)


def scores(confusion: np.ndarray, scored: Sequence[str]) -> dict[str, np.ndarray]:
    """The headline numbers of (n, 5, 5) confusion matrices, with the keys of metrics.json.

    accuracy, macro_f1, weighted_f1: (n,), the last two over the class letters `scored`, in which
    a class that neither occurs nor is predicted counts as 0, as in evaluation.summarise;
    f1, sensitivity, precision: (n, 5), NaN where a class leaves them undefined.
    """
    at = [CLASSES.index(letter) for letter in scored]
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    annotated, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    f1 = f1_scores(confusion)
    weighted = (f1 * annotated)[..., at].sum(axis=-1)
    return {
        "accuracy": ratio(hits.sum(axis=-1), annotated.sum(axis=-1)),
        "macro_f1": f1[..., at].mean(axis=-1),
        "weighted_f1": ratio(weighted, annotated[..., at].sum(axis=-1)),
        "f1": np.where(annotated + predicted > 0, f1, np.nan),
        "sensitivity": ratio(hits, annotated),
        "precision": ratio(hits, predicted),
    }


def interval(values: np.ndarray) -> list[float]:
    """[low, high], the middle 95 % of (n_resamples,) values.

    Resamples that leave a number undefined (NaN) say nothing of it and are left out. Where all
    do, both ends are 0, which is what is then reported of the number itself.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return [0.0, 0.0]
    tail = (1 - LEVEL) / 2
    return [float(end) for end in np.quantile(defined, [tail, 1 - tail])]


def intervals(drawn: Resamples, scored: Sequence[str]) -> dict:
    """95 % intervals to be merged into a protocol's entry of metrics.json by `merged`.

    `<number>_ci95` of accuracy, macro-F1 and weighted F1, and in `per_class` of F1, sensitivity
    and precision, each [low, high]; `bootstrap` says what was drawn.
    """
    found = scores(drawn.confusions(), scored)
    headline = {k: interval(v) for k, v in found.items() if v.ndim == 1}
    per_class = {
        letter: {f"{k}_ci95": interval(v[:, i]) for k, v in found.items() if v.ndim == 2}
        for i, letter in enumerate(CLASSES)
    }
    return {
        **{f"{key}_ci95": ends for key, ends in headline.items()},
        "per_class": per_class,
        "bootstrap": {
            "unit": str(drawn.unit),
            "units": drawn.drawn,
            "resamples": len(drawn),
            "seed": int(drawn.seed),
        },
    }


def merged(entry: dict, found: dict) -> dict:
    """A protocol's entry of metrics.json with what `intervals` found beside each number."""
    per_class = {c: entry["per_class"][c] | found["per_class"][c] for c in entry["per_class"]}
    return entry | found | {"per_class": per_class}
