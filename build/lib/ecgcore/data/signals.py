"""Signals of any length, read piece by piece: WFDB records, and columns of numbers."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.resampling import resample
from ecgcore.errors import ConfigError, DataError

SLOWEST, FASTEST = 50.0, 10_000.0  # Hz; outside, no ECG shows its QRS complexes
LONGEST_S = 31 * 86_400.0  # a month; what claims to be longer is no recording of a heart
SAME_FS = 0.005  # share by which two rates may differ and count as one
BLOCK_S = 300.0
CONTEXT_S = 15.0  # read on both sides of a block: filters settle, RR intervals are known
LARGE = 10.0  # spreads by which a signal may be off zero before float32 rounds its waves


class UnknownRate(ConfigError):
    """A file has no sampling rate, and nobody has given one."""


@dataclass(frozen=True)
class Lead:
    """One of the signals of a recording. name: empty names are told as "signal 1"; fs: Hz, its own;
    read(start, stop): as in Signal."""

    name: str
    unit: str
    fs: float
    n_samples: int
    read: Callable[[int, int], np.ndarray]


@dataclass(frozen=True)
class Signal:
    """One lead. read(start, stop) gives (stop - start,) float64 samples, NaN where one is missing.

    fs: Hz; n_samples at that rate; unit: of the samples; peaks_s: (n_beats,) s, annotated R peaks,
    or None where nobody annotated any; symbol: (n_beats,) str, their PhysioNet symbols; leads:
    names of all there are; start: clock time of the first sample, in year 1 if the day is unknown,
    None if the file has none; second: another ECG lead of the same length and rate; notes: what
    was found odd and mended, a sentence each.
    """

    name: str
    lead: str
    unit: str
    fs: float
    n_samples: int
    read: Callable[[int, int], np.ndarray]
    peaks_s: np.ndarray | None = None
    symbol: np.ndarray | None = None
    leads: tuple[str, ...] = ()
    start: datetime | None = None
    second: Lead | None = None
    notes: tuple[str, ...] = ()

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


def check_length(n_samples: int, fs: float, name: str) -> None:
    """DataError for a recording that claims to last longer than any does."""
    if n_samples / fs > LONGEST_S:
        raise DataError(
            f"{name}: {n_samples:,} samples at {fs:g} Hz would last {n_samples / fs / 86_400:,.0f} "
            f"days, longer than any recording ({LONGEST_S / 86_400:.0f} days)"
        )


def agreed_fs(given: float | None, found: float | None, name: str) -> float:
    """The rate that a file has, or else the one that somebody gives (both Hz, None: none).

    Raises UnknownRate if there is neither, ConfigError if the two differ or it is implausible.
    """
    if given is not None:
        check_fs(given, name)
    if found is None:
        if given is None:
            raise UnknownRate(
                f"{name}: a signal needs its sampling rate (--fs, in Hz), and the file has none"
            )
        return float(given)
    check_fs(found, name)
    if given is not None and abs(given - found) > SAME_FS * found:
        raise ConfigError(
            f"{name}: --fs says {given:g} Hz and the file says {found:g} Hz; drop --fs"
        )
    return float(found)


def from_array(samples: np.ndarray, fs: float, name: str) -> Signal:
    """A signal that is in memory. samples: (n,) in any unit, NaN where missing."""
    lead = array_lead(samples, check_fs(fs, name))
    return Signal(name, lead.name, lead.unit, lead.fs, lead.n_samples, lead.read)


def array_lead(
    samples: np.ndarray, fs: float, name: str = "unknown", unit: str = "unknown unit"
) -> Lead:
    """A lead that is in memory. samples: (n,), NaN where missing; fs: Hz."""
    samples = np.asarray(samples)

    def read(start: int, stop: int) -> np.ndarray:
        return samples[start:stop].astype(np.float64)

    return Lead(name, unit, float(fs), len(samples), read)


def joined(
    parts: Sequence[tuple[int, int, Callable[[int, int], np.ndarray]]],
) -> Callable[[int, int], np.ndarray]:
    """A reader over pieces: first sample, sample after the last, reader. NaN between them."""
    ends = np.array([stop for _, stop, _ in parts], dtype=np.int64)

    def read(start: int, stop: int) -> np.ndarray:
        result = np.full(max(stop - start, 0), np.nan)
        for first, last, piece in parts[int(np.searchsorted(ends, start, side="right")) :]:
            if first >= stop:
                break
            a, b = max(first, start), min(last, stop)
            result[a - start : b - start] = piece(a - first, b - first)
        return result

    return read


def blocks(signal: Signal, block_s: float = BLOCK_S) -> Iterator[Block]:
    """The signal at 125 Hz, block by block, each with context, so that memory stays bounded.

    Blocks start where a sample of one rate falls on a sample of the other: the resampled values
    do not depend on the length of the blocks. A signal very far from zero is told from its level
    there, lest float32 round its waves away.
    """
    unit = Fraction(FS / signal.fs).limit_denominator(1000).denominator
    step, context = (unit * math.ceil(s * signal.fs / unit) for s in (block_s, CONTEXT_S))
    level = None
    for start in range(0, signal.n_samples, step):
        first = max(0, start - context)
        stop = min(start + step, signal.n_samples)
        samples = signal.read(first, min(stop + context, signal.n_samples))
        core = samples[start - first : stop - first]
        missing = np.count_nonzero(~np.isfinite(core)) / signal.fs
        flat = flat_seconds(core, signal.fs)
        level = far_level(samples) if level is None else level
        yield Block(
            signal=resample((fill_gaps(samples) - (level or 0.0)).astype(np.float32), signal.fs),
            offset=round(first / signal.fs * FS),
            start_s=start / signal.fs,
            stop_s=stop / signal.fs,
            missing_s=missing,
            flat_s=flat,
            done=stop / signal.n_samples,
        )


def far_level(samples: np.ndarray) -> float | None:
    """Median of samples that lie so far from zero that float32 would round their waves.

    0 if they do not, None if none of them is a number.
    """
    known = samples[np.isfinite(samples)]
    if not len(known):
        return None
    level = float(np.median(known))
    low, high = np.percentile(known, [1, 99])
    return level if abs(level) > LARGE * (high - low) else 0.0


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
