"""Recordings of KardiaMobile devices (.atc), of one lead or six.

Layout: AliveCor's ATC file format, version 3: a mark, then chunks of a name, a length, the data and
a checksum. `fmt ` gives the rate and the resolution, `ecg ` lead I, `ecg2` to `ecg6` the others.
"""

import re
import struct
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgcore.data import lead_choice, signals
from ecgcore.data.formats.content import Content
from ecgcore.errors import DataError

MAGIC = b"ALIVE"
HEADER, CHUNK, CHECKSUM = 12, 8, 4  # bytes
NAMES = {b"ecg ": "I", b"ecg2": "II", b"ecg3": "III",
         b"ecg4": "aVR", b"ecg5": "aVL", b"ecg6": "aVF"}  # fmt: skip
MOST_BYTES = 200_000_000  # some minutes have 100 kB


def claims(path: Path, start: bytes) -> bool:
    return start.startswith(MAGIC)


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path}: larger than any KardiaMobile recording")
    chunks = _chunks(path.read_bytes(), path)
    if len(chunks.get(b"fmt ", b"")) < 5 or not any(chunks.get(name) for name in NAMES):
        raise DataError(f"{path}: a KardiaMobile file without a signal")
    _, rate, nanovolts = struct.unpack_from("<BHH", chunks[b"fmt "])
    agreed = signals.agreed_fs(fs, float(rate), str(path))
    leads = [
        signals.array_lead(_samples(chunks[chunk]) * ((nanovolts or 1) * 1e-6), rate, name, "mV")
        for chunk, name in NAMES.items()
        if chunks.get(chunk)
    ]
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    signals.check_length(chosen.n_samples, agreed, str(path))
    start = _start(chunks.get(b"info", b""))
    return Content(lead_choice.signal_of(str(path), leads, chosen, start))


def _samples(content: bytes) -> np.ndarray:
    return np.frombuffer(content[: len(content) // 2 * 2], dtype="<i2")


def _chunks(content: bytes, path: Path) -> dict[bytes, bytes]:
    found, at = {}, HEADER
    while at + CHUNK <= len(content):
        name = content[at : at + 4]
        (length,) = struct.unpack_from("<I", content, at + 4)
        if at + CHUNK + length > len(content):
            raise DataError(f"{path}: damaged: it ends within its part {name!r}")
        found.setdefault(name, content[at + CHUNK : at + CHUNK + length])
        at += CHUNK + length + CHECKSUM
    return found


def _start(info: bytes) -> datetime | None:
    found = re.match(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)", info)
    try:
        return datetime.fromisoformat(found[1].decode()) if found else None
    except ValueError:
        return None
