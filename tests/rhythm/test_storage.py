"""The rhythm model's file: it answers as the model that was fitted, and an old one is noticed."""

from dataclasses import replace

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.chapters.rhythm import offered
from ecgcore.errors import DataError
from ecgcore.rhythm import cases, model, portable, storage, thresholds, trees, whole

AT = thresholds.Thresholds(v=0.5, f=np.inf, s=-0.25)


@pytest.fixture(scope="module")
def some(database):
    return cases.build(database, ["208", "223", "209"])


@pytest.fixture(scope="module")
def fitted(some):
    training = model.Training(steps=5, batch=32)
    return whole.RhythmClassifier(model.fit(some, training=training), AT)


@pytest.fixture(scope="module")
def path(fitted, tmp_path_factory):
    return offered.write(tmp_path_factory.mktemp("model") / "rhythm.safetensors", fitted, "smoke")


def test_what_was_read_answers_as_what_was_written(path, fitted, database):
    other = cases.build(database, ["119", "210"])
    found = storage.read(path)
    expected = model.scores(fitted.model, other)
    np.testing.assert_allclose(model.scores(found.model, other), expected, rtol=0, atol=1e-5)
    assert found.at == AT and not found.causal
    assert found.about["fingerprint"] == offered.fingerprint(AT)


@pytest.mark.parametrize("number", [0, 1], ids=["forest", "boosted"])
def test_trees_as_arrays_answer_as_scikit_learn_does(fitted, some, number):
    made = fitted.model.early[number]
    found = trees.arrays(made)
    np.testing.assert_allclose(
        found.predict_proba(some.features), made.predict_proba(some.features), rtol=0, atol=1e-7
    )
    assert found.predict_proba(some.features[:0]).shape == (0, len(made.classes_))


def test_several_networks_come_back_as_several(path):
    assert len(storage.read(path).model.shapes) == model.NETWORKS > 1


def test_a_file_that_is_written_again_is_the_same(path, tmp_path):
    again = offered.write(tmp_path / "again.safetensors", storage.read(path), "smoke")
    assert storage.read(again).about["weights_sha256"] == storage.read(path).about["weights_sha256"]


def test_the_graph_answers_as_the_model_and_travels_with_its_document(path, database):
    other = cases.build(database, ["119", "210"])
    found = portable.load(path)
    assert isinstance(found.model, portable.Graph) and found.name == "rhythm.onnx"
    expected = storage.read(path)
    np.testing.assert_allclose(
        found.model.scores(other), expected.model.scores(other), rtol=0, atol=2e-3
    )
    assert (found.at, found.about) == (expected.at, expected.about)


def test_a_graph_of_other_weights_is_left_alone(path, fitted, tmp_path):
    copy = offered.write(tmp_path / "rhythm.safetensors", fitted, "smoke")
    portable.onnx_file(copy).write_bytes(b"rubbish")
    assert portable.load(copy).name == "rhythm.safetensors"
    with pytest.raises(DataError, match="not a rhythm model"):
        portable.load(portable.onnx_file(copy))


@pytest.mark.parametrize("content", [b"", b"no such thing", None])
def test_what_is_no_rhythm_model_is_refused(tmp_path, content, path):
    broken = tmp_path / "rhythm.safetensors"
    broken.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(DataError, match="not a rhythm model of this version"):
        storage.read(broken)
    with pytest.raises(DataError, match="ecgcore rhythm --teach"):
        storage.read(tmp_path / "nothing.safetensors")


def test_a_missing_or_stale_model_is_fitted_once_and_said(monkeypatch, tmp_path, fitted):
    """Stale: other code, records or thresholds than now."""
    at, taught, said = [AT], [], []
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(offered, "published_thresholds", lambda profile, causal: at[0])
    monkeypatch.setattr(
        offered,
        "taught",
        lambda profile, causal: taught.append(profile) or replace(fitted, at=at[0]),
    )
    for _ in range(2):
        assert offered.load("paper", said.append).at == AT
    assert taught == ["paper"] and "is missing: fitting the rhythm model" in said[0]
    at[0] = replace(AT, v=1.0)
    assert offered.load("paper", said.append).at.v == 1.0
    offered.model_file("paper").write_bytes(b"rubbish")
    offered.load("paper", said.append)
    assert len(taught) == 3
    assert "is of other code, records or thresholds" in said[1] and "cannot be read" in said[2]
