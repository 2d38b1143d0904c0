"""Heartbeats cut from annotated records, or read from the Kaggle files."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import resample_poly

from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.errors import DataError
from ecgcore.files import load_arrays, replacing
from ecgcore.records import Record, default_database, read_record, record_names

RR_WINDOW_S = 10.0  # the RR intervals whose median sets a beat's length
RR_BEATS = 61  # RR intervals whose mean is a beat's usual one
RR_FACTOR = 1.2  # a beat lasts this many median RR intervals
KAGGLE_COLUMNS = BEAT_LENGTH + 1  # the samples of a beat and its class number


@dataclass(frozen=True)
class Beats:
    """Beats and what is known of each. All arrays have n_beats rows.

    signal: (n_beats, 187) float32, 125 Hz, scaled to [0, 1] by its own range, zero-padded;
    aami: int8, class number (position in CLASSES); symbol: str, PhysioNet's annotation;
    record: str; sample: int64, R peak in the record (-1: unknown);
    rr_pre_s, rr_post_s: float32, s, time from the last and to the next R peak (NaN: unknown);
    amplitude_mv: float32, mV, range that the scaling divided by (NaN: unknown).
    """

    signal: np.ndarray
    aami: np.ndarray
    symbol: np.ndarray
    record: np.ndarray
    sample: np.ndarray
    rr_pre_s: np.ndarray
    rr_post_s: np.ndarray
    amplitude_mv: np.ndarray

    def __len__(self) -> int:
        return len(self.aami)

    def __getitem__(self, index) -> "Beats":
        """The beats at `index` (positions, a slice or a mask)."""
        return Beats(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def class_counts(self) -> dict[str, int]:
        return class_counts(self.aami)

    def save(self, path: Path) -> None:
        """Write an uncompressed NPZ, so that it loads fast."""
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Beats":
        """Read what `save` wrote. Raises DataError if the file is missing or damaged."""
        return cls(**load_arrays(path, [f.name for f in fields(cls)]))


def class_counts(aami: np.ndarray) -> dict[str, int]:
    """Beats of each class, by its letter. aami: (n,) int, class numbers."""
    return dict(zip(CLASSES, np.bincount(aami, minlength=len(CLASSES)).tolist(), strict=True))


def concatenate(parts: Sequence[Beats]) -> Beats:
    return Beats(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Beats)}
    )


def normalise(signal: np.ndarray) -> np.ndarray:
    """The network's input: each beat's z-score over its 187 samples, padding included.

    signal: (n_beats, 187); returns float32 of the same shape; a constant beat becomes zeros.
    """
    signal = np.asarray(signal, dtype=np.float32)
    mean = signal.mean(axis=-1, keepdims=True)
    std = signal.std(axis=-1, keepdims=True)
    return (signal - mean) / np.maximum(std, 1e-6)


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


def resample(signal: np.ndarray, fs: float, to: float = FS) -> np.ndarray:
    """Anti-aliased resampling of (n,) samples at `fs` Hz to `to` Hz; float32.

    Sample i of the result is the signal at i / to seconds. Waves up to a third of the lower
    rate keep their amplitude.
    """
    ratio = Fraction(to / fs).limit_denominator(1000)
    return resample_poly(signal, ratio.numerator, ratio.denominator).astype(np.float32)


def median_rr(seconds: np.ndarray) -> np.ndarray:
    """Median RR interval (s) within 5 s either side of each R peak. seconds: (n,), increasing."""
    rr = pd.Series(np.diff(seconds, append=np.nan), index=pd.to_timedelta(seconds, unit="s"))
    window = pd.Timedelta(seconds=RR_WINDOW_S)
    return rr.rolling(window, center=True, min_periods=1).median().ffill().to_numpy()


def cut(signal: np.ndarray, start: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of a signal, each scaled to [0, 1] by its own range and zero-padded to 187.

    signal: (n_samples,) mV at 125 Hz; start, length: (n_beats,) samples.
    Returns (n_beats, 187) float32 and the ranges, (n_beats,) mV. A constant piece becomes zeros.
    """
    position = start[:, None] + np.arange(BEAT_LENGTH)  # (n_beats, 187)
    inside = (np.arange(BEAT_LENGTH) < length[:, None]) & (position < len(signal))
    pieces = signal[np.minimum(position, len(signal) - 1)]
    low = np.where(inside, pieces, np.inf).min(axis=1, keepdims=True)
    extent = np.where(inside, pieces, -np.inf).max(axis=1, keepdims=True) - low
    scaled = (pieces - low) / np.where(extent > 0, extent, 1)
    return np.where(inside, scaled, 0).astype(np.float32), extent[:, 0]


