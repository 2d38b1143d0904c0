"""The metrics are scikit-learn's, and impossible predictions are refused."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from ecgcore.beats.cutting import normalise
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.metrics import confusion_matrix, f1_scores, summarise
from ecgcore.evaluation.predictions import Predictions, predict, probabilities, speed
from ecgcore.models import networks
from ecgcore.models.config import train_config

NUMBERS = range(len(CLASSES))
labels = st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)), min_size=1)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return networks.build(train_config(filters=(8, 8, 8), lstm_hidden=8))


@pytest.fixture(scope="module")
def predictions(model, small_beats):
    """What an untrained network says of every fourth beat."""
    return predict(model, small_beats[::4])


def with_labels(true, predicted):
    """Predictions with the given class numbers."""
    n = len(true)
    true, predicted = np.array(true, np.int8), np.array(predicted, np.int8)
    certain = np.eye(len(CLASSES), dtype=np.float32)[predicted]
    return Predictions(true, predicted, certain, np.full(n, "100"), np.arange(n))


def test_predictions_are_the_networks_most_probable_classes(predictions, model, small_beats):
    part = small_beats[::4]
    with torch.inference_mode():
        expected = model.eval()(torch.from_numpy(normalise(part.signal))).softmax(1).numpy()
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-5)
    np.testing.assert_array_equal(predictions.predicted, expected.argmax(axis=1))
    np.testing.assert_array_equal(predictions.true, part.aami)
    np.testing.assert_array_equal(predictions.record, part.record)
    np.testing.assert_array_equal(predictions.sample, part.sample)


def test_probabilities_do_not_depend_on_the_batch_size(model, small_beats):
    signal = small_beats.signal[:50]
    one, other = (probabilities(model, signal, batch=size) for size in (7, 50))
    np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(one.sum(axis=1), 1, atol=1e-5)
    assert one.dtype == np.float32


def test_no_beats_have_no_probabilities(model, small_beats):
    assert probabilities(model, small_beats.signal[:0]).shape == (0, len(CLASSES))


def test_confidence_is_the_highest_probability(predictions):
    np.testing.assert_array_equal(predictions.confidence, predictions.probabilities.max(axis=1))


@given(pairs=labels)
@settings(max_examples=60, deadline=None)
def test_summary_equals_scikit_learns(pairs):
    true, predicted = map(list, zip(*pairs, strict=True))
    summary = summarise(with_labels(true, predicted))
    at = {"labels": list(NUMBERS), "zero_division": 0}
    assert summary["accuracy"] == pytest.approx(metrics.accuracy_score(true, predicted))
    for average in ("macro", "weighted"):
        expected = metrics.f1_score(true, predicted, average=average, **at)
        assert summary[f"{average}_f1"] == pytest.approx(expected)
    expected = {
        "precision": metrics.precision_score(true, predicted, average=None, **at),
        "sensitivity": metrics.recall_score(true, predicted, average=None, **at),
        "f1": metrics.f1_score(true, predicted, average=None, **at),
        "support": np.bincount(true, minlength=len(CLASSES)),
    }
    for name, values in expected.items():
        found = [summary["per_class"][letter][name] for letter in CLASSES]
        np.testing.assert_allclose(found, values)
    matrix = metrics.confusion_matrix(true, predicted, labels=list(NUMBERS))
    assert summary["confusion"] == matrix.tolist()
    assert summary["n_beats"] == matrix.sum()


@given(pairs=labels)
@settings(max_examples=60, deadline=None)
def test_f1_from_the_confusion_matrix_equals_scikit_learns(pairs):
    true, predicted = map(list, zip(*pairs, strict=True))
    expected = metrics.f1_score(
        true, predicted, average=None, labels=list(NUMBERS), zero_division=0
    )
    np.testing.assert_allclose(f1_scores(confusion_matrix(true, predicted)), expected)


def test_f1_takes_many_matrices_at_once():
    many = np.random.default_rng(0).integers(0, 50, size=(4, 3, len(CLASSES), len(CLASSES)))
    each = [[f1_scores(matrix) for matrix in row] for row in many]
    np.testing.assert_allclose(f1_scores(many), each)


def test_unscored_classes_count_in_the_accuracy_but_not_in_f1():
    p = with_labels([0, 0, 1, 2, 3, 4], [0, 0, 1, 2, 3, 0])
    scored = summarise(p, CLASSES[:4])
    assert scored["accuracy"] == pytest.approx(5 / 6)
    f1 = [scored["per_class"][letter]["f1"] for letter in CLASSES]
    assert scored["macro_f1"] == pytest.approx(np.mean(f1[:4]))
    assert scored["weighted_f1"] == pytest.approx(np.average(f1[:4], weights=[2, 1, 1, 1]))
    assert scored["scored_classes"] == list(CLASSES[:4])
    assert f1[4] == 0


def test_a_summary_survives_json(predictions):
    summary = summarise(predictions)
    assert json.loads(json.dumps(summary)) == summary


def test_speed_is_told_as_latency_and_throughput(model, small_beats):
    found = speed(model, small_beats.signal[:40], single=20)
    assert 0 < found["latency_p50_ms"] <= found["latency_p99_ms"]
    assert found["beats_per_s"] > 0


def test_saved_predictions_come_back_the_same(predictions, tmp_path):
    predictions.save(tmp_path / "predictions.npz")
    again = Predictions.load(tmp_path / "predictions.npz")
    for field in fields(predictions):
        ours, theirs = getattr(predictions, field.name), getattr(again, field.name)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.npz"]


def test_a_part_of_predictions_is_predictions(predictions):
    wrong = predictions[~predictions.correct]
    assert len(wrong) == (~predictions.correct).sum()
    assert not wrong.correct.any()


@pytest.mark.parametrize("name", [field.name for field in fields(Predictions)][1:])
def test_arrays_of_unequal_length_are_named(predictions, name):
    with pytest.raises(DataError, match=f"{len(predictions) - 1} of '{name}'"):
        replace(predictions, **{name: getattr(predictions, name)[1:]})


def test_missing_probability_columns_are_refused(predictions):
    with pytest.raises(DataError, match="5 columns, one a class"):
        replace(predictions, probabilities=predictions.probabilities[:, :4])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_probability_that_is_not_finite_is_named_by_row(predictions, value):
    probabilities = predictions.probabilities.copy()
    probabilities[7, 2] = value
    with pytest.raises(DataError, match="row 7 are not finite"):
        replace(predictions, probabilities=probabilities)


@pytest.mark.parametrize("value", [-1, 5])
@pytest.mark.parametrize("name", ["true", "predicted"])
def test_a_number_that_is_no_class_is_refused(predictions, name, value):
    numbers = getattr(predictions, name).copy()
    numbers[0] = value
    with pytest.raises(DataError, match=f"'{name}' holds a number that is no class"):
        replace(predictions, **{name: numbers})


def test_missing_and_damaged_files_are_named(predictions, tmp_path):
    path = tmp_path / "predictions.npz"
    with pytest.raises(DataError, match=r"predictions\.npz: no predictions here"):
        Predictions.load(path)
    predictions.save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"predictions\.npz: damaged"):
        Predictions.load(path)
    np.savez(path, true=predictions.true)
    with pytest.raises(DataError, match="predicted"):
        Predictions.load(path)
