"""Events, counts and corrections of the page against Python's, on annotated records."""

from types import SimpleNamespace

import numpy as np
import pytest

from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data import records
from ecgcore.data.quality import FLAT, NOISY, Stretch
from ecgcore.inference import corrections
from ecgcore.inference.classifying import Classified
from ecgcore.inference.corrections import ADD, HIDE, MOVE, RECLASS, REMOVE, Edit
from ecgcore.inference.events import Event, Rate
from ecgcore.inference.recording import Recording

NAMES = ("202", "208", "223", "232", "119")  # irregular, V runs, couplets, S and pauses, bigeminy
UNUSABLE = [Stretch(301.5, 330.25, FLAT), Stretch(900.0, 912.5, NOISY)]


def recording(database, name) -> Recording:
    """A record as if a model had answered what its annotators did."""
    record = records.read_record(database, name)
    time = record.sample / record.fs
    inside = [any(s.start_s <= t < s.stop_s for s in UNUSABLE) for t in time]
    time, own = time[~np.array(inside)], record.aami[~np.array(inside)]
    decision = np.array([CLASSES.index(c) for c in own], dtype=np.int8)
    n, seconds = len(time), len(record.signal) / record.fs
    nothing = np.full(n, -1, np.int8)
    beats = Classified(np.arange(n), time, nothing, np.zeros((n, BEAT_LENGTH), np.float32),
                       np.eye(len(CLASSES), dtype=np.float32)[decision])  # fmt: skip
    signal = np.zeros(round(seconds * FS), np.float32)
    model = SimpleNamespace(name="annotators", about={})
    return Recording(name, "II", "mV", record.fs, seconds, None, True, signal, beats, [], [],
                     UNUSABLE, model)  # fmt: skip


def some_edits(found: Recording, seed: int) -> list[Edit]:
    """Corrections about beats, of which some have none, and stretches that overlap."""
    rng = np.random.default_rng(seed)
    times = rng.choice(found.beats.time_s, 60) + rng.normal(0, 0.08, 60)
    letters = rng.choice(list(CLASSES), 60)
    kinds = rng.choice([RECLASS, ADD, REMOVE, MOVE], 60)
    made = [
        Edit(kind, float(at), round(float(at) + 0.05, 3) if kind == MOVE else None,
             letter if kind in (RECLASS, ADD) else "")
        for kind, at, letter in zip(kinds, np.round(times, 3), letters, strict=True)
    ]  # fmt: skip
    hidden = [(310.0, 340.0), (335.0, 350.5), (1700.0, 1e6), (1900.0, 1901.0)]
    return [*made[:30], *(Edit(HIDE, *each) for each in hidden), *made[30:]]


def in_words(found: Recording, edits) -> dict:
    beats = found.beats
    answer = {"name": found.name, "seconds": found.seconds, "time": beats.time_s.tolist()}
    answer |= {"decision": beats.predicted.tolist(), "unusable": of_stretches(found.unusable)}
    document = corrections.document(edits, found.name, found.seconds)
    return {"answer": answer, "document": document}


def of_stretches(stretches) -> list[dict]:
    return [{"start": s.start_s, "stop": s.stop_s, "why": s.why} for s in stretches]


def same_event(found: dict | None, own: Event | None) -> None:
    if own is None:
        assert found is None
        return
    names = ("kind", "letter", "first", "last", "beats")
    assert [found[n] for n in names] == [getattr(own, n) for n in names]
    numbers = (found["start"], found["stop"], found["rate"])
    np.testing.assert_allclose(numbers, (own.start_s, own.stop_s, own.rate), rtol=1e-9)


def same_rate(found: dict, own: Rate) -> None:
    assert found["beats"] == own.beats
    numbers = np.array([found[n] for n in ("start", "mean", "least", "most")], dtype=float)
    np.testing.assert_allclose(numbers, (own.start_s, own.mean, own.least, own.most), rtol=1e-9)


