"""Text files from outside: beats, one a row, or a signal, one sample a line.

Nobody controls how such a file was written, so the layout is found out: comma, semicolon, tab
or spaces; point or decimal comma; a header or none; UTF-8, UTF-16 or Latin-1. A row that is no
beat becomes a Problem, and the others are read. `static/try-it/csv.js` of the book does the same
in the browser; the two are tested on the same files.
"""

import codecs
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.data import signals
from ecgcore.data.formats.content import Content, Problem, Rows
from ecgcore.errors import ConfigError, DataError

ROWS_AT_ONCE = 4096  # beats held in memory
MAX_LINE = 65_536  # characters; a row of 188 numbers has some 5,000
MAX_PROBLEMS = 1_000  # bad rows after which a file counts as rubbish and is read no further
MAX_VALUE = 1e12  # far above any unit of an ECG; keeps the arithmetic finite
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MISSING = re.compile(r"[+-]?(nan|na|n/a|null|none|inf|infinity)", re.IGNORECASE)
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Layout:
    """How a file is written. separator None: any white space; index: a first column of row
    numbers; header: line number of the header (0: none); columns: of the first row of data."""

    separator: str | None
    decimal_comma: bool
    index: bool
    header: int
    columns: int

    @property
    def is_signal(self) -> bool:
        return self.columns == 1

    def split(self, line: str) -> list[str]:
        """The fields of a line, without the index."""
        fields = _split(line, self.separator)
        if self.decimal_comma:
            fields = [f.replace(",", ".") for f in fields]
        return fields[self.index :]


def claims(path: Path, start: bytes) -> bool:
    """Whatever is a file: what is no text is refused with a reason."""
    return path.is_file()


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """One column is a signal, many are beats, one a row. See opening.Format."""
    with open(path, "rb") as file:
        text = open_text(file, str(path))
        layout = find_layout(text, str(path))
        if not layout.is_signal:
            if fs is not None:
                raise ConfigError(
                    f"{path}: {layout.columns} columns are beats, not a signal; drop --fs"
                )
            return Content(rows=_rows_of(path, layout))
        if fs is None:
            raise ConfigError(
                f"{path}: one column is a signal, and needs its sampling rate (--fs, in Hz)"
            )
        samples, problems = read_signal(text, layout, str(path))
    return Content(signals.from_array(samples, fs, str(path)), problems=problems)


def _rows_of(path: Path, layout: Layout) -> Iterator[Rows]:
    with open(path, "rb") as file:
        yield from read_rows(open_text(file, str(path)), layout, str(path))


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


def open_text(file: BinaryIO, name: str) -> TextIO:
    """The text of an open binary file. Raises DataError if it is empty or no text."""
    start = file.read(65_536)
    file.seek(0)
    if not start.strip():
        raise DataError(f"{name}: the file is empty")
    encoding = BYTE_ORDER_MARKS.get(start[:2])
    if encoding is None:
        if b"\0" in start:
            raise DataError(f"{name}: not a text file")
        try:
            codecs.getincrementaldecoder("utf-8")().decode(start)
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "cp1252"  # the usual superset of Latin-1
    return io.TextIOWrapper(file, encoding=encoding, errors="replace")


def lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """(line number, line) of those that are not blank; a line that is too long is cut."""
    number = 0
    while line := text.readline(MAX_LINE + 1):
        number += 1
        while len(line) > MAX_LINE and not line.endswith("\n"):
            rest = text.readline(MAX_LINE)
            if not rest or rest.endswith("\n"):
                break
        if line.strip():
            yield number, line


def find_layout(text: TextIO, name: str) -> Layout:
    """Look at the first lines, then go back to the start."""
    found = lines(text)
    row, first = next(found)
    separator = _separator(first)
    fields = _split(first, separator)
    header = row if _is_header(fields) else 0
    index = bool(header) and fields[0] == "" and len(fields) > 1
    if header:
        _, first = next(found, (0, ""))
        if not first:
            raise DataError(f"{name}: the file holds a header but no rows")
        separator = separator if separator == "," else _separator(first)
    columns = len(_split(first, separator)) - index
    text.seek(0)
    return Layout(separator, separator != ",", index, header, columns)


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
            yield _pack(good, bad)
            good, bad = [], []
    if not any_good:
        some = "none of the rows" if n_bad < MAX_PROBLEMS else f"none of the first {n_bad:,} rows"
        raise DataError(f"{name}: {some} is a beat ({first})")
    if n_bad > MAX_PROBLEMS:
        bad.append(Problem(0, f"{n_bad - MAX_PROBLEMS:,} further rows are no beats either"))
    yield _pack(good, bad)


