"""Holter recordings in the format of the ISHNE.

Reference: Badilini (1998), The ISHNE Holter standard output file format, Ann. Noninvasive
Electrocardiol. 3:263. A day of several leads is read a block at a time.
"""

import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgcore.data import lead_choice
from ecgcore.data.formats.content import Content
from ecgcore.data.signals import Lead, agreed_fs, check_length
from ecgcore.errors import DataError

MAGIC, ANNOTATIONS = b"ISHNE1.0", b"ANN  1.0"
HEADER = 522  # bytes, with the magic number and the checksum
MOST_LEADS = 12
NAMES = ("unknown bipolar X Y Z I II III aVR aVL aVF V1 V2 V3 V4 V5 V6 ES AS AI").split()
MISSING = -(1 << 15)
AT_ONCE = 1 << 20  # samples


def claims(path: Path, start: bytes) -> bool:
    return start.startswith((MAGIC, ANNOTATIONS))


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    with open(path, "rb") as file:
        header = file.read(HEADER)
    if header.startswith(ANNOTATIONS):
        raise DataError(f"{path}: ISHNE annotations; the signal is in a file of its own (.ecg)")
    if len(header) < HEADER:
        raise DataError(f"{path}: short: an ISHNE header has {HEADER} bytes")
    claimed, _, first = struct.unpack_from("<iii", header, 14)
    n_leads, rate = (struct.unpack_from("<h", header, at)[0] for at in (156, 272))
    if not 1 <= n_leads <= MOST_LEADS or first < HEADER or rate <= 0:
        raise DataError(f"{path}: a damaged ISHNE header: {n_leads} leads at {rate} Hz")
    there = (path.stat().st_size - first) // (2 * n_leads)
    # Some devices count the samples of all leads together.
    n_samples = there if claimed <= 0 or claimed == there * n_leads else claimed
    if not 0 < n_samples <= there:
        raise DataError(f"{path}: short: {there:,} samples of the {claimed:,} in the header")
    agreed_fs(fs, float(rate), str(path))
    check_length(n_samples, rate, str(path))
    specs, resolutions = (struct.unpack_from(f"<{n_leads}h", header, at) for at in (158, 206))
    leads = [
        Lead(
            NAMES[spec] if 0 < spec < len(NAMES) else f"signal {i + 1}",
            "mV",
            float(rate),
            n_samples,
            _reader(path, first, n_leads, i, (nanovolts if nanovolts > 0 else 1) * 1e-6),
        )
        for i, (spec, nanovolts) in enumerate(zip(specs, resolutions, strict=True))
    ]
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    return Content(lead_choice.signal_of(str(path), leads, chosen, _start(header)))


def _start(header: bytes) -> datetime | None:
    day, month, year = struct.unpack_from("<3h", header, 138)
    hour, minute, second = struct.unpack_from("<3h", header, 150)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _reader(
    path: Path, first: int, n_leads: int, which: int, gain: float
) -> Callable[[int, int], np.ndarray]:
    def read(start: int, stop: int) -> np.ndarray:
        result = np.empty(max(stop - start, 0))
        for at in range(start, stop, AT_ONCE):
            n = min(AT_ONCE, stop - at)
            stored = np.fromfile(path, "<i2", n * n_leads, offset=first + 2 * n_leads * at)
            if len(stored) < n * n_leads:
                raise DataError(f"{path}: short: it ends within the signal")
            values = stored.reshape(-1, n_leads)[:, which]
            part = values * gain
            part[values == MISSING] = np.nan
            result[at - start : at - start + n] = part
        return result

    return read
