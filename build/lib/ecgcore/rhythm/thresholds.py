"""From the rhythm model's probabilities to scores, and from scores to classes."""

from dataclasses import dataclass

import numpy as np

from ecgcore.constants import CLASSES

N, S, V, F = (CLASSES.index(letter) for letter in "NSVF")
FLOOR = 1e-3  # of a probability, before its logarithm is taken


@dataclass(frozen=True)
class Thresholds:
    """Log odds from which on a beat is called V, else F, else S."""

    v: float
    f: float
    s: float

    def as_dict(self, digits: int | None = None) -> dict[str, float | None]:
        """For JSON, which knows no infinity: None stands for never."""
        limits = {k: v if digits is None else round(v, digits) for k, v in vars(self).items()}
        return {k: v if np.isfinite(v) else None for k, v in limits.items()}

    @classmethod
    def from_dict(cls, limits: dict[str, float | None]) -> "Thresholds":
        """What `as_dict` wrote."""
        return cls(**{k: np.inf if v is None else v for k, v in limits.items()})


def choose(scores: np.ndarray, aami: np.ndarray) -> Thresholds:
    """Thresholds for the (n, 3) scores of beats of other patients than those learnt from.

    V and S where their F1 is highest. F only where it is right more often than not, else never:
    nearly all F beats are one patient's, and who holds out that patient learns nothing of F.
    """
    v = highest_f1(scores[:, 1], aami == V)
    rest = scores[:, 1] < v
    f = _more_right_than_wrong(scores[rest, 2], aami[rest] == F)
    rest &= scores[:, 2] < f
    return Thresholds(v, f, highest_f1(scores[rest, 0], aami[rest] == S))


def _ranked(score: np.ndarray, hit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-score, kind="stable")
    return score[order], np.cumsum(hit[order])


def highest_f1(score: np.ndarray, hit: np.ndarray) -> float:
    """The threshold of scores (n,) with the highest F1; infinity if there is nothing to find."""
    if not hit.any():
        return float("inf")
    ranked, found = _ranked(score, hit)
    f1 = 2 * found / (np.arange(1, len(hit) + 1) + hit.sum())
    f1[:-1][ranked[:-1] == ranked[1:]] = 0  # a threshold cannot part equals
    return float(ranked[f1.argmax()])


def _more_right_than_wrong(score: np.ndarray, hit: np.ndarray) -> float:
    if not hit.any():
        return float("inf")
    ranked, found = _ranked(score, hit)
    gain = 2 * found - np.arange(1, len(hit) + 1)
    gain[:-1][ranked[:-1] == ranked[1:]] = 0
    return float(ranked[gain.argmax()]) if gain.max() > 0 else float("inf")


def decide(scores: np.ndarray, at: Thresholds) -> np.ndarray:
    """(n,) int8 class numbers of (n, 3) scores."""
    s, v, f = scores.T
    return np.select([v >= at.v, f >= at.f, s >= at.s], [V, F, S], N).astype(np.int8)


def log_odds(p: np.ndarray) -> np.ndarray:
    """Logarithms of the odds of probabilities, of any shape; finite for 0 and 1 too."""
    return np.log(np.maximum(p, FLOOR)) - np.log(np.maximum(1 - p, FLOOR))


def probabilities(scores: np.ndarray) -> np.ndarray:
    """(n, 5) float32 class probabilities of (n, 3) scores; Q is always 0.

    Those of V and F are the second stage's, that of S the first's share of the rest. The
    thresholds decide, so the most probable class need not be the answer.
    """
    s, v, f = (1 / (1 + np.exp(-scores))).T
    v, f = v / np.maximum(1, v + f), f / np.maximum(1, v + f)
    rest = 1 - v - f
    return np.column_stack([rest * (1 - s), rest * s, v, f, np.zeros(len(s))]).astype(np.float32)
