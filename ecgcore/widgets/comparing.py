"""What other models answered to the same beats, for the inspector."""

from collections.abc import Mapping

import numpy as np

from ecgcore.evaluation.predictions import Predictions

NO_ANSWER = -1
RELATIONS = ("both_right", "only_this", "only_other", "both_wrong")


def answers(p: Predictions, name: str, sample: np.ndarray) -> np.ndarray:
    """(n,) int8: the class that was answered at each R peak of a record, or NO_ANSWER."""
    here = np.flatnonzero((p.record == name) & (p.sample >= 0))
    if not len(here) or not len(sample):
        return np.full(len(sample), NO_ANSWER, np.int8)
    here = here[np.argsort(p.sample[here], kind="stable")]
    known = p.sample[here]
    at = np.minimum(np.searchsorted(known, sample), len(known) - 1)
    return np.where(known[at] == sample, p.predicted[here[at]], NO_ANSWER).astype(np.int8)


def others(p: Predictions, answering: Mapping[str, Predictions]) -> dict[int, np.ndarray]:
    """By number among those who answered: (n_beats,) int8, their answers to the beats of `p`.

    Without `p` itself, and without those who answered none of its beats.
    """
    found = {}
    for number, other in enumerate(answering.values()):
        if other is p:
            continue
        answered = np.full(len(p), NO_ANSWER, np.int8)
        for record in np.intersect1d(p.record, other.record).tolist():
            here = np.flatnonzero((p.record == record) & (p.sample >= 0))
            answered[here] = answers(other, record, p.sample[here])
        if (answered != NO_ANSWER).any():
            found[number] = answered
    return found


def relation_counts(p: Predictions, answered: np.ndarray, record: np.ndarray, n: int) -> np.ndarray:
    """(n, 4) int32: beats of each of n records in each of RELATIONS, where both answered.

    record: (n_beats,) the number of each beat's record.
    """
    both = answered != NO_ANSWER
    kind = 2 * (~p.correct) + (answered != p.true)  # in the order of RELATIONS
    counts = np.zeros((n, len(RELATIONS)), np.int32)
    np.add.at(counts, (record[both], kind[both]), 1)
    return counts
