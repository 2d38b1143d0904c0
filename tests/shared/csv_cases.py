"""Files as people have them, and what is in them: read by Python and by the page alike."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Case:
    """rows: lines of the file that are beats, in order of the beats given to `cases`; scaled:
    whether the values are the beats' own. error or problems: what the reader is told."""

    name: str
    content: bytes
    rows: list[int] = field(default_factory=list)
    labels: bool = False
    problems: list[str] = field(default_factory=list)
    error: str = ""


def cases(signal: np.ndarray, label: np.ndarray) -> list[Case]:
    """signal: (n, 187) float32 beats; label: (n,) class numbers. Every readable case holds
    the same beats, from the first."""
    n = len(signal)
    plain = list(range(1, n + 1))
    return [
        *_written(signal, label, plain),
        *_units(signal, plain),
        *_half_bad(signal, plain),
        *_unusable(signal),
    ]


def _text(signal, separator=",", decimal=".", label=None, end="\n") -> str:
    lines = []
    for i, beat in enumerate(signal):
        fields = [repr(float(v)).replace(".", decimal) for v in beat]
        lines.append(separator.join(fields + ([str(label[i])] if label is not None else [])))
    return end.join(lines) + end


def _written(signal, label, plain) -> list[Case]:
    after_header = [row + 1 for row in plain]
    frame = pd.DataFrame(signal)
    with_label = frame.assign(label=label)
    letters = np.array(list("NSVFQ"))[label]
    comma = _text(signal)
    return [
        Case("plain", comma.encode(), plain),
        Case("labels", _text(signal, label=label.astype(float)).encode(), plain, True),
        Case("letters", _text(signal, label=letters).encode(), plain, True),
        Case("semicolons", _text(signal, ";", ",").encode(), plain),
        Case("semicolons-labels", _text(signal, ";", ",", label).encode(), plain, True),
        Case("tabs", _text(signal, "\t").encode(), plain),
        Case("spaces-decimal-commas", _text(signal, "  ", ",").encode(), plain),
        Case("comma-and-space", _text(signal, ", ").encode(), plain),
        Case("windows", _text(signal, end="\r\n").encode(), plain),
        Case("old-mac", _text(signal, end="\r").encode(), plain),
        Case("trailing-separator", comma.replace("\n", ",\n").encode(), plain),
        Case("byte-order-mark", comma.encode("utf-8-sig"), plain),
        Case("utf-16", comma.encode("utf-16"), plain),
        Case("latin-1-header", "größe;höhe\n".encode("latin-1") + _text(signal, ";", ",").encode(),
             after_header),
        Case("pandas-index", frame.to_csv().encode(), after_header),
        Case("pandas-index-labels", with_label.to_csv().encode(), after_header, True),
        Case("pandas-columns", frame.to_csv(index=False).encode(), after_header),
        Case("quoted", with_label.to_csv(quoting=1).encode(), after_header, True),
        Case("blank-lines", comma.replace("\n", "\n\n").encode(), [2 * r - 1 for r in plain]),
    ]  # fmt: skip


def _units(signal, plain) -> list[Case]:
    """Full beats in other units; with padding, zero is where the beat ends."""
    raw = [np.where(np.arange(187) < _length(b), 1.7 * b - 0.4, 0) for b in signal]
    exponents = "\n".join(",".join(f"{v:+.8E}" for v in beat) for beat in signal)
    return [
        Case("millivolts", _text(raw).encode(), plain),
        Case("microvolts", _text([1000 * b for b in raw]).encode(), plain),
        Case("exponents", exponents.encode(), plain),
    ]


def _length(beat) -> int:
    return int(np.flatnonzero(beat)[-1]) + 1


def _half_bad(signal, plain) -> list[Case]:
    """Good rows beside a bad one, which is the second line."""
    first, *others = _text(signal).splitlines()
    rows = [1, *(row + 1 for row in plain[1:])]

    def beside(bad: str) -> bytes:
        return "\n".join([first, bad, *others]).encode()

    def row(column: int, text: str) -> str:
        fields = first.split(",")
        fields[column - 1] = text
        return ",".join(fields)

    no_number = 'row 2, column 7: "{}" is not a finite number'
    constant = "row 2: all 187 values are equal, so there is no beat"
    columns = "row 2: {} instead of 187, or 188 with the label"
    no_class = 'row 2, column 188: "{}" is no class (0 to 4, or N S V F Q)'
    bad = {
        "nan": (row(7, "nan"), no_number.format("nan")),
        "infinite": (row(7, "-inf"), no_number.format("-inf")),
        "text": (row(7, "abc"), no_number.format("abc")),
        "long-text": (row(7, "a" * 30), no_number.format("a" * 19 + "…")),
        "hexadecimal": (row(7, "0x1A"), no_number.format("0x1A")),
        "underscore": (row(7, "1_0"), no_number.format("1_0")),
        "overflow": (row(7, "1e300"), 'row 2, column 7: "1e300" is beyond any ECG'),
        "empty-field": (row(7, ""), "row 2, column 7: empty"),
        "zeros": (",".join(["0"] * 187), constant),
        "constant": (",".join(["0.25"] * 187), constant),
        "short-row": ("0.5,0.25,1", columns.format("3 columns")),
        "one-column": ("0.5", columns.format("1 column")),
        "long-row": (",".join(["0.5"] * 200), columns.format("200 columns")),
        "class-7": (first + ",7", no_class.format("7")),
        "class-X": (first + ",X", no_class.format("X")),
        "half-class": (first + ",1.5", no_class.format("1.5")),
        "endless": ("1," * 70_000, "row 2: longer than 65,536 characters"),
    }
    return [Case(name, beside(line), rows, problems=[why]) for name, (line, why) in bad.items()]


def _unusable(signal) -> list[Case]:
    none = "{file}: none of the rows is a beat ("
    rubbish = "\n".join(["no,beats,here"] * 3000).encode()
    header = ",".join(f"t{i}" for i in range(187))
    return [
        Case("nothing", b"", error="{file}: the file is empty"),
        Case("blank", b" \n\n\t\n", error="{file}: the file is empty"),
        Case("binary", bytes(range(256)) * 10, error="{file}: not a text file"),
        Case("header-only", header.encode(), error="{file}: the file holds a header but no rows"),
        Case("prose", b"Dear sir,\nplease find enclosed my ECG.\n",
             error=none + "row 2: 5 columns instead of 187, or 188 with the label)"),
        Case("two-columns", b"x,y\n1,2\n3,4\n",
             error=none + "row 2: 2 columns instead of 187, or 188 with the label)"),
        Case("rubbish", rubbish, error="{file}: none of the first 1,000 rows is a beat "
             "(row 2: 3 columns instead of 187, or 188 with the label)"),
    ]  # fmt: skip
