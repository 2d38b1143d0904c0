"""All beats of one shape in a record, judged together: QRS clusters, and what they say of a beat.

Beats of one shape have one origin, so what most of a cluster shows (early, without a P wave, wide)
is true of each of its beats. Clusters are the whole record's: nothing here is causal. After the
clusters of Construe (Teijeiro et al. 2018), whose rules read such numbers; here trees learn them.
"""

from dataclasses import dataclass

import numpy as np

from ecgcore.rhythm.features import NAMES as OF_A_BEAT
from ecgcore.rhythm.sequence import correlation, part

COMPLEX, SLOPE, T_WAVE = part(-0.096, 0.128), part(-0.112, 0.16), part(0.16, 0.44)
SHIFTS = range(-2, 3)  # samples by which a complex may lie beside another
ALIKE, SIZE = 0.9, 1.4  # correlation and ratio of heights within which two are of one shape
MOST = 40  # clusters; beats that are left are alone
SAMPLE = 3000  # beats among which clusters are looked for: a matrix of all of a day's has no room
EARLY = -0.15  # of ln RR against the recent upper percentile
AROUND = 11  # beats
STEEP = 0.2  # share of the greatest slope

_MEANS = (
    *("rr_upper_recent", "rr_next_upper_recent", "rr_ratio", "irregular"),
    *("p_like_nearby", "p_like_template", "qrs_width_quarter", "qrs_like_template"),
)
NAMES = (
    *(f"cluster_{name}" for name in ("early", *_MEANS, "steep_width", "t_like_template")),
    *("cluster_share", "cluster_is_usual", "cluster_like_usual", "cluster_height"),
    *("cluster_wider", "cluster_runs"),
    *("like_all", "like_usual", "unlike_usual", "usual_share"),
    *("same_before", "same_after", "usual_before", "usual_after", "usual_around"),
)


@dataclass(frozen=True)
class Clusters:
    """label: (n,) int64, the cluster of each beat, the largest ones first found; those of MOST and
    more are of one beat. complexes: (n, m) float64, each of mean 0 and length 1."""

    label: np.ndarray
    complexes: np.ndarray


def _complexes(window: np.ndarray, shift: int = 0) -> np.ndarray:
    """(n, m) QRS complexes, each of mean 0 and length 1."""
    cut = window[:, COMPLEX.start + shift : COMPLEX.stop + shift].astype(np.float32)
    cut = cut - cut.mean(axis=1, keepdims=True)
    return cut / np.maximum(np.linalg.norm(cut, axis=1, keepdims=True), 1e-6)


def _alike(own: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """(n, k) correlation of complexes (n, m) with k others at the best shift of either."""
    return np.max([own @ each.T for each in others], axis=0)


def clusters(window: np.ndarray) -> Clusters:
    """Those of a record's windows (n, 128): greedy, the densest first."""
    own = _complexes(window)
    height = np.log(np.maximum(np.ptp(window[:, COMPLEX], axis=1), 1e-6))
    some = np.unique(np.linspace(0, len(own) - 1, min(len(own), SAMPLE)).astype(int))
    moved = [_complexes(window[some], shift) for shift in SHIFTS]
    centres = _centres(_together(own[some], moved, height[some], height[some]))
    label = np.arange(len(own)) + MOST
    if len(centres):
        at = some[centres]
        # A block at a time: of a day's beats, no matrix of all of them.
        for start in range(0, len(own), SAMPLE):
            rows = slice(start, start + SAMPLE)
            close = [_complexes(window[at], shift) for shift in SHIFTS]
            together = _together(own[rows], close, height[rows], height[at])
            label[rows] = np.where(together.any(axis=1), together.argmax(axis=1), label[rows])
    return Clusters(label, own.astype(np.float64))


def _together(own, others, height, other_height) -> np.ndarray:
    """(n, k) bool, whether two are of one shape and size."""
    near = np.abs(height[:, None] - other_height[None]) <= np.log(SIZE)
    return near & (_alike(own, others) >= ALIKE)


def _centres(together: np.ndarray) -> np.ndarray:
    """Positions of the beats that most others are like, each without the earlier centres'."""
    together = together | together.T
    left, many, found = np.ones(len(together), dtype=bool), together.sum(axis=1), []
    while len(found) < MOST:
        centre = int(np.where(left, many, 0).argmax())
        if not left[centre] or many[centre] < 2:
            break
        members = together[centre] & left
        found.append(centre)
        left &= ~members
        many = many - together[:, members].sum(axis=1)
    return np.array(found, dtype=np.int64)


def features(window: np.ndarray, template: np.ndarray, of_a_beat: np.ndarray) -> np.ndarray:
    """(n, 26) float32, named by NAMES, of a record's beats in order.

    window, template: (n, 128), as in BeatSequence; of_a_beat: (n, 24), as features.features.
    """
    beat = dict(zip(OF_A_BEAT, of_a_beat.astype(np.float64).T, strict=True))
    found = clusters(window)
    _, label = np.unique(found.label, return_inverse=True)
    n, size = len(label), np.bincount(label)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(label, values) / size

    early = beat["rr_upper_recent"] < EARLY
    usual = int(np.bincount(label, ~early, minlength=len(size)).argmax())
    is_usual = label == usual
    steep = _steep_width(window)
    t_like = correlation(window[:, T_WAVE], template[:, T_WAVE])
    of_cluster = [early.astype(float), *(beat[name] for name in _MEANS), steep, t_like]
    columns = [mean(values)[label] for values in of_cluster]

    centre = window[is_usual].mean(axis=0)
    close = [_complexes(centre[None], shift) for shift in SHIFTS]
    like_usual = _alike(found.complexes.astype(np.float32), close)[:, 0]
    height = np.log(np.maximum(np.ptp(window[:, COMPLEX], axis=1), 1e-6))
    level = (mean(height) - mean(height)[usual])[label]
    same = label[1:] == label[:-1]
    after = np.append(same, False)
    columns += [np.log(size / n)[label], is_usual, mean(like_usual)[label], level]
    columns += [(mean(steep) - mean(steep)[usual])[label], mean(after.astype(float))[label]]

    unlike = np.sqrt(((window[:, COMPLEX] - centre[COMPLEX]) ** 2).mean(axis=1))
    columns += [found.complexes @ found.complexes.mean(axis=0), like_usual, unlike]
    columns += [np.full(n, is_usual.mean()), np.insert(same, 0, False), after]
    columns += [np.insert(is_usual[:-1], 0, True), np.append(is_usual[1:], True)]
    around = np.convolve(is_usual, np.ones(AROUND), "same")
    columns += [around / np.convolve(np.ones(n), np.ones(AROUND), "same")]
    return np.nan_to_num(np.column_stack(columns)).astype(np.float32)


def _steep_width(window: np.ndarray) -> np.ndarray:
    """(n,) share of the time about a QRS complex in which the signal is steep."""
    slope = np.abs(np.diff(window[:, SLOPE], axis=1))
    smooth = np.stack([slope[:, i : slope.shape[1] - 3 + i] for i in range(4)]).mean(axis=0)
    most = np.maximum(smooth.max(axis=1, keepdims=True), 1e-6)
    return (smooth > STEEP * most).mean(axis=1)
