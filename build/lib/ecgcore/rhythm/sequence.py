"""A record as the rhythm model sees it: R peaks, a window about each, the patient's template.

Everything comes from the signal and the R peaks alone. Two ways of looking: over the whole
record, as a holter is read afterwards, or *causal*: only what lies before a beat, and one beat
beyond it, so that an answer is there when the next beat is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import butter, sosfilt, sosfiltfilt

from ecgcore.constants import FS
from ecgcore.data.resampling import resample
from ecgcore.errors import DataError

BAND_HZ = (0.5, 40.0)
BEFORE, WINDOW = 50, 128  # samples before R, and in all: -0.40 to +0.62 s
FEWEST = 4  # R peaks, below which there is no rhythm to speak of


def part(start_s: float, stop_s: float) -> slice:
    """The columns of a window between two times about the R peak (s)."""
    return slice(BEFORE + round(start_s * FS), BEFORE + round(stop_s * FS))


P_WAVE = part(-0.272, -0.08)
QRS = part(-0.096, 0.104)

# The template: the median of beats that come late enough and look alike enough.
USUAL_RR, ALIKE = 0.95, 40  # of the mean RR; percentile of the correlation
PAST, REFRESH = 128, 16  # causal: beats that a template is made of, and how often it is made


@dataclass(frozen=True)
class BeatSequence:
    """A record's beats in order. seconds: (n,) float64, s, R peaks; window: (n, 128) float32,
    125 Hz, filtered, in units of the usual QRS height; template: (n, 128), what is usual."""

    seconds: np.ndarray
    window: np.ndarray
    template: np.ndarray

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def rr(self) -> np.ndarray:
        """(n,) s, the interval before each beat; before the first, that before the second."""
        rr = np.diff(self.seconds)
        return np.concatenate([rr[:1], rr])


def usual(
    values: np.ndarray, causal: bool, percentile: float | None = None, ahead: int = 1
) -> np.ndarray:
    """Mean, or a percentile, of the whole record for each of n beats; (n,) float64.

    values: (n,). causal: of the beats up to `ahead` beyond each, and no others.
    """
    if not causal:
        one = values.mean() if percentile is None else np.percentile(values, percentile)
        return np.full(len(values), one)
    past = pd.Series(values).expanding()
    found = past.mean() if percentile is None else past.quantile(percentile / 100)
    return np.asarray(found)[np.minimum(np.arange(len(values)) + ahead, len(values) - 1)]


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n,) correlation of the rows of two (n, m) arrays; 0 where a row is constant."""
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return np.divide((a * b).sum(axis=-1), size, out=np.zeros(len(a)), where=size > 1e-9)


def filtered(signal: np.ndarray, fs: float, causal: bool = False) -> np.ndarray:
    """A signal at 125 Hz between 0.5 and 40 Hz, (n,) float32, in its own unit.

    A Butterworth filter of order 2, run forwards and backwards; causal: forwards only.
    """
    band = butter(2, BAND_HZ, btype="band", fs=FS, output="sos")
    at_fs = resample(np.asarray(signal, dtype=np.float32), fs)
    return (sosfilt if causal else sosfiltfilt)(band, at_fs - at_fs[0]).astype(np.float32)


def prepare(
    signal: np.ndarray, fs: float, seconds: np.ndarray, causal: bool = False
) -> BeatSequence:
    """A record's signal and R peaks, prepared. signal: (n_samples,) any unit; seconds: (n,) s.

    Raises DataError for a signal with missing samples, too few R peaks, or R peaks that are not
    increasing or lie outside.
    """
    seconds = np.asarray(seconds, dtype=np.float64)
    _check(seconds)
    if seconds[-1] > len(signal) / fs:
        raise DataError("the R peaks must increase and lie inside the signal")
    if not np.isfinite(signal).all():
        raise DataError("the signal has samples that are no numbers")
    window = windows(filtered(signal, fs, causal), np.round(seconds * FS).astype(np.int64))
    return scaled(seconds, window, causal)


def scaled(seconds: np.ndarray, window: np.ndarray, causal: bool = False) -> BeatSequence:
    """R peaks (n,) s and windows (n, 128) of the filtered signal, prepared; scales in place.

    Raises DataError for too few R peaks, or R peaks that are not increasing.
    """
    _check(seconds)
    height = usual(np.ptp(window[:, QRS], axis=1), causal, percentile=50, ahead=0)
    window /= np.maximum(height, 1e-9)[:, None]
    return with_template(seconds, window, causal)


def _check(seconds: np.ndarray) -> None:
    if len(seconds) < FEWEST:
        raise DataError(f"{len(seconds)} R peaks make no rhythm: at least {FEWEST} are needed")
    if (np.diff(seconds) <= 0).any() or seconds[0] < 0:
        raise DataError("the R peaks must increase and lie inside the signal")


def windows(signal: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """(n, 128) float32, the samples about each R peak (n,), zero beyond the signal's ends."""
    padded = np.pad(signal, (BEFORE, WINDOW))
    return padded[np.asarray(peaks)[:, None] + np.arange(WINDOW)]


def with_template(seconds: np.ndarray, window: np.ndarray, causal: bool = False) -> BeatSequence:
    """A sequence of R peaks (n,) s and scaled windows (n, 128)."""
    made = BeatSequence(seconds, window, window)
    late = made.rr >= USUAL_RR * usual(made.rr, causal, ahead=0)
    if not causal:
        return BeatSequence(seconds, window, np.broadcast_to(template(window, late), window.shape))
    found = np.empty_like(window)
    starts = [0, 1, 2, 4, 8, *range(REFRESH, len(window), REFRESH)]
    for start, stop in zip(starts, [*starts[1:], len(window)], strict=True):
        past = slice(max(0, start + 1 - PAST), start + 1)
        found[start:stop] = template(window[past], late[past])
    return BeatSequence(seconds, window, found)


def template(window: np.ndarray, late: np.ndarray) -> np.ndarray:
    """(128,) the usual beat among (n, 128): the median of those that look most alike.

    late: (n,) bool, beats that are not premature, from which it is made where there are some.
    """
    chosen = np.flatnonzero(late) if late.any() else np.arange(len(window))
    complexes = window[chosen, QRS]
    alike = correlation(complexes, np.median(complexes, axis=0)[None])
    chosen = chosen[alike >= np.percentile(alike, ALIKE)]
    # A column at a time: of a day's beats, no copy of all the windows.
    return np.array([np.median(column[chosen]) for column in window.T])


def realigned(
    signal: np.ndarray, fs: float, sample: np.ndarray, reach_s: float = 0.1
) -> np.ndarray:
    """Annotated beats moved to where the signal stands out most nearby; (n,) int64, increasing.

    For annotations beside the R peak, such as those of svdb, a median 16 ms early. The extremum of
    the signal, without what is slower than 5 Hz, within `reach_s` of the annotation; a beat
    that would pass its neighbour stays where it was.
    """
    sample = np.minimum(sample, len(signal) - 1).astype(np.int64)
    steep = sosfiltfilt(butter(2, 5, btype="high", fs=fs, output="sos"), signal)
    reach = round(reach_s * fs)
    near = np.pad(np.abs(steep), reach)[sample[:, None] + np.arange(2 * reach + 1)]
    moved = np.clip(sample + near.argmax(axis=1) - reach, 0, len(signal) - 1)
    order = np.diff(moved, prepend=-1, append=len(signal)) > 0
    return np.where(order[:-1] & order[1:], moved, sample)
