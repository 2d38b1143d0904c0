"""Text files from outside: beats, one a row, or signals, one sample a line (`csv_signal`).

Nobody controls how such a file was written, so the layout is found out: comma, semicolon, tab
or spaces; point or decimal comma; a header or none; UTF-8, UTF-16 or Latin-1. A row that is no
beat becomes a Problem, and the others are read. `static/try-it/csv.js` of the book does the same
in the browser; the two are tested on the same files.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.data.formats import csv_signal
from ecgcore.data.formats.content import Content, Problem, Rows
from ecgcore.data.formats.csv_lines import (
    MAX_LINE,
    MAX_PROBLEMS,
    MAX_VALUE,
    MISSING,
    NUMBER,
    lines,
    number_problem,
    open_text,
    quote,
)
from ecgcore.data.lead_choice import plain
from ecgcore.errors import ConfigError, DataError

ROWS_AT_ONCE = 4096  # beats held in memory
LOOKED_AT = 60  # lines by which beats are told from signals, and labels from samples
LABELS = {"label", "labels", "class", "classes", "klasse", "target", "y", "category", "annotation",
          "symbol", "beat", "beattype", "type", "aami", "aamiclass"}  # fmt: skip
# Labels of which files mean normal and abnormal, and not the classes N and S.
NORMAL_ABNORMAL = {0, 1}


@dataclass(frozen=True)
class Layout:
    """How a file is written. separator None: any white space; index: a first column of row
    numbers; header: line number of the header (0: none); columns: of the first row of data;
    label_first: whether the label stands before the values; notes: what was taken for granted."""

    separator: str | None
    decimal_comma: bool
    index: bool
    header: int
    columns: int
    label_first: bool = False
    notes: tuple[str, ...] = ()

    def split(self, line: str) -> list[str]:
        """The fields of a line, without the index, with the label at the end."""
        fields = _split(line, self.separator)
        if self.decimal_comma:
            fields = [f.replace(",", ".") for f in fields]
        fields = fields[self.index :]
        return [*fields[1:], fields[0]] if self.label_first and fields else fields


def claims(path: Path, start: bytes) -> bool:
    """Whatever is a file: what is no text is refused with a reason."""
    return path.is_file()


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """Rows of 187 or 188 columns are beats, others are signals. See opening.Format."""
    columns, rows = _columns(path)
    if rows == 1 and columns > BEAT_LENGTH + 2:
        return csv_signal.read_one_row(path, fs)
    if columns <= csv_signal.COLUMNS:
        return csv_signal.read(path, lead, fs)
    if fs is not None:
        raise ConfigError(f"{path}: {columns} columns are beats, not a signal; drop --fs")
    return Content(rows=_rows_of(path))


def _columns(path: Path) -> tuple[int, int]:
    """Columns of most of the first rows, and how many rows that are, LOOKED_AT at most."""
    with open(path, "rb") as file:
        text = open_text(file, str(path))
        first = [line for _, line in itertools.islice(lines(text), LOOKED_AT)]
    counts = Counter(len(_split(line, _separator(line))) for line in first)
    return counts.most_common(1)[0][0] if counts else 0, len(first)


def _rows_of(path: Path) -> Iterator[Rows]:
    with open(path, "rb") as file:
        text = open_text(file, str(path))
        layout = find_layout(text, str(path))
        binary = _only_two_labels(text, layout)
        for rows in read_rows(text, layout, str(path)):
            yield _without_labels(rows, str(path)) if binary else rows


def _only_two_labels(text: TextIO, layout: Layout) -> bool:
    """Whether all labels of a file are 0 or 1, and some are 1."""
    found = set()
    for row, line in lines(text):
        if row > layout.header:
            fields = layout.split(line[:MAX_LINE])
            if len(fields) == BEAT_LENGTH + 1:
                found.add(fields[-1])
                if fields[-1] and _whole(fields[-1]) not in NORMAL_ABNORMAL:
                    break
    text.seek(0)
    numbers = {_whole(label) for label in found if label}
    return 1 in numbers and numbers <= NORMAL_ABNORMAL


def _whole(text: str) -> int | None:
    """A whole number, also written as 1.0 or 1e0; None for anything else."""
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    return int(value) if value % 1 == 0 and abs(value) < 1e9 else None


def _without_labels(rows: Rows, name: str) -> Rows:
    note = (
        f"{name}: its labels are only 0 and 1, which usually mean normal and abnormal and not the "
        f"five classes, so they are compared with nothing"
    )
    return replace(rows, true=np.full_like(rows.true, -1), notes=(*rows.notes, note))


def rows_of_array(array: np.ndarray, name: str) -> Iterator[Rows]:
    """Beats that are in memory, (n, 187) values or (n, 188) with the class number at the end.

    Raises DataError if none of them is a beat.
    """
    layout, first, found = Layout(",", False, False, 0, array.shape[1]), "", False
    for at in range(0, len(array), ROWS_AT_ONCE):
        good, bad = [], []
        for row, values in enumerate(array[at : at + ROWS_AT_ONCE], start=at + 1):
            try:
                good.append((row, *_beat(",".join(map(repr, values.tolist())), layout, row)))
            except ValueError as error:
                bad.append(Problem(row, str(error)))
                first = first or str(error)
        found = found or bool(good)
        if good or found:
            yield _pack(good, bad, ())
    if not found:
        raise DataError(f"{name}: none of the rows is a beat ({first})")


def scale(values: np.ndarray) -> np.ndarray:
    """Beats in any unit, as (n, 187) float32 that the network was trained on.

    The network's input is a z-score, so unit and offset of a full beat do not matter. What does
    is the padding, which is the lowest value of a beat scaled to [0, 1]. Rows outside that range
    are therefore scaled by their own range, up to the zeros at their end. values: (n, 187) float64.
    """
    values = np.asarray(values, dtype=np.float64)
    outside = (values.min(axis=1) < 0) | (values.max(axis=1) > 1)
    if outside.any():
        values = values.copy()
        values[outside] = [_scale_beat(beat) for beat in values[outside]]
    return values.astype(np.float32)


def _scale_beat(beat: np.ndarray) -> np.ndarray:
    length = int(np.flatnonzero(beat)[-1]) + 1
    piece = beat[:length]
    scaled = np.zeros(len(beat))
    scaled[:length] = (piece - piece.min()) / (piece.max() - piece.min() or 1)
    return scaled


def find_layout(text: TextIO, name: str) -> Layout:
    """Look at the first lines, then go back to the start."""
    found = lines(text)
    row, first = next(found, (0, ""))
    if not first:
        raise DataError(f"{name}: the file holds no rows, only comments")
    separator = _separator(first)
    fields = _split(first, separator)
    header = row if _is_header(fields) else 0
    index = bool(header) and fields[0] == "" and len(fields) > 1
    rows = [] if header else [first]
    rows += [line for _, line in itertools.islice(found, LOOKED_AT)]
    if not rows:
        raise DataError(f"{name}: the file holds a header but no rows")
    if header and separator != ",":
        separator = _separator(rows[0])
    columns = len(_split(rows[0], separator)) - index
    text.seek(0)
    layout = Layout(separator, separator != ",", index, header, columns)
    first_is_label, note = _label_first(layout, fields[index:] if header else [], rows)
    notes = (f"{name}: {note}",) if note else ()
    return replace(layout, label_first=first_is_label, notes=notes)


def _label_first(layout: Layout, names: list[str], rows: list[str]) -> tuple[bool, str]:
    """Whether the label stands first, and what is to be said of how that was found.

    A name tells it; else the values do: a column of whole numbers 0 to 4 (or letters) is a label
    where the other end of the rows is none. Where both ends could be, the last is taken, as in the
    files that most people have.
    """
    if layout.columns != BEAT_LENGTH + 1:
        return False, ""
    named = [plain(n) in LABELS for n in names] or [False]
    if named[0] or named[-1]:
        return named[0] and not named[-1], ""
    ends = [(f[0], f[-1], f[1]) for f in map(layout.split, rows) if len(f) == BEAT_LENGTH + 1]
    first, last = (all(_is_class(end[i]) for end in ends) and bool(ends) for i in (0, 1))
    if first and not last:
        return True, "the first column is taken for the label: it holds nothing but classes"
    if first and last and any(_no_sample(first, second) for first, _, second in ends):
        return True, "the first column is taken for the label: as a sample it would be no R peak"
    if first and last and len({_whole(e[0]) for e in ends}) > 1:
        return False, "the last column is taken for the label; the first could be one as well"
    return False, ""


def _no_sample(first: str, second: str) -> bool:
    """Whether a value cannot be the first of a beat: beyond those of a scaled one, or far below the
    next, while a beat begins at its R peak."""
    value = _whole(first) or 0
    return value > 1 or (value == 0 and NUMBER.fullmatch(second) and float(second) > 0.5) or False


def _is_class(label: str) -> bool:
    return label in CLASSES or _whole(label) in range(len(CLASSES))


def _separator(line: str) -> str | None:
    """The separator that gives a row of beats, or else the first that occurs."""
    present = [s for s in ("\t", ";", ",") if s in line]
    if present == [","] and any(len(f.split()) > 1 for f in line.split(",")):
        present = [None]  # decimal commas between spaces
    for separator in [*present, None]:
        if len(_split(line, separator)) in range(BEAT_LENGTH, BEAT_LENGTH + 3):
            return separator
    if re.fullmatch(r"[+-]?\d+,\d+", line.strip()):
        return None  # one column with decimal commas
    return present[0] if present else None


def _split(line: str, separator: str | None) -> list[str]:
    fields = [f.strip() for f in line.replace('"', "").strip("\r\n").split(separator)]
    if len(fields) in (BEAT_LENGTH + 1, BEAT_LENGTH + 2) and fields[-1] == "":
        fields.pop()  # a separator at the end of each line
    return fields


def _is_header(fields: list[str]) -> bool:
    """Words only, or the column numbers that pandas writes, with a word for the label."""
    filled = [f for f in fields if f]
    values = [f for f in filled if NUMBER.fullmatch(f.replace(",", ".")) or MISSING.fullmatch(f)]
    if not values:
        return True
    if len(values) < BEAT_LENGTH or not all(f.isdecimal() and len(f) < 9 for f in values):
        return False
    start = int(values[0])
    return [int(f) for f in values] == list(range(start, start + len(values)))


def read_rows(text: TextIO, layout: Layout, name: str) -> Iterator[Rows]:
    """Beats of a file, some thousand at a time, each part with the bad rows between them.

    Bad rows beyond MAX_PROBLEMS are only counted. Raises DataError if no row is a beat, at the
    end or after MAX_PROBLEMS rows.
    """
    good: list[tuple[int, np.ndarray, int]] = []
    bad: list[Problem] = []
    first, any_good, n_bad = "", False, 0
    for row, line in lines(text):
        if row <= layout.header:
            continue
        try:
            good.append((row, *_beat(line, layout, row)))
            any_good = True
        except ValueError as error:
            first, n_bad = first or str(error), n_bad + 1
            if n_bad <= MAX_PROBLEMS:
                bad.append(Problem(row, str(error)))
        if not any_good and n_bad >= MAX_PROBLEMS:
            break
        if len(good) >= ROWS_AT_ONCE:
            yield _pack(good, bad, layout.notes)
            good, bad, layout = [], [], replace(layout, notes=())
    if not any_good:
        some = "none of the rows" if n_bad < MAX_PROBLEMS else f"none of the first {n_bad:,} rows"
        raise DataError(f"{name}: {some} is a beat ({first})")
    if n_bad > MAX_PROBLEMS:
        bad.append(Problem(0, f"{n_bad - MAX_PROBLEMS:,} further rows are no beats either"))
    yield _pack(good, bad, layout.notes)


def _pack(
    good: list[tuple[int, np.ndarray, int]], bad: list[Problem], notes: tuple[str, ...]
) -> Rows:
    values = np.array([v for _, v, _ in good]).reshape(len(good), BEAT_LENGTH)
    signal = scale(values) if good else values.astype(np.float32)
    row = np.array([r for r, _, _ in good], dtype=np.int64)
    return Rows(signal, row, np.array([t for _, _, t in good], dtype=np.int8), bad, notes)


def _beat(line: str, layout: Layout, row: int) -> tuple[np.ndarray, int]:
    """Values and class of a row; ValueError says what is wrong with it."""
    if len(line) > MAX_LINE:
        raise ValueError(f"row {row}: longer than {MAX_LINE:,} characters")
    fields = layout.split(line)
    if len(fields) not in (BEAT_LENGTH, BEAT_LENGTH + 1):
        plural = "" if len(fields) == 1 else "s"
        raise ValueError(
            f"row {row}: {len(fields)} column{plural} instead of {BEAT_LENGTH}, "
            f"or {BEAT_LENGTH + 1} with the label"
        )
    before = layout.index + layout.label_first  # columns before the values
    values = np.array(_numbers(fields[:BEAT_LENGTH], row, before))
    if values.min() == values.max():
        raise ValueError(f"row {row}: all {BEAT_LENGTH} values are equal, so there is no beat")
    label = fields[BEAT_LENGTH] if len(fields) > BEAT_LENGTH else ""
    column = 1 + layout.index + (0 if layout.label_first else BEAT_LENGTH)
    return values, _class_number(label, row, column)


def _numbers(fields: list[str], row: int, offset: int = 0) -> list[float]:
    try:  # float() is fast; what it takes that is no plain number is found below
        values = [float(f) for f in fields]
        if all(abs(v) <= MAX_VALUE for v in values) and not any("_" in f for f in fields):
            return values
    except ValueError:
        pass
    for column, text in enumerate(fields, start=1 + offset):
        problem = number_problem(text, row, column)
        if problem:
            raise ValueError(problem)
    return [float(f) for f in fields]


def _class_number(label: str, row: int, column: int) -> int:
    if label == "":
        return -1
    if label in CLASSES:
        return CLASSES.index(label)
    number = float(label) if NUMBER.fullmatch(label) else math.nan
    if number not in range(len(CLASSES)):
        letters = " ".join(CLASSES)
        raise ValueError(
            f"row {row}, column {column}: {quote(label)} is no class "
            f"(0 to {len(CLASSES) - 1}, or {letters})"
        )
    return int(number)


def read_beats(path: Path) -> Rows:
    """All beats of a file, and its bad rows. Raises DataError if there is no beat in it."""
    with open(path, "rb") as file:
        text = open_text(file, path.name)
        parts = list(read_rows(text, find_layout(text, path.name), path.name))
    fields = ("signal", "row", "true")
    whole = {f: np.concatenate([getattr(p, f) for p in parts]) for f in fields}
    problems = [problem for p in parts for problem in p.problems]
    return Rows(**whole, problems=problems, notes=parts[0].notes)
