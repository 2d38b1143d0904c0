"""The numbers that the chain in the reader's browser (book/_static/recording) works with.

They are Python's own, handed over as JSON, so that none stands in two places; a test holds that
both come to the same R peaks.
"""

import numpy as np
from scipy.signal import butter, sosfilt_zi

from ecgcore.constants import FS
from ecgcore.data import qrs

QRS_NUMBERS = (
    *("SHORTEST_S", "QRS_S", "REFRACTORY_S", "PART_S", "AROUND", "FAR", "FALL", "TOO_HIGH"),
    *("NOISE", "BEAT", "STEEP", "CONTRAST", "IRREGULAR", "USUAL", "UNKNOWN_RR_S", "REACH_S"),
    *("PEAK_S", "BASELINE_S", "DOWNWARD"),
)


def numbers() -> dict:
    """Constants and filters of `data.qrs`, as plain values for JSON."""
    found = {name: getattr(qrs, name) for name in QRS_NUMBERS}
    bands = [_filter(2, band) for band in qrs.BANDS_HZ]
    return found | {"FS": FS, "bands": bands, "peak": _filter(1, qrs.PEAK_HZ)}


def _filter(order: int, band: tuple[float, float]) -> dict:
    """A band-pass filter at 125 Hz: its sections, and their state at rest at 1."""
    sos = butter(order, band, "bandpass", fs=FS, output="sos")
    return {"sos": np.asarray(sos).tolist(), "zi": sosfilt_zi(sos).tolist()}
