"""How much a flawed protocol would give away, counted on the beats alone, without a network."""

import numpy as np
import pandas as pd

from ecgcore.beats.splits import TEST_SHARE
from ecgcore.constants import CLASSES
from ecgcore.evaluation.predictions import Predictions

WINDOW = 10  # beats of a sequence


def copied_share(
    aami: np.ndarray, test_share: float = TEST_SHARE, seed: int = 0
) -> dict[str, float]:
    """If the classes are balanced *before* the split: by class, the share of test beats of which
    the training part holds an exact copy. NaN for a class without beats.

    aami: (n,) class numbers. Each class is drawn with replacement up to the size of the largest,
    then `test_share` of everything is dealt out for testing.
    """
    rng = np.random.default_rng(seed)
    largest = np.bincount(aami).max()
    shares = {}
    for number, letter in enumerate(CLASSES):
        own = np.flatnonzero(aami == number)
        extra = rng.choice(own, largest - len(own)) if len(own) else own
        pool = np.concatenate([own, extra])  # positions of beats, copies repeated
        tested = rng.random(len(pool)) < test_share
        known = np.isin(pool[tested], pool[~tested])
        shares[letter] = float(known.mean()) if len(known) else float("nan")
    return shares


def pure_windows(aami: np.ndarray, record: np.ndarray, letter: str, length: int = WINDOW) -> float:
    """Of the windows of `length` successive beats of a record that hold a class, the share that
    hold nothing else; NaN if there are none.

    aami, record: (n,), beats in the order of their records. Windows follow one another without
    overlap, as a sequence model would read them.
    """
    number = CLASSES.index(letter)
    pure = total = 0
    for name in np.unique(record):
        own = aami[record == name]
        windows = own[: len(own) // length * length].reshape(-1, length) == number
        total += int(windows.any(axis=1).sum())
        pure += int(windows.all(axis=1).sum())
    return pure / total if total else float("nan")


def table(aami: np.ndarray, tested: Predictions) -> pd.DataFrame:
    """A row a class: `copied_share` of all beats, and `pure_windows` of a protocol's test beats.

    aami: (n,) class numbers of all beats.
    """
    copied = copied_share(aami)
    pure = {c: pure_windows(tested.true, tested.record, c) for c in CLASSES}
    return pd.DataFrame(
        {
            "class": CLASSES,
            "test beats with a copy in training": [copied[c] for c in CLASSES],
            "true sequences of this class only": [pure[c] for c in CLASSES],
        }
    )
