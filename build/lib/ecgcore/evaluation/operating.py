"""Thresholds: chosen on validation beats, judged on test beats.

Two decisions depend on one. *Detection*: call a beat S (or V) where the probability of that class
reaches a threshold, whatever the other classes' are. *Selective prediction*: accept the answer
where its confidence reaches a threshold, and leave the other beats to a human.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve

from ecgcore.constants import CLASSES
from ecgcore.evaluation.predictions import Predictions

RATES = {"sensitivity": "Se", "positive predictivity": "+P", "f1": "F1"}
ACCEPTED = ("left", "accuracy", "errors left")
MAXIMAL_F1 = "maximal F1"  # the name of the rule


def detection_curve(p: Predictions, letter: str) -> pd.DataFrame:
    """A row a threshold: threshold, sensitivity, positive predictivity, f1; thresholds rise.

    Empty if no beat is annotated with the class.
    """
    columns = ["threshold", *RATES]
    number = CLASSES.index(letter)
    positive = p.true == number
    if not positive.any():
        return pd.DataFrame(columns=columns, dtype=float)
    precision, recall, threshold = precision_recall_curve(positive, p.probabilities[:, number])
    precision, recall = precision[:-1], recall[:-1]  # the last pair belongs to no threshold
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    values = (threshold.astype(float), recall, precision, f1)
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def maximal_f1(curve: pd.DataFrame) -> float:
    """The threshold with the highest F1, the highest of them if several have it; NaN if none."""
    best = curve[curve["f1"] == curve["f1"].max()]
    return float(best["threshold"].max())


def reaching_sensitivity(curve: pd.DataFrame, target: float) -> float:
    """The highest threshold at which sensitivity is at least `target`; NaN if there is none."""
    return float(curve.loc[curve["sensitivity"] >= target, "threshold"].max())


def detect(p: Predictions, letter: str, threshold: float) -> dict[str, float]:
    """Sensitivity, positive predictivity and F1 of a class at a threshold; NaN where undefined."""
    number = CLASSES.index(letter)
    positive = p.true == number
    said = p.probabilities[:, number] >= threshold
    hits = int((positive & said).sum())
    if np.isnan(threshold) or not positive.any():
        return dict.fromkeys(RATES, float("nan"))
    return {
        "sensitivity": hits / int(positive.sum()),
        "positive predictivity": hits / int(said.sum()) if said.any() else float("nan"),
        "f1": 2 * hits / int(positive.sum() + said.sum()),
    }


def operating_points(
    validation: Predictions, test: Predictions, sensitivity: float, letters: Sequence[str] = "SV"
) -> pd.DataFrame:
    """A row a class and rule: the threshold that validation chose, what it gave there and on test.

    The rules: maximal F1, and the highest threshold whose sensitivity is at least `sensitivity`.
    Columns: class, rule, threshold, and `validation`/`test` + sensitivity, positive predictivity,
    f1; NaN where validation or test beats lack the class.
    """
    rows = []
    for letter in letters:
        curve = detection_curve(validation, letter)
        chosen = {
            MAXIMAL_F1: maximal_f1(curve),
            f"sensitivity ≥ {sensitivity:g}": reaching_sensitivity(curve, sensitivity),
        }
        for rule, threshold in chosen.items():
            row = {"class": letter, "rule": rule, "threshold": threshold}
            for part, p in (("validation", validation), ("test", test)):
                found = detect(p, letter, threshold)
                row |= {f"{part} {name}": value for name, value in found.items()}
            rows.append(row)
    return pd.DataFrame(rows)


def hindsight(test: Predictions, letter: str) -> dict[str, float]:
    """What the best threshold gives when it is picked on the test beats themselves.

    No result: it shows how much such a choice flatters.
    """
    return detect(test, letter, maximal_f1(detection_curve(test, letter)))


def selective_curve(p: Predictions) -> pd.DataFrame:
    """A row a confidence threshold, rising: threshold, left (share of beats below it), accuracy
    (of the beats that reach it)."""
    order = np.argsort(-p.confidence, kind="stable")
    confidence = p.confidence[order].astype(float)
    last = np.flatnonzero(np.diff(confidence, append=-1))  # beats of equal confidence go together
    accuracy = np.cumsum(p.correct[order])[last] / (last + 1)
    left = 1 - (last + 1) / len(p)
    table = pd.DataFrame({"threshold": confidence[last], "left": left, "accuracy": accuracy})
    return table.iloc[::-1].reset_index(drop=True)


def reaching_accuracy(curve: pd.DataFrame, target: float) -> float:
    """The lowest threshold from which accuracy is at least `target`; NaN if there is none."""
    return float(curve.loc[curve["accuracy"] >= target, "threshold"].min())


def leaving(curve: pd.DataFrame, share: float) -> float:
    """The lowest threshold that leaves at least `share` of the beats to a human; NaN if none."""
    return float(curve.loc[curve["left"] >= share, "threshold"].min())


def accept(p: Predictions, threshold: float) -> dict[str, float]:
    """What a confidence threshold does: the share of beats left to a human, the accuracy of the
    others, and the share of all wrong answers among those left; NaN where undefined."""
    taken = p.confidence >= threshold
    nothing = float("nan")
    if np.isnan(threshold):
        return dict.fromkeys(ACCEPTED, nothing)
    wrong = ~p.correct
    return {
        "left": float((~taken).mean()),
        "accuracy": float(p.correct[taken].mean()) if taken.any() else nothing,
        "errors left": float((wrong & ~taken).sum() / wrong.sum()) if wrong.any() else nothing,
    }


def selective_points(
    validation: Predictions, test: Predictions, accuracy: float, shares: Sequence[float]
) -> pd.DataFrame:
    """A row a rule: the confidence threshold that validation chose, what it did there and on test.

    The rules: the lowest threshold that reaches `accuracy`, and those that leave each of `shares`
    of the beats to a human. Columns: rule, threshold, and `validation`/`test` + left, accuracy,
    errors left.
    """
    curve = selective_curve(validation)
    chosen = {f"accuracy ≥ {100 * accuracy:g} %": reaching_accuracy(curve, accuracy)}
    chosen |= {f"{100 * share:g} % left": leaving(curve, share) for share in shares}
    rows = []
    for rule, threshold in chosen.items():
        row = {"rule": rule, "threshold": threshold}
        for part, p in (("validation", validation), ("test", test)):
            row |= {f"{part} {name}": value for name, value in accept(p, threshold).items()}
        rows.append(row)
    return pd.DataFrame(rows)
