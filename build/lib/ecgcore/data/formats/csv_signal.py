"""Text files with a signal, one sample a line: in one column or beside others.

Nobody controls how such a file was written. Lines before the numbers are taken for what they are:
comments, pairs of key and value (as in the export of Apple Health), names of columns, units. A
column that counts is an index; one that tells the time gives the sampling rate, and where it jumps,
samples are missing. Of several signals, `lead_choice` takes the ECG.
"""

import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.data import lead_choice, signals
from ecgcore.data.formats import csv_time
from ecgcore.data.formats.columns import Columns
from ecgcore.data.formats.content import Content, Problem
from ecgcore.data.formats.csv_lines import (
    COMMENT,
    MAX_LINE,
    MAX_PROBLEMS,
    MAX_VALUE,
    MISSING,
    NUMBER,
    number_problem,
    numbered,
    open_text,
    quote,
)
from ecgcore.errors import DataError

SNIFFED = 600  # lines by which a file's layout is found
RUN = 5  # rows: of twice as many, most are numbers where the data begin
EVIDENCE = 2_000_000  # numbers by which a lead is chosen
AT_ONCE = 1 << 21  # characters that are parsed together
BLANK_OR_COMMENT = re.compile(r"[#%]|//|\n\s*\n|\A\s*\n")
MOST_IN_A_ROW = 10_000_000  # characters
COLUMNS = 100  # more are no signals side by side
WAYS = [("\t", "."), ("\t", ","), (";", "."), (";", ","), (",", "."), (None, "."), (None, ",")]
UNIT = re.compile(r"(?<![a-z])([munµμ]v|v|mvolt|microvolts?|millivolts?)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """How a file of signals is written. separator None: white space; columns: of a row of data;
    first: line number of the first row of data; names, units: of the columns, empty if unknown;
    spaced: whether every second line is empty; preface: what stands before the data; texts: columns
    of words; large: columns of numbers beyond any sample, as nanoseconds since 1970 are."""

    separator: str | None
    decimal: str
    columns: int
    first: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    spaced: bool
    preface: tuple[str, ...]
    texts: frozenset[int] = frozenset()
    large: frozenset[int] = frozenset()

    def split(self, line: str) -> list[str]:
        """Fields of a line, without the empty ones that a separator at its end makes."""
        found = fields(line, self.separator)
        while len(found) > self.columns and not found[-1]:
            found.pop()
        return found

    def number(self, field: str) -> float:
        """ValueError if it is none; NaN for an empty field or one that says so."""
        if not field or MISSING.fullmatch(field):
            return math.nan
        if self.decimal == ",":
            field = field.replace(",", ".")
        if not NUMBER.fullmatch(field):
            raise ValueError
        return float(field)


def fields(line: str, separator: str | None) -> list[str]:
    found = [f.strip().strip("\"'").strip() for f in line.strip("\r\n ").split(separator)]
    return [f[1:-1] if f[:1] == "[" and f[-1:] == "]" else f for f in found]


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format. Raises DataError if there are no columns of numbers in the file."""
    table = find_table(path)
    numbers = [c for c in range(table.columns) if c not in table.texts]
    if not numbers:
        raise DataError(f"{path}: most of it is text, and no column of numbers")
    head, problems, whole = _read_columns(path, table, numbers, _evidence_rows(table))
    told = problems

    def again(wanted: Sequence[int]) -> dict[int, Sequence]:
        nonlocal told
        columns, told, _ = _read_columns(path, table, wanted, None)
        return columns

    columns = Columns(
        names=[_name(table, c) for c in range(table.columns)],
        units=[_unit(table, c) for c in range(table.columns)],
        head=head,
        again=None if whole else again,
        titles=table.names,
        no_samples=table.large,
        only=lead_in(table.preface),
    )
    signal = columns.signal(
        str(path), lead, fs, rate_in(table.preface), csv_time.start_in(table.preface)
    )
    _check(signal.n_samples, told, path)
    return Content(signal, problems=told)


def _check(n_samples: int, problems: list[Problem], path: Path) -> None:
    """DataError if more than half of the lines are no numbers."""
    bad = len(problems)
    if problems and problems[-1].row == 0:  # which counts the others
        bad = MAX_PROBLEMS + int(problems[-1].text.split()[0].replace(",", ""))
    if bad > n_samples / 2:
        raise DataError(f"{path}: most lines are no numbers ({problems[0]})")


def _evidence_rows(table: Table) -> int:
    return max(EVIDENCE // table.columns, 1000)


def _name(table: Table, column: int) -> str:
    title = table.names[column]
    if title and not UNIT.fullmatch(title):
        return re.sub(r"\s*[(\[].*?[)\]]", "", title).strip() or title
    return ""


def _unit(table: Table, column: int) -> str:
    for text in (table.names[column], table.units[column], *table.preface):
        found = UNIT.search(text.replace("_", " "))
        if found and (len(found[1]) > 1 or text.strip() in "Vv"):
            return found[1].replace("μ", "µ")
    return "unknown unit"


def read_one_row(path: Path, fs: float | None) -> Content:
    """A signal whose samples stand in a single row. See opening.Format."""
    with open(path, "rb") as file:
        text = open_text(file, str(path)).read(MOST_IN_A_ROW + 1)
    line = next((s for s in text.splitlines() if s.strip() and not COMMENT.match(s)), "")
    if len(text) > MOST_IN_A_ROW:
        raise DataError(f"{path}: one row of more than {MOST_IN_A_ROW:,} characters")
    # How it is written shows in its first part, and each look at all of it costs seconds.
    separator, decimal, *_ = _way([line[:MAX_LINE]])
    table = Table(separator, decimal, 0, 0, (), (), False, ())
    try:
        found = _trimmed(fields(line, separator))
        samples = np.array([table.number(field) for field in found])
    except ValueError:
        raise DataError(f"{path}: no row of numbers in it ({quote(line)})") from None
    if np.isnan(samples).all():
        raise DataError(f"{path}: no row of numbers in it ({quote(line)})")
    if np.nanmax(np.abs(samples)) > MAX_VALUE:
        raise DataError(f"{path}: numbers beyond any ECG in it")
    comments = [s for s in text.splitlines() if COMMENT.match(s)]
    rate = signals.agreed_fs(fs, rate_in(comments), str(path))
    return Content(signals.from_array(samples, rate, str(path)))


# --- layout -------------------------------------------------------------------------------------


def find_table(path: Path) -> Table:
    """The layout of a file. Raises DataError if there are no rows of numbers in it."""
    comments, lines, blank = [], [], 0
    for row, line in _numbered(path):
        if COMMENT.match(line):
            comments.append(line.strip().lstrip("#%/").strip())
        elif line.strip():
            lines.append((row, line))
        else:
            blank += 1
        if len(lines) >= SNIFFED:
            break
    if not lines:
        raise DataError(f"{path}: no numbers in it")
    separator, decimal, columns, strict = _way([line for _, line in lines])
    table = Table(separator, decimal, columns, 0, ("",) * columns, ("",) * columns, False, ())
    if not columns:
        raise DataError(
            f"{path}: no rows of numbers in it (row {lines[0][0]}: {quote(lines[0][1])})"
        )
    start = _first_row([_is_data(table.split(line), table, strict) for _, line in lines])
    preface = [table.split(line) for _, line in lines[:start]]
    rows = [table.split(line) for _, line in lines[start:]]
    if len(rows) > 1 and _numbered_header(rows):
        preface.append(rows.pop(0))
        start += 1
    headers = [h for h in preface if len(h) == columns]
    if columns == 1:  # one name, and no pair of key and value
        headers = [h for h in headers if not re.search(r"[,;:\t=]", h[0])]
    if not headers and comments:
        headers = [h for h in [table.split(comments[-1])] if len(h) == columns and columns > 1]
    names, units = _names(headers, columns)
    data_blank = lines[-1][0] - lines[start][0] + 1 - (len(lines) - start)
    return replace(
        table,
        first=lines[start][0],
        names=names,
        units=units,
        spaced=len(rows) > 2 and data_blank >= 0.8 * (len(rows) - 1),
        preface=(*comments, *(line.strip() for _, line in lines[:start])),
        texts=frozenset(c for c in range(columns) if _are_texts(rows, c, table)),
        large=frozenset(c for c in range(columns) if _are_large(rows, c, table)),
    )


def _column(rows: list[list[str]], column: int, columns: int) -> list[str]:
    return [row[column] for row in rows if len(row) == columns and row[column]]


def _are_texts(rows: list[list[str]], column: int, table: Table) -> bool:
    """Whether most fields of a column are neither numbers nor times."""
    found = _column(rows, column, table.columns)
    return sum(not _is_data([f], table) and not csv_time.is_time(f) for f in found) > len(found) / 2


def _are_large(rows: list[list[str]], column: int, table: Table) -> bool:
    found = [f for f in _column(rows, column, table.columns) if _is_data([f], table)]
    return bool(found) and min(abs(np.nan_to_num(table.number(f))) for f in found) > MAX_VALUE


def _names(headers: list[list[str]], columns: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the columns and, from a second line, their units."""
    nothing = ("",) * columns
    if not headers:
        return nothing, nothing
    last = headers[-1]
    is_units = len(headers) > 1 and any(UNIT.fullmatch(f) for f in last)
    names = headers[-2] if is_units else last
    if all(f.isdecimal() or not f for f in names):  # the numbers that pandas gives to columns
        names = list(nothing)
    return tuple(names), tuple(last if is_units else nothing)


def _numbered_header(rows: list[list[str]]) -> bool:
    """Whether the first row is what pandas writes over columns without a name: 0, or 0, 1, 2."""
    first, others = rows[0], rows[1:]
    numbers = first[1:] if first[0] == "" and len(first) > 1 else first
    if numbers != [str(i) for i in range(len(numbers))]:
        return False
    if first[0] == "" and len(first) > 1:
        return all(row[0] for row in others[:20])
    last = [row[-1] for row in others[:SNIFFED]]
    return not any(re.fullmatch(r"[+-]?\d+", field) for field in last)


def _way(lines: list[str]) -> tuple[str | None, str, int, bool]:
    """Separator, decimal sign and number of columns that make most of the lines rows of numbers,
    and whether these hold nothing else."""
    best = (0, None, ".", 0)
    for strict in (True, False):
        for separator, decimal in WAYS:
            if separator and not any(separator in line for line in lines):
                continue
            split = [_trimmed(fields(line, separator)) for line in lines]
            table = Table(separator, decimal, 1, 0, (), (), False, ())
            good = [len(f) for f in split if _is_data(f, table, strict)]
            if not good:
                continue
            columns, n = Counter(good).most_common(1)[0]
            if n > best[0] or (
                n == best[0]
                and best[1] == ","
                and separator is None
                and _is_decimal_comma(split_all(lines))
            ):
                best = (n, separator, decimal, columns)
        if best[0] >= 0.3 * len(lines):
            break
    return *best[1:], strict


def split_all(lines: list[str]) -> list[list[str]]:
    return [fields(line, ",") for line in lines]


def _trimmed(found: list[str]) -> list[str]:
    while len(found) > 1 and not found[-1]:
        found = found[:-1]
    return found


def _is_decimal_comma(split: list[list[str]]) -> bool:
    """Whether lines as "12,597" are numbers, and not whole ones of two columns."""
    pairs = [f for f in split if len(f) == 2 and all(re.fullmatch(r"[+-]?\d+", v) for v in f)]
    if any(first == "-0" for first, _ in pairs):
        return True
    steps = np.diff([float(first) for first, _ in pairs])
    return not (len(steps) > 1 and steps[0] > 0 and (steps == steps[0]).all())


def _is_data(found: list[str], table: Table, strict: bool = True) -> bool:
    """Whether fields are a row of data: numbers, times and nothing, at least one of it a number.

    strict False: one text among them is allowed.
    """
    numbers = others = 0
    for field in found:
        if not field or MISSING.fullmatch(field):
            continue
        try:
            table.number(field)
            numbers += 1
        except ValueError:
            others += not csv_time.is_time(field)
    missing = len(found) == 1 and (not found[0] or MISSING.fullmatch(found[0]) is not None)
    return (numbers > 0 or missing) and others <= (0 if strict else len(found) // 2)


def _first_row(is_data: list[bool]) -> int:
    """Position of the first row of the data: most of those after it are such rows, too."""
    for i, good in enumerate(is_data):
        following = is_data[i : i + 2 * RUN]
        if good and sum(following) > 0.6 * len(following):
            return i
    return is_data.index(True) if True in is_data else 0


RATE_KEY = re.compile(
    r"(?:sampl\w*[ _-]*(?:rate|freq\w*|at)|(?<![a-z])(?:fs|sfreq|sps|srate)(?![a-z])|abtast\w*|"
    r"frequence|fr[ée]quence d.[ée]chantillonnage|frecuencia[\w ]*|frequenza[\w ]*|frequency)"
    r"[^\d\n]{0,20}?(\d+(?:[.,]\d+)?)\s*(k?)",
    re.IGNORECASE,
)
RATE_HZ = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(k?)(?:hz|hertz|sps|samples? ?(?:/|per) ?s)", re.IGNORECASE
)
NO_RATE = re.compile(r"filter|pass|notch|mains|band|cut|power ?line|netz", re.IGNORECASE)
INTERVAL = re.compile(
    r"(?:sampl\w*[ _-]*(?:interval|period|time)|(?<![a-z])dt(?![a-z]))[^\d\n]{0,12}?"
    r"(\d+(?:[.,]\d+)?(?:e-?\d+)?)\s*(ms|µs|us|s)",
    re.IGNORECASE,
)
# A key, and a number with a word after it, in whatever language hertz is written there.
RATE_WORD = re.compile(r"[^,;:\d]+[,;:]\s*\"?(\d{2,5}(?:[.,]\d+)?)\s*([^\W\d]{2,12})\.?\"?")
OTHER_WORDS = {"ms", "mv", "uv", "µv", "bpm", "kg", "cm", "mm", "sec", "years", "jahre", "min",
               "samples", "ans", "mmhg", "seconds", "sekunden", "leads"}  # fmt: skip


def rate_in(preface: Sequence[str]) -> float | None:
    """The sampling rate (Hz) that lines of text tell; None if none does."""
    for pattern in (RATE_KEY, INTERVAL, RATE_HZ, RATE_WORD):
        for line in preface:
            if NO_RATE.search(line) and pattern is not RATE_KEY:
                continue
            for found in (
                pattern.finditer(line) if pattern is not RATE_WORD else [pattern.fullmatch(line)]
            ):
                if found and (rate := _rate(pattern, found)):
                    return rate
    return None


def _rate(pattern: re.Pattern, found: re.Match) -> float | None:
    value = float(found[1].replace(",", "."))
    if pattern is INTERVAL:
        scale = {"s": 1.0, "ms": 1e3}.get(found[2].lower(), 1e6)
        value = scale / value if value else 0.0
    elif pattern is RATE_WORD:
        if found[2].lower() in OTHER_WORDS:
            return None
    elif found[2]:
        value *= 1000
    return value if signals.SLOWEST <= value <= signals.FASTEST else None


def lead_in(preface: Sequence[str]) -> str:
    """The ECG lead that lines of text tell, as "Lead,Lead I" or "lead II in mV"; empty if none."""
    for line in preface:
        for value in re.split(r"[,;:\t]", line)[1:]:
            if len(value) < 30 and lead_choice.rank(value) < 3:
                return value.strip().strip('"')
        found = re.search(r"\b(?:lead|ableitung)\s+(\w+)", line, re.IGNORECASE)
        if found and lead_choice.rank(found[1]) < 3:
            return found[1]
    return ""


# --- data ---------------------------------------------------------------------------------------


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    with open(path, "rb") as file:
        yield from numbered(open_text(file, str(path)))


def _read_columns(
    path: Path, table: Table, which: Sequence[int], most: int | None
) -> tuple[dict[int, Sequence], list[Problem], bool]:
    """Columns of a file, as numbers ((n,) float64, NaN where one is missing) or, of times, texts.

    most: rows after which to stop. Returns what was wrong as well, and whether this is all.
    """
    reader = _Reader(path, table, list(which), compact=most is None)
    for row, piece in _pieces(path, table):
        reader.add(row, piece)
        if most is not None and reader.rows >= most:
            return reader.columns(), reader.problems, False
    return reader.columns(), reader.told(), True


def _pieces(path: Path, table: Table) -> Iterator[tuple[int, str]]:
    """(line number of its first line, text) of the data, some whole lines at a time."""
    with open(path, "rb") as file:
        text = open_text(file, str(path))
        row = 1
        for number, _ in numbered(text) if table.first > 1 else ():
            row = number + 1
            if row == table.first:
                break
        rest = ""
        while block := text.read(AT_ONCE):
            block = rest + block
            whole = block.rfind("\n") + 1
            if not whole and len(block) > MOST_IN_A_ROW:
                raise DataError(f"{path}: row {row} is longer than {MOST_IN_A_ROW:,} characters")
            piece, rest = block[:whole], block[whole:]
            if piece:
                yield row, piece
                row += piece.count("\n")
        if rest:
            yield row, f"{rest}\n"


class _Reader:
    """Collects the numbers of some columns. compact: in single precision where that loses nothing
    of an ECG, so that a day of two leads fits."""

    def __init__(self, path: Path, table: Table, which: list[int], compact: bool):
        self.path, self.table, self.which, self.compact = path, table, which, compact
        self.numbers: dict[int, list[np.ndarray]] = {c: [] for c in which}
        self.kinds: dict[int, type] = {}
        self.texts: dict[int, list[str]] = {}
        self.problems: list[Problem] = []
        self.rows = self.bad = self.blank = 0

    def add(self, row: int, piece: str) -> None:
        plain = not self.texts and not BLANK_OR_COMMENT.search(piece)
        block = self._quickly(piece) if plain else None
        if block is not None:
            self._fill_blank()
            self._append(block)
            return
        lines = []
        for number, line in enumerate(piece.splitlines(), start=row):
            if COMMENT.match(line):
                continue
            if line.strip():
                if self.blank:  # blank lines are gaps, but for those at the end
                    self._append(self._slowly(lines))
                    lines = []
                    self._fill_blank()
                lines.append((number, line))
            elif not self.table.spaced:
                self.blank += 1
        self._append(self._slowly(lines))

    def _fill_blank(self) -> None:
        for texts in self.texts.values():
            texts += [""] * self.blank
        self._append([np.full(self.blank, np.nan) for _ in self.which])
        self.blank = 0

    def _append(self, block: list[np.ndarray]) -> None:
        for c, values in zip(self.which, block, strict=True):
            if len(values):
                self.numbers[c].append(values.astype(self._kind(c, values), copy=False))
        self.rows += len(block[0])

    def _kind(self, column: int, values: np.ndarray) -> type:
        if column not in self.kinds:
            far = signals.far_level(values) != 0 or (np.diff(values) >= 0).all()  # or a time
            self.kinds[column] = np.float32 if self.compact and not far else np.float64
        return self.kinds[column]

    def _quickly(self, piece: str) -> list[np.ndarray] | None:
        """All at once; None if a field needs a closer look."""
        table = self.table
        try:
            frame = pd.read_csv(
                io.StringIO(piece), header=None, sep=table.separator or r"\s+",
                decimal=table.decimal, usecols=self.which, dtype=np.float64,
                skip_blank_lines=False, index_col=False,
            )  # fmt: skip
        except (ValueError, pd.errors.ParserError):
            return None
        values = frame.to_numpy()
        order = np.argsort(np.argsort(self.which))  # columns come in the order of the file
        values = values[:, order]
        samples = values[:, [c not in table.large for c in self.which]]
        if len(values) != piece.count("\n") or not np.isfinite(values).all():
            return None
        if samples.size and np.abs(samples).max() > MAX_VALUE:
            return None
        return [np.ascontiguousarray(column) for column in values.T]

    def _slowly(self, batch: list[tuple[int, str]]) -> list[np.ndarray]:
        block = np.full((len(self.which), len(batch)), np.nan)
        for i, (row, line) in enumerate(batch):
            found = self.table.split(line[:MAX_LINE])
            if len(found) != self.table.columns:
                self._tell(row, f"row {row}: {len(found)} columns instead of {self.table.columns}")
                self._keep_texts([""] * self.table.columns)
                continue
            for k, c in enumerate(self.which):
                try:
                    value = self.table.number(found[c])
                except ValueError:
                    if csv_time.is_time(found[c]):
                        self.texts.setdefault(c, [""] * (self.rows + i))
                    elif c not in self.texts:
                        self._tell(row, number_problem(found[c], row, c + 1))
                    continue
                if abs(value) > MAX_VALUE and c not in self.table.large:
                    self._tell(row, number_problem(found[c], row, c + 1))
                else:
                    block[k, i] = value
            self._keep_texts(found)
        return list(block)

    def _keep_texts(self, found: list[str]) -> None:
        for c, texts in self.texts.items():
            texts.append(found[c])

    def _tell(self, row: int, text: str) -> None:
        self.bad += 1
        if self.bad <= MAX_PROBLEMS:
            self.problems.append(Problem(row, text))
        if self.bad == MAX_PROBLEMS and self.bad > self.rows / 2:
            raise DataError(f"{self.path}: most lines are no numbers ({self.problems[0]})")

    def columns(self) -> dict[int, Sequence]:
        whole = {}
        for c in self.which:
            parts = self.numbers.pop(c)
            whole[c] = self.texts.get(c) or np.concatenate([*parts, np.empty(0, self._last(c))])
        return whole

    def _last(self, column: int) -> type:
        return self.kinds.get(column, np.float64)

    def told(self) -> list[Problem]:
        if self.bad > MAX_PROBLEMS:
            more = f"{self.bad - MAX_PROBLEMS:,} further lines are no numbers either"
            return [*self.problems, Problem(0, more)]
        return self.problems
