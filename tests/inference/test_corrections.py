"""Corrections by hand: applied, taken back, kept beside a recording, written as annotations."""

import json
from dataclasses import replace

import numpy as np
import pytest
import wfdb

from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data.quality import FLAT, Stretch
from ecgcore.errors import ConfigError, DataError
from ecgcore.inference import corrections, report
from ecgcore.inference.classifier import Classifier
from ecgcore.inference.classifying import Classified
from ecgcore.inference.corrections import ADD, HIDE, MOVE, RECLASS, REMOVE, Edit
from ecgcore.inference.recording import Recording

SECONDS = 60.0
N, V = CLASSES.index("N"), CLASSES.index("V")


@pytest.fixture
def recording() -> Recording:
    """A minute of a wave a second, all answered as N, the last ten seconds without a signal."""
    signal = np.zeros(round(SECONDS * FS), np.float32)
    peaks = np.arange(1, 50)
    signal[peaks * FS] = 1.0
    n = len(peaks)
    probabilities = np.tile(np.float32([0.9, 0.025, 0.025, 0.025, 0.025]), (n, 1))
    beats = Classified(
        1 + np.arange(n),
        peaks.astype(float),
        np.full(n, -1, np.int8),
        np.zeros((n, BEAT_LENGTH), np.float32),
        probabilities,
    )
    about = {"weights_sha256": "0" * 64, "origin": "", "protocol": "nothing", "reached": []}
    model = Classifier("constant", about, lambda signal: signal)
    return Recording(
        "wave", "II", "mV", 250.0, SECONDS, None, False, signal, beats, [], [],
        [Stretch(50.0, 60.0, FLAT)], model,
    )  # fmt: skip


def corrected(recording, *edits) -> Recording:
    applied = corrections.apply(recording, edits)
    assert not applied.unmatched
    return applied.recording


def test_counts_events_and_burden_follow_a_corrected_class(recording):
    edits = [Edit(RECLASS, 10.0, letter="V"), Edit(RECLASS, 11.02, letter="V")]
    summary = corrected(recording, *edits).summary()
    assert summary.counts["V"] == 2 and summary.counts["N"] == len(recording.beats) - 2
    assert [e.start_s for e in summary.of_kind("couplet", "V")] == [10.0]
    assert summary.burden["V"].an_hour == pytest.approx(2 / 50 * 3600)


def test_the_last_one_taken_back_gives_what_was_before(recording):
    edits = [Edit(RECLASS, 10.0, letter="V"), Edit(HIDE, 20.0, 25.0), Edit(REMOVE, 30.0)]
    assert corrections.apply(recording, []).recording is recording
    before, after = corrected(recording, *edits[:2]), corrected(recording, *edits)
    assert len(after.beats) == len(before.beats) - 1
    np.testing.assert_array_equal(
        before.beats.time_s, corrected(recording, *edits[:-1]).beats.time_s
    )
    assert (recording.beats.predicted == N).all()  # what was answered is as it was


def test_a_hidden_stretch_has_no_beats_and_its_time_does_not_count_twice(recording):
    found = corrected(recording, Edit(HIDE, 45.5, 52.0), Edit(HIDE, 51.0, 55.0))
    assert found.beats.time_s.max() == 45.0
    spans = [(s.start_s, s.stop_s) for s in found.unusable]
    assert spans == [(45.5, 55.0), (55.0, 60.0)]
    assert found.summary().analysed_s == pytest.approx(45.5)


def test_added_and_moved_beats_stand_in_order_and_are_cut_anew(recording):
    found = corrected(
        recording,
        Edit(ADD, 10.48, letter="S"),
        Edit(MOVE, 20.0, 20.2),
        Edit(RECLASS, 20.2, letter="V"),
    ).beats
    assert (np.diff(found.time_s) > 0).all() and len(found) == len(recording.beats) + 1
    added, moved = np.flatnonzero(found.time_s == 10.48)[0], np.flatnonzero(found.time_s == 20.2)[0]
    assert CLASSES[found.predicted[added]] == "S" and np.isnan(found.probabilities[added]).all()
    assert found.predicted[moved] == V and found.probabilities[moved, N] == np.float32(0.9)
    # The wave of the beat after it, in its place: it was cut from the signal where it now begins.
    assert found.signal[added].argmax() == round(0.52 * FS)
    assert np.isnan(found.confidence[[added, moved]]).all()
    assert np.isfinite(np.delete(found.confidence, [added, moved])).all()


