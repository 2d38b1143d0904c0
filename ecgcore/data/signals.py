"""Signals of any length, read piece by piece: WFDB records, and columns of numbers."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.resampling import resample
from ecgcore.errors import ConfigError

SLOWEST, FASTEST = 50.0, 10_000.0  # Hz; outside, no ECG shows its QRS complexes
BLOCK_S = 300.0
CONTEXT_S = 15.0  # read on both sides of a block: filters settle, RR intervals are known


@dataclass(frozen=True)
class Signal:
    """One lead. read(start, stop) gives (stop - start,) float64 samples, NaN where one is missing.

    fs: Hz; n_samples at that rate; unit: of the samples; peaks_s: (n_beats,) s, annotated R peaks,
    or None where nobody annotated any; true: (n_beats,) str, their PhysioNet symbols.
    """

    name: str
    lead: str
    unit: str
    fs: float
    n_samples: int
    read: Callable[[int, int], np.ndarray]
    peaks_s: np.ndarray | None = None
    symbol: np.ndarray | None = None

    @property
    def seconds(self) -> float:
        return self.n_samples / self.fs


@dataclass(frozen=True)
class Block:
    """A piece of a signal at 125 Hz with its context.

    signal: (n,) float32; offset: position of signal[0] in the whole, at 125 Hz; start_s, stop_s:
    the part without context; missing_s, flat_s: seconds of it without a number or a change;
    done: share of the whole that has been read, 0 to 1.
    """

    signal: np.ndarray
    offset: int
    start_s: float
    stop_s: float
    missing_s: float
    flat_s: float
    done: float


def check_fs(fs: float, name: str) -> float:
    """The sampling rate, or ConfigError if no ECG is sampled like that."""
    if not math.isfinite(fs) or not SLOWEST <= fs <= FASTEST:
        raise ConfigError(
            f"{name}: a sampling rate of {fs:g} Hz is implausible ({SLOWEST:g} to {FASTEST:,.0f})"
        )
    return float(fs)


def from_array(samples: np.ndarray, fs: float, name: str) -> Signal:
    """A signal that is in memory. samples: (n,) in any unit, NaN where missing."""
    samples = np.asarray(samples)
    check_fs(fs, name)

    def read(start: int, stop: int) -> np.ndarray:
        return samples[start:stop].astype(np.float64)

    return Signal(name, "unknown", "unknown unit", float(fs), len(samples), read)


def blocks(signal: Signal, block_s: float = BLOCK_S) -> Iterator[Block]:
    """The signal at 125 Hz, block by block, each with context, so that memory stays bounded.

    Blocks start where a sample of one rate falls on a sample of the other: the resampled values
    do not depend on the length of the blocks.
    """
    unit = Fraction(FS / signal.fs).limit_denominator(1000).denominator
    step, context = (unit * math.ceil(s * signal.fs / unit) for s in (block_s, CONTEXT_S))
    for start in range(0, signal.n_samples, step):
        first = max(0, start - context)
        stop = min(start + step, signal.n_samples)
        samples = signal.read(first, min(stop + context, signal.n_samples))
        core = samples[start - first : stop - first]
        yield Block(
            signal=resample(fill_gaps(samples).astype(np.float32), signal.fs),
            offset=round(first / signal.fs * FS),
            start_s=start / signal.fs,
            stop_s=stop / signal.fs,
            missing_s=np.count_nonzero(~np.isfinite(core)) / signal.fs,
            flat_s=flat_seconds(core, signal.fs),
            done=stop / signal.n_samples,
        )


def fill_gaps(samples: np.ndarray) -> np.ndarray:
    """Straight lines across missing samples; zeros where there is none at all."""
    known = np.isfinite(samples)
    if known.all():
        return samples
    if not known.any():
        return np.zeros(len(samples))
    position = np.arange(len(samples))
    return np.interp(position, position[known], samples[known])


def flat_seconds(samples: np.ndarray, fs: float) -> float:
    """Seconds in which nothing changes, counted in whole ones."""
    second = min(round(fs), len(samples))
    whole = samples[: len(samples) // second * second].reshape(-1, second)
    return float((np.ptp(whole, axis=1) == 0).sum() * second / fs)
