"""Files that are no ECG to be read, named for what they are, with what to do."""

import codecs
from pathlib import Path

from ecgcore.data.formats.content import Content
from ecgcore.errors import DataError

PICTURE = "a picture; the signal itself is needed, as the device or its app exports it"
MOVIE = "a video or sound file; the signal itself is needed, as a file of numbers"
OFFICE = "an Office document; save the numbers as a CSV file"
WORKBOOK = "an Excel workbook; save the sheet with the signal as a CSV file"
PACKED = "packed in a way that is not read here; unpack it first"
HDF5 = "an HDF5 file, which has no common layout; export the signal as CSV or WFDB"
PROGRAM = "a program or library"

# Where the mark stands, the mark, and what it tells.
MARKS = [
    (0, b"%PDF", "a PDF document; export the ECG as numbers (CSV, EDF or WFDB), not as a page"),
    (0, b"\x89PNG", PICTURE), (0, b"\xff\xd8\xff", PICTURE), (0, b"GIF8", PICTURE),
    (0, b"BM", PICTURE), (0, b"II*\0", PICTURE), (0, b"MM\0*", PICTURE), (8, b"WEBP", PICTURE),
    (4, b"ftyphei", PICTURE), (4, b"ftypmif1", PICTURE), (4, b"ftypavif", PICTURE),
    (4, b"ftyp", MOVIE), (8, b"AVI ", MOVIE), (0, b"ID3", MOVIE),
    (0, b"OggS", MOVIE), (0, b"fLaC", "FLAC sound; a WFDB record in FLAC also needs its .hea file"),
    (0, b"\x1aE\xdf\xa3", MOVIE), (0, b"\xff\xfb", MOVIE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document; save the numbers as CSV"),
    (0, b"{\\rtf", OFFICE), (0, b"%!PS", PICTURE),
    (0, b"7z\xbc\xaf\x27\x1c", PACKED), (0, b"Rar!", PACKED), (0, b"\x28\xb5\x2f\xfd", PACKED),
    (257, b"ustar", PACKED), (0, b"\x1f\x9d", PACKED), (0, b"\x04\x22\x4d\x18", PACKED),
    (0, b"\x89HDF\r\n\x1a\n", HDF5), (0, b"SQLite format 3", "an SQLite database"),
    (0, b"\x80\x03", "a Python pickle, which is never opened; save it with numpy.save"),
    (0, b"\x80\x04\x95", "a Python pickle, which is never opened; save it with numpy.save"),
    (0, b"\x80\x05\x95", "a Python pickle, which is never opened; save it with numpy.save"),
    (0, b"\x7fELF", PROGRAM), (0, b"MZ", PROGRAM),
    (0, b"ARROW1", "an Arrow file; save it as Parquet"),
]  # fmt: skip
BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
TEXTS = [
    (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<svg", PICTURE),
    (b"<?xml", "an XML file of a kind that is not read here (HL7 aECG, GE MUSE and Philips are)"),
    (b"{", "a JSON file; save the samples as a CSV file, one a line"),
    (b"[", "a JSON file; save the samples as a CSV file, one a line"),
]  # fmt: skip


def what(path: Path, start: bytes) -> str:
    """What a file is, if it is something that no format reads; else empty."""
    for at, mark, name in MARKS:
        if start[at : at + len(mark)] == mark and not (len(mark) == 2 and _is_text(start)):
            return name
    if path.suffix.lower() == ".dat" and b"\0" in start and not start.startswith(BYTE_ORDER_MARKS):
        return f"a signal file, which needs its header ({path.stem}.hea) beside it"
    text = (
        start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n").lower()
    )
    for mark, name in TEXTS:
        if text.startswith(mark) and not (
            mark == b"[" and text[1:2].isdigit() and b"]" in text[:40]
        ):
            return name
    return ""


def _is_text(start: bytes) -> bool:
    return b"\0" not in start and not any(b < 9 for b in start)


def claims(path: Path, start: bytes) -> bool:
    return bool(what(path, start))


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """Raises DataError."""
    with open(path, "rb") as file:
        raise DataError(f"{path}: {what(path, file.read(4096))}")
