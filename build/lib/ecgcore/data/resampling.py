"""From one sampling rate to another."""

from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from ecgcore.constants import FS


def resample(signal: np.ndarray, fs: float, to: float = FS) -> np.ndarray:
    """Anti-aliased resampling of (n,) samples at `fs` Hz to `to` Hz; float32.

    Sample i of the result is the signal at i / to seconds. Waves up to a third of the lower
    rate keep their amplitude. Beyond its ends the signal is taken to stay as it is there: zeros
    would be a step where it lies far from zero.
    """
    ratio = Fraction(to / fs).limit_denominator(1000)
    resampled = resample_poly(signal, ratio.numerator, ratio.denominator, padtype="edge")
    return resampled.astype(np.float32)
