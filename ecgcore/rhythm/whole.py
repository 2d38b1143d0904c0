"""The rhythm model at work on records that nobody annotated, or whose annotations it ignores."""

from dataclasses import dataclass, field

import numpy as np

from ecgcore.rhythm import cases, sequence
from ecgcore.rhythm.model import RhythmModel, probabilities, scores
from ecgcore.rhythm.thresholds import Thresholds, decide


@dataclass(frozen=True)
class RhythmClassifier:
    """A fitted model with its thresholds; causal: whether it reads no more than one beat ahead;
    name, about: what its file says, as of a classifier.Classifier."""

    model: RhythmModel
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
        found = cases.of_sequence(
            sequence.prepare(signal, fs, seconds, self.causal), "", self.causal
        )
        found_scores = scores(self.model, found)
        return decide(found_scores, self.at), probabilities(found_scores)
