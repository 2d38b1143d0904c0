"""Heartbeats cut from annotated records, or read from the Kaggle files."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data.records import Record, annotated_names, default_database, read_record
from ecgcore.data.resampling import resample
from ecgcore.errors import DataError
from ecgcore.files import load_arrays, replacing

RR_WINDOW_S = 10.0  # the RR intervals whose median sets a beat's length
RR_FACTOR = 1.2  # a beat lasts this many median RR intervals


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
    """Beats of the named records of a database (all annotated ones if none is named), in order.

    One thread a core, as decoding and filtering leave Python's lock: no process is forked, which
    would not be safe beside other threads. `progress` is told after each record.
    """
    database = database or default_database()
    names = list(names) or annotated_names(database)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(names))) as pool:
        parts = []
        for part in pool.map(partial(segment_file, database=database), names):
            parts.append(part)
            progress(len(parts), len(names))
    return concatenate(parts)
