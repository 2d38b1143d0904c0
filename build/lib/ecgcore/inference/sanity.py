"""Doubts about a signal that the network itself would never voice, one sentence each."""

from typing import Protocol

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.signals import Block
from ecgcore.errors import DataError

SLOW, FAST = 40, 180  # beats per minute, usual for the median of a recording
# Share of the height of a QRS complex that lies above the baseline, median over the beats of a
# lead. Upright leads of MIT-BIH have 0.49 and more, most of them below 0.4 when inverted.
UPRIGHT = 0.4
# First sample of a beat scaled to [0, 1]: its R peak, and so near 1.
LOW_START = 0.35
NOTABLE_SHARE = 0.01  # of a recording, missing or flat
QRS_S, BEAT_S = 0.08, 0.4  # around an R peak: the QRS complex, and what sets its baseline


class Located(Protocol):
    """R peaks: their positions in a block's signal, and their times (s) in the whole."""

    start: np.ndarray
    time_s: np.ndarray


class Sanity:
    """What is noted of each block, and the doubts that follow from it."""

    def __init__(self, name: str, fs: float):
        self.name, self.fs = name, fs
        self.upright: list[np.ndarray] = []
        self.times: list[np.ndarray] = []
        self.seconds = self.missing = self.flat = 0.0

    def add(self, block: Block, beats: Located) -> None:
        self.upright.append(upright_share(block.signal, beats.start))
        self.times.append(beats.time_s)
        self.seconds += block.stop_s - block.start_s
        self.missing += block.missing_s
        self.flat += block.flat_s

    def warnings(self) -> list[str]:
        """Call it after the last block. Raises DataError if there is no heartbeat at all."""
        times = np.concatenate(self.times) if self.times else np.empty(0)
        if self.seconds - self.missing < 1:
            raise DataError(f"{self.name}: the signal holds no samples")
        if self.flat >= 0.99 * self.seconds:
            raise DataError(f"{self.name}: the signal is constant: no heartbeat in it")
        if not len(times):
            raise DataError(
                f"{self.name}: no heartbeat found in {self.seconds:.1f} s of signal; is it an ECG, "
                f"and sampled at {self.fs:g} Hz?"
            )
        found = [self._rate(times), self._polarity()]
        found += [self._share(self.missing, "missing"), self._share(self.flat, "flat")]
        return [sentence for sentence in found if sentence]

    def _rate(self, times: np.ndarray) -> str:
        if len(times) < 2:
            return ""
        rate = 60 / np.median(np.diff(times))
        if SLOW <= rate <= FAST:
            return ""
        return (
            f"{self.name}: a median heart rate of {rate:.0f} a minute is unusual: is "
            f"{self.fs:g} Hz its sampling rate?"
        )

    def _polarity(self) -> str:
        upright = np.concatenate(self.upright)
        if not len(upright) or np.median(upright) >= UPRIGHT:
            return ""
        return (
            f"{self.name}: most QRS complexes point downwards, so the lead seems inverted; "
            "the network has learnt upright ones"
        )

    def _share(self, seconds: float, what: str) -> str:
        share = seconds / self.seconds
        return f"{self.name}: {share:.0%} of the signal is {what}" if share > NOTABLE_SHARE else ""


def upright_share(signal: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Share of each QRS complex's height that is above its baseline, (n_beats,), 0 to 1.

    signal: (n,) at 125 Hz; start: (n_beats,) positions of the R peaks.
    """
    around = np.arange(-round(BEAT_S * FS), round(BEAT_S * FS) + 1)
    pieces = signal[np.clip(start[:, None] + around, 0, len(signal) - 1)]
    baseline = np.median(pieces, axis=1)
    qrs = pieces[:, np.abs(around) <= round(QRS_S * FS)]
    above, below = qrs.max(axis=1) - baseline, baseline - qrs.min(axis=1)
    height = above + below
    return np.divide(above, height, out=np.full(len(start), 0.5), where=height > 0)


def warn_of_rows(first_samples: np.ndarray) -> list[str]:
    """Doubts about beats that are already cut. first_samples: (n_beats,), of the scaled beats."""
    if len(first_samples) and np.median(first_samples) < LOW_START:
        return [
            "most beats do not start at their highest point: the network expects an upright lead "
            "and a first sample at the R peak"
        ]
    return []
