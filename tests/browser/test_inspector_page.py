"""The inspector in the published page, as a reader without Python uses it."""

import csv
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import papermill
import pytest
from axe import troubles
from browser_helpers import build_book, guesses, serving, write_notebook

from ecgcore.beats.cutting import concatenate
from ecgcore.constants import CLASSES
from ecgcore.data import records
from ecgcore.evaluation.metrics import confusion_matrix
from ecgcore.evaluation.predictions import Predictions
from ecgcore.widgets import BeatInspector

SVG = "{http://www.w3.org/2000/svg}"
CELL = """
from pathlib import Path
import numpy as np, torch
from ecgcore.models import networks
from ecgcore.models.config import train_config
from ecgcore.evaluation.predictions import Predictions
from ecgcore.widgets import BeatInspector, Preset

folder = Path({folder!r})
predictions = {{n: Predictions.load(folder / f"{{n}}.npz") for n in ("random", "inter_patient")}}
torch.manual_seed(0)
model = networks.build(train_config(filters=(4, 4, 4), lstm_hidden=4))
note = "Candidates, not errors."
presets = {{"Likely label errors": Preset({{"random": np.array([5, 2, 9])}}, note)}}
rhythm = Predictions.load(folder / "rhythm.npz")
beside = {{"in its rhythm": rhythm}}
BeatInspector(
    predictions, models={{"random": model}}, presets=presets, beside=beside, right_per_class=30
)
"""


@pytest.fixture(scope="module")
def predictions(small_beats):
    """Two protocols' answers for real beats."""
    return {
        "random": guesses(small_beats[::3], seed=1),
        "inter_patient": guesses(small_beats[1::4], wrong=0.2, seed=2),
    }


@pytest.fixture(scope="module")
def rhythm(small_beats):
    """What another model answers to the first protocol's beats."""
    return guesses(small_beats[::3], wrong=0.02, seed=3)


@pytest.fixture(scope="module")
def page_file(predictions, rhythm, chromium, tmp_path_factory):
    """A page of a book built from a notebook that papermill ran."""
    folder = tmp_path_factory.mktemp("book")
    for name, p in predictions.items():
        p.save(folder / f"{name}.npz")
    rhythm.save(folder / "rhythm.npz")
    notebook = write_notebook(folder / "source.ipynb", CELL.format(folder=str(folder)))
    executed = folder / "executed.ipynb"
    papermill.execute_notebook(notebook, executed, kernel_name="python3", progress_bar=False)
    return build_book(folder, executed)


@pytest.fixture(scope="module")
def site(page_file):
    root = page_file.parents[2]
    with serving(root) as address:
        yield f"{address}/{page_file.relative_to(root)}"


