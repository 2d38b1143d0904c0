"""Which beats a network gets wrong: tables for the chapter on errors."""

import numpy as np
import pandas as pd

from ecgcore.constants import CLASSES
from ecgcore.evaluation import Predictions, confusion_matrix


def confused_pairs(p: Predictions) -> pd.DataFrame:
    """A row a pair of classes that were confused, most frequent first."""
    confusion = confusion_matrix(p.true, p.predicted)
    rows = [
        {
            "annotated": CLASSES[t],
            "predicted": CLASSES[q],
            "beats": int(n),
            "share of class": n / confusion[t].sum(),
            "share of errors": n / (~p.correct).sum(),
        }
        for (t, q), n in np.ndenumerate(confusion)
        if t != q and n
    ]
    columns = ["annotated", "predicted", "beats", "share of class", "share of errors"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("beats", ascending=False, ignore_index=True)


def pair_letters(pairs: pd.DataFrame, count: int) -> list[tuple[str, str]]:
    """The first `count` rows of confused_pairs as (annotated, predicted) letters."""
    return list(zip(pairs["annotated"][:count], pairs["predicted"][:count], strict=True))


def class_errors(p: Predictions) -> pd.DataFrame:
    """A row a class that occurs: beats, wrong ones, error rate, median confidence."""
    frame = pd.DataFrame({"class": p.true, "wrong": ~p.correct, "confidence": p.confidence})
    table = frame.groupby("class").agg(
        beats=("wrong", "size"),
        wrong=("wrong", "sum"),
        rate=("wrong", "mean"),
        confidence=("confidence", "median"),
    )
    table.index = [CLASSES[number] for number in table.index]
    names = {"rate": "error rate", "confidence": "median confidence"}
    return table.rename_axis("class").reset_index().rename(columns=names)


def below(p: Predictions, threshold: float) -> dict:
    """How many beats lie below a confidence, and the accuracy on either side (NaN: none there)."""
    low = p.confidence < threshold
    return {
        "beats below": int(low.sum()),
        "share below": float(low.mean()),
        "accuracy below": float(p.correct[low].mean()) if low.any() else float("nan"),
        "accuracy above": float(p.correct[~low].mean()) if not low.all() else float("nan"),
    }
