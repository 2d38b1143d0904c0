"""What a beat's context says, in numbers: timing, P wave and QRS against what is usual.

Premature is what comes early for *this* patient, so every interval is compared with intervals of
the record. Where most beats are ectopic, the median is an ectopic interval: hence means and upper
percentiles. Irregularity tells single early beats from atrial fibrillation, in which every beat
may be early; so does a P wave that is the same before each beat, or missing.
"""

import numpy as np
import pandas as pd

from ecgcore.errors import DataError
from ecgcore.rhythm.sequence import P_WAVE, QRS, BeatSequence, correlation, usual

MINUTES_S = 150.0  # either side
RECENT, UPPER = 41, 85  # beats, and the percentile of their RR that a pause-free beat reaches
STEADY, IRREGULAR, MANY = 0.04, 0.1, 61  # change of ln RR; beats over which shares are taken
NEARBY = 15  # beats whose average shows a P wave that each of them has
FASTEST_S, SLOWEST_S = 0.15, 4.0  # RR outside is a gap or a slip, and is cut to this

TIMING = (
    *("rr_before", "rr", "rr_next", "rr_after_next"),
    *("rr_minutes", "rr_upper_record", "rr_upper_recent", "rr_next_upper_recent", "rr_ratio"),
    *("irregular", "steady"),
)
P_NAMES = (
    *("p_size_nearby", "p_size", "p_size_template"),
    *("p_like_template", "p_like_nearby", "p_difference"),
)
QRS_NAMES = (
    *("qrs_width_half", "qrs_width_quarter", "qrs_like_template", "qrs_difference"),
    *("qrs_height", "qrs_area", "qrs_like_next"),
)
NAMES = (*TIMING, *P_NAMES, *QRS_NAMES)
UNKNOWN_WHEN_CAUSAL = ("rr_after_next",)


def features(sequence: BeatSequence, causal: bool = False) -> np.ndarray:
    """(n, 24) float32, named by NAMES; all finite. causal: as in strips, of the past and one beat.

    Intervals are logarithms of ratios, so 0 is usual and -0.7 half as long.
    """
    if not np.isfinite(sequence.window).all():
        raise DataError("a window about an R peak holds samples that are no numbers")
    columns = [timing(sequence, causal), p_wave(sequence, causal), qrs(sequence)]
    return np.nan_to_num(np.concatenate(columns, axis=1)).astype(np.float32)


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    """values[i + by] at i; the nearest that there is at the ends."""
    return values[np.clip(np.arange(len(values)) + by, 0, len(values) - 1)]


def _rolling(values: np.ndarray, beats: int, causal: bool) -> pd.api.typing.Rolling:
    """The `beats` values about each, or, causal, up to the last; to be shifted by one beat."""
    return pd.Series(values).rolling(beats, center=not causal, min_periods=1)


def _known(found, causal: bool) -> np.ndarray:
    """A trailing statistic as it stands when the next R peak is known."""
    return _shifted(np.asarray(found), 1) if causal else np.asarray(found)


def timing(sequence: BeatSequence, causal: bool = False) -> np.ndarray:
    """(n, 11) float64: RR intervals against the record's, the last minutes', the neighbours'."""
    rr = np.clip(sequence.rr, FASTEST_S, SLOWEST_S)
    log = np.log(rr)
    mean = np.log(usual(rr, causal))
    long = np.log(usual(rr, causal, percentile=90))
    recent = np.log(_known(_rolling(rr, RECENT, causal).quantile(UPPER / 100), causal))
    minutes = np.log(_minutes(sequence.seconds, rr, causal))
    change = np.abs(np.diff(log, prepend=log[0]))
    after_next = mean if causal else _shifted(log, 2)
    shares = [
        _known(_rolling(flag.astype(float), MANY, causal).mean(), causal)
        for flag in (change > IRREGULAR, change < STEADY)
    ]
    following = _shifted(log, 1)
    columns = [_shifted(log, -1) - mean, log - mean, following - mean, after_next - mean]
    columns += [log - minutes, log - long, log - recent, following - recent, log - following]
    return np.column_stack([*columns, *shares])


def _minutes(seconds: np.ndarray, rr: np.ndarray, causal: bool) -> np.ndarray:
    """(n,) mean RR within 150 s either side, or, causal, in the last 300 s and of the next beat."""
    total = np.concatenate([[0.0], np.cumsum(rr)])
    first = np.searchsorted(seconds, seconds - (2 if causal else 1) * MINUTES_S)
    last = np.searchsorted(seconds, seconds + MINUTES_S, side="right")
    if causal:
        last = np.minimum(np.arange(len(rr)) + 2, len(rr))
    return (total[last] - total[first]) / (last - first)


def p_wave(sequence: BeatSequence, causal: bool = False) -> np.ndarray:
    """(n, 6) float64: how large the P wave is, and whether it is the usual one."""
    own, base = sequence.window[:, P_WAVE], sequence.template[:, P_WAVE]
    nearby = _mean_rows(own, NEARBY, causal)
    columns = [nearby.std(axis=1), own.std(axis=1), base.std(axis=1)]
    columns += [correlation(own, base), correlation(own, nearby), _distance(own, base)]
    return np.column_stack(columns)


def _mean_rows(rows: np.ndarray, beats: int, causal: bool) -> np.ndarray:
    """(n, m) mean of the `beats` rows about each, or of the last."""
    at = np.arange(len(rows))
    behind, ahead = (beats - 1, 0) if causal else (beats // 2, beats // 2)
    first, last = np.maximum(at - behind, 0), np.minimum(at + ahead + 1, len(rows))
    found = np.empty(rows.shape)
    for own, column in zip(found.T, rows.T, strict=True):  # one at a time, for a day's sake
        total = np.concatenate([[0.0], np.cumsum(column, dtype=float)])
        own[:] = (total[last] - total[first]) / (last - first)
    return found


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n,) root mean square difference of rows, each about its own mean."""
    return ((a - a.mean(axis=1, keepdims=True)) - (b - b.mean(axis=1, keepdims=True))).std(axis=1)


def qrs(sequence: BeatSequence) -> np.ndarray:
    """(n, 7) float64: width, height and shape of the QRS complex, against the usual one."""
    own, base = sequence.window[:, QRS], sequence.template[:, QRS]
    height, usual_height = (np.maximum(np.ptp(x, axis=1), 1e-6) for x in (own, base))
    strength = np.abs(own - np.median(sequence.window, axis=1, keepdims=True))
    peak = np.maximum(strength.max(axis=1, keepdims=True), 1e-6)
    widths = [(strength > share * peak).mean(axis=1) for share in (0.5, 0.25)]
    columns = [*widths, correlation(own, base), _distance(own, base)]
    columns += [np.log(height / usual_height), (strength / peak).mean(axis=1)]
    columns += [correlation(own, _shifted(own, 1))]
    return np.column_stack(columns)
