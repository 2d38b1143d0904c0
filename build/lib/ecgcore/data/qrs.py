"""QRS complexes in a stretch of signal that can be analysed: which waves stand out, and when.

Muscle noise is fast and electrode motion slow, and a QRS complex has both: so the height of a wave
is the geometric mean of its size in a slow and in a fast band, and whatever fills only one of them
stays low. What counts as high is told by the seconds around it (Pan & Tompkins, 1985: signal peaks
against noise peaks). The beats are then the chain of waves whose heights and intervals together
are the most plausible, found by dynamic programming (Viterbi, 1967): where heights tell beats
from noise, intervals hardly matter, and ectopic beats stay; where they do not, rhythm decides.

The numbers below were chosen on DS1, half of svdb and the training half of the recorded noise;
chapter 7 compares the outcome with the detectors of well-kept libraries, on other records.
Everything is at 125 Hz, in any unit, upright or upside down.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

from ecgcore.constants import FS

SHORTEST_S = 2.0  # below this, filters and medians have nothing to work on

BANDS_HZ = ((4.0, 12.0), (12.0, 25.0))  # the slow and the fast half of a QRS complex
QRS_S = 0.1  # over which a wave's size is measured
REFRACTORY_S = 0.25  # no two beats are nearer
PART_S, AROUND = 2.0, 5  # the level is the median of the highest waves of so many parts, of so long
FAR = 31  # parts, of which the level must not fall far below the median: no beats in a pause
FALL = 0.2
TOO_HIGH = 8.0  # times the level: an artefact

NOISE = 1.6  # times the median height of all there is: as high as noise gets
BEAT = 0.25  # of the way from there to the level: as likely a beat as not
STEEP = 1.5  # evidence of a wave that is e times as high as that, in a signal of unit contrast
CONTRAST = (0.4, 4.0)  # its limits; logarithm of level to noise
IRREGULAR = 1.5  # evidence that an interval e times too long or too short costs, and at most
USUAL = 21  # intervals, whose median is the expected one
UNKNOWN_RR_S = 0.8
REACH_S = 3.0  # beats further apart do not tell when the next is due

PEAK_HZ = (2.0, 40.0)
PEAK_S = 0.08  # a QRS complex reaches so far to either side
BASELINE_S = 0.4  # over whose median, to either side, it rises
DOWNWARD = 2.0  # times as deep as high: its R peak points downwards


@dataclass(frozen=True)
class Waves:
    """All that may be beats. Each (n,): position (samples), height, and around it the level of
    beats and the noise, in the unit of the signal."""

    position: np.ndarray
    height: np.ndarray
    level: np.ndarray
    noise: np.ndarray

    def __len__(self) -> int:
        return len(self.position)


def waves(signal: np.ndarray) -> Waves:
    """What stands out in (n,) samples at 125 Hz, of which all are known; nothing if n is small."""
    if len(signal) < SHORTEST_S * FS:
        return Waves(np.empty(0, dtype=np.int64), *np.empty((3, 0)))
    envelope = _envelope(signal)
    position, _ = find_peaks(envelope, distance=round(REFRACTORY_S * FS))
    part = round(PART_S * FS)
    parts = envelope[: len(envelope) // part * part].reshape(-1, part)
    level, noise = (
        median_filter(values, AROUND, mode="nearest")
        for values in (parts.max(axis=1), np.median(parts, axis=1))
    )
    level = np.maximum(level, FALL * median_filter(level, FAR, mode="nearest"))
    middle = (np.arange(len(parts)) + 0.5) * part
    around = (np.interp(position, middle, values) for values in (level, noise))
    found = Waves(position.astype(np.int64), envelope[position], *around)
    fit = (found.height > 0) & (found.height < TOO_HIGH * found.level)
    return Waves(*(values[fit] for values in vars(found).values()))


def _envelope(signal: np.ndarray) -> np.ndarray:
    """(n,) size of the signal in both bands at once."""
    sizes = []
    for band in BANDS_HZ:
        filtered = sosfiltfilt(butter(2, band, "bandpass", fs=FS, output="sos"), signal)
        power = uniform_filter1d(filtered**2, round(QRS_S * FS))
        sizes.append(np.sqrt(np.maximum(power, 0)))  # running sums may end below zero
    return np.sqrt(sizes[0] * sizes[1])


def beats(found: Waves) -> np.ndarray:
    """(n,) bool, which of the waves are beats."""
    chosen = np.zeros(len(found), dtype=bool)
    if len(found):
        floor = NOISE * found.noise
        even = floor + BEAT * np.maximum(found.level - floor, 0)
        contrast = np.log(found.level / np.maximum(found.noise, 1e-9 * found.level))
        evidence = STEEP * np.clip(contrast, *CONTRAST) * np.log(found.height / even)
        seconds = found.position / FS
        expected = _expected_rr(seconds, found.height > even)
        chosen[_best_chain(seconds, evidence, expected)] = True
    return chosen


def _expected_rr(seconds: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """(n,) s, the usual interval between likely beats about each wave."""
    rr = np.diff(seconds[likely])
    if len(rr) < 2:
        return np.full(len(seconds), UNKNOWN_RR_S)
    usual = median_filter(rr, min(USUAL, len(rr)), mode="nearest")
    return np.interp(seconds, seconds[likely][1:], usual)


def _best_chain(seconds: np.ndarray, evidence: np.ndarray, expected: np.ndarray) -> list[int]:
    """Positions of the waves whose evidence, less what their intervals cost, adds up to most."""
    total, before, start = evidence.copy(), np.full(len(seconds), -1), 0
    nearest = np.searchsorted(seconds, seconds - REACH_S)
    latest = np.searchsorted(seconds, seconds - REFRACTORY_S, side="right")
    for at in range(1, len(seconds)):
        start, stop = nearest[at], latest[at]
        if stop <= start:  # nothing within reach, or all too near
            start = stop - 1
            if start < 0:
                continue
        ratio = (seconds[at] - seconds[start:stop]) / expected[at]
        gain = total[start:stop] - IRREGULAR * np.minimum(np.abs(np.log(ratio)), 1)
        best = gain.argmax()
        if gain[best] > 0:  # else the chain begins here
            total[at] += gain[best]
            before[at] = start + best
    chain, at = [], int(total.argmax())
    while at >= 0 and total[at] > 0:
        chain.append(at)
        at = before[at]
    return chain[::-1]


def peaks(signal: np.ndarray, position: np.ndarray) -> np.ndarray:
    """R peaks of beats at (n,) positions: (n,) int64 samples, increasing.

    The highest point of each complex, or where that is small the lowest.
    """
    smooth = sosfiltfilt(butter(1, PEAK_HZ, "bandpass", fs=FS, output="sos"), signal)

    def around(reach_s: float) -> np.ndarray:
        reach = np.arange(-round(reach_s * FS), round(reach_s * FS) + 1)
        return smooth[np.clip(position[:, None] + reach, 0, len(smooth) - 1)]

    away = around(PEAK_S) - np.median(around(BASELINE_S), axis=1, keepdims=True)
    downward = -away.min(axis=1) > DOWNWARD * away.max(axis=1)
    at = np.where(downward, away.argmin(axis=1), away.argmax(axis=1))
    return np.unique(np.clip(position + at - round(PEAK_S * FS), 0, len(signal) - 1))
