"""Stretches of a signal that cannot be analysed, and the R peaks of all the others.

A stretch is *missing* where samples have no number, *flat* where they do not change, *railed*
where they stay at the highest or lowest value around, and *too noisy* where QRS complexes do not
stand out: in some ten seconds, the median height of the waves taken for beats is less than twice
(6 dB) that of the waves in between. Pan & Tompkins (1985) keep the same two levels, of signal
peaks and of noise peaks, to detect beats by; Li, Mark & Clifford (2008) judge windows of ten
seconds, too. The factor was chosen on DS1, half of svdb and the training half of the recorded
noise: where beats stand out less, more than half of what a detector says is wrong. Ventricular
flutter, which has no QRS complexes, counts as too noisy.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter

from ecgcore.constants import FS
from ecgcore.data import qrs
from ecgcore.data.resampling import resample
from ecgcore.data.signals import Signal, fill_gaps, from_array

MISSING, FLAT, RAILED, NOISY = "missing", "flat", "railed", "too noisy"
REASONS = {
    MISSING: "samples without a number",
    FLAT: "a signal that does not change",
    RAILED: "a signal that stays at its highest or lowest value",
    NOISY: "noise in which QRS complexes do not stand out",
}

MISSING_S = 0.2  # shorter gaps are bridged
FLAT_S = 2.0  # as long as two beats lie apart at 30 a minute
RAILED_S = 0.4  # longer than a QRS complex that is too high for its recorder
SPIKE_S = 0.01  # no longer, such as of a pacemaker
OFTEN = 0.03  # of the samples of a part; more of them are noise
STEADY_S, AROUND = 2.0, 5  # the height of QRS complexes is the median of so many parts, of so long
WINDOW_S = 10.0
STANDING_OUT = 2.0
ROUNDING = 5e-7  # of samples that once had 32 bits
TOUCHING_S = 1e-6  # rounding of times apart

BLOCK_S = 300.0  # a whole number of windows
CONTEXT_S = 20.0  # filters settle, levels are known, and no fault that begins here ends unseen


@dataclass(frozen=True)
class Stretch:
    """From start_s to stop_s (s) nothing can be said of the signal; why: a key of REASONS."""

    start_s: float
    stop_s: float
    why: str

    @property
    def seconds(self) -> float:
        return self.stop_s - self.start_s


@dataclass(frozen=True)
class Review:
    """A signal's R peaks, (n,) float64 s, increasing, and the stretches that hold none because
    they cannot be analysed, in order and apart from one another."""

    peaks_s: np.ndarray
    stretches: list[Stretch]


def stretches(signal: Signal) -> list[Stretch]:
    """What of a signal cannot be analysed, in order and apart from one another."""
    return review(signal).stretches


def share(found: list[Stretch], seconds: float) -> float:
    """The part of a signal of so many seconds that stretches take up, 0 to 1."""
    return sum(stretch.seconds for stretch in found) / seconds if seconds else 0.0


def review(signal: Signal) -> Review:
    """R peaks and stretches in one pass over a signal of any length, block by block.

    Samples may have any unit and lie at any distance from zero. A bad stretch costs no beats
    outside it, as the stretches between are analysed each on its own.
    """
    return together(part for part, _ in parts(signal))


def parts(signal: Signal) -> Iterator[tuple[Review, float]]:
    """The same block by block, each with the share that is done by then, 0 to 1."""
    for start, stop in _blocks(signal):
        yield _review_block(signal, start, stop), stop / signal.n_samples


def together(found: Iterable[Review]) -> Review:
    """The review of the whole, from those of its blocks in order."""
    found = list(found)
    bad = [stretch for part in found for stretch in part.stretches]
    return Review(np.concatenate([np.empty(0), *(part.peaks_s for part in found)]), _joined(bad))


def review_samples(samples: np.ndarray, fs: float) -> Review:
    """The same of (n,) samples at fs Hz, NaN where one is missing."""
    return review(from_array(samples, fs, "signal"))


def _blocks(signal: Signal) -> Iterator[tuple[int, int]]:
    """Where blocks start and stop (samples)."""
    edges = np.arange(0, math.ceil(signal.seconds / BLOCK_S) + 1) * BLOCK_S * signal.fs
    yield from itertools.pairwise(np.minimum(np.ceil(edges), signal.n_samples).astype(int).tolist())


def _review_block(signal: Signal, start: int, stop: int) -> Review:
    context = math.ceil(CONTEXT_S * signal.fs)
    first, last = max(0, start - context), min(stop + context, signal.n_samples)
    begin, end = ((at - first) / signal.fs for at in (start, stop))
    samples = np.asarray(signal.read(first, last), dtype=np.float64)
    faults = _faults(samples, signal.fs)
    runs, short = _runs_between(faults, len(samples) / signal.fs)
    found = _waves(samples, signal.fs, faults, runs)
    faults = _joined([*faults, *short])
    noisy = [part for n in _noisy(found, begin, end) for part in _without(n, faults)]
    bad = _joined([*faults, *noisy])
    peaks = found.peaks[(found.peaks >= begin) & (found.peaks < end)]
    for stretch in bad:
        peaks = peaks[(peaks < stretch.start_s) | (peaks >= stretch.stop_s)]
    return Review(peaks + first / signal.fs, _clipped(bad, begin, end, first / signal.fs))


# Faults: what single samples tell


def _faults(samples: np.ndarray, fs: float) -> list[Stretch]:
    """Missing, flat and railed stretches of (n,) samples, in order and apart from one another."""
    known = np.isfinite(samples)
    found = [Stretch(a / fs, b / fs, MISSING) for a, b in _runs(~known, MISSING_S * fs)]
    low, high = (
        f(samples, where=known, initial=i) for f, i in ((np.min, np.inf), (np.max, -np.inf))
    )
    for a, b in _runs(_straight(samples), RAILED_S * fs):
        railed = low < high and any((samples[a:b] == limit).all() for limit in (low, high))
        if railed or b - a >= FLAT_S * fs:
            found.append(Stretch(a / fs, b / fs, RAILED if railed else FLAT))
    return sorted(found, key=lambda stretch: stretch.start_s)


def _straight(samples: np.ndarray) -> np.ndarray:
    """(n,) bool, samples on a straight line with their neighbours, such as somebody has drawn
    across a gap; a level one is the common case."""
    line = np.zeros(len(samples), dtype=bool)
    if len(samples) > 2:
        with np.errstate(invalid="ignore"):  # infinite ones, which count as missing
            bend = np.abs(np.diff(samples, 2))
        middle = np.flatnonzero(bend <= ROUNDING * np.abs(samples[1:-1])) + 1
        for neighbour in (middle - 1, middle, middle + 1):
            line[neighbour] = True
    return line


def _runs(mask: np.ndarray, shortest: float) -> list[tuple[int, int]]:
    """Where a mask holds for at least so many samples, from and to."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return [tuple(run) for run in edges[np.ptp(edges, axis=1) >= shortest].tolist()]


