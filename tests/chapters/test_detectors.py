"""Detectors compared: what is counted, what is resumed, what is published."""

from dataclasses import replace

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.beats.splits import DS1, DS2
from ecgcore.chapters.own_ecg import detectors, figures, tables
from ecgcore.data import records
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.ec57 import LEARNING_S

RECORD = "231"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(detectors, "members", lambda part: [RECORD] if part == "DS2" else ["800"])
    monkeypatch.setattr(
        detectors, "SETS", {"DS2": ("mitdb", "test"), "svdb, first half": ("svdb", "")}
    )
    return tmp_path


@pytest.fixture(scope="module")
def record(database):
    return records.read_record(database, RECORD)


def stub(find, library="numpy"):
    return detectors.Detector("stub", library, find)


def test_sets_share_no_record_and_hold_all():
    parts = {name: detectors.members(name) for name in detectors.SETS}
    assert set(parts["DS1"]) == set(DS1) and set(parts["DS2"]) == set(DS2)
    halves = parts["svdb, first half"], parts["svdb, second half"]
    assert sorted([*halves[0], *halves[1]]) == records.record_names(paths.DATA / "svdb")
    assert not set(detectors.CHOOSING) & set(detectors.REPORTED)
    lots = {name: lot for name, (_, lot) in detectors.SETS.items()}
    assert [lots[name] for name in ("DS1", "DS2")] == ["training", "test"]


def test_the_learning_period_is_not_counted(record):
    after = (record.sample / record.fs >= LEARNING_S).sum()
    late = record.sample[record.sample >= LEARNING_S * record.fs]
    for found in (record.sample, late):
        told = detectors.count(stub(lambda s, fs, f=found: f), record, record.signal, 0.0)
        assert (told["beats"], told["missed"], told["added"]) == (after, 0, 0)
        assert told["offset_ms"] == told["spread_ms"] == 0 and not told["failed"]


def test_errors_offsets_and_failures_are_counted(record):
    late = record.sample + round(0.05 * record.fs)
    told = detectors.count(stub(lambda s, fs: late), record, record.signal, 0.0)
    assert told["offset_ms"] == pytest.approx(50) and told["missed"] == 0
    half = record.sample[::2]
    told = detectors.count(stub(lambda s, fs: half), record, record.signal, 0.0)
    assert told["missed"] == pytest.approx(told["beats"] / 2, abs=1)

    def broken(signal, fs):
        raise IndexError

    told = detectors.count(stub(broken), record, record.signal, 0.0)
    assert told["failed"] and told["missed"] == told["beats"] and told["offset_ms"] is None


def test_a_part_under_noise_is_counted_by_its_own_times(record):
    seen = dict((name, what) for name, *what in detectors.conditions(record, "test"))
    assert set(seen) == {detectors.CLEAN, *detectors.NOISY}
    signal, start_s = seen["em 6"]
    first = round(start_s * record.fs)
    assert len(signal) == pytest.approx(np.subtract(*detectors.NOISY_S[::-1]) * record.fs)
    inside = (record.sample >= first) & (record.sample < first + len(signal))
    exact = stub(lambda s, fs: record.sample[inside] - first)
    told = detectors.count(exact, record, signal, start_s)
    assert told["missed"] == told["added"] == 0 and told["beats"] > 100
    assert list(detectors.conditions(record, ""))[-1][0] == detectors.CLEAN


def test_gross_and_average_rates_differ_as_records_do():
    good = {"beats": 900, "missed": 0, "added": 0, "offset_ms": 0.0, "spread_ms": 1.0, "failed": 0}
    bad = good | {"beats": 100, "missed": 50, "added": 50, "offset_ms": 10.0}
    told = detectors.summary([good, bad])
    assert told["sensitivity"] == pytest.approx(0.95)
    assert told["sensitivity_average"] == pytest.approx(0.75)
    assert told["predictivity"] == pytest.approx(0.95)
    assert told["errors_in_100"] == pytest.approx(10)


def test_a_run_sees_each_record_once_a_version(folder, monkeypatch):
    calls = []

    def find(signal, fs):
        calls.append(len(signal))
        return np.arange(0, len(signal), round(fs))

    monkeypatch.setitem(detectors.COMPARED, "stub", stub(find))
    detectors.run("smoke", "stub", lambda line: None)
    once = len(calls)
    assert once == 2 + len(detectors.NOISY)
    detectors.run("smoke", "stub", lambda line: None)
    assert len(calls) == once
    monkeypatch.setitem(detectors.COMPARED, "stub", stub(find, library="scipy"))
    detectors.run("smoke", "stub", lambda line: None)
    assert len(calls) == 2 * once


def test_what_is_missing_or_unknown_is_named(folder):
    with pytest.raises(ConfigError, match="no detector 'divination'; choose from ecgcore"):
        detectors.run("smoke", "divination")
    with pytest.raises(DataError, match="run `ecgcore detectors ecgcore` first"):
        detectors.collect("smoke")
    with pytest.raises(DataError, match="PROFILE=full"):
        detectors.kept("smoke")


# What is published


@pytest.fixture(scope="module")
def published():
    return detectors.kept("paper")


def test_published_are_all_detectors_on_all_records(published):
    assert list(published["detectors"]) == list(detectors.COMPARED)
    for found in published["detectors"].values():
        assert list(found["sets"]) == list(detectors.SETS)
        for part, own in found["sets"].items():
            assert own[detectors.CLEAN]["records"] == len(detectors.members(part))
        assert found["loss"] == pytest.approx(detectors.loss(found["sets"]))


def test_the_detector_in_use_is_the_one_that_was_chosen(published):
    losses = {name: found["loss"] for name, found in published["detectors"].items()}
    assert min(losses, key=losses.get) == detectors.OWN


def test_published_counts_come_out_again(published, database):
    """The records that a set's gross counts hold most of, by this version of the detector."""
    own = published["detectors"][detectors.OWN]["sets"]["DS2"][detectors.CLEAN]
    detector = detectors.COMPARED[detectors.OWN]
    counts = []
    for name in detectors.members("DS2"):
        record = records.read_record(database, name)
        seen = replace(detector, library="")  # the stretches need not be found once more
        counts.append(detectors.count(seen, record, record.signal, 0.0))
    told = detectors.summary(counts)
    assert told["beats"] == own["beats"]
    assert told["missed"] <= own["missed"] + 3 and told["added"] <= own["added"] + 3


def test_table_text_and_figure_tell_what_is_kept(published):
    table = tables.detectors(published)
    assert len(table) == len(detectors.COMPARED) and (np.diff(table["loss"]) >= 0).all()
    texts = tables.detector_texts(published)
    own = published["detectors"][detectors.OWN]["sets"]["DS2"][detectors.CLEAN]
    assert texts["detector_own_ds2_sensitivity"] == f"{100 * own['sensitivity']:.1f} %"
    assert len(figures.detectors(published, "DS2").axes) == 3
