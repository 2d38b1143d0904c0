"""The numbers that the chain in the reader's browser (book/_static/recording) works with.

They are Python's own, handed over as JSON, so that none stands in two places; a test holds that
both come to the same R peaks and the same classes.
"""

import numpy as np
from scipy.signal import butter, sosfilt_zi

from ecgcore.constants import FS
from ecgcore.data import qrs, quality
from ecgcore.rhythm import features, sequence

QRS_NUMBERS = (
    *("SHORTEST_S", "QRS_S", "REFRACTORY_S", "PART_S", "AROUND", "FAR", "FALL", "TOO_HIGH"),
    *("NOISE", "BEAT", "STEEP", "CONTRAST", "IRREGULAR", "USUAL", "UNKNOWN_RR_S", "REACH_S"),
    *("PEAK_S", "BASELINE_S", "DOWNWARD"),
)
QUALITY_NUMBERS = (
    *("MISSING_S", "FLAT_S", "RAILED_S", "SPIKE_S", "OFTEN", "STEADY_S", "WINDOW_S"),
    *("STANDING_OUT", "ROUNDING", "BLOCK_S", "CONTEXT_S"),
)
SEQUENCE_NUMBERS = ("BEFORE", "WINDOW", "USUAL_RR", "ALIKE")
FEATURE_NUMBERS = (
    *("MINUTES_S", "RECENT", "UPPER", "STEADY", "MANY", "NEARBY", "FASTEST_S", "SLOWEST_S"),
)
PARTS = {"P_WAVE": sequence.P_WAVE, "QRS": sequence.QRS}


def numbers() -> dict:
    """Constants and filters of R peaks, quality and rhythm, as plain values for JSON."""
    found = {name: getattr(qrs, name) for name in QRS_NUMBERS}
    bands = [_filter(2, band) for band in qrs.BANDS_HZ]
    found |= {"FS": FS, "bands": bands, "peak": _filter(1, qrs.PEAK_HZ)}
    found |= {name: getattr(quality, name) for name in QUALITY_NUMBERS}
    found |= {name: getattr(sequence, name) for name in SEQUENCE_NUMBERS}
    found |= {name: getattr(features, name) for name in FEATURE_NUMBERS}
    parts = {name: [part.start, part.stop] for name, part in PARTS.items()}
    rhythm = {"IRREGULAR_RR": features.IRREGULAR, "rhythm": _filter(2, sequence.BAND_HZ)}
    return found | parts | rhythm


def _filter(order: int, band: tuple[float, float]) -> dict:
    """A band-pass filter at 125 Hz: its sections, and their state at rest at 1."""
    sos = butter(order, band, "bandpass", fs=FS, output="sos")
    return {"sos": np.asarray(sos).tolist(), "zi": sosfilt_zi(sos).tolist()}