def _runs_between(faults: list[Stretch], seconds: float) -> tuple[list, list[Stretch]]:
    """Where the signal can be analysed, from and to (s), and what is too short for that.

    Faults that are shorter than the shortest run split nothing.
    """
    long = [fault for fault in faults if fault.seconds >= qrs.SHORTEST_S]
    edges = [0.0, *(edge for fault in long for edge in (fault.start_s, fault.stop_s)), seconds]
    runs, short = [], []
    for number, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        if stop - start >= qrs.SHORTEST_S:
            runs.append((start, stop))
        elif long and stop > start:
            short.append(Stretch(start, stop, long[max(number - 1, 0)].why))
    return runs, short


# Noise: what QRS complexes tell, or their absence


@dataclass(frozen=True)
class _Found:
    """Waves of a piece: seconds and height, (n,); beat: (n,) bool; peaks: (n_beats,) s."""

    seconds: np.ndarray
    height: np.ndarray
    beat: np.ndarray
    peaks: np.ndarray


def _waves(samples: np.ndarray, fs: float, faults: list[Stretch], runs: list) -> _Found:
    """What is found in each run by itself, faults inside it bridged."""
    known = samples.copy()
    for fault in faults:
        known[round(fault.start_s * fs) : round(fault.stop_s * fs)] = np.nan
    known = _steady(fill_gaps(known), fs)
    signal = resample(known - np.median(known), fs)
    parts = [(np.empty(0), np.empty(0), np.empty(0, dtype=bool), np.empty(0))]
    for start, stop in runs:
        first = math.ceil(start * FS)
        run = signal[first : math.floor(stop * FS)].astype(np.float64)
        waves = qrs.waves(run)
        beat = qrs.beats(waves)
        at = (waves.position, qrs.peaks(run, waves.position[beat]))
        seconds, peaks = ((first + position) / FS for position in at)
        parts.append((seconds, waves.height, beat, peaks))
    return _Found(*map(np.concatenate, zip(*parts, strict=True)))


