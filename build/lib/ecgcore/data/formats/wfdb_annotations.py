"""Beats among the annotations of a WFDB record.

Reference: WFDB Applications Guide, annot(5), and the codes of ecgcodes.h.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgcore.errors import DataError

MOST_BYTES = 64_000_000  # a day's beats with a note each have 3 MB
SYMBOLS = dict(enumerate("NLRaVFJASEj/Q", start=1)) | {
    25: "B", 30: "?", 34: "e", 35: "n", 38: "f", 41: "r"
}  # fmt: skip
SKIP, NUMBER, SUBTYPE, CHANNEL, NOTE = 59, 60, 61, 62, 63
RESOLUTION = re.compile(rb"## time resolution: ([0-9.]+)")


@dataclass(frozen=True)
class Beats:
    """Annotated beats in the order of time, one a sample. sample: (n_beats,) int64; symbol:
    (n_beats,) str; resolution: samples a second where the file says so, else None; doubled:
    beats that were there twice; others: annotations that are no beats."""

    sample: np.ndarray
    symbol: np.ndarray
    resolution: float | None
    doubled: int
    others: int


def read(path: Path) -> Beats:
    """The beats of an annotation file. Raises DataError if there is none, or it is too large."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataError(f"{path}: cannot read the annotations ({reason})") from None
    if len(content) > MOST_BYTES:
        raise DataError(f"{path}: cannot read the annotations (more than {MOST_BYTES:,} bytes)")
    if len(content) == 1:
        raise DataError(f"{path}: cannot read the annotations (damaged)")
    return parse(content)


def parse(content: bytes) -> Beats:
    """The beats in some bytes; what comes after the mark of the end is left."""
    words = np.frombuffer(content[: len(content) // 2 * 2], dtype="<u2").tolist()
    sample, code, others, at, now, resolution = [], [], 0, 0, 0, None
    while at < len(words) and words[at]:
        kind, interval = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if kind == SKIP:
            if at + 1 < len(words):
                step = words[at] << 16 | words[at + 1]  # the high word comes first
                now += step - (step >> 31 << 32)
            at += 2
        elif kind == NOTE:
            found = RESOLUTION.match(content, 2 * at)
            resolution = _rate(found[1]) if found else resolution
            at += (interval + 1) // 2
        elif kind not in (NUMBER, SUBTYPE, CHANNEL):
            now += interval
            if kind in SYMBOLS:
                sample.append(now)
                code.append(kind)
            elif kind:
                others += 1
    return _sorted(np.array(sample, dtype=np.int64), code, resolution, others)


def _rate(text: bytes) -> float | None:
    try:
        rate = float(text)
    except ValueError:
        return None
    return rate if 0 < rate < 1e9 else None


def _sorted(sample: np.ndarray, code: list[int], resolution: float | None, others: int) -> Beats:
    symbol = np.array([SYMBOLS[c] for c in code], dtype="U1")
    kept, first = np.unique(sample, return_index=True)  # of two on a sample, the first
    return Beats(kept, symbol[first], resolution, len(sample) - len(kept), others)
