"""Lines and numbers of text files from outside, in whatever encoding they come."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from ecgcore.errors import DataError

MAX_LINE = 65_536  # characters; a row of 188 numbers has some 5,000
MAX_PROBLEMS = 1_000  # bad rows after which a file counts as rubbish and is read no further
MAX_VALUE = 1e12  # far above any unit of an ECG; keeps the arithmetic finite
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MISSING = re.compile(r"[+-]?(nan|na|n/a|null|none|inf|infinity)|-|\?", re.IGNORECASE)
COMMENT = re.compile(r"\s*(#|%|//)")
PLAIN = bytes([9, 10, 13, *range(32, 127)])
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def open_text(file: BinaryIO, name: str) -> TextIO:
    """The text of an open binary file. Raises DataError if it is empty or no text."""
    start = file.read(65_536)
    file.seek(0)
    if not start.strip():
        raise DataError(f"{name}: the file is empty")
    encoding = BYTE_ORDER_MARKS.get(start[:2])
    if encoding is None:
        encoding = _wide(start)
    if encoding is None:
        if b"\0" in start:
            raise DataError(f"{name}: not a text file")
        try:
            codecs.getincrementaldecoder("utf-8")().decode(start)
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "cp1252"  # the usual superset of Latin-1
    return io.TextIOWrapper(file, encoding=encoding, errors="replace")


def _wide(start: bytes) -> str | None:
    """UTF-16 without a byte order mark: every second byte is zero, the others are plain text."""
    for encoding, zeros, letters in (
        ("utf-16-le", start[1::2], start[0::2]),
        ("utf-16-be", start[0::2], start[1::2]),
    ):
        if zeros and zeros.count(0) == len(zeros) and not letters.translate(None, PLAIN):
            return encoding
    return None


def numbered(text: TextIO) -> Iterator[tuple[int, str]]:
    """(line number, line) of all lines; one that is too long is cut."""
    number = 0
    while line := text.readline(MAX_LINE + 1):
        number += 1
        while len(line) > MAX_LINE and not line.endswith("\n"):
            rest = text.readline(MAX_LINE)
            if not rest or rest.endswith("\n"):
                break
        yield number, line


def lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """(line number, line) of those that are neither blank nor a comment."""
    for number, line in numbered(text):
        if line.strip() and not COMMENT.match(line):
            yield number, line


def number_problem(text: str, row: int, column: int) -> str:
    """What is wrong with a field that should be a number; empty if nothing is."""
    where = f"row {row}, column {column}"
    if text == "":
        return f"{where}: empty"
    if not NUMBER.fullmatch(text):
        return f"{where}: {quote(text)} is not a finite number"
    if abs(float(text)) > MAX_VALUE:
        return f"{where}: {quote(text)} is beyond any ECG"
    return ""


def quote(text: str) -> str:
    text = text.strip()
    return f'"{text}"' if len(text) <= 20 else f'"{text[:19]}…"'
