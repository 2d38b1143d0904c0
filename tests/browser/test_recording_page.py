"""The page "Try it" with whole recordings, as a reader works with it, on a desk and on a phone."""

import re

import numpy as np
import pytest
from axe import troubles
from recording_page import DESKTOP, PHONE, part

from ecgcore import paths
from ecgcore.constants import CLASSES
from ecgcore.inference import recording
from ecgcore.inference.published import FOLDER, rhythm_model

RECORD = paths.DATA / "mitdb" / "208"
FILES = [RECORD.with_suffix(suffix) for suffix in (".hea", ".dat", ".atr")]
CARD = "Many ventricular beats"  # of RECORD
LONG_MS = 60_000


def answered(page):
    """The page, when the answer about a recording is there."""
    part(page, "answer").wait_for(state="visible", timeout=LONG_MS)
    return page


@pytest.fixture
def desk(open_page):
    page = open_page()
    part(page, "file").set_input_files(FILES)
    return answered(page)


@pytest.fixture(scope="module")
def counts():
    """Beats of each class, as Python answers."""
    decision = recording.read(RECORD, rhythm_model(FOLDER / "rhythm.onnx")).beats.predicted
    return dict(zip(CLASSES, np.bincount(decision, minlength=len(CLASSES)), strict=True))


def shown_counts(page):
    """Beats of each class, as the page tells them."""
    text = part(page, "findings").locator(".class-counts").inner_text()
    found = re.findall(r"([NSVFQ])\s+([\d,]+)", text)
    return {letter: int(count.replace(",", "")) for letter, count in found}


def view(page):
    return part(page, "strip").get_attribute("aria-label")


def test_dropped_files_are_classified_as_python_does(desk, counts):
    assert part(desk, "title").inner_text() == "208"
    assert shown_counts(desk) == counts
    assert "no medical device" in part(desk, "answer").inner_text()
    assert "records of mitdb that the model had not learnt from" in part(desk, "model").inner_text()
    for name in ("overview", "tachogram", "poincare"):
        assert part(desk, name).locator("svg").count()
    colours = desk.evaluate("""() => {
      const canvas = document.querySelector("[data-part=strip] canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }""")
    assert colours > 20  # paper, curves, letters


def test_a_record_of_the_book_is_one_click_away(open_page, counts):
    page = open_page()
    part(page, "records").get_by_text(CARD).click()
    assert shown_counts(answered(page)) == counts
    assert "annotations of 2,954 beats" in part(page, "agreement").inner_text()


def test_the_strip_scrolls_zooms_and_goes_from_event_to_event(desk):
    start = view(desk)
    strip = part(desk, "strip")
    strip.focus()
    for key in ("ArrowRight", "End", "Home"):
        before = view(desk)
        desk.keyboard.press(key)
        desk.wait_for_function(
            "b => document.querySelector('[data-part=strip]').ariaLabel !== b", arg=before
        )
    assert view(desk) == start
    scale = part(desk, "scale").inner_text()
    desk.keyboard.press("+")
    assert part(desk, "scale").inner_text() != scale
    desk.keyboard.press("0")
    assert part(desk, "scale").inner_text() == scale
    box = strip.bounding_box()
    desk.mouse.move(box["x"] + 500, box["y"] + 90)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 100, box["y"] + 90, steps=4)
    desk.mouse.up()
    assert view(desk) != start
    dragged = view(desk)
    part(desk, "next").click()
    assert view(desk) != dragged
    first = part(desk, "events").locator("tbody tr").first
    first.get_by_role("button").or_(first.get_by_role("link")).first.click()
    assert first.locator("td").first.inner_text() in part(desk, "spoken").inner_text()


def test_the_beat_in_view_is_explained(desk):
    seen = part(desk, "beat-in-view")
    seen.get_by_text("if only this were as usual").wait_for()
    text = seen.inner_text()
    assert "On new patients right" in text and "annotated as" in text
    assert seen.locator("svg").count()


