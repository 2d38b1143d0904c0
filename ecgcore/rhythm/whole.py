"""The rhythm model at work on records that nobody annotated, or whose annotations it ignores."""

from dataclasses import dataclass

import numpy as np

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.rhythm import cases, model, strips
from ecgcore.rhythm.study import kept


@dataclass(frozen=True)
class RhythmClassifier:
    """A fitted model with its thresholds; causal: whether it reads no more than one beat ahead."""

    model: model.RhythmModel
    at: model.Thresholds
    causal: bool = False

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


def taught(profile: str = "paper", seed: int = 0) -> RhythmClassifier:
    """A model fitted now, in half a minute, on all of mitdb but the records with a pacemaker.

    Its thresholds are those that the kept results have from patient-wise folds. Fitted rather
    than read: the forests would fill more space than the records they are made of. Raises
    DataError if no such results are kept.
    """
    entries = kept(profile)["results"].get("external-svdb")
    if not entries:
        raise DataError(
            "the kept results have no thresholds for all of mitdb; run `ecgcore rhythm`"
        )
    at = {key: np.inf if v is None else v for key, v in entries[0]["thresholds"].items()}
    fitted = model.fit(cases.build(paths.DATA / "mitdb"), seed)
    return RhythmClassifier(fitted, model.Thresholds(**at))
