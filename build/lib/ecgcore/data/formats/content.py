"""What is read from a file, whatever its format."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ecgcore.data.signals import Signal


@dataclass(frozen=True)
class Problem:
    """A row (line of the file, from 1) that cannot be used, and why, in one sentence."""

    row: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Rows:
    """Beats that somebody has cut. signal: (n, 187) float32, see `csv_text.scale`; row: (n,) int64,
    line of the file; true: (n,) int8, class number of the label (-1: none); notes: what was taken
    for granted, a sentence each."""

    signal: np.ndarray
    row: np.ndarray
    true: np.ndarray
    problems: list[Problem] = field(default_factory=list)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """A signal, or beats part by part; problems: what of the signal cannot be used."""

    signal: Signal | None = None
    rows: Iterator[Rows] | None = None
    problems: list[Problem] = field(default_factory=list)
