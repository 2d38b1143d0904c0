"""Which beats lie in annotated atrial fibrillation or flutter, and how a measure finds them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wfdb

from ecgcore.data.records import AAMI_OF_SYMBOL

RHYTHMS = ("(AFIB", "(AFL")


def beats_in(database: Path, name: str, rhythms: Iterable[str] = RHYTHMS) -> np.ndarray:
    """(n_beats,) bool, whether a record's annotated beats lie in one of the rhythms."""
    annotation = wfdb.rdann(str(Path(database) / name), "atr")
    found, inside = [], False
    for symbol, aux in zip(annotation.symbol, annotation.aux_note, strict=True):
        if symbol == "+":
            inside = aux.rstrip("\0 ") in tuple(rhythms)
        elif symbol in AAMI_OF_SYMBOL:
            found.append(inside)
    return np.array(found, dtype=bool)


@dataclass(frozen=True)
class Found:
    """Beats by whether they lie in the rhythm and whether they were suspected."""

    sensitivity: float
    specificity: float
    beats: int


def compare(measure: np.ndarray, inside: np.ndarray, threshold: float) -> Found:
    """measure: (n,) of each beat, suspect from `threshold` on; inside: (n,) bool."""
    suspect = measure >= threshold
    return Found(float(suspect[inside].mean()), float((~suspect)[~inside].mean()), len(inside))


def lowest_threshold(measure: np.ndarray, inside: np.ndarray, specificity: float) -> float:
    """The lowest threshold with at least that specificity."""
    return float(np.quantile(measure[~inside], specificity))
