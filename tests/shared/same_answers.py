"""Whether the page's answer about a recording is Python's."""

import numpy as np

from ecgcore.constants import FS

NEAR, FAR = 1e-3, 0.05  # how far a probability may be, and that of a few beats
FEW = 1e-3  # share of all beats


def same(found, own, name):
    """Hold R peaks to one sample, all classes, probabilities to a thousandth; what was reached.

    A feature that is rounded otherwise in its last digit may fall on the other side of a tree's
    split, so that a beat in some thousands has another probability; its class is the same.
    """
    beats = own.beats
    assert (found["lead"], found["fs"], found["annotated"]) == (own.lead, own.fs, own.annotated)
    assert found["notes"] == [w.rpartition("/")[2] for w in own.warnings], name
    assert len(found["time"]) == len(beats) > 100
    np.testing.assert_allclose(found["time"], beats.time_s, atol=1 / FS, err_msg=name)
    assert found["decision"] == beats.predicted.tolist(), name
    assert found["truth"] == beats.true.tolist()
    shares = np.reshape(found["probabilities"], (-1, 5))
    away = np.abs(shares - beats.probabilities).max(axis=1)
    beyond = int((away > NEAR).sum())
    assert beyond <= FEW * len(beats) and away.max() < FAR, name
    told = [(s["start"], s["stop"], s["why"]) for s in found["unusable"]]
    assert [t[2] for t in told] == [s.why for s in own.unusable]
    expected = [(s.start_s, s.stop_s) for s in own.unusable]
    np.testing.assert_allclose([t[:2] for t in told], expected, atol=1e-6)
    return len(beats), np.abs(np.array(found["time"]) - beats.time_s).max(), away.max(), beyond
