"""Samples of WFDB signal files, any part of them, as the integers that are stored.

Reference: WFDB Applications Guide, signal(5). Read piece by piece, so that memory stays bounded,
and from any sample on: wfdb itself reads first differences (format 8) rightly from the start only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from ecgcore.data.formats.wfdb_header import SignalLine
from ecgcore.errors import DataError

AT_ONCE = 1 << 20  # samples of all signals of a file that are unpacked at a time
FLAC_BITS = {"508": 8, "516": 16, "524": 24}
FLAC_SUBTYPES = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}


@dataclass(frozen=True)
class Packing:
    """`samples` samples take `size` bytes. unpack: (n, size) uint8 to (n, samples) integers;
    missing: what stands for a sample that is not there."""

    samples: int
    size: int
    unpack: Callable[[np.ndarray], np.ndarray]
    missing: int | None

    def length(self, size: int) -> int:
        """Samples in so many bytes."""
        return size * self.samples // self.size

    def bytes(self, samples: int) -> int:
        """Bytes of so many samples."""
        return -(-samples * self.size // self.samples)


def _signed(values: np.ndarray, bits: int) -> np.ndarray:
    """Two's complement of so many bits."""
    return (values ^ (1 << bits - 1)) - (1 << bits - 1)


def _24(b: np.ndarray) -> np.ndarray:
    b = b.astype(np.int32)
    return _signed(b[:, :1] | b[:, 1:2] << 8 | b[:, 2:] << 16, 24)


def _212(b: np.ndarray) -> np.ndarray:
    low, middle, high = b.astype(np.int16).T
    return _signed(np.stack([low | (middle & 0xF) << 8, high | (middle >> 4) << 8], axis=1), 12)


def _310(b: np.ndarray) -> np.ndarray:
    first, second = np.ascontiguousarray(b).view("<u2").astype(np.int32).T
    third = first >> 11 | (second >> 11) << 5
    return _signed(np.stack([first >> 1 & 0x3FF, second >> 1 & 0x3FF, third], axis=1), 10)


def _311(b: np.ndarray) -> np.ndarray:
    word = np.ascontiguousarray(b).view("<u4").astype(np.int64)
    return _signed(np.concatenate([word >> s & 0x3FF for s in (0, 10, 20)], axis=1), 10)


PACKINGS = {
    "8": Packing(1, 1, lambda b: b.view(np.int8), None),  # differences
    "16": Packing(1, 2, lambda b: b.view("<i2"), -(1 << 15)),
    "24": Packing(1, 3, _24, -(1 << 23)),
    "32": Packing(1, 4, lambda b: b.view("<i4"), -(1 << 31)),
    "61": Packing(1, 2, lambda b: b.view(">i2"), -(1 << 15)),
    "80": Packing(1, 1, lambda b: b.astype(np.int16) - 128, -128),
    "160": Packing(1, 2, lambda b: b.view("<u2").astype(np.int32) - (1 << 15), -(1 << 15)),
    "212": Packing(2, 3, _212, -(1 << 11)),
    "310": Packing(3, 4, _310, -(1 << 9)),
    "311": Packing(3, 4, _311, -(1 << 9)),
}