def test_what_has_no_beat_any_more_is_told(recording):
    gone = [
        Edit(RECLASS, 10.4, letter="V"),
        Edit(REMOVE, 59.0),
        Edit(ADD, 10.05, letter="N"),
        Edit(MOVE, 10.0, 61.0),
        Edit(HIDE, 70.0, 80.0),
    ]
    applied = corrections.apply(recording, gone)
    assert applied.unmatched == gone and applied.recording.unusable == recording.unusable
    np.testing.assert_array_equal(applied.recording.beats.predicted, recording.beats.predicted)


def test_all_beats_may_be_removed_and_one_added_to_none(recording):
    nothing = corrected(recording, Edit(HIDE, 0.0, SECONDS))
    assert len(nothing.beats) == 0 and nothing.summary().analysed_s == 0
    one = corrected(nothing, Edit(ADD, 5.0, letter="N"))
    assert one.beats.time_s.tolist() == [5.0]
    with pytest.raises(DataError, match="no beat"):
        corrections.atr(nothing, [])


@pytest.mark.parametrize(
    "values",
    [
        ("swap", 1.0),
        (RECLASS, 1.0, None, "X"),
        (RECLASS, float("nan"), None, "V"),
        (REMOVE, -1.0),
        (REMOVE, True),
        (HIDE, 2.0, 2.0),
        (MOVE, 2.0),
    ],
)
def test_what_no_recording_has_is_refused(values):
    with pytest.raises(ConfigError):
        Edit(*values)


def test_they_are_kept_beside_a_recording_and_never_in_it(tmp_path):
    for name in ("a.hea", "a.dat", "a"):
        assert corrections.file_beside(tmp_path / name) == tmp_path / "a.corrections.json"
    path = corrections.file_beside(tmp_path / "my.csv")
    assert path.name == "my.csv.corrections.json"
    edits = [Edit(RECLASS, 3.128, letter="V"), Edit(MOVE, 6.04, 6.016), Edit(HIDE, 8.0, 9.5)]
    corrections.write(path, edits, "my.csv", SECONDS)
    assert corrections.read(path, SECONDS) == edits
    corrections.write(path, [], "my.csv", SECONDS)
    assert not path.exists() and corrections.read(path) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "something"}, "no corrections"),
        ({"seconds": 70.0}, "of a recording of 70 s"),
        ({"seconds": None}, "damaged"),
        ({"edits": {}}, "damaged"),
        ({"edits": [7]}, "correction 1 is none"),
        ({"edits": [{"kind": "remove", "at_s": 1, "run": "rm"}]}, "correction 1 is none"),
        ({"edits": [{"kind": "remove", "at_s": "1"}]}, "correction 1: .* needs times"),
        ({"edits": [{"kind": [], "at_s": 1}]}, "correction 1"),
        ({"edits": [{"kind": "class", "at_s": 1, "class": 3}]}, "3 is no class"),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(tmp_path, change, words):
    path = tmp_path / "a.corrections.json"
    good = corrections.document([Edit(REMOVE, 1.0)], "a", SECONDS)
    path.write_text(json.dumps(good | change))
    with pytest.raises(DataError, match=rf"a\.corrections\.json: .*{words}"):
        corrections.read(path, SECONDS)
    path.write_text("{")  # cut off; as is what nests without end
    with pytest.raises(DataError, match=r"a\.corrections\.json: damaged"):
        corrections.read(path)


def test_annotations_and_table_say_what_was_corrected(recording, tmp_path):
    edits = [Edit(RECLASS, 10.0, letter="V"), Edit(REMOVE, 12.0), Edit(HIDE, 30.5, 33.5)]
    found = corrected(recording, *edits)
    content = corrections.atr(found, edits)
    assert b"3 corrections by hand" in content
    (tmp_path / "wave.atr").write_bytes(content)
    written = wfdb.rdann(str(tmp_path / "wave"), "atr")
    beat = np.isin(written.symbol, list(CLASSES))
    np.testing.assert_allclose(written.sample[beat] / 250.0, found.beats.time_s)
    assert [s for s, b in zip(written.symbol, beat, strict=True) if b].count("V") == 1
    lines = corrections.csv(found).splitlines()
    assert len(lines) == 1 + len(found.beats)
    assert lines[0].endswith(",corrected") and sum(line.endswith(",class") for line in lines) == 1


def test_the_report_follows(recording):
    page = report.html(corrected(recording, Edit(RECLASS, 10.0, letter="V")))
    assert "ventricular: 1," in page and "probability nan" not in page


def test_a_new_beat_goes_where_the_signal_swings_most(recording):
    upside_down = replace(recording, signal=-recording.signal)
    for each in (recording, upside_down):
        assert corrections.strongest(each.signal, 9.7, 10.4) == 10.0
    assert corrections.strongest(recording.signal, 90.0, 91.0) == 90.0
