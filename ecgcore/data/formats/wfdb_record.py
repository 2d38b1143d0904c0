"""WFDB records: a header, its signal files, annotations."""

import math
from pathlib import Path

import numpy as np
import soundfile
import wfdb

from ecgcore.constants import LEAD
from ecgcore.data.formats.content import Content
from ecgcore.data.records import choose_lead, read_beats, read_header
from ecgcore.data.signals import Signal, check_fs
from ecgcore.errors import ConfigError, DataError

BYTES_PER_SAMPLE = {"8": 1, "80": 1, "16": 2, "61": 2, "160": 2, "212": 1.5, "24": 3, "32": 4}
WFDB_SUFFIXES = (".hea", ".dat", ".atr")


def record_path(path: Path) -> Path | None:
    """A record's path without suffix, if `path` names one: x, x.hea, x.dat or x.atr."""
    path = Path(path)
    if path.suffix in WFDB_SUFFIXES:
        return path.with_suffix("")
    return path if Path(f"{path}.hea").is_file() else None


def claims(path: Path, start: bytes) -> bool:
    return record_path(path) is not None


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    if fs is not None:
        raise ConfigError(f"{path}: the header of a record gives its sampling rate; drop --fs")
    return Content(from_record(record_path(path), lead))


def from_record(path: Path, lead: str = "") -> Signal:
    """A lead of a WFDB record, MLII or else the first if none is named, read as needed.

    path: without suffix. Takes the beats of the .atr file where there is one. Raises DataError
    if a file is missing, short or damaged, ConfigError for an unknown lead.
    """
    path = Path(path)
    header = read_header(path.parent, path.name)
    _check_header(header, path)
    if lead and lead not in header.sig_name:
        raise ConfigError(f"{path}.hea: no lead {lead!r}; it has {', '.join(header.sig_name)}")
    channel = header.sig_name.index(lead) if lead else choose_lead(header, LEAD)

    def read(start: int, stop: int) -> np.ndarray:
        try:
            piece = wfdb.rdrecord(str(path), start, stop, channels=[channel], return_res=32)
        except Exception as error:
            raise DataError(f"{path}: cannot read the signal ({error})") from error
        return piece.p_signal[:, 0]

    peaks_s = symbol = None
    if Path(f"{path}.atr").is_file():
        sample, symbol = read_beats(path.parent, path.name)
        peaks_s = sample / header.fs
    return Signal(
        name=path.name,
        lead=header.sig_name[channel],
        unit=header.units[channel],
        fs=float(header.fs),
        n_samples=header.sig_len,
        read=read,
        peaks_s=peaks_s,
        symbol=symbol,
    )


def _check_header(header: wfdb.Record, path: Path) -> None:
    """What wfdb would only stumble over later, or not at all."""
    if isinstance(header, wfdb.MultiRecord):
        raise DataError(f"{path}.hea: a record of several segments; give one segment")
    if not header.n_sig or not header.sig_name:
        raise DataError(f"{path}.hea: the header names no signal")
    if not header.sig_len:
        raise DataError(f"{path}.hea: the header gives no number of samples")
    check_fs(header.fs, f"{path}.hea")
    if any(n != 1 for n in header.samps_per_frame):
        raise DataError(f"{path}.hea: signals of different sampling rates are not supported")
    for name in dict.fromkeys(header.file_name):
        _check_length(path.parent / name, header)


def _check_length(file: Path, header: wfdb.Record) -> None:
    if not file.is_file():
        raise DataError(f"{file}: no such file, though {header.record_name}.hea names it")
    at = [i for i, name in enumerate(header.file_name) if name == file.name]
    kind, first = header.fmt[at[0]], header.byte_offset[at[0]] or 0
    if kind in BYTES_PER_SAMPLE:
        wanted = math.ceil(header.sig_len * len(at) * BYTES_PER_SAMPLE[kind]) + first
        found, what = file.stat().st_size, "bytes"
    elif kind in ("508", "516", "524"):
        try:
            wanted, found, what = header.sig_len, soundfile.info(str(file)).frames, "samples"
        except soundfile.SoundFileError as error:
            raise DataError(f"{file}: not a FLAC file, as the header says ({error})") from None
    else:
        raise DataError(f"{file}: signal format {kind} is not supported")
    if found < wanted:
        raise DataError(f"{file}: short: {found:,} {what} of the {wanted:,} that the header names")
