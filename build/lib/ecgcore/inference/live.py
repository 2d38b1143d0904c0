"""Beats of a live signal, answered one by one as it comes: nothing of the future but one beat.

The causal rhythm model answers a beat when the next one is there. What has been heard is kept for
a few minutes; its R peaks are looked for anew in the last seconds each time samples come.
"""

from dataclasses import dataclass

import numpy as np

from ecgcore.constants import CLASSES, FS
from ecgcore.data import rpeaks
from ecgcore.data.resampling import resample
from ecgcore.data.signals import check_fs, fill_gaps
from ecgcore.errors import DataError
from ecgcore.rhythm import sequence
from ecgcore.rhythm.whole import RhythmClassifier

KEPT_S = 300.0  # of signal
LOOKED_AT_S = 12.0  # in which R peaks are looked for
SETTLED_S = 1.0  # behind the newest sample, R peaks no longer move, and windows are whole
STEP_S = 1.0  # of new signal before it is looked at again
SAME_S = 0.2  # two R peaks nearer than this are one
CONTEXT_S = 15.0  # before the first window of a filtered piece: the filter has settled
LONGEST_CHUNK_S = 60.0


@dataclass(frozen=True)
class Answer:
    """time_s: R peak, s since the first sample; letter: class; probabilities: (5,) float32."""

    time_s: float
    letter: str
    probabilities: np.ndarray

    def as_dict(self) -> dict:
        p = {c: round(float(v), 6) for c, v in zip(CLASSES, self.probabilities, strict=True)}
        return {
            "time_s": round(self.time_s, 3),
            "class": self.letter,
            "probability": p[self.letter],
            "probabilities": p,
        }


class Live:
    """One signal. fs: Hz; rhythm: a causal model. Raises ConfigError for an implausible rate."""

    def __init__(self, rhythm: RhythmClassifier, fs: float):
        if not rhythm.causal:
            raise DataError(f"{rhythm.name}: not a causal model, which a live signal needs")
        self.rhythm, self.fs = rhythm, check_fs(fs, "live signal")
        self.samples = np.empty(0)
        self.first = 0  # position in the whole of the oldest sample kept
        self.looked = 0  # position up to which it has been looked at
        self.peaks: list[float] = []
        self.windows: list[np.ndarray] = []
        self.told = 0  # beats answered, of those kept

    def add(self, samples: np.ndarray) -> list[Answer]:
        """Take (n,) samples, in any unit, NaN where one is missing; give what can be said now.

        Raises DataError for what is no row of numbers or longer than a minute.
        """
        samples = np.asarray(samples, dtype=np.float64)
        if samples.ndim != 1 or len(samples) > LONGEST_CHUNK_S * self.fs:
            raise DataError(
                f"live signal: give a row of samples, {LONGEST_CHUNK_S:g} s at most at a time"
            )
        found = []
        step = max(round(STEP_S * self.fs), 1)
        for start in range(0, len(samples), step):
            self.samples = np.concatenate([self.samples, samples[start : start + step]])
            if self.first + len(self.samples) - self.looked >= step:
                self.looked = self.first + len(self.samples)
                found += self._look()
        return found

    def _look(self) -> list[Answer]:
        kept = round((LOOKED_AT_S + CONTEXT_S) * self.fs)
        if len(self.samples) > 2 * kept:  # aligned, so that resampling falls on the same grid
            drop = (len(self.samples) - kept) // round(self.fs) * round(self.fs)
            self.samples, self.first = self.samples[drop:], self.first + drop
        start_s = self.first / self.fs
        signal = resample(fill_gaps(self.samples).astype(np.float32), self.fs)
        end_s = start_s + len(signal) / FS
        near = max(len(signal) - round(LOOKED_AT_S * FS), 0)
        seconds = start_s + (rpeaks.find(signal[near:]) + near) / FS
        last = self.peaks[-1] if self.peaks else -1.0
        fresh = seconds[(seconds > last + SAME_S) & (seconds <= end_s - SETTLED_S)]
        if not len(fresh):
            return []
        at = np.round((fresh - start_s) * FS).astype(np.int64)
        filtered = sequence.filtered(signal, FS, causal=True)
        self.peaks += fresh.tolist()
        self.windows += list(sequence.windows(filtered, at))
        return self._answer()

    def _answer(self) -> list[Answer]:
        if len(self.peaks) < sequence.FEWEST:
            return []
        seconds = np.array(self.peaks)
        decision, probabilities = self.rhythm.answer_windows(
            seconds, np.array(self.windows), self.told
        )
        answers = [
            Answer(float(t), CLASSES[c], p)
            for t, c, p in zip(seconds[self.told : -1], decision, probabilities, strict=True)
        ]
        old = int(np.searchsorted(seconds, seconds[-1] - KEPT_S))
        self.peaks, self.windows = self.peaks[old:], self.windows[old:]
        self.told = len(self.peaks) - 1
        return answers