class SignalFile:
    """A signal file. signals: all that share it, in their order; n_frames: as the header says,
    None to count what is there. Raises DataError if it is missing, short or of an unknown format.
    """

    def __init__(self, path: Path, signals: Sequence[SignalLine], n_frames: int | None):
        self.path, self.signals = path, signals
        self.fmt, self.offset = signals[0].fmt, signals[0].byte_offset
        ends = np.cumsum([s.samps_per_frame for s in signals])
        self.first, self.width = (
            [int(e) - s.samps_per_frame for e, s in zip(ends, signals, strict=True)],
            int(ends[-1]),
        )
        if any(s.fmt != self.fmt for s in signals):
            raise DataError(f"{path}: signals of different formats in one file")
        there = self._flac_frames() if self.fmt in FLAC_BITS else self._frames(n_frames)
        if n_frames is not None and there < n_frames:
            raise DataError(
                f"{path}: short: {there:,} samples of the {n_frames:,} that the header names"
            )
        self.n_frames = there if n_frames is None else n_frames

    def _frames(self, wanted: int | None) -> int:
        if self.fmt not in PACKINGS:
            raise DataError(f"{self.path}: signal format {self.fmt} is not supported")
        packing, size = PACKINGS[self.fmt], self.path.stat().st_size
        if wanted is not None:
            needed = packing.bytes(wanted * self.width) + self.offset
            if size < needed:
                raise DataError(
                    f"{self.path}: short: {size:,} bytes of the {needed:,} that the header names"
                )
            return wanted
        return packing.length(max(size - self.offset, 0)) // self.width

    def _flac_frames(self) -> int:
        try:
            about = soundfile.info(str(self.path))
        except soundfile.SoundFileError as error:
            raise DataError(f"{self.path}: not a FLAC file, as the header says ({error})") from None
        counts = {s.samps_per_frame for s in self.signals}
        if about.subtype not in FLAC_SUBTYPES or about.channels != len(self.signals):
            raise DataError(
                f"{self.path}: {about.channels} FLAC channels of {about.subtype}, "
                f"which does not fit the header's {len(self.signals)} signals"
            )
        if len(counts) > 1:
            raise DataError(f"{self.path}: signals of different sampling rates in one FLAC file")
        return max(about.frames - self.offset, 0) // counts.pop()

    def read(self, which: int, start: int, stop: int) -> np.ndarray:
        """Samples start to stop of a signal, at its own rate, in its unit; (n,) float64.

        NaN where a sample is missing, or lies beyond the end of the file since the signal is
        skewed.
        """
        line = self.signals[which]
        shift = line.skew * line.samps_per_frame
        result = np.full(max(stop - start, 0), np.nan)
        end = self.n_frames * line.samps_per_frame
        first, last = min(start + shift, end), min(stop + shift, end)
        step = max(AT_ONCE // self.width, 1) * line.samps_per_frame
        for at in range(first, last, step):
            stored = self._stored(which, at, min(at + step, last))
            values = (stored.astype(np.float64) - line.baseline) / line.adc_gain
            missing = self._missing()
            if missing is not None:
                values[stored == missing] = np.nan
            result[at - first : at - first + len(values)] = values
        return result

    def _missing(self) -> int | None:
        if self.fmt in FLAC_BITS:
            return -(1 << FLAC_BITS[self.fmt] - 1)
        return PACKINGS[self.fmt].missing

    def _stored(self, which: int, start: int, stop: int) -> np.ndarray:
        if self.fmt in FLAC_BITS:
            return self._from_flac(which, start, stop)
        if self.fmt == "8":
            return self._integrated(which)[start:stop]
        return self._unpacked(which, start, stop)

    def _unpacked(self, which: int, start: int, stop: int) -> np.ndarray:
        packing, spf = PACKINGS[self.fmt], self.signals[which].samps_per_frame
        frames = start // spf, -(-stop // spf)
        first, last = (f * self.width for f in frames)
        blocks = first // packing.samples, -(-last // packing.samples)
        with open(self.path, "rb") as file:
            file.seek(self.offset + blocks[0] * packing.size)
            raw = file.read((blocks[1] - blocks[0]) * packing.size)
        raw = raw.ljust((blocks[1] - blocks[0]) * packing.size, b"\0")  # half a block at the end
        values = packing.unpack(np.frombuffer(raw, np.uint8).reshape(-1, packing.size)).reshape(-1)
        lead_in = first - blocks[0] * packing.samples
        table = values[lead_in : lead_in + last - first].reshape(-1, self.width)
        mine = table[:, self.first[which] : self.first[which] + spf].reshape(-1)
        return mine[start - frames[0] * spf : stop - frames[0] * spf]

    @cache  # noqa: B019 -- a record has few signals in this format, and lives as long as its file
    def _integrated(self, which: int) -> np.ndarray:
        """All of a signal in first differences: every sample depends on those before."""
        spf = self.signals[which].samps_per_frame
        step = max(AT_ONCE // self.width, 1) * spf
        end = self.n_frames * spf
        whole = np.empty(end, dtype=np.int32)
        for at in range(0, end, step):
            whole[at : at + step] = self._unpacked(which, at, min(at + step, end))
        np.cumsum(whole, out=whole)
        whole += self.signals[which].init_value
        return whole

    def _from_flac(self, which: int, start: int, stop: int) -> np.ndarray:
        try:
            with soundfile.SoundFile(str(self.path)) as file:
                file.seek(start + self.offset)
                values = file.read(stop - start, dtype="int32", always_2d=True)[:, which]
                values = values >> (32 - FLAC_SUBTYPES[file.subtype])
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise DataError(f"{self.path}: cannot read the signal ({error})") from None
        if len(values) < stop - start:
            raise DataError(
                f"{self.path}: damaged: the signal ends at sample {start + len(values):,}"
            )
        return values
