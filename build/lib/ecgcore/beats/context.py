"""What a network may read beside a beat: RR intervals, the beat before."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import Beats, normalise
from ecgcore.errors import DataError

RR_BEATS = 61  # RR intervals whose mean is a beat's usual one


def rr_context(beats: Beats) -> np.ndarray:
    """The RR intervals about each beat, (n_beats, 5) float32.

    The logarithms of the intervals before the last beat, before this beat, after it and after the
    next, each over the mean of the 61 intervals about it; and the logarithm of that mean in
    seconds. An interval that the record does not hold counts as that mean. The beats must be whole
    records in order. Raises DataError if beats of a record are missing, or were cut from none.
    """
    rr = pd.Series(beats.rr_pre_s.astype(np.float64))
    follows = beats.record[1:] == beats.record[:-1]
    gap = rr.to_numpy()[1:][follows] - beats.rr_post_s[:-1][follows]
    if not len(beats) or rr.isna().all() or not (np.abs(gap) < 1e-4).all():
        raise DataError("RR intervals need the beats of whole records, in order")
    columns = []
    for _, group in rr.groupby(beats.record, sort=False):
        last = beats.rr_post_s[group.index[-1]]
        whole = pd.concat([group, pd.Series([last])], ignore_index=True)  # each but the last's next
        mean = whole.rolling(RR_BEATS, center=True, min_periods=1).mean().to_numpy()[:-1]
        near = np.stack([whole.shift(-step).to_numpy()[:-1] for step in (-1, 0, 1, 2)], axis=1)
        ratios = np.log(near / mean[:, None])
        columns.append(np.column_stack([np.nan_to_num(ratios), np.log(mean)]))
    return np.concatenate(columns).astype(np.float32)


def beat_before(beats: Beats) -> np.ndarray:
    """The z-scored beat before each, (n_beats, 187) float32; zeros for a record's first.

    It lasts beyond the next R peak, and so holds what a beat cut at its own R peak lacks: its P
    wave and the onset of its QRS complex. The beats must be whole records in order, as above.
    """
    before = np.zeros_like(beats.signal, dtype=np.float32)
    before[1:] = normalise(beats.signal[:-1])
    before[1:][beats.record[1:] != beats.record[:-1]] = 0
    return before


CONTEXTS = {"rr": rr_context, "before": beat_before}


def contexts(beats: Beats, names: Sequence[str]) -> tuple[np.ndarray, ...]:
    """What a network reads beside the beats themselves: for each name, an array of n_beats rows."""
    return tuple(CONTEXTS[name](beats) for name in names)
