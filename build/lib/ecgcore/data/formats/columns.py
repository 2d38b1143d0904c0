"""Columns of a table: which is the time, which only counts, and which is the ECG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

import numpy as np

from ecgcore.data import lead_choice, signals
from ecgcore.data.formats import csv_time
from ecgcore.data.signals import Lead, Signal
from ecgcore.errors import DataError

INDEX_NAMES = {
    "", "index", "sample", "samples", "sampleno", "samplenumber", "n", "nr", "no", "i", "id", "row",
    "unnamed0", "idx", "probe", "messwert", "samplenum", "counter", "indexlevel0",
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Columns of a table by their numbers. names, units: of all, empty if unknown; head: numbers,
    (n,) float64 with NaN where one is missing, or texts that are times; again: reads some columns
    whole, None if `head` is whole; titles: of the columns, as they stand in the file; no_samples:
    columns that hold none; only: name of the lead if there is a single one without a name."""

    names: Sequence[str]
    units: Sequence[str]
    head: dict[int, Sequence]
    again: Callable[[Sequence[int]], dict[int, Sequence]] | None
    titles: Sequence[str]
    no_samples: frozenset[int] = frozenset()
    only: str = ""

    def signal(
        self,
        name: str,
        lead: str,
        fs: float | None,
        found: float | None,
        start: datetime | None,
    ) -> Signal:
        """The ECG among the columns. fs: the rate that somebody gives; found, start: what
        the file has. Raises DataError if there are no samples, ConfigError as `lead_choice` does.
        """
        clock, times = csv_time.find(self.head, self.titles)
        texts = {c for c, column in self.head.items() if not isinstance(column, np.ndarray)}
        left_out = self._index(times) | times | texts | self.no_samples
        which = [c for c in self.head if c not in left_out and np.isfinite(self.head[c]).any()]
        if not which:
            raise DataError(f"{name}: no column of samples in it, only an index or times")
        rate = signals.agreed_fs(fs, clock.fs if clock else found, name)
        leads = [self._lead(c, self.head[c], rate, which) for c in which]
        chosen = lead_choice.choose(leads, lead, name)
        other = lead_choice.second(leads, chosen)
        columns = self.head
        if self.again:
            columns = self.again([which[chosen], *([clock.column] if clock else [])])
        at = clock.positions(columns[clock.column], rate, name) if clock else None
        values = _placed(columns[which[chosen]], at)
        leads[chosen] = self._lead(which[chosen], values, rate, which)
        start = self._start(clock.start if clock else start, texts)
        signal = lead_choice.signal_of(name, leads, leads[chosen], start)
        if other is None:
            return signal
        return replace(signal, second=self._second(leads[other], which[other], at, len(values)))

    def _second(self, lead: Lead, column: int, at: np.ndarray | None, n_samples: int) -> Lead:
        """A lead that is only read when somebody looks at it."""

        @cache
        def values() -> np.ndarray:
            return _placed((self.again([column]) if self.again else self.head)[column], at)

        def read(start: int, stop: int) -> np.ndarray:
            return values()[start:stop].astype(np.float64)

        return replace(lead, n_samples=n_samples, read=read)

    def _lead(self, column: int, values: np.ndarray, fs: float, which: Sequence[int]) -> Lead:
        single = (self.only or "unknown") if len(which) == 1 else f"column {column + 1}"
        return signals.array_lead(values, fs, self.names[column] or single, self.units[column])

    def _start(self, start: datetime | None, texts: set[int]) -> datetime | None:
        if start is None or start.year > 1:
            return start
        return csv_time.on_the_day(start, [self.head[c] for c in sorted(texts)])

    def _index(self, times: set[int]) -> set[int]:
        """Columns that count: whole numbers, each one more than the last."""
        found = set()
        for c, column in self.head.items():
            if len(self.head) == 1 or c in times or not isinstance(column, np.ndarray):
                continue
            known = column[np.isfinite(column)]
            steps = np.diff(known)
            if len(steps) < 2 or (known % 1 != 0).any():
                continue
            named = lead_choice.plain(self.titles[c]) in INDEX_NAMES
            if (steps == 1).all() or (named and (steps >= 1).all()):
                found.add(c)
        return found


def _placed(values: np.ndarray, at: np.ndarray | None) -> np.ndarray:
    """Samples at their places in time, NaN between them. at: (n,) positions, None: no gaps."""
    if at is None:
        return values
    whole = np.full(int(at[-1]) + 1, np.nan)
    whole[at] = values
    return whole
