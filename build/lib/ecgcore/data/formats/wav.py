"""Recordings kept as uncompressed sound (.wav), a lead a channel, as some Holter software exports.

Sound has no unit: samples are whole numbers as they are stored. What is sampled faster than any
ECG is refused as sound.
"""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ecgcore.data import lead_choice
from ecgcore.data.formats.content import Content
from ecgcore.data.signals import FASTEST, SLOWEST, Lead, agreed_fs, check_length
from ecgcore.errors import DataError

MOST_LEADS = 100
HEADER = 44  # bytes, the least there are


def claims(path: Path, start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WAVE"


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    with _opened(path) as file:
        n_leads, width, rate, n_samples, *_ = file.getparams()
    if not SLOWEST <= rate <= FASTEST:
        raise DataError(
            f"{path}: a sound file of {rate:,} Hz; an ECG kept as sound has {SLOWEST:g} to "
            f"{FASTEST:,.0f} Hz, else the signal itself is needed, as a file of numbers"
        )
    if not 1 <= n_leads <= MOST_LEADS or not 1 <= width <= 4:
        raise DataError(f"{path}: {n_leads:,} channels of {8 * width} bits are no ECG")
    there = (path.stat().st_size - HEADER) // (n_leads * width)
    n_samples = min(n_samples, there)  # a file that was cut off has what it has
    if n_samples <= 0:
        raise DataError(f"{path}: a sound file without samples")
    agreed_fs(fs, float(rate), str(path))
    check_length(n_samples, rate, str(path))
    leads = [
        Lead(f"signal {i + 1}", "unknown unit", float(rate), n_samples, _reader(path, i))
        for i in range(n_leads)
    ]
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    return Content(lead_choice.signal_of(str(path), leads, chosen))


def _opened(path: Path) -> wave.Wave_read:
    try:
        return wave.open(str(path), "rb")
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        reason = str(error).strip() or "it ends within its header"
        raise DataError(f"{path}: not uncompressed sound ({reason})") from None


def _reader(path: Path, which: int) -> Callable[[int, int], np.ndarray]:
    def read(start: int, stop: int) -> np.ndarray:
        with _opened(path) as file:
            n_leads, width = file.getnchannels(), file.getsampwidth()
            file.setpos(start)
            content = file.readframes(max(stop - start, 0))
        if len(content) != max(stop - start, 0) * n_leads * width:
            raise DataError(f"{path}: short: it ends within the signal")
        parts = np.frombuffer(content, np.uint8).reshape(-1, n_leads, width)[:, which]
        # The bytes stand at the top of 32 bits, whose sign is theirs; one byte has none of its own.
        whole = np.zeros((len(parts), 4), np.uint8)
        whole[:, 4 - width :] = parts
        values = whole.view("<i4")[:, 0] >> 8 * (4 - width)
        return ((values & 255) - 128 if width == 1 else values).astype(np.float64)

    return read
