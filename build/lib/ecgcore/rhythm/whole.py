"""The rhythm model at work on records that nobody annotated, or whose annotations it ignores."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ecgcore.rhythm import cases, sequence
from ecgcore.rhythm.cases import Cases
from ecgcore.rhythm.thresholds import Thresholds, decide, probabilities


class Scorer(Protocol):
    """A model.RhythmModel, or the same as an ONNX graph."""

    def scores(self, cases: Cases) -> np.ndarray:
        """(n, 3) float64: log odds of S, V and F."""


@dataclass(frozen=True)
class RhythmClassifier:
    """A fitted model with its thresholds; causal: whether it reads no more than one beat ahead;
    name, about: what its file says, as of a classifier.Classifier."""

    model: Scorer
    at: Thresholds
    causal: bool = False
    name: str = "rhythm"
    about: dict = field(default_factory=dict)

    def answer(
        self, signal: np.ndarray, fs: float, seconds: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Class numbers, (n - 1,) int8, and probabilities, (n - 1, 5) float32, of n beats.

        signal: (n_samples,) any unit, at fs Hz; seconds: (n,) R peaks. The last beat gets no
        answer, for want of a next R peak. Raises DataError as sequence.prepare does.
        """
        return self._answer(sequence.prepare(signal, fs, seconds, self.causal))

    def answer_windows(
        self, seconds: np.ndarray, window: np.ndarray, since: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `answer`, from windows (n, 128) that `sequence.windows` cut from a filtered signal.

        since: position of the first beat that is to be answered, among the others. The windows are
        scaled in place, to save memory. Raises DataError as sequence.scaled does.
        """
        return self._answer(sequence.scaled(seconds, window, self.causal), since)

    def _answer(self, made: sequence.BeatSequence, since: int = 0) -> tuple[np.ndarray, np.ndarray]:
        found = self.model.scores(cases.of_sequence(made, "", self.causal)[since:])
        return decide(found, self.at), probabilities(found)
