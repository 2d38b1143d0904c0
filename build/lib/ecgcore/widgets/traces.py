"""Records at the network's sampling rate, with all that the inspector shows of their beats."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ecgcore.beats.cutting import RR_FACTOR, cut, median_rr
from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data.records import read_header, read_record
from ecgcore.data.resampling import resample
from ecgcore.errors import DataError

BEFORE_S, AFTER_S = 1.5, 2.5  # a beat's strip, around its R peak, at least
MARGIN_BEFORE_S, MARGIN_AFTER_S = 0.3, 0.6  # room for the P wave before, the T wave after
LIMIT_S = 7.0  # a strip's end is never further from the R peak: some pauses last minutes


@dataclass(frozen=True)
class Trace:
    """One lead of a record at 125 Hz, and its annotated beats.

    signal: (n_samples,) float32, mV (or beats scaled to [0, 1], if `known` is false);
    second, second_lead: likewise of another lead, empty if the record has none of that length;
    fs: Hz, the record's own rate; sample: (n_beats,) int64, R peaks at that rate (-1: unknown);
    r: (n_beats,) int64, R peaks at 125 Hz; length: (n_beats,) int64, samples that the network
    sees; rr_pre_s, rr_post_s: (n_beats,) s, NaN at the ends; symbol: str; aami: int8.
    """

    name: str
    lead: str
    fs: float
    known: bool
    signal: np.ndarray
    sample: np.ndarray
    r: np.ndarray
    length: np.ndarray
    rr_pre_s: np.ndarray
    rr_post_s: np.ndarray
    symbol: np.ndarray
    aami: np.ndarray
    second_lead: str = ""
    second: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))

    def beats(self, at: np.ndarray) -> np.ndarray:
        """(n, 187) float32: the chosen beats as `ecgcore.beats.cutting.segment` cuts them."""
        return cut(self.signal, self.r[at], self.length[at])[0]

    def find(self, sample: np.ndarray) -> np.ndarray:
        """Numbers of the beats at some R peaks. Raises DataError where none is annotated."""
        at = np.minimum(np.searchsorted(self.sample, sample), len(self.sample) - 1)
        missing = np.flatnonzero(self.sample[at] != sample)
        if len(missing):
            raise DataError(
                f"record {self.name}: no beat is annotated at sample {sample[missing[0]]}; "
                "the predictions belong to another version of the record"
            )
        return at

    def strips(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and last + 1 sample (125 Hz) of each chosen beat's strip.

        A strip reaches beyond the beats before and after, unless they are seconds away.
        """
        if not self.known:
            return self.r[at], self.r[at] + BEAT_LENGTH
        r, limit = self.r[at], round(LIMIT_S * FS)
        before = np.nan_to_num(self.rr_pre_s[at]) + MARGIN_BEFORE_S
        after = np.nan_to_num(self.rr_post_s[at]) + MARGIN_AFTER_S
        start = r - np.clip(before * FS, BEFORE_S * FS, limit).round().astype(np.int64)
        stop = r + np.clip(after * FS, AFTER_S * FS, limit).round().astype(np.int64)
        return np.maximum(start, 0), np.minimum(stop, len(self.signal))


def read_trace(database: Path, name: str) -> Trace:
    """A record of a WFDB database. Raises DataError if it is missing, damaged or without beats."""
    record = read_record(database, name)
    if len(record.sample) < 2:
        raise DataError(f"record {name}: fewer than two annotated beats")
    seconds = record.sample / record.fs
    rr = np.diff(seconds)
    length = np.round(RR_FACTOR * median_rr(seconds) * FS)
    signal = resample(record.signal, record.fs)
    second_lead, second = _second(database, name, record.lead, len(signal))
    return Trace(
        name=name,
        lead=record.lead,
        second_lead=second_lead,
        second=second,
        fs=record.fs,
        known=True,
        signal=signal,
        sample=record.sample,
        r=np.round(seconds * FS).astype(np.int64),
        length=np.minimum(length, BEAT_LENGTH).astype(np.int64),
        rr_pre_s=np.concatenate([[np.nan], rr]),
        rr_post_s=np.concatenate([rr, [np.nan]]),
        symbol=record.symbol,
        aami=np.array([CLASSES.index(c) for c in record.aami], dtype=np.int8),
    )


def _second(database: Path, name: str, first: str, n: int) -> tuple[str, np.ndarray]:
    """Name and samples of a record's next lead, "" and none where it cannot stand beside the first:
    there is none, it is damaged, or of another length."""
    names = [lead for lead in read_header(database, name).sig_name if lead != first]
    if names:
        try:
            other = read_record(database, name, names[0])
        except DataError:
            return "", np.empty(0, np.float32)
        signal = resample(other.signal, other.fs)
        if other.lead == names[0] and len(signal) == n:
            return other.lead, signal
    return "", np.empty(0, np.float32)


def unplaced(name: str, signal: np.ndarray, aami: np.ndarray) -> Trace:
    """Beats of no known record, such as Kaggle's, laid end to end. signal: (n, 187) in [0, 1]."""
    n = len(signal)
    return Trace(
        name=name,
        lead="",
        fs=float(FS),
        known=False,
        signal=np.asarray(signal, dtype=np.float32).ravel(),
        sample=np.full(n, -1),
        r=np.arange(n) * BEAT_LENGTH,
        length=np.full(n, BEAT_LENGTH),
        rr_pre_s=np.full(n, np.nan),
        rr_post_s=np.full(n, np.nan),
        symbol=np.full(n, "?"),
        aami=aami,
    )
