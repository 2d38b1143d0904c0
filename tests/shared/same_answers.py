"""Whether the page's answer about a recording is Python's."""

import numpy as np

from ecgcore.constants import FS

NEAR = 1e-3  # how far a probability may be


def same(found, own, name):
    """Hold R peaks to one sample, all classes, probabilities to a thousandth; returns beats, and
    how far R peaks (s) and probabilities are away at most."""
    beats = own.beats
    assert (found["lead"], found["fs"], found["annotated"]) == (own.lead, own.fs, own.annotated)
    assert found["notes"] == [w.rpartition("/")[2] for w in own.warnings], name
    assert len(found["time"]) == len(beats) > 100
    np.testing.assert_allclose(found["time"], beats.time_s, atol=1 / FS, err_msg=name)
    assert found["decision"] == beats.predicted.tolist(), name
    assert found["truth"] == beats.true.tolist()
    shares = np.reshape(found["probabilities"], (-1, 5))
    np.testing.assert_allclose(shares, beats.probabilities, atol=NEAR, err_msg=name)
    told = [(s["start"], s["stop"], s["why"]) for s in found["unusable"]]
    assert [t[2] for t in told] == [s.why for s in own.unusable]
    expected = [(s.start_s, s.stop_s) for s in own.unusable]
    np.testing.assert_allclose([t[:2] for t in told], expected, atol=1e-6)
    time = np.abs(np.array(found["time"]) - beats.time_s).max()
    return len(beats), time, np.abs(shares - beats.probabilities).max()
