"""Noise of known strength, and other harm that a recording may come to.

The signal-to-noise ratio is the one of `nst`, the WFDB tool that made PhysioNet's noise stress
test records (Moody, Muldrow & Mark 1984; manual pages nst(1) and sigamp(1) of the WFDB
Applications Guide, physionet.org/physiotools/wag):

    SNR = 10 log10(S / (gain² N)) dB,   S = A² / 8,   N = n²

A is the peak-to-peak amplitude of a normal QRS complex: the range of the signal from 50 ms before
to 50 ms after each of the first 300 normal annotations. n is the noise: its root mean square about
its own mean, in each of its first 300 whole seconds. Both are means of the measurements without
the largest and the smallest 5 %. With them, PhysioNet's records 118e* and 119e* come out bit for
bit (tests/test_noise.py).

Every function is pure: what is random in it depends on `seed` alone.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import wfdb

from ecgcore import paths
from ecgcore.errors import ConfigError, DataError

NOISES = {"bw": "baseline wander", "em": "electrode motion", "ma": "muscle activity"}  # of nstdb
MEASUREMENTS = 300
TRIMMED = 20  # one measurement in so many is left out at either end
QRS_HALF_S = 0.05
NOT_NORMAL = tuple("VEF")  # for nst, as the table map1 in WFDB's ecgmap.h says, all others are
DISPLACEMENT_S = 0.05

Seed = int | Sequence[int]


def read_noise(
    name: str, channel: int = 0, database: Path | None = None
) -> tuple[np.ndarray, float]:
    """A noise record's signal, (n_samples,) float32, and its sampling rate (Hz).

    name: bw, em or ma; database: the embedded nstdb if none is given. The unit is a nominal mV,
    at 200 steps, as nobody calibrated these records. Raises ConfigError for an unknown name,
    DataError if a file is missing or damaged.
    """
    if name not in NOISES:
        raise ConfigError(f"noise {name!r} is unknown; choose from {', '.join(NOISES)}")
    path = (database or paths.DATA / "nstdb") / name
    try:
        record = wfdb.rdrecord(str(path), channels=[channel], return_res=32)
    except Exception as error:
        raise DataError(f"{path}: cannot read the noise ({error})") from error
    return record.p_signal[:, 0], float(record.fs)


def qrs_amplitude(signal: np.ndarray, fs: float, sample: np.ndarray, symbol: np.ndarray) -> float:
    """Peak-to-peak amplitude A of a signal's normal QRS complexes, in the signal's unit.

    signal: (n_samples,); fs: Hz; sample: (n_beats,) R peaks; symbol: (n_beats,) PhysioNet's.
    Raises DataError if no normal beat lies inside the signal.
    """
    reach = round(QRS_HALF_S * fs)
    inside = (sample >= reach) & (sample < len(signal) - reach)
    peaks = sample[inside & ~np.isin(symbol, NOT_NORMAL)][:MEASUREMENTS]
    if not len(peaks):
        raise DataError("no normal beat to measure the signal by")
    return _trimmed_mean(np.ptp(signal[peaks[:, None] + np.arange(-reach, reach + 1)], axis=1))


def noise_rms(noise: np.ndarray, fs: float, step: float = 0.0) -> float:
    """Root mean square n of a noise, in its own unit.

    noise: (n_samples,); fs: Hz; step: the steps that WFDB's tool cuts deviations from the mean
    down to (one ADC unit), which lowers n of `em` by 0.6 %; 0 leaves them as they are.
    Raises DataError for less than a second of noise.
    """
    second = round(fs)
    seconds = min(len(noise) // second, MEASUREMENTS)
    if not seconds:
        raise DataError("less than a second of noise, too little to measure")
    windows = np.asarray(noise[: seconds * second], dtype=np.float64).reshape(seconds, second)
    deviation = windows - windows.mean(axis=1, keepdims=True)
    if step:
        deviation = np.trunc(deviation / step) * step
    return _trimmed_mean(np.sqrt((deviation**2).mean(axis=1)))


def _trimmed_mean(values: np.ndarray) -> float:
    out = len(values) // TRIMMED
    return float(np.sort(values)[out : len(values) - out].mean(dtype=np.float64))


def gain(amplitude: float, rms: float, snr_db: float) -> float:
    """What to multiply a noise by, so that a signal has the wanted SNR over it.

    amplitude, rms: A and n, in one unit; snr_db: dB. Raises DataError if the noise is silent.
    """
    if not rms > 0:
        raise DataError("the noise is silent: no gain gives it a strength")
    return amplitude / (math.sqrt(8) * rms) * 10 ** (-snr_db / 20)


def snr(amplitude: float, rms: float) -> float:
    """SNR (dB) of a signal with QRS amplitude A over noise of root mean square n, in one unit."""
    return 10 * math.log10(amplitude**2 / 8 / rms**2)


def add_noise(
    signal: np.ndarray, noise: np.ndarray, fs: float, amplitude: float, snr_db: float
) -> np.ndarray:
    """The signal with noise over it at a given SNR; of the signal's shape, type and unit.

    signal, noise: (n_samples,), at one sampling rate `fs` (Hz), the noise in any unit; amplitude:
    the signal's, from `qrs_amplitude`; snr_db: dB. The strength of the noise is measured on what
    is added. Raises DataError if the lengths differ or the noise cannot be measured.
    """
    if signal.shape != noise.shape:
        raise DataError(f"{len(noise):,} samples of noise for {len(signal):,} of signal")
    factor = gain(amplitude, noise_rms(noise, fs), snr_db)
    return (signal + factor * noise).astype(signal.dtype)


def excerpt(noise: np.ndarray, n_samples: int, seed: Seed) -> np.ndarray:
    """As much of a noise as is asked for, from a random start; (n_samples,).

    Where the noise ends it starts again, moved to where it left off so that there is no step, as
    `nst` does.
    """
    start = np.random.default_rng(seed).integers(len(noise))
    turn, position = np.divmod(start + np.arange(n_samples), len(noise))
    return noise[position] + turn.astype(noise.dtype) * (noise[-1] - noise[0])


def hum(n_samples: int, fs: float, mains_hz: float, seed: Seed) -> np.ndarray:
    """Hum of the mains, (n_samples,): a sine of amplitude 1 and random phase.

    fs: Hz; mains_hz: 50 or 60 in most of the world. `add_noise` gives it a strength. Raises
    ConfigError for a sampling rate that cannot hold the hum.
    """
    if not 0 < mains_hz < fs / 2:
        raise ConfigError(f"hum of {mains_hz:g} Hz does not fit into {fs:g} samples a second")
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    return np.sin(2 * np.pi * mains_hz * np.arange(n_samples) / fs + phase)


def reverse(signal: np.ndarray) -> np.ndarray:
    """A lead whose two electrodes were swapped: the signal (mV) upside down."""
    return -signal


def amplify(signal: np.ndarray, factor: float) -> np.ndarray:
    """A signal recorded with another gain; beats, scaled by their own range, must not care."""
    return (factor * signal).astype(signal.dtype)


def displace(
    sample: np.ndarray, n_samples: int, fs: float, seed: Seed, reach_s: float = DISPLACEMENT_S
) -> np.ndarray:
    """R peaks found up to 50 ms too early or too late, uniformly; (n_beats,) int64, increasing.

    sample: (n_beats,), increasing, in a signal of n_samples at fs Hz. A peak stays inside the
    signal and moves less than half-way to its neighbours, so that the order of the beats holds.
    """
    sample = np.asarray(sample, dtype=np.int64)
    between = (np.diff(sample) - 1) // 2
    before = np.concatenate([sample[:1], between])
    after = np.concatenate([between, n_samples - 1 - sample[-1:]])
    reach = np.minimum(np.minimum(before, after), round(reach_s * fs))
    return sample + np.random.default_rng(seed).integers(-reach, reach + 1)
