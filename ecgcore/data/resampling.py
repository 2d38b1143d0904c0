"""From one sampling rate to another."""

from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from ecgcore.constants import FS


def resample(signal: np.ndarray, fs: float, to: float = FS) -> np.ndarray:
    """Anti-aliased resampling of (n,) samples at `fs` Hz to `to` Hz; float32.

    Sample i of the result is the signal at i / to seconds. Waves up to a third of the lower
    rate keep their amplitude.
    """
    ratio = Fraction(to / fs).limit_denominator(1000)
    return resample_poly(signal, ratio.numerator, ratio.denominator).astype(np.float32)
