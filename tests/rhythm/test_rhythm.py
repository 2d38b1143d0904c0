"""Rhythms made by hand, whose features are known; and that no label reaches a prediction."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ecgcore.constants import CLASSES, FS
from ecgcore.data import records
from ecgcore.data.formats import wfdb_record
from ecgcore.errors import DataError
from ecgcore.inference import classifying
from ecgcore.rhythm import cases, model, sequence, thresholds
from ecgcore.rhythm import whole as rhythm_whole
from ecgcore.rhythm.features import NAMES, features
from ecgcore.rhythm.fibrillation import fibrillating

LEAD_S = 2.0  # of signal before the first R peak and after the last


def heart(rr, wide=(), without_p=()):
    """A signal at 125 Hz with R peaks at the given intervals (s), and the peaks (s).

    wide: beats that are ventricular, without P wave; without_p: beats without P wave.
    """
    seconds = np.round((LEAD_S + np.cumsum(rr)) * FS) / FS
    t = np.arange(round((seconds[-1] + LEAD_S) * FS)) / FS

    def wave(at, height, width):
        return height * np.exp(-0.5 * ((t - at) / width) ** 2)

    signal = np.zeros(len(t))
    for i, at in enumerate(seconds):
        signal += wave(at, 1.0, 0.035 if i in wide else 0.012) + wave(at + 0.25, 0.2, 0.04)
        if i not in wide and i not in without_p:
            signal += wave(at - 0.16, 0.15, 0.02)
    return signal.astype(np.float32), seconds


def named(rr, causal=False, **how):
    signal, seconds = heart(rr, **how)
    found = features(sequence.prepare(signal, FS, seconds, causal), causal)
    assert found.shape == (len(rr), len(NAMES)) and np.isfinite(found).all()
    return dict(zip(NAMES, found.T, strict=True))


@pytest.mark.parametrize("causal", [False, True])
def test_a_steady_rhythm_is_usual_in_everything(causal):
    found = named([0.8] * 120, causal)
    for name in NAMES[:9]:
        np.testing.assert_allclose(found[name], 0, atol=1e-6, err_msg=name)
    assert (found["irregular"] == 0).all() and (found["steady"] == 1).all()
    inner = slice(5, -5)
    assert (found["p_like_template"][inner] > 0.95).all()
    assert (found["qrs_like_template"][inner] > 0.99).all()
    np.testing.assert_allclose(found["qrs_height"][inner], 0, atol=0.05)


@pytest.mark.parametrize("causal", [False, True])
def test_one_premature_beat_and_its_pause(causal):
    rr = np.full(121, 0.8)
    rr[60], rr[61] = 0.48, 1.12  # early, then a compensatory pause
    found = named(rr, causal, wide=[60])
    assert found["rr"].argmin() == 60 and found["rr_next"].argmax() == 60
    assert found["rr"][60] == pytest.approx(np.log(0.48 / 0.8), abs=0.01)
    assert found["rr_upper_recent"][60] == pytest.approx(np.log(0.48 / 0.8), abs=0.01)
    assert found["rr_ratio"][60] == pytest.approx(np.log(0.48 / 1.12), abs=0.01)
    assert found["rr_before"][61] == found["rr"][60]
    assert found["qrs_width_half"].argmax() == 60 and found["qrs_like_template"].argmin() == 60
    assert found["p_like_template"][60] < 0.8 < found["p_like_template"][59]


def test_bigeminy_is_seen_against_the_long_intervals():
    rr = np.tile([0.6, 1.0], 60)
    found = named(rr)
    early = (rr < 0.8)[1:]  # before the first beat there is no interval
    upper = found["rr_upper_recent"][1:]
    assert (upper[early] < -0.5).all() and (np.abs(upper[~early]) < 1e-6).all()
    assert (found["irregular"][2:] > 0.9).all() and (found["steady"] < 0.1).all()


def test_a_record_that_is_mostly_ectopic_does_not_hide_its_ectopic_beats():
    """As record 232: four of five intervals are short, so the median interval is one of them."""
    rr = np.tile([0.6, 0.6, 0.6, 0.6, 1.4], 40)
    found = named(rr)
    short = rr < 1
    assert np.median(rr) == 0.6  # against which nothing would be early
    assert (found["rr"][short] < -0.2).all()
    assert (found["rr_upper_record"][short] < -0.8).all()
    assert found["rr_upper_record"][~short] == pytest.approx(0, abs=1e-6)


def test_fibrillation_is_irregular_and_has_no_p_wave():
    rng = np.random.default_rng(1)
    rr = np.clip(0.7 * np.exp(rng.normal(0, 0.25, 300)), 0.35, 1.6)
    found, sinus = named(rr, without_p=range(300)), named([0.7] * 300)
    assert found["irregular"].mean() > 0.6 and found["steady"].mean() < 0.25
    assert found["p_size_nearby"].mean() < sinus["p_size_nearby"].mean()


def test_synthetic_fibrillation_keeps_the_complexes_and_loses_the_rest():
    signal, seconds = heart([0.8] * 200, wide=[50])
    sinus = sequence.prepare(signal, FS, seconds)
    kept = np.ones(200, dtype=bool)
    kept[100:] = False
    made, peaks, position = fibrillating(sinus, kept, seed=3)
    np.testing.assert_array_equal(position, np.arange(100))
    again = sequence.prepare(made, FS, peaks)
    found, before = (dict(zip(NAMES, features(s).T, strict=True)) for s in (again, sinus))
    assert found["irregular"].mean() > 0.4 > before["irregular"].mean()
    assert found["p_size_nearby"].mean() < before["p_size_nearby"].mean()
    assert found["qrs_width_half"].argmax() == 50
    for one, two in zip(fibrillating(sinus, kept, 3), (made, peaks, position), strict=True):
        np.testing.assert_array_equal(one, two)


def test_causal_features_do_not_see_beyond_the_next_beat():
    """Cut the record off after the beat that follows: nothing that was known may change."""
    rng = np.random.default_rng(2)
    signal, seconds = heart(np.clip(0.8 + 0.1 * rng.normal(size=150), 0.5, 1.2))
    whole = features(sequence.prepare(signal, FS, seconds, True), True)
    for last in (30, 77, 120):
        until = round((seconds[last + 1] + 0.05) * FS)
        shorter = np.pad(signal[:until], (0, FS), mode="edge")
        found = features(sequence.prepare(shorter, FS, seconds[: last + 2], True), True)
        usable = last + (0 if seconds[last + 1] - seconds[last] < 0.57 else 1)
        np.testing.assert_allclose(found[:usable], whole[:usable], atol=2e-3)
    ahead = features(sequence.prepare(signal, FS, seconds))
    assert np.abs(ahead - whole).max() > 0.1  # the default does look ahead


def test_a_gain_or_another_sampling_rate_changes_little(database):
    record = records.read_record(database, "208")
    short, seconds = record.signal[: 360 * 200], record.sample[:300] / record.fs
    seconds = seconds[seconds < 199]
    plain = features(sequence.prepare(short, record.fs, seconds))
    np.testing.assert_allclose(
        features(sequence.prepare(7 * short, 360, seconds)), plain, atol=1e-3
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x, t: (x, t[:3]), "3 R peaks make no rhythm"),
        (lambda x, t: (x, t[::-1]), "must increase"),
        (lambda x, t: (x[:200], t), "inside the signal"),
        (lambda x, t: (np.where(np.arange(len(x)) == 5, np.nan, x), t), "no numbers"),
    ],
)
def test_what_cannot_be_prepared_is_refused(change, said):
    signal, seconds = change(*heart([0.8] * 20))
    with pytest.raises(DataError, match=said):
        sequence.prepare(signal, FS, seconds)


def test_annotations_beside_the_peak_are_moved_to_it():
    signal, seconds = heart([0.8] * 30)
    peak = np.round(seconds * FS).astype(int)
    np.testing.assert_array_equal(sequence.realigned(signal, FS, peak - 3), peak)
    np.testing.assert_array_equal(sequence.realigned(-signal, FS, peak + 4), peak)


# Labels


@pytest.fixture(scope="module")
def taught(database):
    """A model that learnt from three records, tiny, and a fourth record to classify."""
    training = model.Training(steps=5, batch=32)
    return model.fit(cases.build(database, ["208", "223", "209"]), training=training)


AT = thresholds.Thresholds(v=0.0, f=3.0, s=-1.0)


def test_test_labels_do_not_reach_the_predictions(database, taught):
    """Neither through the features, nor later: other labels, or none, give the same answers."""
    record = records.read_record(database, "119")
    known = cases.of_record(record)
    expected = thresholds.decide(model.scores(taught, known), AT)
    assert len(set(expected.tolist())) > 1
    rng = np.random.default_rng(0)
    permuted = replace(
        record, aami=rng.permutation(record.aami), symbol=rng.permutation(record.symbol)
    )
    constant = replace(record, aami=np.full_like(record.aami, "V"))
    for other in (permuted, constant):
        again = cases.of_record(other)
        assert not np.array_equal(again.aami, known.aami)
        np.testing.assert_array_equal(thresholds.decide(model.scores(taught, again), AT), expected)


def test_predictions_without_any_labels_are_the_same(database, taught):
    record = records.read_record(database, "119")
    known = cases.of_record(record)
    made = sequence.prepare(record.signal, record.fs, record.sample / record.fs)
    unknown = cases.of_sequence(made, "119")
    assert (unknown.aami == cases.UNKNOWN).all()
    np.testing.assert_array_equal(model.scores(taught, unknown), model.scores(taught, known))


def test_a_whole_record_is_classified_with_and_without_annotations(database, taught):
    classifier = rhythm_whole.RhythmClassifier(taught, AT)
    signal = wfdb_record.from_record(database / "119")
    found = classifying.classify_in_context(signal, classifier).beats
    known = cases.of_record(records.read_record(database, "119"))
    np.testing.assert_array_equal(found.true, known.aami)
    np.testing.assert_array_equal(
        found.predicted, thresholds.decide(model.scores(taught, known), AT)
    )
    assert (found.table()["class"] == np.array(CLASSES)[found.predicted]).all()
    bare = replace(signal, peaks_s=None, symbol=None)
    alone = classifying.classify_in_context(bare, classifier).beats
    assert (alone.true == -1).all() and abs(len(alone) - len(found)) < 0.02 * len(found)
    share = [(p.predicted == CLASSES.index("V")).mean() for p in (found, alone)]
    assert share[0] == pytest.approx(share[1], abs=0.03)


def test_neither_gain_nor_unit_reaches_an_answer(database, taught):
    """Millivolts, or steps of a recorder that nobody calibrated: the record is its own measure."""
    signal = wfdb_record.from_record(database / "119")
    classifier = rhythm_whole.RhythmClassifier(taught, AT)
    found = classifying.classify_in_context(signal, classifier).beats
    louder = replace(signal, read=lambda start, stop: 200 * signal.read(start, stop) + 1024)
    again = classifying.classify_in_context(louder, classifier).beats
    assert (again.predicted == found.predicted).mean() > 0.999
    np.testing.assert_allclose(again.probabilities, found.probabilities, atol=0.05)


def test_training_is_reproducible_and_ignores_q(database):
    some = cases.build(database, ["208", "223"])[::5]
    training = model.Training(steps=3, batch=16)
    one, two = (model.fit(some, seed=1, training=training) for _ in range(2))
    np.testing.assert_array_equal(model.scores(one, some), model.scores(two, some))
    q = CLASSES.index("Q")
    with_q = cases.concatenate([some, replace(some[:3], aami=np.full(3, q, np.int8))])
    three = model.fit(with_q, seed=1, training=training)
    np.testing.assert_array_equal(model.scores(three, some), model.scores(one, some))


def test_cases_are_the_beats_of_the_book(database, small_beats):
    """So that every table counts the same test beats."""
    names = sorted(set(small_beats.record.tolist()))
    built = cases.build(database, names)
    for field in ("record", "sample", "aami"):
        np.testing.assert_array_equal(getattr(built, field), getattr(small_beats, field))
    assert {len(getattr(built, f.name)) for f in fields(built)} == {len(built)}


# Thresholds


def test_thresholds_have_the_highest_f1_and_leave_f_alone_where_it_does_harm():
    n, s, v, f = (CLASSES.index(c) for c in "NSVF")
    aami = np.array([v, v, n, s, s, n, n, f])
    scores = np.array(
        [
            [-9, 5, -9],
            [-9, 4, -9],
            [-9, 1, 2],
            [3, 0, -9],
            [2, -9, -9],
            [1, -9, 1],
            [0, -9, 0],
            [-9, -9, -9],
        ]
    ).astype(float)
    at = thresholds.choose(scores, aami)
    assert (at.v, at.f, at.s) == (4, np.inf, 2)
    assert thresholds.decide(scores, at).tolist() == [v, v, n, s, s, n, n, n]
    scores[7, 2] = 9
    assert thresholds.choose(scores, aami).f == 9


def test_thresholds_do_not_part_equal_scores():
    s = CLASSES.index("S")
    scores = np.column_stack([np.zeros(4), np.full(4, -9.0), np.full(4, -9.0)])
    at = thresholds.choose(scores, np.array([s, s, 0, 0]))
    assert (thresholds.decide(scores, at) == s).all()


def test_weights_favour_the_rare_and_the_few():
    weight = model.weights(np.array([0, 0, 0, 0, 2, 2]), np.array(["a", "a", "a", "b", "a", "b"]))
    assert weight.mean() == pytest.approx(1)
    assert weight[3] > weight[0] == weight[1] and weight[4] > weight[3]
