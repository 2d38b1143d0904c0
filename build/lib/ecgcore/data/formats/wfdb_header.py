"""Headers of WFDB records, read leniently: everything after a signal's format may be left out.

Reference: WFDB Applications Guide, header(5). wfdb itself reads headers more strictly: it stops at
a date that no calendar has, and takes a path with "::" in it for a chain of addresses.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from ecgcore.errors import DataError

LONGEST_LINE = 4_096
MOST_BYTES = 16_000_000  # a header of a hundred thousand segments has 3 MB
DEFAULT_FS, DEFAULT_GAIN, DEFAULT_UNIT = 250.0, 200.0, "mV"  # as header(5) has them
GAP = "~"  # stands for a segment or a signal file without samples

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RECORD = re.compile(
    rf"(?P<name>\S.*?)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)"
    rf"(?:\s+(?P<fs>{_NUMBER})(?:/\S*)?(?:\s+(?P<length>\d+)(?:\s+(?P<when>.*))?)?)?\s*"
)
_SIGNAL = re.compile(
    r"(?P<file>\S.*?)\s+(?P<fmt>\d+)"
    r"(?:x(?P<spf>\d{1,6}))?(?::(?P<skew>\d{1,9}))?(?:\+(?P<offset>\d{1,12}))?"
    r"(?:\s+(?P<rest>.*))?"
)
_GAIN = re.compile(rf"(?P<gain>{_NUMBER})(?:\((?P<baseline>[+-]?\d{{1,15}})\))?(?:/(?P<unit>\S+))?")


@dataclass(frozen=True)
class SignalLine:
    """A signal as its line describes it; names as in wfdb. sig_name: empty if it has none."""

    file_name: str
    fmt: str
    samps_per_frame: int = 1
    skew: int = 0
    byte_offset: int = 0
    adc_gain: float = DEFAULT_GAIN
    baseline: int = 0
    units: str = DEFAULT_UNIT
    init_value: int = 0
    checksum: int | None = None
    sig_name: str = ""


@dataclass(frozen=True)
class Header:
    """fs: frames a second; sig_len: frames, None if the header gives no number; segments: names and
    lengths in frames, empty for a record in one piece; start: None if unknown, in year 1 if only
    the time of day is known."""

    name: str
    fs: float
    sig_len: int | None
    signals: tuple[SignalLine, ...] = ()
    segments: tuple[tuple[str, int], ...] = ()
    start: datetime | None = None
    comments: tuple[str, ...] = ()

    @property
    def sig_name(self) -> list[str]:
        """Names of the signals; those without one are numbered, from 1."""
        return [s.sig_name or f"signal {i}" for i, s in enumerate(self.signals, start=1)]


def read(path: Path) -> Header:
    """The header in a file. Raises DataError if there is none or it is something else."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: {(error.strerror or 'unreadable').lower()}") from None
    if len(content) > MOST_BYTES:
        raise DataError(f"{path}: not a WFDB header (it has more than {MOST_BYTES:,} bytes)")
    try:
        return parse(content)
    except ValueError as error:
        raise DataError(f"{path}: not a WFDB header ({error})") from None


def parse(content: bytes) -> Header:
    """The header in some bytes. Raises ValueError, which says what is wrong."""
    lines = [line.strip() for line in _text(content).splitlines()]
    comments = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if line and not line.startswith("#")]
    if any(len(line) > LONGEST_LINE for line in lines):
        raise ValueError(f"a line is longer than {LONGEST_LINE:,} characters")
    found = _RECORD.fullmatch(lines[0]) if lines else None
    if not found:
        raise ValueError("its first line names no record and number of signals")
    n_segments, n_signals = int(found["segments"] or 0), int(found["signals"])
    wanted, rest = n_segments or n_signals, lines[1:]
    if len(rest) < wanted:
        what = "segments" if n_segments else "signals"
        raise ValueError(f"it names {wanted:,} {what} and describes {len(rest):,}")
    rest = rest[:wanted]
    return Header(
        name=found["name"],
        fs=float(found["fs"] or DEFAULT_FS),
        sig_len=int(found["length"] or 0) or None,
        signals=() if n_segments else tuple(map(_signal, rest)),
        segments=tuple(map(_segment, rest)) if n_segments else (),
        start=_start(found["when"] or ""),
        comments=comments,
    )


def _text(content: bytes) -> str:
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        raise ValueError("it is no text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _segment(line: str) -> tuple[str, int]:
    name, _, length = line.rpartition(" ")
    if not name.strip() or not length.isdecimal() or len(length) > 15:
        raise ValueError(f'"{line[:40]}" is no name and length of a segment')
    return name.strip(), int(length)


def _signal(line: str) -> SignalLine:
    found = _SIGNAL.fullmatch(line)
    if not found:
        raise ValueError(f'"{line[:40]}" is no description of a signal')
    fields = (found["rest"] or "").split(maxsplit=6)
    gain = _GAIN.fullmatch(fields[0]) if fields else None
    fields = fields[1:] if gain else fields
    numbers = []
    while fields and len(numbers) < 5 and re.fullmatch(r"[+-]?\d{1,15}", fields[0]):
        numbers.append(int(fields.pop(0)))
    zero, initial, checksum = (numbers[i] if len(numbers) > i else None for i in (1, 2, 3))
    baseline = gain["baseline"] if gain else None
    value = float(gain["gain"]) if gain else 0.0
    return SignalLine(
        file_name=found["file"],
        fmt=found["fmt"],
        samps_per_frame=max(int(found["spf"] or 1), 1),
        skew=int(found["skew"] or 0),
        byte_offset=int(found["offset"] or 0),
        adc_gain=value if value and math.isfinite(value) else DEFAULT_GAIN,
        baseline=int(baseline) if baseline else zero or 0,
        units=(gain["unit"] if gain else None) or DEFAULT_UNIT,
        init_value=(zero or 0) if initial is None else initial,
        checksum=checksum,
        sig_name=" ".join(fields).strip(),
    )


def _start(text: str) -> datetime | None:
    """Time and date, as "10:44:18.529 04/05/2004"; None where no clock or calendar has them."""
    clock, _, date = text.strip().strip("[]").partition(" ")
    try:
        parts = [float(p) for p in clock.split(":")]
        hour, minute, second = [0.0] * (3 - len(parts)) + parts
        whole = int(second)
        at = time(int(hour), int(minute), whole, min(round((second - whole) * 1e6), 999_999))
    except (ValueError, OverflowError):
        return None
    try:
        day, month, year = (int(p) for p in date.strip().split("/"))
        return datetime(year, month, day, at.hour, at.minute, at.second, at.microsecond)
    except (ValueError, OverflowError):
        return datetime.combine(datetime.min, at)
