"""The rhythm model at work on records that nobody annotated, or whose annotations it ignores."""

from dataclasses import dataclass, field

import numpy as np

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.rhythm import cases, model, strips
from ecgcore.rhythm.study import kept, thresholds

DATABASE = "mitdb"  # that the offered model learns from


@dataclass(frozen=True)
class RhythmClassifier:
    """A fitted model with its thresholds; causal: whether it reads no more than one beat ahead;
    name, about: what its file says, as of a classifier.Classifier."""

    model: model.RhythmModel
    at: model.Thresholds
    causal: bool = False
    name: str = "rhythm"
    about: dict = field(default_factory=dict)

    def answer(
        self, signal: np.ndarray, fs: float, seconds: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Class numbers, (n - 1,) int8, and probabilities, (n - 1, 5) float32, of n beats.

        signal: (n_samples,) any unit, at fs Hz; seconds: (n,) R peaks. The last beat gets no
        answer, for want of a next R peak. Raises DataError as strips.strip does.
        """
        found = cases.of_strip(strips.strip(signal, fs, seconds, self.causal), "", self.causal)
        scores = model.scores(self.model, found)
        return model.decide(scores, self.at), model.probabilities(scores)


def published_thresholds(profile: str) -> model.Thresholds:
    """Those that the kept results have from patient-wise folds of all of mitdb.

    Raises DataError if no such results are kept.
    """
    entries = kept(profile)["results"].get("external-svdb")
    if not entries:
        raise DataError(
            "the kept results have no thresholds for all of mitdb; run `ecgcore rhythm`"
        )
    return thresholds(entries[0])


def taught(profile: str = "paper", seed: int = 0) -> RhythmClassifier:
    """A model fitted now on all of mitdb but the records with a pacemaker; see storage.load.

    Raises DataError as published_thresholds does.
    """
    at = published_thresholds(profile)
    return RhythmClassifier(model.fit(cases.build(paths.DATA / DATABASE), seed), at)
