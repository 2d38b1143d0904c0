"""Signals of any length, read piece by piece: WFDB records, and columns of numbers."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
import wfdb

from ecgcore.beats import resample
from ecgcore.constants import FS, LEAD
from ecgcore.errors import ConfigError, DataError
from ecgcore.records import choose_lead, read_beats, read_header

SLOWEST, FASTEST = 50.0, 10_000.0  # Hz; outside, no ECG shows its QRS complexes
BLOCK_S = 300.0
CONTEXT_S = 15.0  # read on both sides of a block: filters settle, RR intervals are known
BYTES_PER_SAMPLE = {"8": 1, "80": 1, "16": 2, "61": 2, "160": 2, "212": 1.5, "24": 3, "32": 4}
WFDB_SUFFIXES = (".hea", ".dat", ".atr")


@dataclass(frozen=True)
class Signal:
    """One lead. read(start, stop) gives (stop - start,) float64 samples, NaN where one is missing.

    fs: Hz; n_samples at that rate; unit: of the samples; peaks_s: (n_beats,) s, annotated R peaks,
    or None where nobody annotated any; true: (n_beats,) str, their PhysioNet symbols.
    """

    name: str
    lead: str
    unit: str
    fs: float
    n_samples: int
    read: Callable[[int, int], np.ndarray]
    peaks_s: np.ndarray | None = None
    symbol: np.ndarray | None = None

    @property
    def seconds(self) -> float:
        return self.n_samples / self.fs


@dataclass(frozen=True)
class Block:
    """A piece of a signal at 125 Hz with its context.

    signal: (n,) float32; offset: position of signal[0] in the whole, at 125 Hz; start_s, stop_s:
    the part without context; missing_s, flat_s: seconds of it without a number or a change;
    done: share of the whole that has been read, 0 to 1.
    """

    signal: np.ndarray
    offset: int
    start_s: float
    stop_s: float
    missing_s: float
    flat_s: float
    done: float


def check_fs(fs: float, name: str) -> float:
    """The sampling rate, or ConfigError if no ECG is sampled like that."""
    if not math.isfinite(fs) or not SLOWEST <= fs <= FASTEST:
        raise ConfigError(
            f"{name}: a sampling rate of {fs:g} Hz is implausible ({SLOWEST:g} to {FASTEST:,.0f})"
        )
    return float(fs)


def from_array(samples: np.ndarray, fs: float, name: str) -> Signal:
    """A signal that is in memory. samples: (n,) in any unit, NaN where missing."""
    samples = np.asarray(samples)
    check_fs(fs, name)

    def read(start: int, stop: int) -> np.ndarray:
        return samples[start:stop].astype(np.float64)

    return Signal(name, "unknown", "unknown unit", float(fs), len(samples), read)


def record_path(path: Path) -> Path | None:
    """A record's path without suffix, if `path` names one: x, x.hea, x.dat or x.atr."""
    path = Path(path)
    if path.suffix in WFDB_SUFFIXES:
        return path.with_suffix("")
    return path if Path(f"{path}.hea").is_file() else None


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


def blocks(signal: Signal, block_s: float = BLOCK_S) -> Iterator[Block]:
    """The signal at 125 Hz, block by block, each with context, so that memory stays bounded.

    Blocks start where a sample of one rate falls on a sample of the other: the resampled values
    do not depend on the length of the blocks.
    """
    unit = Fraction(FS / signal.fs).limit_denominator(1000).denominator
    step, context = (unit * math.ceil(s * signal.fs / unit) for s in (block_s, CONTEXT_S))
    for start in range(0, signal.n_samples, step):
        first = max(0, start - context)
        stop = min(start + step, signal.n_samples)
        samples = signal.read(first, min(stop + context, signal.n_samples))
        core = samples[start - first : stop - first]
        yield Block(
            signal=resample(fill_gaps(samples).astype(np.float32), signal.fs),
            offset=round(first / signal.fs * FS),
            start_s=start / signal.fs,
            stop_s=stop / signal.fs,
            missing_s=np.count_nonzero(~np.isfinite(core)) / signal.fs,
            flat_s=flat_seconds(core, signal.fs),
            done=stop / signal.n_samples,
        )


def fill_gaps(samples: np.ndarray) -> np.ndarray:
    """Straight lines across missing samples; zeros where there is none at all."""
    known = np.isfinite(samples)
    if known.all():
        return samples
    if not known.any():
        return np.zeros(len(samples))
    position = np.arange(len(samples))
    return np.interp(position, position[known], samples[known])


def flat_seconds(samples: np.ndarray, fs: float) -> float:
    """Seconds in which nothing changes, counted in whole ones."""
    second = min(round(fs), len(samples))
    whole = samples[: len(samples) // second * second].reshape(-1, second)
    return float((np.ptp(whole, axis=1) == 0).sum() * second / fs)
