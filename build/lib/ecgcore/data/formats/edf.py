"""EDF, EDF+ and BDF: the European data format, of 16 and of 24 bits, in one piece or with breaks.

References: Kemp et al. (1992), Electroencephalogr. Clin. Neurophysiol. 82:391; Kemp and Olivan
(2003), Clin. Neurophysiol. 114:1755. Read a block at a time; edfio holds a BDF file in memory as a
whole, and joins the pieces of a file with breaks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgcore.data import lead_choice
from ecgcore.data.formats.content import Content
from ecgcore.data.signals import Lead, agreed_fs, check_length, joined
from ecgcore.errors import DataError

EDF_START, BDF_START = b"0       ", b"\xffBIOSEMI"
FIXED, PER_SIGNAL = 256, 256  # bytes of the header
WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)  # of the fields that each signal has
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
ONSET = re.compile(rb"[+-]\d+(?:\.\d+)?")
AT_ONCE = 1 << 23  # bytes


@dataclass(frozen=True)
class _Layout:
    """records, of `size` bytes and `seconds` each, from byte `first` on; onsets: (records,) s."""

    path: Path
    first: int
    size: int
    records: int
    seconds: float
    width: int
    onsets: np.ndarray | None


def claims(path: Path, start: bytes) -> bool:
    return start.startswith((EDF_START, BDF_START))


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    try:
        leads, start, notes = _open(Path(path))
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path}: a damaged EDF or BDF header ({error})") from None
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    agreed_fs(fs, chosen.fs, str(path))
    check_length(chosen.n_samples, chosen.fs, str(path))
    signal = lead_choice.signal_of(str(path), leads, chosen, start)
    return Content(replace(signal, notes=notes))


def _open(path: Path) -> tuple[list[Lead], datetime | None, tuple[str, ...]]:
    size = path.stat().st_size
    with open(path, "rb") as file:
        fixed = file.read(FIXED)
        width = 3 if fixed.startswith(BDF_START) else 2
        n_signals = int(fixed[252:256])
        if not 0 <= n_signals <= 10_000 or size < FIXED + n_signals * PER_SIGNAL:
            raise ValueError(f"{n_signals} signals do not fit into the file")
        fields = _fields(file.read(n_signals * PER_SIGNAL), n_signals)
    seconds, claimed = float(fixed[244:252]), int(fixed[236:244])
    counts = [int(f[8]) for f in fields]
    if any(n < 0 for n in counts) or not np.isfinite(seconds):
        raise ValueError("a negative number of samples")
    record = sum(counts) * width
    first = FIXED + n_signals * PER_SIGNAL
    there = (size - first) // record if record else 0
    records = there if claimed < 0 else min(claimed, there)
    labels = [f[0].decode("latin-1").strip() for f in fields]
    samples = [i for i, label in enumerate(labels) if label not in ANNOTATIONS and counts[i]]
    if not samples or seconds <= 0 or not records:
        raise DataError(f"{path}: an EDF or BDF file with annotations only, or nothing, in it")
    notes = ()
    if claimed > there:
        notes = (f"{path}: short: it holds {there:,} of {claimed:,} data records; these are read",)
    begins = np.cumsum([0, *counts]) * width
    layout = _Layout(path, first, record, records, seconds, width, None)
    if fixed[192:236].strip()[:5] in (b"EDF+D", b"BDF+D"):
        which = next((i for i, label in enumerate(labels) if label in ANNOTATIONS), None)
        if which is not None:
            layout = replace(layout, onsets=_onsets(layout, begins[which], begins[which + 1]))
    leads = []
    for i in samples:
        low, high, least, most = (float(v) for v in fields[i][3:7])
        if most == least:
            raise ValueError(f'signal "{labels[i]}" has no range')
        gain = (high - low) / (most - least)
        take = _reader(layout, int(begins[i]), counts[i], gain, low - gain * least)
        fs = counts[i] / seconds
        n_samples, take = _with_breaks(layout, counts[i], fs, take)
        unit = fields[i][2].decode("latin-1").strip() or "unknown unit"
        leads.append(Lead(labels[i] or f"signal {i + 1}", unit, fs, n_samples, take))
    return leads, _start(fixed), notes


def _fields(content: bytes, n_signals: int) -> list[list[bytes]]:
    """The fields of each signal; in the file, each field of all signals stands together."""
    columns, at = [], 0
    for width in WIDTHS:
        columns.append([content[at + i * width : at + (i + 1) * width] for i in range(n_signals)])
        at += n_signals * width
    return [list(row) for row in zip(*columns, strict=True)]


def _start(fixed: bytes) -> datetime | None:
    text = fixed[168:184].decode("latin-1")
    try:
        moment = datetime.strptime(text, "%d.%m.%y%H.%M.%S")
    except ValueError:
        return None
    year = moment.year % 100  # 85 to 99 are of the last century
    return moment.replace(year=year + (1900 if year >= 85 else 2000))


def _rows(layout: _Layout, start: int, stop: int, begin: int, end: int) -> np.ndarray:
    """Bytes begin to end of data records start to stop, (n, end - begin) uint8."""
    with open(layout.path, "rb") as file:
        file.seek(layout.first + start * layout.size)
        raw = file.read((stop - start) * layout.size)
    if len(raw) < (stop - start) * layout.size:
        raise DataError(f"{layout.path}: short: it ends within the signal")
    return np.frombuffer(raw, np.uint8).reshape(-1, layout.size)[:, begin:end]


def _numbers(raw: np.ndarray, width: int) -> np.ndarray:
    if width == 2:
        return np.ascontiguousarray(raw).view("<i2").reshape(-1)
    b = raw.reshape(-1, 3).astype(np.int32)
    return (b[:, 0] | b[:, 1] << 8 | b[:, 2] << 16) << 8 >> 8


def _reader(
    layout: _Layout, begin: int, count: int, gain: float, offset: float
) -> Callable[[int, int], np.ndarray]:
    """Of samples start to stop, as if there were no breaks; in the unit of the file."""
    end = begin + count * layout.width
    step = max(AT_ONCE // layout.size, 1)

    def read(start: int, stop: int) -> np.ndarray:
        first, last = start // count, min(-(-stop // count), layout.records)
        parts = [
            _numbers(_rows(layout, at, min(at + step, last), begin, end), layout.width)
            for at in range(first, last, step)
        ]
        values = np.concatenate(parts) if parts else np.empty(0)
        return values[start - first * count : stop - first * count] * gain + offset

    return read


def _onsets(layout: _Layout, begin: int, end: int) -> np.ndarray:
    """(records,) s, when each data record begins: the first annotation in it."""
    step, onsets = max(AT_ONCE // layout.size, 1), []
    for at in range(0, layout.records, step):
        for row in _rows(layout, at, min(at + step, layout.records), int(begin), int(end)):
            found = ONSET.match(row[:24].tobytes())
            onsets.append(float(found[0]) if found else np.nan)
    onsets = np.array(onsets)
    expected = np.arange(layout.records) * layout.seconds
    return np.where(np.isfinite(onsets), onsets, expected)


def _with_breaks(
    layout: _Layout, count: int, fs: float, read: Callable[[int, int], np.ndarray]
) -> tuple[int, Callable[[int, int], np.ndarray]]:
    """Number of samples, and a reader with NaN where the recording was interrupted."""
    if layout.onsets is None:
        return layout.records * count, read
    onsets = layout.onsets - layout.onsets[0]
    breaks = np.flatnonzero(np.abs(np.diff(onsets) - layout.seconds) > 0.5 / fs) + 1
    parts, at = [], 0
    for a, b in zip([0, *breaks], [*breaks, layout.records], strict=True):
        first = max(at, round(float(onsets[a]) * fs))
        at = first + int(b - a) * count
        check_length(at, fs, str(layout.path))
        parts.append((first, at, _shifted(read, int(a) * count)))
    return at, joined(parts)


def _shifted(read: Callable[[int, int], np.ndarray], by: int) -> Callable[[int, int], np.ndarray]:
    return lambda start, stop: read(start + by, stop + by)
