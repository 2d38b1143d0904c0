"""What a reader takes away of a whole recording, against what Python makes of the same one."""

import base64
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import wfdb
from axe import troubles
from in_node import PUBLISHED

from ecgcore import paths
from ecgcore.inference import corrections, recording, report
from ecgcore.inference.corrections import ADD, HIDE, MOVE, RECLASS, REMOVE, Edit
from ecgcore.inference.published import rhythm_model
from ecgcore.workflow import page_recordings

NAME = "208"
WHERE = paths.DATA / "mitdb" / NAME
SCRIPT = '<script>alert("x")</script>&\'é'


@pytest.fixture(scope="module")
def own():
    return recording.read(WHERE, rhythm_model(PUBLISHED))


@pytest.fixture(scope="module")
def edits(own):
    """One of each kind, and a stretch so long that annotations lie far apart."""
    time = np.round(own.beats.time_s, 4)
    return [
        Edit(RECLASS, float(time[10]), letter="S"),
        Edit(REMOVE, float(time[20])),
        Edit(MOVE, float(time[30]), round(float(time[30]) + 0.04, 4)),
        Edit(ADD, round(float(time[40] + time[41]) / 2, 4), letter="V"),
        Edit(HIDE, 300.25, 900.5),
    ]


@pytest.fixture(scope="module")
def told():
    """What the page knows beside the recording."""
    model = rhythm_model(PUBLISHED).about
    return {"known": page_recordings.known("paper"), "model": model, "style": report.STYLE}


@pytest.fixture(scope="module")
def taken(in_javascript, edits, told):
    """Without corrections, with them, and with names that hold a script."""
    made = [e.as_dict() for e in edits]
    named = {"name": SCRIPT, "lead": SCRIPT, "unit": SCRIPT, "notes": [SCRIPT]}
    ways = (([], None), (made, None), ([], named))
    asked = [{"where": WHERE, "edits": e, "rename": n} for e, n in ways]
    return in_javascript("taken", asked, told=told)


def tables(own, edits, taken):
    corrected = corrections.apply(own, edits).recording
    read = [pd.read_csv(io.StringIO(text)) for text in (taken["csv"], corrections.csv(corrected))]
    return corrected, *read


@pytest.mark.parametrize("which", [0, 1])
def test_beats_are_those_of_python(own, edits, taken, which):
    _, found, expected = tables(own, edits if which else [], taken[which])
    assert list(found) == list(expected) and len(found) == len(expected) > 1000
    for name in ("time_s", "class"):
        assert list(found[name]) == list(expected[name])
    answered = expected["p_N"].notna()
    assert (found["row"] == expected["row"])[answered].all()
    numbers = ["probability", *(f"p_{c}" for c in "NSVFQ")]
    np.testing.assert_allclose(found[numbers], expected[numbers], atol=1e-3)
    if which:
        assert list(found["corrected"].fillna("")) == list(expected["corrected"].fillna(""))


def test_annotations_are_read_back_by_wfdb_as_python_writes_them(own, edits, taken, tmp_path):
    corrected, _, table = tables(own, edits, taken[1])
    (tmp_path / "page.atr").write_bytes(base64.b64decode(taken[1]["atr"]))
    (tmp_path / "python.atr").write_bytes(corrections.atr(corrected, edits))
    found, expected = (wfdb.rdann(str(tmp_path / name), "atr") for name in ("page", "python"))
    assert found.fs == expected.fs == 360
    assert found.symbol == expected.symbol and found.subtype.tolist() == expected.subtype.tolist()
    assert found.sample.tolist() == expected.sample.tolist()
    assert found.aux_note[0].endswith("; 5 corrections by hand; research only")
    beats = [i for i, symbol in enumerate(found.symbol) if symbol in "NSVFQ"]
    assert [found.symbol[i] for i in beats] == list(table["class"])
    assert np.diff(found.sample).max() > 0x3FF, "no gap that needs SKIP"
    assert found.symbol.count("~") == 2 * len(corrected.unusable) > 0


def test_corrections_are_read_by_python(own, edits, taken, tmp_path):
    path = corrections.file_beside(tmp_path / f"{NAME}.hea")
    path.write_text(taken[1]["corrections"], encoding="utf-8")
    assert corrections.read(path, own.seconds) == edits
    document = json.loads(taken[1]["corrections"])
    assert document == corrections.document(edits, document["recording"], own.seconds)


def test_the_report_has_the_numbers_of_the_summary(own, edits, taken):
    summary = corrections.apply(own, edits).recording.summary()
    page = taken[1]["report"]
    burden = summary.burden["V"]
    assert f"<b>{100 * burden.share:.1f} %</b>" in page
    assert f"<b>{sum(summary.counts.values()):,}</b>" in page
    assert f"{summary.variability.sdnn:.0f} ms" in page and f"{summary.rate.mean:.0f}/min" in page
    assert "marked as noise by hand" in page and "5 corrections by hand" in page
    assert own.model.about["weights_sha256"] in page


def test_the_strips_are_those_that_python_shows(own, taken):
    def said(title):
        return title.replace(" (V)", "V").replace(" (S)", "S").replace(", ", "")

    expected = [s for s in report.strips(own, own.summary()) if s.title != "Least certain"]
    found = [s for s in taken[0]["strips"] if s["title"] != "Least certain"]
    assert [said(s["title"]) for s in found] == [said(s.title) for s in expected]
    np.testing.assert_allclose([s["at"] for s in found], [s.at_s for s in expected])


def test_the_report_is_complete_light_and_asks_no_host(taken):
    page = taken[0]["report"]
    assert len(page.encode()) < 1_000_000
    assert not re.search(r"https?://|src=|href=|<script|@import|url\(|javascript:| on\w+=", page)
    for words in ("no medical device", "Strips", "Poincaré", "Not analysed", "had not learnt from"):
        assert words in page


def test_names_are_text_wherever_they_stand(taken):
    page = taken[2]["report"]
    assert "<script" not in page and page.count("&#60;script&#62;") >= 4


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_can_be_read_by_everybody(taken, browser, axe, tmp_path, width, scheme):
    path = tmp_path / "x.html"
    policy = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')  # which stops axe, too
    path.write_text(policy.sub("", taken[1]["report"]), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not troubles(page, axe)
    assert asked == [path.as_uri()]
    page.close()
