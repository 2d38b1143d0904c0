"""The report: complete in itself, safe against names, light, and true to the summary."""

import re
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from ecgcore.cli import main
from ecgcore.data.quality import Stretch
from ecgcore.inference import pdf, recording, report

SCRIPT = '<script>alert("x")</script>&'


@pytest.fixture(scope="module")
def found(database, rhythm_file):
    return recording.read(database / "208", rhythm_file)


def test_the_page_is_complete_light_and_asks_no_host(found):
    page = report.html(found)
    assert len(page.encode()) < 1_000_000
    assert not re.search(r"https?://|src=|href=|<script|@import|url\(", page)
    for words in ("no medical device", "Timeline", "Strips", "Poincaré", "Not analysed", "rhythm"):
        assert words in page


def test_names_are_text_wherever_they_stand(found):
    named = replace(found, name=SCRIPT, lead=SCRIPT, unit=SCRIPT, warnings=[SCRIPT])
    page = report.html(named)
    assert "<script" not in page and page.count("&lt;script&gt;") >= 3


def test_numbers_are_those_of_the_summary(found):
    summary, page = found.summary(), report.html(found)
    burden = summary.burden["V"]
    assert f"<b>{burden.share:.1%}</b>" in page and f"<b>{len(found.beats):,}</b>" in page
    assert f"{summary.variability.sdnn:.0f} ms" in page


def test_gaps_and_clock_times_are_told(found):
    start = datetime(2024, 5, 1, 23, 50)
    gap = replace(found, start=start, unusable=[Stretch(600.0, 660.0, "flat")])
    page = report.html(gap)
    assert "1 min" in page and "00:00:00 (day 2)" in page and "01 May 2024" in page


def test_each_beat_of_a_strip_has_its_letter(found):
    chosen = report.strips(found, found.summary())
    assert chosen and all(0 <= strip.at_s <= found.seconds for strip in chosen)
    drawn = report.paper(found, 100.0, 8.0, 10.0, "x")
    inside = (found.beats.time_s >= 100) & (found.beats.time_s < 108)
    assert drawn.count('class="mark') == inside.sum()


def test_a_recording_of_few_beats_has_a_report_too(found):
    from ecgcore.inference.classifying import Decided

    few = Decided(*(getattr(found.beats, f)[:4] for f in found.beats.__dataclass_fields__))
    short = replace(found, beats=few, seconds=6.0, signal=found.signal[:750])
    assert "too few" in report.html(short)
    flat = replace(short, signal=np.zeros(750, np.float32))
    assert "<svg" in report.html(flat)


def test_the_command_writes_html_and_says_where_chromium_is_missing(
    database, rhythm_file, tmp_path, capsys, monkeypatch
):
    target = tmp_path / "x.html"
    options = [str(database / "208"), "--model", str(rhythm_file)]
    monkeypatch.setattr("sys.argv", ["ecgcore", "report", *options, "--to", str(target)])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert not stop.value.code and target.read_text("utf-8").startswith("<!doctype html>")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "nothing"))
    monkeypatch.setattr("sys.argv", ["ecgcore", "report", *options, "--pdf", "x.pdf"])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert stop.value.code == 2
    assert "a PDF needs Chromium or Chrome" in capsys.readouterr().err


def test_a_pdf(found, chromium, tmp_path, monkeypatch):
    monkeypatch.setenv("CHROMIUM", chromium)
    made = pdf.write(tmp_path / "x.pdf", report.html(found), pdf.browser())
    assert made.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen_or_fetched(found, browser, tmp_path, width, scheme):
    path = tmp_path / "x.html"
    path.write_text(report.html(found), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [path.as_uri()] and not errors
    page.close()
