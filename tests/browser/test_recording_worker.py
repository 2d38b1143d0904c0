"""The worker in a real browser: the answers of Python, progress, another lead, sentences."""

import shutil

import pytest
from in_node import PUBLISHED
from same_answers import same

from ecgcore import paths
from ecgcore.inference import recording
from ecgcore.inference.published import rhythm_model
from ecgcore.workflow import page_recordings

RECORDS = ("mitdb/208", "mitdb/105", "svdb/841")  # many V; noise; another database


@pytest.mark.parametrize("where", RECORDS)
def test_the_answers_are_those_of_python(in_browser, where):
    name = where.split("/")[1]
    found = in_browser([f"assets/{name}{suffix}" for suffix in page_recordings.SUFFIXES])
    assert "error" not in found
    own = recording.read(paths.DATA / where, rhythm_model(PUBLISHED))
    same(found, own, where)
    assert found["samples"] == len(own.signal)
    shares = [h["done"] for h in found["heard"]]
    assert shares == sorted(shares) and len({h["step"] for h in found["heard"]}) > 2


def test_another_look_needs_no_second_reading(in_browser):
    files = [f"assets/232{suffix}" for suffix in page_recordings.SUFFIXES]
    first = in_browser(files)
    assert first["annotated"] and max(first["truth"]) > 0
    again = in_browser([], ownPeaks=True, lead=0)
    own = recording.read(paths.DATA / "mitdb" / "232", rhythm_model(PUBLISHED), own_peaks=True)
    same(again, own, "232")


def test_a_rate_that_is_asked_for_can_be_told_afterwards(in_browser, recording_site):
    folder, _ = recording_site
    lead = recording.open_file(paths.DATA / "svdb" / "841").signal
    values = lead.read(0, 60 * 128)
    (folder / "mine.csv").write_text("\n".join(f"{v:.3f}" for v in values))
    found = in_browser(["mine.csv"])
    assert found["unknownRate"] and "needs its sampling rate" in found["error"]
    answered = in_browser([], fs=128, unit="mV")
    assert answered["unit"] == "mV" and 40 < len(answered["time"]) < 120


def test_what_cannot_be_read_is_told(in_browser, recording_site):
    folder, _ = recording_site
    shutil.copy(paths.DATA / "mitdb" / "232.dat", folder / "lone.dat")
    assert in_browser(["lone.dat"])["error"].startswith(
        "lone.dat: its header lone.hea is not among"
    )
    (folder / "empty.csv").write_text("")
    assert in_browser(["empty.csv"])["error"] == "empty.csv: the file is empty"
    (folder / "beats.csv").write_text("\n".join([",".join(["0.5", "1"] * 94)] * 3))
    assert in_browser(["beats.csv"])["rows"] == "beats.csv"