def same_summary(found: dict, own) -> None:
    assert dict(zip(CLASSES, found["counts"], strict=True)) == own.counts
    np.testing.assert_allclose(found["analysed"], own.analysed_s)
    for letter, burden in own.burden.items():
        told = found["burden"][letter]
        assert told["beats"] == burden.beats
        np.testing.assert_allclose((told["share"], told["anHour"]), (burden.share, burden.an_hour))
    for name in ("events", "fibrillation"):
        assert len(found[name]) == len(getattr(own, name)), name
        for one, other in zip(found[name], getattr(own, name), strict=True):
            same_event(one, other)
    np.testing.assert_allclose(found["fibrillationShare"], own.fibrillation_share)
    same_event(found["longest"], own.longest)
    same_event(found["shortest"], own.shortest)
    same_rate(found["rate"], own.rate)
    for one, other in zip(found["hours"], own.hours, strict=True):
        same_rate(one, other)
    variability = [
        found["variability"][n] for n in ("intervals", "sdnn", "rmssd", "pnn50", "sd1", "sd2")
    ]
    told = own.variability
    expected = (told.intervals, told.sdnn, told.rmssd, told.pnn50, told.sd1, told.sd2)
    np.testing.assert_allclose(np.array(variability, dtype=float), expected, rtol=1e-9)


def test_counts_events_and_corrections_are_those_of_python(in_javascript, database):
    asked, expected = [], []
    for seed, name in enumerate(NAMES):
        own = recording(database, name)
        for edits in ([], some_edits(own, seed)):
            asked.append(in_words(own, edits))
            expected.append(corrections.apply(own, edits))
    for found, own, job in zip(in_javascript("corrected", asked), expected, asked, strict=True):
        beats = own.recording.beats
        np.testing.assert_array_equal(found["time"], beats.time_s)
        assert found["decision"] == beats.predicted.tolist()
        assert found["unusable"] == of_stretches(own.recording.unusable)
        assert found["unmatched"] == [e.as_dict() for e in own.unmatched]
        if job["document"]["edits"]:
            assert found["byHand"] == beats.by_hand.tolist() and own.unmatched
        assert found["document"] == job["document"]
        same_summary(found["summary"], own.recording.summary())
    kinds = {e.kind for own in expected for e in own.recording.summary().events}
    assert kinds >= {"couplet", "triplet", "run", "bigeminy", "pause"}
    assert any(own.recording.summary().fibrillation for own in expected)


def test_a_new_beat_goes_where_python_puts_it(in_javascript, database):
    signal = records.read_record(database, "208").signal[:5000].astype(np.float32)
    times = [(1.2, 1.4), (3.0, 3.3), (0.0, 0.0), (39.9, 41.0), (90.0, 91.0)]
    (found,) = in_javascript("strongest", [{"signal": signal.tolist(), "times": times}])
    assert found == [corrections.strongest(signal, *each) for each in times]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "another"}, "no corrections of this project"),
        ({"edits": 3}, "damaged corrections"),
        ({"seconds": 20.0}, "corrections of a recording of 20 s; this one has 60 s"),
        ({"edits": [{"kind": "class", "at_s": 1.0, "class": "X"}]}, "correction 1 is none"),
        ({"edits": [{"kind": "hide", "at_s": 2.0, "to_s": 1.0}]}, "correction 1 is none"),
        ({"edits": [{"kind": "move", "at_s": 2.0}]}, "correction 1 is none"),
        ({"edits": [None]}, "correction 1 is none"),
    ],
)
def test_damaged_corrections_are_refused_in_a_sentence(in_javascript, change, words):
    answer = {"name": "a", "seconds": 60.0, "time": [1.0], "decision": [0], "unusable": []}
    document = corrections.document([], "a", 60.0) | change
    (found,) = in_javascript("corrected", [{"answer": answer, "document": document}])
    assert found["error"] == f"mine.json: {words}"
