"""What the page "Try it" is given for whole recordings."""

import json
import shutil

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.files import read_json, sha256
from ecgcore.workflow import page_recordings, profiles


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The page's folder, and the model's entry of its manifest."""
    folder = tmp_path_factory.mktemp("assets")
    return folder, page_recordings.publish("smoke", folder)


def test_the_model_and_its_numbers_are_there(published):
    folder, told = published
    assert (folder / told["file"]).stat().st_size == told["bytes"]
    assert told["about"]["reached"] and told["about"]["weights_sha256"]
    assert read_json(folder / page_recordings.NUMBERS)["FS"] == 125


def test_records_are_offered_with_their_files_and_a_drawing(published):
    folder, _ = published
    offered = read_json(folder / page_recordings.RECORDS)
    assert {"mitdb/232", "mitdb/202"} < {each["name"] for each in offered}
    for each in offered:
        originals = [paths.DATA / each["name"].split("/")[0] / name for name in each["files"]]
        assert [sha256(folder / f) for f in each["files"]] == [sha256(f) for f in originals]
        assert each["bytes"] == sum(f.stat().st_size for f in originals)
        assert each["thumbnail"].startswith("<svg") and len(each["thumbnail"]) < 5000
        assert "style=" not in each["thumbnail"]  # which a strict policy would refuse
        said = (folder / each["attribution"]).read_text()
        assert each["of"] in said and "ODC-By" in said  # it goes wherever the records go
    names = [name for each in offered for name in each["files"]]
    assert len(set(names)) == len(names)


def test_what_is_known_of_an_answer_is_what_the_kept_results_say(published):
    folder, _ = published
    kept = read_json(paths.FIGURES / profiles.RHYTHM)["results"]
    tests = read_json(folder / page_recordings.KNOWN)
    assert [t["result"] for t in tests] == list(page_recordings.TESTS)
    for test in tests:
        confusion = np.sum(list(kept[test["result"]][0]["records"].values()), axis=0)
        assert test["beats"] == confusion.sum() and test["commits"]
        for number, letter in enumerate(CLASSES):
            told = test["classes"][letter]
            assert list(told["truly"].values()) == confusion[:, number].tolist()
            if told["answered"]:
                assert told["share"] == confusion[number, number] / confusion[:, number].sum()
                assert told["ci95"][0] <= told["share"] <= told["ci95"][1]
            else:
                assert told["share"] is told["ci95"] is None


def test_without_kept_results_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "FIGURES", tmp_path)
    with pytest.raises(DataError, match="no results of the rhythm model"):
        page_recordings.known("smoke")


def test_a_record_that_is_missing_leaves_nothing_half_written(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    shutil.copytree(paths.ROOT / "data" / "svdb", tmp_path / "data" / "svdb", symlinks=True)
    gone = tmp_path / "data" / "svdb" / "841.dat"
    gone.unlink()
    (tmp_path / "page").mkdir()
    each = next(o for o in page_recordings.OFFERED if o.where.startswith("svdb"))
    with pytest.raises(DataError, match="841"):
        page_recordings.offer(each, tmp_path / "page")
    assert not list((tmp_path / "page").iterdir())


def test_plain_values_only(published):
    folder, _ = published
    for name in (page_recordings.RECORDS, page_recordings.KNOWN, page_recordings.NUMBERS):
        json.loads((folder / name).read_text(), parse_constant=pytest.fail)
