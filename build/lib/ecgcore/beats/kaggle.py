"""The Kaggle files of MIT-BIH beats."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import Beats
from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.errors import DataError

KAGGLE_COLUMNS = BEAT_LENGTH + 1  # the samples of a beat and its class number


def read_kaggle(path: Path) -> Beats:
    """Beats of a Kaggle file: 187 values and a class number a row, no header.

    Raises DataError that names file, row and column if the file is missing, a row has another
    number of columns, or a field is not a finite number or not a class.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; download it from Kaggle (shayanfazeli/heartbeat)")
    if next(_lines(path), None) is None:
        raise DataError(f"{path}: the file is empty")
    try:
        values = np.loadtxt(path, delimiter=",", comments=None, ndmin=2, encoding="utf-8-sig")
    except ValueError:  # text, or rows of unequal length
        raise DataError(f"{path}: {_first_flaw(path)}") from None
    aami = values[:, -1]
    sound = np.isfinite(values).all() and np.isin(aami, range(len(CLASSES))).all()
    if values.shape[1] != KAGGLE_COLUMNS or not sound:
        raise DataError(f"{path}: {_first_flaw(path)}")
    n = len(values)
    unknown = np.full(n, np.nan, dtype=np.float32)
    return Beats(
        signal=values[:, :BEAT_LENGTH].astype(np.float32),
        aami=aami.astype(np.int8),
        symbol=np.full(n, "?"),
        record=np.full(n, path.stem),
        sample=np.full(n, -1, dtype=np.int64),
        rr_pre_s=unknown,
        rr_post_s=unknown,
        amplitude_mv=unknown,
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """A text file's lines that are not blank, numbered from 1."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        yield from ((row, line) for row, line in enumerate(file, start=1) if line.strip())


def _first_flaw(path: Path) -> str:
    """Row, column and nature of the first thing wrong in a Kaggle file, found field by field."""
    for row, line in _lines(path):
        entries = [entry.strip() for entry in line.split(",")]
        if len(entries) != KAGGLE_COLUMNS:
            return f"row {row}: {len(entries)} columns instead of {KAGGLE_COLUMNS}"
        numbers = pd.to_numeric(pd.Series(entries), errors="coerce")
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            return f"row {row}, column {bad[0] + 1}: {entries[bad[0]]!r} is not a finite number"
        if numbers.iloc[-1] not in range(len(CLASSES)):
            known = f"(0 to {len(CLASSES) - 1})"
            return f"row {row}, column {KAGGLE_COLUMNS}: {entries[-1]} is not a class {known}"
    return "not a table of numbers"
