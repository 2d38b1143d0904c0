"""Columns that tell the time: seconds or parts of them, clock times, dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ecgcore.data import signals
from ecgcore.data.lead_choice import plain

CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{1,2}(?:[.,:]\d+)?"
ZONE = r"(?:Z| ?[+-]\d\d:?\d\d)?"
DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
TIME = re.compile(rf"(?:(?P<date>{DATE})(?:[T ]+|$))?(?P<clock>{CLOCK})?{ZONE}")
NAMES = re.compile(
    r"time|zeit|temps|tiempo|tempo|elapsed|^t$|^ts$|^tms$|^ms$|^s$|^sec|^millis|^date|^datum|clock|uhr"
)
SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}  # s a unit; tried in this order
UNIT_IN_NAME = [
    ("ns", re.compile(r"[\W_]ns\b|nano", re.I)),
    ("us", re.compile(r"[\W_][uµμ]s\b|micro", re.I)),
    ("ms", re.compile(r"[\W_]ms\b|^ms$|milli|msec", re.I)),
    ("s", re.compile(r"[\W_]s(ec)?\b|^s$|seconds|sekunden|\bsec", re.I)),
]
DAY = 86_400.0
LIKE_INTEGER = 2e-4  # a rate this near to a whole one is that


def is_time(field: str) -> bool:
    return bool(field) and bool(TIME.fullmatch(field))


@dataclass(frozen=True)
class Clock:
    """The column that tells the time. scale: s a unit, of numbers; fs: Hz; start: None if only
    counted from the start."""

    column: int
    scale: float
    fs: float
    start: datetime | None

    def positions(self, column: Sequence, fs: float, name: str) -> np.ndarray | None:
        """(n,) int64, sample number of each row; None if no sample is missing."""
        seconds = _seconds(column, self.scale)
        row = np.flatnonzero(np.isfinite(seconds))
        known = seconds[row]
        # Stamps may be rounded, or the same for all samples of a packet: they count where they
        # change, and only what is longer than half as much again as usual is a gap.
        changes = np.flatnonzero(np.diff(known, prepend=np.nan) != 0)
        steps, rows = np.diff(known[changes]) * fs, np.diff(row[changes])
        gap = np.where(steps > 1.5 * rows + 1, np.round(steps - rows), 0)
        if not gap.any():
            return None
        signals.check_length(int(min(len(seconds) + gap.sum(), 1e15)), fs, name)
        added = np.zeros(len(seconds), dtype=np.int64)
        added[row[changes[1:]]] = gap.astype(np.int64)
        return np.arange(len(seconds)) + np.cumsum(added)


def find(columns: dict[int, Sequence], names: Sequence[str]) -> tuple[Clock | None, set[int]]:
    """The column that tells the time most evenly, None if there is none; all that tell it."""
    found = []
    for c, column in columns.items():
        named = bool(NAMES.search(plain(names[c])))
        scale = _scale(column, names[c], named)
        if scale is None:
            continue
        seconds = _seconds(column, scale)
        fs = _rate(seconds)
        if fs and signals.SLOWEST <= fs <= signals.FASTEST:
            steps = np.diff(seconds[np.isfinite(seconds)])
            uneven = float(np.median(np.abs(steps - np.median(steps))) + np.mean(steps == 0))
            found.append((uneven, c, Clock(c, scale, fs, _start(column))))
    if not found:
        return None, set()
    best = min(found)[2]
    start = best.start or next((clock.start for _, _, clock in found if clock.start), None)
    return replace(best, start=start), {c for _, c, _ in found}


def _scale(column: Sequence, name: str, named: bool) -> float | None:
    """s a unit of a column of times; None if it is none."""
    if not isinstance(column, np.ndarray):
        return 1.0
    known = column[np.isfinite(column)]
    if len(known) < 3 or len(known) < len(column) / 2:
        return None
    steps = np.diff(known)
    if (steps < 0).mean() > 0.01 or steps.sum() <= 0:
        return None
    if named:
        for unit, pattern in UNIT_IN_NAME:
            if pattern.search(name):
                return SCALES[unit]
    step = float(np.median(steps[steps > 0]))
    if step == 1 and (known % 1 == 0).all():
        return None  # an index
    even = np.abs(steps - step).max() <= 0.51 * step or np.median(np.abs(steps - step)) < 0.1 * step
    if not named and (not even or (steps <= 0).any()):
        return None
    for scale in SCALES.values():
        if signals.SLOWEST <= 1 / (step * scale) <= signals.FASTEST:
            return scale
    return None


def _seconds(column: Sequence, scale: float) -> np.ndarray:
    """(n,) float64 s; NaN where nothing is told. Clock times go on after midnight."""
    if isinstance(column, np.ndarray):
        return column * scale
    seconds = np.array([_of_text(text) for text in column])
    known = np.flatnonzero(np.isfinite(seconds))
    if len(known):
        wraps = np.cumsum(np.diff(seconds[known], prepend=seconds[known[0]]) < -DAY / 2)
        seconds[known] += DAY * wraps
    return seconds


def _of_text(text: str) -> float:
    found = TIME.fullmatch(text)
    if not found or not found["clock"]:
        return np.nan
    at = _clock_seconds(found["clock"])
    day = _date(found["date"])
    return at if day is None else at + (day - datetime(1970, 1, 1)).days * DAY


def _clock_seconds(text: str) -> float:
    """h:m:s, m:s, with a fraction after a point, comma or third colon."""
    parts = text.replace(",", ".").split(":")
    if len(parts) == 4:
        parts = [*parts[:2], f"{parts[2]}.{parts[3]}"]
    seconds = 0.0
    for part in parts:
        seconds = 60 * seconds + float(part)
    return seconds


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    parts = [int(p) for p in re.split(r"[-/.]", text)]
    year, month, day = parts if parts[0] > 31 else parts[::-1]
    try:
        return datetime(year, month, day)
    except ValueError:
        try:
            return datetime(year, day, month)
        except ValueError:
            return None


def _rate(seconds: np.ndarray) -> float | None:
    """Hz, from the first change of the time to the last, gaps left out."""
    row = np.flatnonzero(np.isfinite(seconds))
    known = seconds[row]
    changes = np.flatnonzero(np.diff(known) != 0) + 1
    if len(changes) < 2:
        return None
    at, steps, rows = known[changes], np.diff(known[changes]), np.diff(row[changes])
    usual = np.median(steps / rows)
    fine = steps <= 3 * usual * rows
    if usual <= 0 or not fine.any() or at[-1] <= at[0]:
        return None
    fs = float(rows[fine].sum() / steps[fine].sum())
    return float(round(fs)) if abs(fs - round(fs)) < LIKE_INTEGER * fs else fs


def _start(column: Sequence) -> datetime | None:
    """When the first row was, if it tells a date or a time of the day."""
    if isinstance(column, np.ndarray):
        return None
    return next((s for s in map(_moment, column) if s), None)


def _moment(text: str) -> datetime | None:
    found = TIME.fullmatch(text) if text else None
    if not found or not found["clock"]:
        return None
    seconds = _clock_seconds(found["clock"])
    if not found["date"] and seconds < 60 and found["clock"].count(":") < 2:
        return None  # counted from the start
    day = _date(found["date"]) or datetime.min
    return day + timedelta(seconds=seconds) if seconds < DAY else None


def start_in(preface: Sequence[str]) -> datetime | None:
    """Date and time of day that a line of text tells."""
    pattern = re.compile(rf"({DATE})[T ]+({CLOCK})")
    for line in preface:
        found = pattern.search(line)
        if found and (moment := _moment(f"{found[1]} {found[2]}")):
            return moment
    return None


def on_the_day(moment: datetime, columns: Sequence[Sequence[str]]) -> datetime:
    """A time of day on the first date that some columns tell, if they do."""
    for column in columns:
        for text in column[:1]:
            found = TIME.fullmatch(text)
            day = _date(found["date"]) if found else None
            if day:
                return datetime.combine(day, moment.time())
    return moment
