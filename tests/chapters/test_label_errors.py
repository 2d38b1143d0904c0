"""Label-error candidates: annotations swapped on purpose are found, and nothing leaks."""

import numpy as np
import pytest

from ecgcore.chapters import label_errors
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.predictions import Predictions
from ecgcore.models.config import train_config

SWAPPED = 20


@pytest.fixture(scope="module")
def doubtful(small_beats):
    """Real annotations, some swapped; probabilities of a network that knows better; the swapped."""
    rng = np.random.default_rng(0)
    n, k = len(small_beats), len(CLASSES)
    probabilities = rng.dirichlet(np.full(k, 0.1), n) * 0.05
    probabilities[np.arange(n), small_beats.aami] += 0.95
    true = small_beats.aami.copy()
    swapped = np.sort(rng.choice(np.flatnonzero(true == 0), SWAPPED, replace=False))
    true[swapped] = CLASSES.index("V")
    # Confident learning doubts a label if another class is likelier than for its usual member.
    rest = rng.uniform(1e-4, 2e-3, SWAPPED)[:, None]
    probabilities[swapped] = rest / k + (1 - rest) * np.eye(k)[0]
    return true, probabilities, swapped


def test_swapped_annotations_are_the_candidates(doubtful):
    true, probabilities, swapped = doubtful
    found = label_errors.candidates(true, probabilities)
    assert np.array_equal(np.sort(found), swapped)


def test_the_most_doubtful_come_first(doubtful):
    true, probabilities, _ = doubtful
    found = label_errors.candidates(true, probabilities)
    annotated = probabilities[found, true[found]]
    assert (np.diff(annotated) >= 0).all()


def test_an_unsure_network_accuses_nobody(doubtful):
    true, probabilities, _ = doubtful
    unsure = 0.5 * probabilities + 0.5 / len(CLASSES)
    assert len(label_errors.candidates(true, unsure)) == 0
    assert len(label_errors.candidates(true, unsure, min_confidence=0.5)) > 0


def test_classes_that_never_occur_do_no_harm(doubtful):
    true, probabilities, swapped = doubtful
    kept = np.isin(true, [0, CLASSES.index("V")])
    found = label_errors.candidates(true[kept], probabilities[kept])
    assert np.array_equal(np.sort(np.flatnonzero(kept)[found]), swapped)


def test_table_names_each_candidate(doubtful, small_beats):
    true, probabilities, swapped = doubtful
    predicted = probabilities.argmax(axis=1).astype(np.int8)
    p = Predictions(
        true, predicted, probabilities.astype(np.float32), small_beats.record, small_beats.sample
    )
    table = label_errors.table(p, swapped)
    assert table["sample"].tolist() == small_beats.sample[swapped].tolist()
    assert set(table["annotated"]) == {"V"}
    assert set(table["predicted"]) == {"N"}
    assert (table["probability_predicted"] > table["probability_annotated"]).all()


@pytest.mark.parametrize(
    ("true", "probabilities", "words"),
    [
        ([0, 1], np.full((3, 5), 0.2), r"need probabilities of shape \(2, 5\)"),
        ([0, 1], np.full((2, 5), np.nan), "row 0 are not finite"),
        ([0, 9], np.full((2, 5), 0.2), "is no class"),
        ([0, 0], np.full((2, 5), 0.2), "fewer than two annotated classes"),
    ],
)
def test_bad_input_is_named(true, probabilities, words):
    with pytest.raises(DataError, match=words):
        label_errors.candidates(np.array(true), probabilities)


def test_every_beat_is_classified_by_a_network_trained_without_it(
    small_beats, tmp_path, monkeypatch
):
    few = small_beats[_some_of_each(small_beats.aami, 40)]
    narrow = train_config(filters=(4, 4, 4), lstm_hidden=4, epochs=1, batch_size=32)
    splits, fit = [], label_errors.fit

    def noting(beats, split, *rest):
        splits.append(split)
        return fit(beats, split, *rest)

    monkeypatch.setattr(label_errors, "fit", noting)
    p = label_errors.out_of_sample(few, narrow, tmp_path, folds=2, log=lambda line: None)
    assert np.array_equal(np.sort(np.concatenate([s.test for s in splits])), np.arange(len(few)))
    for split in splits:
        used = np.concatenate([split.train, split.val])
        assert not np.isin(split.test, used).any()
        assert len(used) + len(split.test) == len(few)
    assert np.allclose(p.probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(p.sample, few.sample)


def _some_of_each(aami: np.ndarray, count: int) -> np.ndarray:
    return np.sort(np.concatenate([np.flatnonzero(aami == k)[:count] for k in np.unique(aami)]))


def test_impossible_folds_are_refused(small_beats, tmp_path):
    with pytest.raises(ConfigError, match="at least 2 folds"):
        label_errors.out_of_sample(small_beats, train_config(), tmp_path, folds=1)
    with pytest.raises(DataError, match="folds, but only"):
        label_errors.out_of_sample(small_beats[:3], train_config(), tmp_path, folds=5)