def test_corrections_change_all_counts_are_undone_and_kept(desk, counts, open_page):
    part(desk, "strip").focus()
    letter = part(desk, "beat-in-view").locator("h3, h4").first.locator(".badge").inner_text()
    other = "V" if letter != "V" else "S"
    part(desk, "classes").get_by_role("button", name=f"this beat is {other}").click()
    changed = counts | {letter: counts[letter] - 1, other: counts[other] + 1}
    assert shown_counts(desk) == changed
    desk.keyboard.press("Tab")
    part(desk, "strip").focus()
    desk.keyboard.press(".")
    desk.keyboard.press("Delete")
    assert sum(shown_counts(desk).values()) == sum(counts.values()) - 1
    part(desk, "undo").click()
    assert shown_counts(desk) == changed
    part(desk, "redo").click()
    part(desk, "undo").click()
    desk.reload()  # they are kept in the browser
    part(desk, "file").set_input_files(FILES)
    assert shown_counts(answered(desk)) == changed
    part(desk, "forget").click()
    assert shown_counts(desk) == counts
    assert part(desk, "undo").is_disabled()


def test_noise_is_marked_and_holds_no_beats(desk, counts):
    part(desk, "tools").get_by_role("radio", name="Mark noise").check()
    box = part(desk, "strip").bounding_box()
    desk.mouse.move(box["x"] + 200, box["y"] + 100)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 600, box["y"] + 100, steps=4)
    desk.mouse.up()
    assert sum(shown_counts(desk).values()) < sum(counts.values())
    part(desk, "strip").focus()
    desk.keyboard.press("Control+z")
    assert shown_counts(desk) == counts


def test_work_can_be_stopped_and_begun_again(open_page, counts):
    page = open_page()
    part(page, "file").set_input_files(FILES)
    part(page, "stop").click()
    page.get_by_text("Stopped.").wait_for()
    assert part(page, "work").is_hidden() and part(page, "answer").is_hidden()
    part(page, "file").set_input_files(FILES)
    assert shown_counts(answered(page)) == counts


def test_a_rate_that_the_file_lacks_is_asked_for(open_page, tmp_path):
    import wfdb

    signal = wfdb.rdrecord(str(RECORD), sampto=360 * 60).p_signal[:, 0]
    path = tmp_path / "mine.txt"
    np.savetxt(path, signal, fmt="%.4f")
    page = open_page()
    part(page, "file").set_input_files(path)
    part(page, "question").wait_for(state="visible", timeout=LONG_MS)
    part(page, "rate").fill("360")
    part(page, "question").get_by_role("button").click()
    answered(page)
    assert sum(shown_counts(page).values()) > 80
    assert "360 Hz" in part(page, "facts").inner_text()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.csv", b"", "x.csv: the file is empty"),
        ("<img src=x onerror=alert(1)>.csv", b"no numbers here", "no rows of numbers"),
        ("a.pdf", b"%PDF-1.7", "a PDF"),
        ("208.hea", FILES[0].read_bytes(), "208.dat"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(open_page, name, content, sentence):
    page = open_page()
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    part(page, "file").set_input_files(file)
    page.locator("#ecg-page > [data-part=controls] > [data-part=error]:not([hidden])").wait_for()
    assert sentence in part(page, "error").first.inner_text()
    assert not page.locator("#ecg-page img").count()


def test_beats_that_are_cut_are_for_the_other_network(open_page, thousand_csv):
    page = open_page()
    part(page, "file").set_input_files(thousand_csv)
    part(page, "waiting").wait_for(state="visible", timeout=LONG_MS)
    assert "beats that are already cut" in part(page, "waiting").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_it_fits_and_can_be_read_by_all(open_page, axe, size, theme):
    page = open_page(**size)
    page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
    assert not troubles(page, axe)
    part(page, "records").get_by_text(CARD).click()
    answered(page)
    part(page, "beat-in-view").get_by_text("if only this were as usual").wait_for()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["viewport"]["width"]
    assert not troubles(page, axe)


def test_a_finger_scrolls_and_taps(open_page):
    page = open_page(**PHONE)
    part(page, "records").get_by_text(CARD).tap()
    answered(page)
    strip = part(page, "strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    before = part(page, "beat-in-view").locator("h3, h4").first.inner_text()
    page.touchscreen.tap(box["x"] + box["width"] - 40, box["y"] + box["height"] / 2)
    assert part(page, "beat-in-view").locator("h3, h4").first.inner_text() != before
