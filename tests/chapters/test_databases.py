"""Two databases side by side, and two patients: what is measured is what is there."""

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.beats.splits import DS2
from ecgcore.chapters.another_database import tables as databases
from ecgcore.chapters.rhythm import answers, runs
from ecgcore.chapters.rhythm.tables import shown
from ecgcore.chapters.two_patients import tables as patients
from ecgcore.constants import CLASSES
from ecgcore.data import records
from ecgcore.data.records import Record
from ecgcore.errors import DataError
from ecgcore.evaluation.counts import by_record
from ecgcore.evaluation.predictions import Predictions

SVDB = paths.DATA / "svdb"


def test_records_are_described_as_they_were_made(database):
    known = databases.describe(SVDB, ["800", "825"]).set_index("record")
    assert (known["fs"] == 128).all()
    assert known["offset_ms"].between(-50, 50).all() and known["height_mv"].between(0.3, 5).all()
    for name, row in known.iterrows():
        _, symbol = records.read_beats(SVDB, name)
        assert row["beats"] == len(symbol) == row[list(CLASSES)].sum()
    (own,) = databases.describe(database, ["100"]).to_dict("records")
    assert (own["fs"], own["gain"]) == (360, 200) and abs(own["offset_ms"]) < 6


def test_uncalibrated_records_are_told_by_their_original_header():
    stated = [databases.stated_gain(SVDB, name) for name in records.record_names(SVDB)]
    assert np.isnan(stated).sum() == 37 and set(np.array(stated)[~np.isnan(stated)]) == {200}


def test_annotations_that_are_moved_are_found_out(database):
    record = records.read_record(database, "100")
    early = Record(**vars(record) | {"sample": record.sample[1:] - 5, "symbol": record.symbol[1:]})
    on_peak = np.median(databases.offsets(record))
    assert np.median(databases.offsets(early)) - on_peak == pytest.approx(5000 / 360, abs=1.4)


def test_by_record_counts_and_leaves_out_what_is_too_few():
    counts = np.zeros((5, 5), dtype=int)
    counts[0, 0], counts[0, 1], counts[1, 1], counts[1, 0], counts[2, 2] = 80, 5, 6, 4, 5
    (row,) = databases.by_record({"records": {"x": counts.tolist()}}, 10).to_dict("records")
    assert row["wrong"] == pytest.approx(0.09) and row["false_S"] == pytest.approx(0.05)
    assert (row["n_S"], row["missed_S"]) == (10, pytest.approx(0.4))
    assert row["f1_S"] == pytest.approx(12 / 21) and np.isnan(row["f1_V"])


def test_a_difference_is_drawn_on_the_same_records():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 900).astype(np.int8)
    one = np.where(rng.random(900) < 0.3, 0, true).astype(np.int8)
    certain = np.eye(5, dtype=np.float32)[one]
    p = Predictions(true, one, certain, np.repeat(list("abcdefghi"), 100), np.arange(900))
    same = databases.difference(p, p, resamples=50)
    assert set(same.values()) == {0.0}
    right = Predictions(true, true, np.eye(5, dtype=np.float32)[true], p.record, p.sample)
    gain = databases.difference(p, right, resamples=50)
    assert 0 < gain["accuracy low"] <= gain["accuracy"] <= gain["accuracy high"]


# Two patients


@pytest.fixture(scope="module")
def published():
    return answers.read("paper")


def test_published_answers_are_those_of_the_kept_counts(published):
    entry = shown(runs.kept("paper")["results"][answers.OF])
    found = by_record(published)
    assert set(found) == set(answers.RECORDS)
    assert all(found[name] == entry["records"][name] for name in found)


def test_published_answers_are_of_the_annotated_beats(published, database):
    for name in answers.RECORDS:
        record = records.read_record(database, name)
        own = published[published.record == name]
        np.testing.assert_array_equal(own.sample, record.sample[:-1])
        assert [CLASSES[n] for n in own.true] == record.aami[:-1].tolist()


def test_answers_to_all_new_patients_are_those_of_the_annotated_beats(database):
    found = answers.everywhere("paper", np.array(DS2))
    assert sorted(np.unique(found.record)) == sorted(DS2)
    for name in DS2[:3]:
        record, own = records.read_record(database, name), found[found.record == name]
        np.testing.assert_array_equal(own.sample, record.sample[:-1])
        assert [CLASSES[n] for n in own.true] == record.aami[:-1].tolist()
    assert answers.everywhere("paper", np.array(["101"])) is None
    kept = shown(runs.kept("paper")["results"][answers.OF])["records"]
    apart = sum(
        np.abs(np.array(kept[n]) - counts).sum() // 2 for n, counts in by_record(found).items()
    )
    assert f"by {apart:,} of {len(found):,} beats" in answers.told("paper")


def test_missing_and_damaged_answers_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "FIGURES", tmp_path)
    with pytest.raises(DataError, match="ecgcore rhythm --gather"):
        answers.read("paper")
    for text in ("", "record,sample\n1,2\n", "record,sample,true,predicted\n1,2,N,X\n"):
        answers.kept_file("paper").write_text(text)
        with pytest.raises(DataError, match="damaged"):
            answers.read("paper")


def test_a_median_hides_what_the_mean_shows(published):
    """Record 232, whose ectopic beats prevail."""
    own = published[published.record == "232"]
    table = patients.early(own, 360).set_index("against the")["S beats that are early"]
    assert table["median"] < 0.1 and table["mean"] > 0.9


def test_the_rhythms_of_a_record_are_those_annotated(database, published):
    record = records.read_record(database, "202")
    found = patients.episodes(database, record)
    assert {"sinus rhythm", "atrial fibrillation", "atrial flutter"} == set(found["rhythm"])
    assert (found["stop_s"][:-1].to_numpy() == found["start_s"][1:].to_numpy()).all()
    table = patients.by_rhythm(published[published.record == "202"], 360, found)
    assert table["beats"].sum() == len(record.sample) - 1
    irregular = table.set_index("rhythm")["irregular"]
    assert irregular["atrial fibrillation"] > 0.5 > irregular["sinus rhythm"]
