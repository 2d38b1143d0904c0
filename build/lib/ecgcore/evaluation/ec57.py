"""Tables in the manner of ANSI/AAMI EC57: ectopic beats, record by record and gross.

The counting rules are those of `bxb`, the WFDB Software Package's reference implementation of
the standard (Moody 2022), and of de Chazal et al. (2004). For ventricular ectopic beats
(VEB, class V):

- a V beat given any other class is a false negative, F included;
- an N or S beat called V is a false positive; an F or Q beat called V counts neither way, since
  a fusion beat is ventricular in part and nobody knows what a Q beat is;
- every other beat that is not called V is a true negative.

For supraventricular ectopic beats (SVEB, class S) an N, V or F beat called S is a false positive,
and only a Q beat called S counts neither way. `bxb` has no false positive rate for SVEB; here it
is defined as for VEB, as de Chazal et al. do. R peaks are given, so none is missed or extra. The
standard maps escape beats (`e`, `j`) to S where this project, after de Chazal, has them under N.
"""

import numpy as np
import pandas as pd

from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.metrics import confusion_matrix
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.uncertainty import Resamples, interval, ratio

ECTOPIC = {"SVEB": "S", "VEB": "V"}
# Annotated classes whose beats, called S or V, are no false positives.
UNCOUNTED = {"S": ("Q",), "V": ("F", "Q")}
LEARNING_S = 300.0  # EC57 leaves the first five minutes of a record to a device to learn
RATES = {
    "sensitivity": "Se",
    "positive predictivity": "+P",
    "false positive rate": "FPR",
}
GROSS, AVERAGE = "gross", "average"


def counts(confusion: np.ndarray, letter: str) -> dict[str, np.ndarray]:
    """tp, fn, fp, tn of class S or V in (..., 5, 5) confusion matrices, each (...) int64."""
    at = CLASSES.index(letter)
    others = [i for i, c in enumerate(CLASSES) if c != letter]
    counted = [i for i in others if CLASSES[i] not in UNCOUNTED[letter]]
    tp, annotated = confusion[..., at, at], confusion[..., at, :].sum(axis=-1)
    not_called = confusion[..., others, :].sum(axis=-1) - confusion[..., others, at]
    return {
        "tp": tp,
        "fn": annotated - tp,
        "fp": confusion[..., counted, at].sum(axis=-1),
        "tn": not_called.sum(axis=-1),
    }


def rates(confusion: np.ndarray, letter: str) -> dict[str, np.ndarray]:
    """Sensitivity, positive predictivity and false positive rate of class S or V.

    confusion: (..., 5, 5); each rate is (...) float64, NaN where it is undefined.
    """
    n = counts(confusion, letter)
    return {
        "sensitivity": ratio(n["tp"], n["tp"] + n["fn"]),
        "positive predictivity": ratio(n["tp"], n["tp"] + n["fp"]),
        "false positive rate": ratio(n["fp"], n["fp"] + n["tn"]),
    }


def test_period(p: Predictions, fs: float, start_s: float = LEARNING_S) -> Predictions:
    """The beats at or after `start_s` (s) of their record, sampled at `fs` (Hz).

    Raises DataError where it is unknown when in its record a beat occurred.
    """
    if (p.sample < 0).any():
        raise DataError("EC57's five-minute rule needs to know when a beat occurred")
    return p[p.sample >= start_s * fs]


def record_table(p: Predictions) -> pd.DataFrame:
    """A row a record, then `gross` (all counts added up) and `average` (the mean of the records'
    rates, each over the records that have it).

    Columns: record, beats, and for SVEB and VEB `<name> beats`, `<name> Se`, `+P`, `FPR`; a rate
    is NaN where nothing defines it.
    """
    names = np.unique(p.record)
    each = np.array(
        [confusion_matrix(p.true[own], p.predicted[own]) for own in (p.record == n for n in names)]
    )
    table = _table([*names, GROSS], np.concatenate([each, each.sum(axis=0, keepdims=True)]))
    shown = [c for c in table if c.endswith(tuple(RATES.values()))]
    average = table[:-1][shown].mean().to_dict() | {"record": AVERAGE}
    return pd.concat([table, pd.DataFrame([average])], ignore_index=True)


def _table(names: list[str], confusion: np.ndarray) -> pd.DataFrame:
    columns: dict = {"record": names, "beats": confusion.sum(axis=(1, 2)).astype(float)}
    for ectopic, letter in ECTOPIC.items():
        annotated = confusion[:, CLASSES.index(letter)].sum(axis=-1)
        columns[f"{ectopic} beats"] = annotated.astype(float)
        for name, value in rates(confusion, letter).items():
            columns[f"{ectopic} {RATES[name]}"] = value
    return pd.DataFrame(columns)


def gross(p: Predictions, drawn: Resamples | None = None) -> pd.DataFrame:
    """A row for SVEB and one for VEB: beats, gross sensitivity, positive predictivity and false
    positive rate, and, where resamples are given, the 95 % interval of each (`<rate> low`/`high`).
    """
    confusion = confusion_matrix(p.true, p.predicted)
    rows = []
    for ectopic, letter in ECTOPIC.items():
        row: dict = {"beats of": ectopic, "beats": int(confusion[CLASSES.index(letter)].sum())}
        row |= {name: float(value) for name, value in rates(confusion, letter).items()}
        if drawn is not None:
            for name, values in rates(drawn.confusions(), letter).items():
                row[f"{name} low"], row[f"{name} high"] = interval(values)
        rows.append(row)
    return pd.DataFrame(rows)