def segment(record: Record) -> Beats:
    """Every annotated beat of a record but its last, which has no next R peak.

    The procedure matches Kachuee et al. (2018): a beat starts at its R peak and lasts 1.2
    median RR intervals, at most 187 samples. Raises DataError if there are fewer than two beats.
    """
    if len(record.sample) < 2:
        raise DataError(f"record {record.name}: fewer than two annotated beats")
    seconds = record.sample / record.fs
    rr = np.diff(seconds)
    start = np.round(seconds[:-1] * FS).astype(int)
    length = np.minimum(np.round(RR_FACTOR * median_rr(seconds)[:-1] * FS), BEAT_LENGTH)
    signal, amplitude = cut(resample(record.signal, record.fs), start, length)
    n = len(start)
    return Beats(
        signal=signal,
        aami=np.array([CLASSES.index(c) for c in record.aami[:n]], dtype=np.int8),
        symbol=record.symbol[:n],
        record=np.full(n, record.name),
        sample=record.sample[:n],
        rr_pre_s=np.concatenate([[np.nan], rr[:-1]]).astype(np.float32),
        rr_post_s=rr.astype(np.float32),
        amplitude_mv=amplitude.astype(np.float32),
    )


def segment_file(name: str, database: Path) -> Beats:
    return segment(read_record(database, name))


def build(
    database: Path | None = None,
    names: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Beats:
    """Beats of the named records of a database (all if none is named), in record order.

    One process a core; `progress` is told after each record.
    """
    database = database or default_database()
    names = list(names) or record_names(database)
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(names))) as pool:
        parts = []
        for part in pool.map(partial(segment_file, database=database), names):
            parts.append(part)
            progress(len(parts), len(names))
    return concatenate(parts)


def read_kaggle(path: Path) -> Beats:
    """Beats of a Kaggle file: 187 values and a class number a row, no header.

    Raises DataError that names file, row and column if the file is missing, a row has another
    number of columns, or a field is not a finite number or not a class.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; download it from Kaggle (shayanfazeli/heartbeat)")
    if next(_lines(path), None) is None:
        raise DataError(f"{path}: the file is empty")
    try:
        values = np.loadtxt(path, delimiter=",", comments=None, ndmin=2, encoding="utf-8-sig")
    except ValueError:  # text, or rows of unequal length
        raise DataError(f"{path}: {_first_flaw(path)}") from None
    aami = values[:, -1]
    sound = np.isfinite(values).all() and np.isin(aami, range(len(CLASSES))).all()
    if values.shape[1] != KAGGLE_COLUMNS or not sound:
        raise DataError(f"{path}: {_first_flaw(path)}")
    n = len(values)
    unknown = np.full(n, np.nan, dtype=np.float32)
    return Beats(
        signal=values[:, :BEAT_LENGTH].astype(np.float32),
        aami=aami.astype(np.int8),
        symbol=np.full(n, "?"),
        record=np.full(n, path.stem),
        sample=np.full(n, -1, dtype=np.int64),
        rr_pre_s=unknown,
        rr_post_s=unknown,
        amplitude_mv=unknown,
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """A text file's lines that are not blank, numbered from 1."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        yield from ((row, line) for row, line in enumerate(file, start=1) if line.strip())


def _first_flaw(path: Path) -> str:
    """Row, column and nature of the first thing wrong in a Kaggle file, found field by field."""
    for row, line in _lines(path):
        entries = [entry.strip() for entry in line.split(",")]
        if len(entries) != KAGGLE_COLUMNS:
            return f"row {row}: {len(entries)} columns instead of {KAGGLE_COLUMNS}"
        numbers = pd.to_numeric(pd.Series(entries), errors="coerce")
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            return f"row {row}, column {bad[0] + 1}: {entries[bad[0]]!r} is not a finite number"
        if numbers.iloc[-1] not in range(len(CLASSES)):
            known = f"(0 to {len(CLASSES) - 1})"
            return f"row {row}, column {KAGGLE_COLUMNS}: {entries[-1]} is not a class {known}"
    return "not a table of numbers"
