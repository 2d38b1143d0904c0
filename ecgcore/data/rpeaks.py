"""R peaks of signals that nobody annotated, and what such a detection is worth."""

import warnings
from dataclasses import dataclass

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.signals import Signal, blocks
from ecgcore.errors import ConfigError

MATCH_WINDOW_S = 0.15  # ANSI/AAMI EC57: a detection within 150 ms of a beat has found it
SHORTEST_S = 2.0  # below this, the detector's filters have nothing to work on


def find(signal: np.ndarray, fs: float = FS) -> np.ndarray:
    """Positions of the R peaks, (n_peaks,) int64 samples; none where there is no wave.

    signal: (n_samples,), any unit. NeuroKit2's own method (Makowski et al., 2021): high-pass at
    0.5 Hz, then the steep parts of the smoothed gradient, then the highest sample in each.
    """
    try:
        import neurokit2
    except ImportError:
        raise ConfigError(
            "finding R peaks needs neurokit2: pip install 'ecgcore[app]', or give annotations"
        ) from None
    if len(signal) < SHORTEST_S * fs or np.ptp(signal) == 0:
        return np.empty(0, dtype=np.int64)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            clean = neurokit2.ecg_clean(signal, sampling_rate=fs)
            found = neurokit2.ecg_findpeaks(clean, sampling_rate=fs)["ECG_R_Peaks"]
        except (ValueError, IndexError, ZeroDivisionError):
            return np.empty(0, dtype=np.int64)  # what NeuroKit2 does where it finds no gradient
    return np.asarray(found, dtype=np.int64)


def find_throughout(signal: Signal) -> np.ndarray:
    """R peaks of a signal of any length, found block by block; (n,) float64 s, increasing."""
    found = []
    for block in blocks(signal):
        seconds = (find(block.signal) + block.offset) / FS
        found.append(seconds[(seconds >= block.start_s) & (seconds < block.stop_s)])
    return np.concatenate(found) if found else np.empty(0)


@dataclass(frozen=True)
class Match:
    """Detected peaks against annotated ones.

    reference, found: (n_matched,) int64, positions in the two lists that belong together;
    missed, added: (n,) int64, positions in the annotated and in the detected list without partner.
    """

    reference: np.ndarray
    found: np.ndarray
    missed: np.ndarray
    added: np.ndarray

    @property
    def sensitivity(self) -> float:
        return len(self.reference) / max(len(self.reference) + len(self.missed), 1)

    @property
    def positive_predictivity(self) -> float:
        return len(self.reference) / max(len(self.reference) + len(self.added), 1)


def match(reference_s: np.ndarray, found_s: np.ndarray, window_s: float = MATCH_WINDOW_S) -> Match:
    """Pair each annotated beat with the nearest detected one within the window of EC57.

    Both in seconds, increasing; each is paired at most once.
    """
    from wfdb.processing import compare_annotations

    if not len(found_s) or not len(reference_s):
        none = np.empty(0, dtype=np.int64)
        return Match(none, none, np.arange(len(reference_s)), np.arange(len(found_s)))
    ticks = 1000  # wfdb counts in whole samples: milliseconds
    reference, found = (np.round(np.asarray(s) * ticks).astype(int) for s in (reference_s, found_s))
    result = compare_annotations(reference, found, round(window_s * ticks))
    partner = np.asarray(result.matching_sample_nums)  # -1: missed
    hit = np.flatnonzero(partner >= 0)
    return Match(
        reference=hit,
        found=partner[hit],
        missed=np.flatnonzero(partner < 0),
        added=np.setdiff1d(np.arange(len(found)), partner[hit]),
    )
