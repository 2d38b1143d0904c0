"""Atrial fibrillation made of other rhythms, so that training has more patients with it.

Two of the training patients have it, six or seven of the test patients do. Without more examples
a forest takes the early ones among its irregular beats for premature ones. What is made here
keeps a patient's own QRS complexes and T waves, takes the P waves away, draws the intervals
anew and lays fibrillation waves over everything. Training records only; nothing is tested on it.
"""

import numpy as np

from ecgcore.constants import FS
from ecgcore.rhythm.sequence import BEFORE, BeatSequence, part

RATE_S = (0.45, 0.95)  # mean RR, a draw a record
IRREGULARITY = (0.14, 0.28)  # standard deviation of ln RR
REFRACTORY_S = 0.3  # no ventricle follows faster
WAVE_HZ, WAVE_HEIGHT = (4.0, 8.0), (0.01, 0.1)  # of the usual QRS height
QRS_T = part(-0.08, 0.44)
BEATS = 500  # of a record, at most
EDGE = 4  # samples over which a complex fades in, and twice as many over which it fades out


def fibrillating(sequence: BeatSequence, kept: np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
    """A record whose complexes are those of `kept` beats, in atrial fibrillation.

    sequence: the whole record; kept: (n,) bool. Returns signal (n_samples,) float32 at 125 Hz,
    R peaks (n_beats,) s, and the position in `sequence` of each beat, (n_beats,) int64.
    """
    rng = np.random.default_rng(seed)
    position = np.flatnonzero(kept)
    if len(position) > BEATS:
        first = rng.integers(len(position) - BEATS)
        position = position[first : first + BEATS]
    n = len(position)
    spread, mean = rng.uniform(*IRREGULARITY), rng.uniform(*RATE_S)
    rr = np.maximum(mean * np.exp(rng.normal(0, spread, n) - spread**2 / 2), REFRACTORY_S)
    peaks = np.round((1 + np.cumsum(rr)) * FS).astype(np.int64)
    signal = _waves(peaks[-1] + FS, rng)
    for start, complex_ in zip(
        peaks + QRS_T.start - BEFORE, _complexes(sequence, position), strict=True
    ):
        signal[start : start + len(complex_)] += complex_[: len(signal) - start]
    return signal.astype(np.float32), peaks / FS, position


def _complexes(sequence: BeatSequence, position: np.ndarray) -> np.ndarray:
    """(n, m) QRS and T of some beats, starting and ending at zero."""
    own = sequence.window[position, QRS_T].astype(float)
    m = own.shape[1]
    own = own - np.linspace(own[:, :EDGE].mean(1), own[:, -EDGE:].mean(1), m, axis=1)
    fade = np.ones(m)
    fade[:EDGE] = np.linspace(0, 1, EDGE)
    fade[-2 * EDGE :] = np.linspace(1, 0, 2 * EDGE)
    return own * fade


def _waves(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Fibrillation waves: a sawtooth-like oscillation whose frequency wanders, and some noise."""
    rate = (
        rng.uniform(*WAVE_HZ) + np.repeat(rng.normal(0, 0.5, n_samples // 25 + 1), 25)[:n_samples]
    )
    phase = 2 * np.pi * np.cumsum(rate) / FS
    wave = np.sin(phase) + 0.3 * np.sin(2 * phase)
    return rng.uniform(*WAVE_HEIGHT) / 2 * wave + rng.normal(0, 0.01, n_samples)
