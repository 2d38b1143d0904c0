"""R peaks of signals that nobody annotated, and what such a detection is worth."""

from dataclasses import dataclass

import numpy as np

from ecgcore.constants import FS
from ecgcore.data import quality
from ecgcore.data.signals import Signal, from_array

MATCH_WINDOW_S = 0.15  # ANSI/AAMI EC57: a detection within 150 ms of a beat has found it


def find(signal: np.ndarray, fs: float = FS) -> np.ndarray:
    """Positions of the R peaks, (n_peaks,) int64 samples, increasing; none where there is no beat.

    signal: (n_samples,) at fs Hz, any unit, NaN where one is missing. The method is that of
    `qrs`; stretches that cannot be analysed, as `quality` has it, hold none.
    """
    seconds = find_throughout(from_array(signal, fs, "signal"))
    return np.minimum(np.round(seconds * fs).astype(np.int64), max(len(signal) - 1, 0))


def find_throughout(signal: Signal) -> np.ndarray:
    """R peaks of a signal of any length, found block by block; (n,) float64 s, increasing."""
    return quality.review(signal).peaks_s


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
