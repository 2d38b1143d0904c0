"""The same predictions under other conventions: other beats, other classes, other averages."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ecgcore.constants import CLASSES
from ecgcore.evaluation.metrics import confusion_matrix, f1_scores
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.uncertainty import RESAMPLES, intervals, resample, scores

NAMES = {"macro_f1": "macro-F1", "f1_S": "F1 of S", "f1_V": "F1 of V"}


def without_records(p: Predictions, names: Iterable[str]) -> Predictions:
    """The predictions but for those on the named records."""
    return p[~np.isin(p.record, list(names))]


def annotated_as(p: Predictions, letters: Iterable[str]) -> Predictions:
    """The beats annotated with one of the classes; an answer outside them stays an error."""
    return p[np.isin(p.true, [CLASSES.index(letter) for letter in letters])]


def top_record(p: Predictions, letter: str) -> tuple[str, float]:
    """The record with most beats of a class, and its share of them; ("–", NaN) if none has."""
    own = p.record[p.true == CLASSES.index(letter)]
    if not len(own):
        return "–", float("nan")
    names, counts = np.unique(own, return_counts=True)
    return str(names[counts.argmax()]), float(counts.max() / len(own))


def variants(
    p: Predictions,
    leave_out: Sequence[str],
    unit: str = "record",
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """The scores with all records and without each of `leave_out`, in three scorings.

    The scorings: all beats, macro-F1 over N, S, V, F; beats annotated N, S, V or F; beats annotated
    N, S or V. Columns: records, scoring, beats, accuracy, macro_f1, their intervals (`<name> low`,
    `<name> high`), f1_S, f1_V.
    """
    kept = {"all": p} | {f"without {name}": without_records(p, [name]) for name in leave_out}
    rows = []
    for records, part in kept.items():
        scorings = {
            "all beats": (part, "NSVF"),
            "N, S, V, F": (annotated_as(part, "NSVF"), "NSVF"),
            "N, S, V": (annotated_as(part, "NSV"), "NSV"),
        }
        for scoring, (beats, letters) in scorings.items():
            row = {"records": records, "scoring": scoring, "beats": len(beats)}
            if len(beats):
                rows.append(row | _scored(beats, letters, unit, resamples))
    return pd.DataFrame(rows)


def _scored(p: Predictions, letters: str, unit: str, resamples: int) -> dict[str, float]:
    found = scores(confusion_matrix(p.true, p.predicted)[None], letters)
    ends = intervals(resample(p, unit, resamples), letters)
    row = {}
    for name in ("accuracy", "macro_f1"):
        row[name] = float(found[name][0])
        row[f"{name} low"], row[f"{name} high"] = ends[f"{name}_ci95"]
    return row | {f"f1_{c}": float(found["f1"][0, CLASSES.index(c)]) for c in "SV"}


def one_vs_rest_accuracy(p: Predictions, letters: Sequence[str] = CLASSES) -> float:
    """Mean over classes of the share of beats rightly put in, or rightly kept out of, the class.

    Some papers print this as accuracy. Over all five classes it is 1 - 2/5 of the error rate: a
    wrong answer is wrong for two classes and counts as right for the other three.
    """
    at = [CLASSES.index(letter) for letter in letters]
    agree = (p.true[:, None] == np.array(at)) == (p.predicted[:, None] == np.array(at))
    return float(agree.mean())


def always(p: Predictions, letter: str = "N") -> Predictions:
    """What a classifier that gives every beat the same class would have answered."""
    number = CLASSES.index(letter)
    certain = np.zeros_like(p.probabilities)
    certain[:, number] = 1
    same = np.full(len(p), number, dtype=np.int8)
    return Predictions(p.true, same, certain, p.record, p.sample)


def accuracy_table(answers: dict[str, Predictions], scored: Sequence[str]) -> pd.DataFrame:
    """A row a classifier: its overall accuracy, one-vs-rest average and macro-F1 over `scored`."""
    at = [CLASSES.index(letter) for letter in scored]
    rows = [
        {
            "answers": name,
            "accuracy": float(p.correct.mean()),
            "one-vs-rest average": one_vs_rest_accuracy(p),
            "macro-F1": float(f1_scores(confusion_matrix(p.true, p.predicted))[at].mean()),
        }
        for name, p in answers.items()
    ]
    return pd.DataFrame(rows)