@pytest.fixture
def open_page(browser, request):
    """Opens an address in a fresh browser and waits for the inspector.

    When the test ends: no error was logged, and nothing was asked of another host.
    """
    contexts, troubles = [], []

    def open_(address: str, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and troubles.append(m.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda r: _is_local(r.url) or troubles.append(f"asked for {r.url}"))
        page.goto(address)
        page.wait_for_selector(".beat-inspector[data-ready]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == []


def _is_local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:"))


@pytest.fixture
def page(open_page, site):
    """The page, over http."""
    return open_page(site)


@pytest.fixture(params=["http", "file"])
def either_page(request, open_page, site, page_file):
    """The page, over http and then opened as a file."""
    return open_page(site if request.param == "http" else page_file.as_uri())


def matching(page) -> int:
    """The number of beats that the page says match."""
    words = page.locator(".bi-count-part strong").inner_text()
    return int(re.match(r"[\d,]+", words)[0].replace(",", ""))


def shown(page) -> list[int]:
    """Positions, in the predictions, of the beats in the gallery."""
    cards = page.locator(".bi-card")
    return [int(index) for index in cards.evaluate_all("all => all.map((c) => c.dataset.index)")]


def title(page) -> str:
    return page.locator(".bi-title").inner_text()


def cell(page, pair: str):
    return page.locator(f'[data-cell="{pair}"]')


def test_the_matrix_shows_the_counts_of_all_test_beats(page, predictions):
    p = predictions["random"]
    counts = confusion_matrix(p.true, p.predicted)
    for i, t in enumerate(CLASSES):
        for j, q in enumerate(CLASSES):
            assert cell(page, t + q).inner_text() == f"{counts[i, j]:,}"
    page.get_by_label("Share of each row").check()
    share = counts[0, 0] / counts[0].sum()
    assert cell(page, "NN").inner_text() == f"{share:.1%}".replace("%", "\u202f%")


def test_a_cell_shows_its_beats(either_page, predictions):
    page = either_page
    p = predictions["random"]
    cell(page, "NV").click()
    wanted = np.flatnonzero((p.true == 0) & (p.predicted == CLASSES.index("V")))
    assert matching(page) == len(wanted)
    assert set(shown(page)) <= set(wanted.tolist())
    assert len(shown(page)) == min(24, len(wanted))
    assert cell(page, "NV").get_attribute("aria-pressed") == "true"
    waves = page.locator(".bi-card path.bi-wave")
    page.locator(".bi-card").last.scroll_into_view_if_needed()  # drawn when they come near
    page.wait_for_function("!document.querySelector('.bi-card:not([data-drawn])')")
    assert waves.count() == len(shown(page))
    assert len(waves.first.get_attribute("d")) > 500  # a wave, not a stroke


def test_filters_and_order_agree_with_python(page, predictions):
    p = predictions["random"]
    page.get_by_role("combobox", name="Record", exact=True).select_option("208")
    page.get_by_label("Lowest confidence, in percent").fill("80")
    page.get_by_role("combobox", name="Order", exact=True).select_option("unsure")
    wanted = np.flatnonzero(~p.correct & (p.record == "208") & (p.confidence >= 0.8))
    wanted = wanted[np.argsort(p.confidence[wanted], kind="stable")]
    assert matching(page) == len(wanted) > 0
    assert shown(page) == wanted[:24].tolist()
    in_record = confusion_matrix(p.true[p.record == "208"], p.predicted[p.record == "208"])
    assert cell(page, "NN").inner_text() == f"{in_record[0, 0]:,}"
    page.get_by_role("button", name="Clear the filters").click()
    assert matching(page) == (~p.correct).sum()


def test_protocols_are_switched(page, predictions):
    page.get_by_role("button", name="Inter-patient split").click()
    p = predictions["inter_patient"]
    assert matching(page) == (~p.correct).sum()
    assert not np.isin(shown(page), np.flatnonzero(p.correct)).any()


def test_nothing_matching_is_told_kindly(page):
    page.get_by_label("Lowest confidence, in percent").fill("100")
    assert matching(page) == 0
    assert "No beat matches this choice" in page.locator(".bi-empty").inner_text()
    page.locator(".bi-empty").get_by_role("button", name="Clear the filters").click()
    assert matching(page) > 0


def test_the_preset_shows_its_beats_in_order_with_its_note(page):
    page.get_by_role("button", name="Likely label errors").click()
    assert shown(page) == [5, 2, 9]
    assert page.locator(".bi-note-part").inner_text() == "Candidates, not errors."


def test_two_models_stand_beside_each_other(page, predictions, rhythm):
    page.get_by_label("Beside another model").select_option(label="In its rhythm")
    p = predictions["random"]
    relations = {
        "both_right": p.correct & rhythm.correct,
        "only_this": p.correct & ~rhythm.correct,
        "only_other": ~p.correct & rhythm.correct,
        "both_wrong": ~p.correct & ~rhythm.correct,
    }
    for relation, wanted in relations.items():
        button = page.locator(f'[data-relation="{relation}"]')
        assert button.inner_text().endswith(f": {wanted.sum():,}")
        button.click()
        assert set(shown(page)) <= set(np.flatnonzero(wanted).tolist())
        whole = relation != "both_right"  # of those, a draw is shown
        assert matching(page) == wanted.sum() if whole else 0 < matching(page) < wanted.sum()
    page.locator('[data-relation="only_other"]').click()
    page.locator(".bi-card").first.click()
    page.wait_for_selector(".bi-facts")
    letter = CLASSES[rhythm.predicted[shown(page)[0]]]
    assert f"In its rhythm\n{letter}: right" in page.locator(".bi-facts").inner_text()
    here = page.locator(f'.bi-answer-other[data-class="{letter}"]')
    assert here.count() >= 1 and "In its rhythm says" in here.first.text_content().capitalize()


def test_a_comparison_stands_in_the_address(page, open_page):
    page.get_by_label("Beside another model").select_option(label="In its rhythm")
    page.locator('[data-relation="only_this"]').click()
    found, address = shown(page), page.evaluate("location.href")
    again = open_page(address)
    assert shown(again) == found
    assert again.locator('[data-relation="only_this"]').get_attribute("aria-pressed") == "true"
    again.locator('[data-protocol="inter_patient"]').click()
    assert again.get_by_label("Beside another model").input_value() == ""


def test_detail_draws_the_beat_in_its_context(page, predictions, small_beats, database):
    page.locator(".bi-card").nth(2).click()
    p, at = predictions["random"], shown(page)[2]
    t, q = CLASSES[p.true[at]], CLASSES[p.predicted[at]]
    assert f"Annotated {t}, the model says {q}" in title(page)
    facts = page.locator(".bi-facts").inner_text()
    beat = small_beats[::3][[at]]
    seconds = int(p.sample[at] / 360)
    assert f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}" in facts
    assert f"{beat.rr_pre_s[0]:.2f}\u202fs, {beat.rr_post_s[0]:.2f}\u202fs" in facts
    marks = page.locator(".bi-strip .bi-mark")
    assert marks.count() >= 3  # the beat and one on either side
    assert page.locator(f'.bi-strip [data-class="{t}"]').count() >= 1
    assert "25 mm/s, 10 mm/mV" in page.locator(".bi-strip").text_content()
    page.get_by_label("10\u202fs of context").check()
    wide = page.locator(".bi-strip .bi-wave").get_attribute("d")
    assert wide.count("L") == pytest.approx(10 * 125, abs=2)
    page.get_by_label("10\u202fs of context").uncheck()
    page.get_by_label("Both leads").check()
    page.wait_for_function("document.querySelectorAll('.bi-strip .bi-wave').length === 2")
    page.get_by_label("Both leads").uncheck()
    assert page.locator(".bi-strip .bi-wave").count() == 1
    record = records.read_record(database, str(p.record[at]))
    near = np.abs(record.sample[1:] - p.sample[at]) <= 30 * 360
    assert page.locator(".bi-interval").count() == pytest.approx(near.sum(), abs=1)
    assert page.locator(".bi-bar").count() == len(CLASSES)
    assert page.locator(".bi-strip .bi-answer").count() >= 1  # what the model said, below
    assert len(page.locator(".bi-usual").get_attribute("d")) > 500
    page.get_by_label("usual beat").uncheck()
    assert page.locator(".bi-usual").count() == 0
    assert page.locator(".bi-cam path").count() > 0
    assert f"speaks for {q}" in page.locator(".bi-panels").text_content()
    page.get_by_label("Grad-CAM for").select_option("annotated")
    assert f"speaks for {t}" in page.locator(".bi-panels").text_content()
    for letter in CLASSES:
        page.get_by_label("Grad-CAM for").select_option(letter)
        assert f"speaks for {letter}" in page.locator(".bi-panels").text_content()
    page.get_by_label("Grad-CAM for").select_option("")
    assert page.locator(".bi-cam path").count() == 0


def test_beats_of_no_record_are_shown_without_context(open_page, small_beats, tmp_path):
    few = small_beats[:300:2]
    few = concatenate([few, small_beats[small_beats.aami == 0][:100]])
    p, n = guesses(few, wrong=0.3), len(few)
    nowhere = np.full(n, "mitbih_test"), np.full(n, -1)
    kaggle = Predictions(p.true, p.predicted, p.probabilities, *nowhere)
    made = BeatInspector({"kaggle": kaggle}, signals={"kaggle": few.signal})
    file = tmp_path / "kaggle.html"
    file.write_text(f'<!doctype html><meta charset="utf-8">{made.to_html()}')
    page = open_page(file.as_uri())
    page.locator(".bi-card").first.click()
    assert "record and amplitude are unknown" in page.locator(".bi-hint").inner_text()
    assert page.locator(".bi-strip").count() == 0
    assert len(page.locator(".bi-beat").get_attribute("d")) > 500
    told = title(page)
    other = open_page(page.evaluate("location.href"))
    assert title(other) == told


def test_paper_is_25_mm_a_second_and_10_mm_a_millivolt(page):
    page.locator(".bi-card").first.click()
    page.wait_for_selector(".bi-strip svg text")
    labels = page.locator(".bi-strip svg text").evaluate_all(
        "all => all.map((t) => [t.textContent, +t.getAttribute('x'), +t.getAttribute('y')])"
    )
    labels = [(words.replace("\u2212", "-"), x, y) for words, x, y in labels]
    numbers = [(float(words), x, y) for words, x, y in labels if re.fullmatch(r"-?[\d.]+", words)]
    levels = sorted((value, y) for value, x, y in numbers if x < 0)
    times = sorted((value, x) for value, x, y in numbers if x >= 0)
    second = (times[-1][1] - times[0][1]) / (times[-1][0] - times[0][0])
    millivolt = (levels[0][1] - levels[-1][1]) / (levels[-1][0] - levels[0][0])
    assert second / 25 == pytest.approx(millivolt / 10, rel=0.01)


def test_keyboard_alone_is_enough(page):
    third = shown(page)[2]
    page.locator(".bi-card").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(".bi-place").inner_text().startswith("2 of")
    opened = title(page)
    page.keyboard.press("ArrowRight")
    assert page.locator(".bi-place").inner_text().startswith("3 of")
    page.keyboard.press("ArrowLeft")
    assert title(page) == opened
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.wait_for_selector(".bi-dialog", state="hidden")
    page.wait_for_function("document.activeElement.dataset.index !== undefined")
    focused = page.evaluate("document.activeElement.dataset.index")
    assert int(focused) == third
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    cell(page, "NS").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert cell(page, "NV").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.dataset.cell") == "NV"


def test_walking_past_the_end_turns_the_page(page):
    last = shown(page)[-1]
    page.locator(".bi-card").last.focus()
    page.keyboard.press("ArrowRight")
    assert last not in shown(page)
    assert int(page.evaluate("document.activeElement.dataset.index")) == shown(page)[0]


def test_the_link_of_a_beat_opens_it_in_a_fresh_page(either_page, open_page):
    page = either_page
    page.get_by_role("button", name="Inter-patient split").click()
    page.locator(".bi-card").nth(4).click()
    address, told = page.evaluate("location.href"), title(page)
    assert "#beat-inter_patient-" in address
    other = open_page(address)
    other.wait_for_selector(".bi-dialog[open]")
    assert title(other) == told
    assert other.locator(".bi-facts").inner_text() == page.locator(".bi-facts").inner_text()
    other.keyboard.press("Escape")
    other.wait_for_selector(".bi-dialog", state="hidden")
    other.wait_for_function("!location.hash.startsWith('#beat-')")  # page.url hears of it later


def test_an_unknown_link_is_answered(page, open_page):
    other = open_page(page.url.split("#")[0] + "#beat-random-208-1")
    assert not other.locator(".bi-dialog").is_visible()
    assert matching(other) > 0
    said = other.locator(".bi-note-part")
    assert "record 208, sample 1, random" in said.inner_text()
    other.get_by_role("button", name="Confident errors").click()
    assert said.inner_text() == ""


def test_filters_stand_in_the_address(page, open_page):
    assert "#" not in page.url
    page.get_by_role("button", name="Inter-patient split").click()
    page.get_by_role("combobox", name="Record", exact=True).select_option("210")
    page.get_by_role("combobox", name="Order", exact=True).select_option("time")
    page.get_by_label("Lowest confidence, in percent").fill("60")
    told = page.locator(".bi-count-part").inner_text()
    other = open_page(page.evaluate("location.href"))
    assert other.locator(".bi-count-part").inner_text() == told
    assert shown(other) == shown(page)
    odd = open_page(page.url.split("#")[0] + "#beats--record_nosuch--model_X--confidence_90-10--x")
    assert matching(odd) == matching(open_page(page.url.split("#")[0]))


def test_back_closes_an_open_beat_and_stays(page):
    page.get_by_role("combobox", name="Record", exact=True).select_option("208")
    before = page.evaluate("location.href")
    page.locator(".bi-card").first.click()
    page.wait_for_selector(".bi-dialog[open]")
    page.keyboard.press("ArrowRight")
    page.evaluate("history.back()")
    page.wait_for_selector(".bi-dialog", state="hidden")
    assert page.evaluate("location.href") == before
    page.locator(".bi-card").first.click()
    page.keyboard.press("Escape")
    page.wait_for_selector(".bi-dialog", state="hidden")
    page.wait_for_function("before => location.href === before", arg=before)
    assert matching(page) > 0


def test_pages_have_numbers(page):
    field = page.get_by_role("spinbutton", name="Page", exact=True)
    field.fill("2")
    field.press("Tab")
    assert page.locator(".bi-pages").inner_text().count("25\u201348 of") == 1
    page.get_by_role("button", name="Last page").click()
    assert page.get_by_role("button", name="Next \u203a").last.is_disabled()
    page.get_by_role("button", name="First page").click()
    assert page.locator(".bi-pages").inner_text().count("1\u201324 of") == 1


def test_listed_beats_and_notes_are_taken_away(page, predictions, tmp_path):
    def saved(button: str) -> list[dict]:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        download.value.save_as(tmp_path / "saved.csv")
        with open(tmp_path / "saved.csv", newline="") as file:
            return list(csv.DictReader(file))

    first = shown(page)[0]
    page.locator(".bi-card").first.click()
    page.get_by_label("This label looks wrong").check()
    page.get_by_label("Your note on this beat").fill('=more like "V", I think')
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    p = predictions["random"]
    rows = saved("Save these beats (CSV)")
    assert len(rows) == (~p.correct).sum()
    beat = next(r for r in rows if r["label_looks_wrong"] == "1")
    wanted = (
        p.record[first],
        str(p.sample[first]),
        CLASSES[p.true[first]],
        CLASSES[p.predicted[first]],
    )
    assert (beat["record"], beat["sample"], beat["annotated"], beat["model"]) == wanted
    assert beat["note"] == '\'=more like "V", I think'  # no formula in a spreadsheet
    page.reload()
    page.wait_for_selector(".bi-flag")
    (kept,) = saved("Save my notes (CSV)")
    assert (kept["record"], kept["sample"], kept["label_looks_wrong"]) == (*wanted[:2], "1")


def test_a_saved_svg_stands_alone(either_page, tmp_path):
    page = either_page
    page.locator(".bi-card").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").click()
    assert re.fullmatch(r"beat-random-\d+-\d+\.svg", download.value.suggested_filename)
    path = tmp_path / "beat.svg"
    download.value.save_as(path)
    text = path.read_text()
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert title(page) in text
    assert "var(" not in text  # colours of its own
    waves = [e for e in root.iter(f"{SVG}path") if e.get("class") in ("bi-wave", "bi-beat")]
    assert len(waves) == 2
    assert len([e for e in root.iter(f"{SVG}g") if e.get("class") == "bi-bar"]) == len(CLASSES)


def test_a_saved_png_is_a_picture(page, tmp_path):
    page.locator(".bi-card").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    path = tmp_path / "beat.png"
    download.value.save_as(path)
    from matplotlib.image import imread

    picture = imread(path)
    assert picture.shape[1] >= 1800
    assert picture[..., :3].std() > 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(open_page, site, scheme):
    page = open_page(site, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".bi-card").first.click()
    box = page.locator(".bi-dialog").bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    scroller = page.locator(".bi-scroll")
    assert scroller.evaluate("e => e.scrollWidth <= e.clientWidth")
    for name in ("Close", "Save SVG", "Next \u203a"):
        button = page.get_by_role("button", name=name).last.bounding_box()
        assert 0 <= button["x"] <= button["x"] + button["width"] <= 390
        assert min(button["width"], button["height"]) >= 32


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(open_page, site, scheme):
    page = open_page(site, color_scheme=scheme)
    page.locator(".bi-card").first.click()
    for selector in (".bi-title", ".bi-facts dd", ".bi-facts dt", ".bi-cell", ".bi-where"):
        ink, ground = page.locator(selector).first.evaluate(COLOURS)
        assert contrast(ink, ground) >= 4.5, selector


# The text's colour and the nearest ground that is not transparent, drawn to get plain numbers.
COLOURS = """(node) => {
  const paint = (colour) => {
    const c = new OffscreenCanvas(1, 1).getContext("2d");
    c.fillStyle = colour; c.fillRect(0, 0, 1, 1);
    return [...c.getImageData(0, 0, 1, 1).data];
  };
  let ground = node;
  while (ground && paint(getComputedStyle(ground).backgroundColor)[3] < 255)
    ground = ground.parentElement;
  return [paint(getComputedStyle(node).color), paint(getComputedStyle(ground).backgroundColor)];
}"""


def contrast(ink: list[int], ground: list[int]) -> float:
    """Contrast ratio of two sRGB colours, as WCAG 2 defines it."""

    def luminance(colour):
        share = np.array(colour[:3]) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    high, low = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_screen_readers_get_names(page):
    unnamed = page.evaluate("""() => [...document.querySelectorAll(
        ".beat-inspector button, .beat-inspector input, .beat-inspector select")]
        .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim()
            || e.closest("label")?.textContent.trim())).length""")
    assert unnamed == 0
    words = " ".join(page.locator(".bi-card").first.text_content().split())
    assert re.match(r"Annotated [NSVFQ], the model says →[NSVFQ]\W*\d+\s*%record \d+ ", words), (
        words
    )
    page.locator(".bi-card").first.click()
    assert page.locator(".bi-strip svg").get_attribute("aria-label").startswith("ECG strip")
    assert page.locator(".bi-count-part").get_attribute("role") == "status"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_nothing_serious_keeps_anyone_from_inspecting(open_page, site, axe, scheme, width):
    page = open_page(site, color_scheme=scheme, viewport={"width": width, "height": 844})
    assert not troubles(page, axe)
    page.locator(".bi-card").first.click()
    page.locator(".bi-facts").wait_for()
    assert not troubles(page, axe)


def test_the_book_carries_the_data_once(page_file):
    text = page_file.read_text()
    assert text.count(" data-table>") == 1
    parts = re.findall(
        r'data-part( data-second)? data-key="(\w+)" data-src="([^"]+)"></script>', text
    )
    # A record each, and its second lead, loaded when they are asked for.
    assert [bool(second) for second, _, _ in parts] == 4 * [False] + 4 * [True]
    for _, key, address in parts:
        assert f'["{key}"] = "' in (page_file.parent / address).read_text()
    assert "widget-state+json" not in text
    state = json.loads(re.search(r'data-state="([^"]*)"', text)[1].replace("&quot;", '"'))
    assert state["protocol"] == "random"