def _pack(good: list[tuple[int, np.ndarray, int]], bad: list[Problem]) -> Rows:
    values = np.array([v for _, v, _ in good]).reshape(len(good), BEAT_LENGTH)
    signal = scale(values) if good else values.astype(np.float32)
    row = np.array([r for r, _, _ in good], dtype=np.int64)
    return Rows(signal, row, np.array([t for _, _, t in good], dtype=np.int8), bad)


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
    values = np.array(_numbers(fields[:BEAT_LENGTH], row, layout.index))
    if values.min() == values.max():
        raise ValueError(f"row {row}: all {BEAT_LENGTH} values are equal, so there is no beat")
    label = fields[BEAT_LENGTH] if len(fields) > BEAT_LENGTH else ""
    return values, _class_number(label, row, BEAT_LENGTH + 1 + layout.index)


def _numbers(fields: list[str], row: int, offset: int = 0) -> list[float]:
    try:  # float() is fast; what it takes that is no plain number is found below
        values = [float(f) for f in fields]
        if all(abs(v) <= MAX_VALUE for v in values) and not any("_" in f for f in fields):
            return values
    except ValueError:
        pass
    for column, text in enumerate(fields, start=1 + offset):
        where = f"row {row}, column {column}"
        if text == "":
            raise ValueError(f"{where}: empty")
        if not NUMBER.fullmatch(text):
            raise ValueError(f"{where}: {_quote(text)} is not a finite number")
        if abs(float(text)) > MAX_VALUE:
            raise ValueError(f"{where}: {_quote(text)} is beyond any ECG")
    return [float(f) for f in fields]


def _quote(text: str) -> str:
    return f'"{text}"' if len(text) <= 20 else f'"{text[:19]}…"'


def _class_number(label: str, row: int, column: int) -> int:
    if label == "":
        return -1
    if label in CLASSES:
        return CLASSES.index(label)
    number = float(label) if NUMBER.fullmatch(label) else math.nan
    if number not in range(len(CLASSES)):
        letters = " ".join(CLASSES)
        raise ValueError(
            f"row {row}, column {column}: {_quote(label)} is no class "
            f"(0 to {len(CLASSES) - 1}, or {letters})"
        )
    return int(number)


def read_signal(text: TextIO, layout: Layout, name: str) -> tuple[np.ndarray, list[Problem]]:
    """(n_samples,) float32 of a file with one column, NaN where a sample is missing.

    A line that is neither a number nor says that there is none (`nan`, `NA`) becomes a Problem.
    Raises DataError if most of the lines do.
    """
    parts: list[np.ndarray] = []
    values: list[float] = []
    problems: list[Problem] = []
    n_bad = 0
    for row, line in lines(text):
        if row <= layout.header:
            continue
        try:
            values.append(_sample(line, layout, row))
        except ValueError as error:
            values.append(math.nan)
            n_bad += 1
            if n_bad <= MAX_PROBLEMS:
                problems.append(Problem(row, str(error)))
            if n_bad == MAX_PROBLEMS and n_bad > row / 2:
                break
        if len(values) >= 1_000_000:
            parts.append(np.array(values, dtype=np.float32))
            values = []
    signal = np.concatenate([*parts, np.array(values, dtype=np.float32)])
    if n_bad > len(signal) / 2:
        raise DataError(f"{name}: most lines are no numbers ({problems[0]})")
    if n_bad > MAX_PROBLEMS:
        problems.append(Problem(0, f"{n_bad - MAX_PROBLEMS:,} further lines are no numbers either"))
    return signal, problems


def _sample(line: str, layout: Layout, row: int) -> float:
    try:  # nearly every line
        value = float(line)
        if abs(value) <= MAX_VALUE and "_" not in line:
            return value
    except ValueError:
        pass
    fields = layout.split(line[:MAX_LINE])
    if len(fields) != 1:
        raise ValueError(f"row {row}: {len(fields)} columns instead of 1")
    if MISSING.fullmatch(fields[0]):
        return math.nan
    return _numbers(fields, row)[0]


def read_beats(path: Path) -> Rows:
    """All beats of a file, and its bad rows. Raises DataError if there is no beat in it."""
    with open(path, "rb") as file:
        text = open_text(file, path.name)
        parts = list(read_rows(text, find_layout(text, path.name), path.name))
    fields = ("signal", "row", "true")
    whole = {f: np.concatenate([getattr(p, f) for p in parts]) for f in fields}
    return Rows(**whole, problems=[problem for p in parts for problem in p.problems])
