"""Records that harm has come to, for tests and for training: noise, hum, electrodes, R peaks.

Recorded noise comes from two lots that share no sample: the first halves of the records of
nstdb are for training, the second halves for tests. Either signal of them is drawn. Everything
random depends on the record's name and the kind of harm alone, so that a noise at 6 dB is the
very noise at 0 dB, half as strong.
"""

import zlib
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ecgcore.data import noise as data_noise
from ecgcore.data import rpeaks, signals
from ecgcore.data.records import Record
from ecgcore.errors import ConfigError, DataError

SNR_DB = (24, 18, 12, 6, 0, -6)
MAINS = {"50 Hz": 50.0, "60 Hz": 60.0}
TRAINING_DB = (0.0, 24.0)  # the SNR of a copy for training is drawn uniformly between these
LOTS = ("training", "test")
PEAKS = ("given", "displaced", "found")


@dataclass(frozen=True)
class Condition:
    """What is done to a record. Raises ConfigError for a noise or peaks that there are none of.

    noise: bw, em or ma of nstdb, `50 Hz`, `60 Hz`, or none; snr_db: its ratio, as noise defines
    it; gain: what the signal is multiplied by, -1 for a reversed lead; peaks: where beats are cut:
    at the annotations, up to 50 ms beside them, or where a detector finds them.
    """

    noise: str = ""
    snr_db: float = 0.0
    gain: float = 1.0
    peaks: str = "given"

    def __post_init__(self):
        if self.noise and self.noise not in (*data_noise.NOISES, *MAINS):
            known = ", ".join((*data_noise.NOISES, *MAINS))
            raise ConfigError(f"noise {self.noise!r} is unknown; choose from {known}")
        if self.peaks not in PEAKS:
            raise ConfigError(f"peaks {self.peaks!r} are unknown; choose from {', '.join(PEAKS)}")


CONDITIONS = {
    "clean": Condition(),
    **{f"{kind} {db}": Condition(kind, db) for kind in data_noise.NOISES for db in SNR_DB},
    **{f"{kind} 6": Condition(kind, 6) for kind in MAINS},
    "reversed": Condition(gain=-1),
    "gain 0.5": Condition(gain=0.5),
    "gain 2": Condition(gain=2),
    "displaced": Condition(peaks="displaced"),
    "found": Condition(peaks="found"),
    **{f"found, {kind} 6": Condition(kind, 6, peaks="found") for kind in data_noise.NOISES},
}


def seed(*words: str) -> int:
    """The same number for the same words, on every machine."""
    return zlib.crc32(" ".join(words).encode())


@cache
def recorded(kind: str, channel: int, lot: str) -> tuple[np.ndarray, float]:
    """Half of a noise record, (n_samples,), and its sampling rate (Hz).

    channel: 0 or 1; lot: training (the first half) or test (the second). Raises ConfigError for
    another lot or kind, DataError if a file is missing.
    """
    if lot not in LOTS:
        raise ConfigError(f"lot {lot!r} of noise is unknown; choose from {', '.join(LOTS)}")
    whole, fs = data_noise.read_noise(kind, channel)
    half = len(whole) // 2
    return (whole[:half] if lot == "training" else whole[half:]), fs


def with_noise(record: Record, kind: str, snr_db: float, lot: str = "test") -> Record:
    """The record with noise or hum over its whole length, at an SNR (dB) as in `noise`.

    Raises DataError if the noise was recorded at another rate, or the record has no normal beat
    that tells how strong its signal is.
    """
    own = seed(record.name, kind, lot)
    n = len(record.signal)
    if kind in MAINS:
        added = data_noise.hum(n, record.fs, MAINS[kind], own)
    else:
        lead = int(np.random.default_rng(own).integers(2))
        half, fs = recorded(kind, lead, lot)
        if fs != record.fs:
            raise DataError(f"record {record.name}: {record.fs:g} Hz, but its noise has {fs:g}")
        added = data_noise.excerpt(half, n, own)
    amplitude = data_noise.qrs_amplitude(record.signal, record.fs, record.sample, record.symbol)
    return replace(
        record, signal=data_noise.add_noise(record.signal, added, record.fs, amplitude, snr_db)
    )


def harmed(record: Record, condition: Condition) -> Record:
    """The record under a condition. Its R peaks stay as annotated: `peaks` moves them."""
    if condition.noise:
        record = with_noise(record, condition.noise, condition.snr_db)
    if condition.gain < 0:
        record = replace(record, signal=data_noise.reverse(record.signal))
    return replace(record, signal=data_noise.amplify(record.signal, abs(condition.gain)))


def peaks(record: Record, how: str) -> np.ndarray:
    """Where beats of a record are cut, (n_peaks,) int64 samples, increasing.

    how: given, displaced or found; found ones come from this very signal, noise and all.
    """
    if how == "displaced":
        moved = seed(record.name, how)
        return data_noise.displace(record.sample, len(record.signal), record.fs, moved)
    if how == "found":
        signal = signals.from_array(record.signal, record.fs, record.name)
        return np.round(rpeaks.find_throughout(signal) * record.fs).astype(np.int64)
    return record.sample


def copies(record: Record) -> list[Record]:
    """A training record once more with each noise, named as `101 em`, at an SNR drawn for it."""
    found = []
    for kind in data_noise.NOISES:
        db = np.random.default_rng(seed(record.name, kind, "dB")).uniform(*TRAINING_DB)
        noisy = with_noise(record, kind, float(db), "training")
        found.append(replace(noisy, name=f"{record.name} {kind}"))
    return found


def original(name: np.ndarray) -> np.ndarray:
    """(n,) the records that records or copies of them are of: `101 em` is of 101."""
    return np.array([text.partition(" ")[0] for text in np.asarray(name).tolist()])


def examples(
    record: Record, snr_db: float, start_s: float, seconds: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Some seconds of a record, clean and with each recorded noise, for the eye.

    Returns what is over it to (n_samples,) mV, and the R peaks in seconds after the start.
    """
    first, last = (round(t * record.fs) for t in (start_s, start_s + seconds))
    shown = {"clean": record.signal[first:last]}
    for kind, name in data_noise.NOISES.items():
        noisy = with_noise(record, kind, snr_db)
        shown[f"{name}, {snr_db:g} dB"] = noisy.signal[first:last]
    inside = (record.sample >= first) & (record.sample < last)
    return shown, (record.sample[inside] - first) / record.fs
