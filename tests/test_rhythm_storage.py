"""The rhythm model in its file is the rhythm model that was fitted."""

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.rhythm import cases, model, storage, trees
from ecgcore.rhythm.whole import RhythmClassifier

BRIEF = model.Training(steps=3, batch=64)
AT = model.Thresholds(v=0.5, f=float("inf"), s=-0.25)


@pytest.fixture(scope="module")
def learnt():
    found = cases.build(paths.DATA / "mitdb", ["208", "209"])
    return found[:: len(found) // 2000]


@pytest.fixture(scope="module")
def fitted(learnt):
    return RhythmClassifier(model.fit(learnt, training=BRIEF), AT)


@pytest.mark.parametrize("make", [model.forest, model.boosted])
def test_trees_as_arrays_answer_as_scikit_learn_does(make, learnt):
    made = make(learnt[learnt.aami < model.LEARNT], 0)
    found = trees.arrays(made).predict_proba(learnt.features)
    np.testing.assert_allclose(found, made.predict_proba(learnt.features), rtol=0, atol=1e-12)
    assert np.ptp(found, axis=0).min() > 0.05  # they do tell beats apart
    assert trees.arrays(made).predict_proba(learnt.features[:0]).shape == (0, model.LEARNT)


def test_a_model_that_was_written_gives_the_same_scores(fitted, learnt, tmp_path):
    path = storage.write(tmp_path / "rhythm.safetensors", fitted, "smoke")
    again = storage.read(path)
    np.testing.assert_allclose(
        model.scores(again.model, learnt), model.scores(fitted.model, learnt), rtol=0, atol=1e-6
    )
    assert (again.at, again.causal) == (AT, False)
    assert len(again.model.shapes) == len(fitted.model.shapes) == model.NETWORKS


def test_a_damaged_or_missing_file_is_named(fitted, tmp_path):
    path = tmp_path / "rhythm.safetensors"
    with pytest.raises(DataError, match=r"no rhythm model here; `ecgcore rhythm --teach`"):
        storage.read(path)
    storage.write(path, fitted, "smoke")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="not a rhythm model of this version"):
        storage.read(path)
