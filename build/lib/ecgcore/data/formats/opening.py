"""Any file that somebody may bring: its format is found, and its module reads it.

A new format is a module of this folder with two functions, and an entry in FORMATS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ecgcore.data.formats import (
    alivecor,
    archive,
    arrays,
    csv_text,
    dicom,
    edf,
    electrocardiograph,
    foreign,
    ishne,
    parquet,
    wav,
    wfdb_record,
)
from ecgcore.data.formats.content import Content
from ecgcore.errors import DataError

START = 4096  # bytes by which a format is told


@dataclass(frozen=True)
class Format:
    """claims(path, start): whether a file that starts with these bytes is of this format;
    read(path, lead, fs): what it holds. read raises DataError for a file that cannot be used,
    ConfigError for a lead (empty: the format chooses) or rate (Hz, None: the file has it) that does
    not fit."""

    name: str
    claims: Callable[[Path, bytes], bool]
    read: Callable[[Path, str, float | None], Content]


def _packed(path: Path, lead: str, fs: float | None) -> Content:
    return archive.read(path, lead, fs, open_file)


FORMATS = [  # asked in this order; text last, since it claims whatever is left
    Format("WFDB record", wfdb_record.claims, wfdb_record.read),
    Format("packed file", archive.claims, _packed),
    Format("EDF or BDF", edf.claims, edf.read),
    Format("ISHNE Holter", ishne.claims, ishne.read),
    Format("WAV sound", wav.claims, wav.read),
    Format("DICOM", dicom.claims, dicom.read),
    Format("KardiaMobile", alivecor.claims, alivecor.read),
    Format("file of an electrocardiograph", electrocardiograph.claims, electrocardiograph.read),
    Format("NumPy array", arrays.claims_npy, arrays.read_npy),
    Format("MATLAB file", arrays.claims_mat, arrays.read_mat),
    Format("Parquet table", parquet.claims, parquet.read),
    Format("something else", foreign.claims, foreign.read),
    Format("text", csv_text.claims, csv_text.read),
]


def open_file(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """What a file or record holds. path: of a file, or of a record with or without suffix.

    Raises DataError or ConfigError as Format.read does, and DataError if there is no such file.
    """
    path = Path(path)
    start = b""
    if path.is_dir() and wfdb_record.header_file(path) is None:
        raise DataError(f"{path}: a folder; give a file in it, or a record")
    try:
        if path.is_file():
            with open(path, "rb") as file:
                start = file.read(START)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    for each in FORMATS:
        if each.claims(path, start):
            return each.read(path, lead, fs)
    raise DataError(f"{path}: no such file, nor a record of that name (no {path}.hea)")