def _steady(samples: np.ndarray, fs: float) -> np.ndarray:
    """(n,) samples without spikes and steps, which no heart makes: faster, and higher than QRS.

    How high QRS complexes are is told by the seconds around, spikes left out.
    """
    part = round(STEADY_S * fs)
    starts = np.arange(0, len(samples), part)
    jump = np.diff(samples, prepend=samples[:1])
    if (np.maximum.reduceat(np.abs(jump), starts) <= _range(samples, starts) / 2).all():
        return samples  # the common case, without a filter
    slow = median_filter(samples, 2 * round(SPIKE_S * fs) + 1, mode="nearest")
    usual = median_filter(_range(slow, starts), AROUND, mode="nearest")
    most = np.repeat(maximum_filter1d(usual, 3, mode="nearest"), part)[: len(samples)]
    spikeless = np.where(np.abs(samples - slow) > most, slow, samples)
    jump = np.diff(spikeless, prepend=spikeless[:1])
    sudden = np.abs(jump) > most
    often = np.add.reduceat(sudden.astype(int), starts) > OFTEN * part  # noise, not steps
    sudden &= ~np.repeat(often, part)[: len(samples)]
    return spikeless - np.cumsum(np.where(sudden, jump, 0))


def _range(samples: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """From the lowest to the highest sample of each part that starts so."""
    return np.maximum.reduceat(samples, starts) - np.minimum.reduceat(samples, starts)


def _noisy(found: _Found, start: float, stop: float) -> list[Stretch]:
    """Windows between two times (s) in which beats do not stand out."""
    edges = start + WINDOW_S * np.arange(max(1, int((stop - start) / WINDOW_S)) + 1)
    edges[-1] = stop
    noisy = []
    for a, b in itertools.pairwise(edges.tolist()):
        inside = slice(*np.searchsorted(found.seconds, (a, b)))
        height, beat = found.height[inside], found.beat[inside]
        if beat.all():
            continue  # nothing else, or nothing at all
        if not beat.any() or np.median(height[beat]) < STANDING_OUT * np.median(height[~beat]):
            noisy.append(Stretch(a, b, NOISY))
    return noisy


# Stretches of time


def _without(stretch: Stretch, others: list[Stretch]) -> Iterator[Stretch]:
    """The parts of a stretch that lie in none of some others, which are in order."""
    start = stretch.start_s
    for other in (*others, Stretch(stretch.stop_s, stretch.stop_s, "")):
        if start < min(other.start_s, stretch.stop_s):
            yield Stretch(start, min(other.start_s, stretch.stop_s), stretch.why)
        start = max(start, other.stop_s)


def _joined(found: Iterable[Stretch]) -> list[Stretch]:
    """In order, those of one kind that touch made one."""
    joined: list[Stretch] = []
    for stretch in sorted(found, key=lambda stretch: stretch.start_s):
        last = joined[-1] if joined else None
        if last and last.why == stretch.why and stretch.start_s - last.stop_s < TOUCHING_S:
            joined[-1] = replace(last, stop_s=stretch.stop_s)
        else:
            joined.append(stretch)
    return joined


def _clipped(found: list[Stretch], begin: float, end: float, offset: float) -> list[Stretch]:
    """What lies between two times (s) of a piece, in the seconds of the whole."""
    parts = ((max(s.start_s, begin), min(s.stop_s, end), s.why) for s in found)
    return [Stretch(a + offset, b + offset, why) for a, b, why in parts if b > a]
