"""The page "Try it" of a built book: the network for beats that are already cut, and the page
opened as a file."""

import json

import numpy as np
import pandas as pd
import pytest

from ecgcore.constants import CLASSES
from ecgcore.errors import DownloadError
from ecgcore.workflow import try_it


@pytest.fixture
def page(book_url, browser):
    """The page, which may ask no other host and report no error."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    errors, foreign = [], []
    opened.on("pageerror", lambda e: errors.append(str(e)))
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    here = (book_url, "data:", "blob:")
    opened.on("request", lambda r: None if r.url.startswith(here) else foreign.append(r.url))
    opened.goto(f"{book_url}/book/try_it.html")
    yield opened
    assert not errors and not foreign
    opened.close()


def part(page, name):
    return page.locator(f"[data-part={name}]")


def load(page):
    """Press the button that loads the network, where it is folded away."""
    part(page, "beats").locator("summary").first.click()
    part(page, "load").click()


@pytest.fixture
def ready(page):
    """The page with the network loaded."""
    load(page)
    part(page, "choose").wait_for(state="visible")
    return page


def classify(page, path):
    part(page, "file").set_input_files(path)
    page.wait_for_function(
        """name => ["error", "result"].some((part) => {
          const element = document.querySelector(`[data-part=${part}]`);
          return !element.hidden && element.textContent.includes(name);
        })""",
        arg=path.name,
    )


def download(page):
    with page.expect_download() as waiting:
        part(page, "download").click()
    return pd.read_csv(waiting.value.path())


def test_nothing_is_loaded_before_the_button_is_pressed(book_url, browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(f"{book_url}/book/try_it.html")
    part(page, "beats").locator("summary").first.click()
    assert " MB)" in part(page, "load").inner_text()
    assert not [url for url in asked if url.endswith((".wasm", ".onnx", ".mjs"))]
    assert "Nothing leaves your machine" in page.inner_text("main")
    assert "no medical device" in page.inner_text("main")
    page.close()


def test_the_page_gives_the_same_probabilities(ready, thousand, thousand_csv, network):
    classify(ready, thousand_csv)
    table = download(ready)
    expected = network.probabilities(thousand.signal)
    assert list(table) == ["row", "class", "probability", *(f"p_{c}" for c in CLASSES)]
    np.testing.assert_allclose(table.filter(like="p_"), expected, atol=1e-4)
    assert list(table["class"]) == [CLASSES[i] for i in expected.argmax(axis=1)]
    summary = part(ready, "summary").inner_text()
    agree = (expected.argmax(axis=1) == thousand.aami).sum()
    assert "1,000 beats" in summary and f"({agree:,} of them)" in summary


def test_the_table_can_be_ordered_paged_and_chosen_from(ready, thousand_csv):
    classify(ready, thousand_csv)
    rows = part(ready, "table").locator("tbody tr")
    sure = [float(row.locator("td").nth(2).inner_text()) for row in rows.all()]
    assert sure == sorted(sure)
    part(ready, "order").select_option("file")
    assert rows.first.locator("td").first.inner_text() == "1"
    part(ready, "table").get_by_text("later").click()
    rows.first.get_by_role("button").click()
    assert f"row {rows.first.locator('td').first.inner_text()}" in part(ready, "beat").inner_text()


def test_samples_of_every_class_are_offered(ready, html):
    samples = json.loads((html / "_static/try-it/assets/beats.json").read_text())
    assert {s["label"] for s in samples} == set(range(len(CLASSES)))
    assert {s["right"] for s in samples} == {True, False}
    buttons = part(ready, "samples").get_by_role("button")
    buttons.last.wait_for()  # they come when the beats have been loaded
    assert buttons.count() == len(samples)
    for number, sample in list(enumerate(samples))[::4]:
        buttons.nth(number).click()
        beat = part(ready, "beat")
        name = f"Record {sample['record']} at {sample['time_s']:.1f} s"
        beat.get_by_role("heading", name=name).wait_for()
        assert (": right." if sample["right"] else ": wrong.") in beat.inner_text()
        assert beat.locator("svg title").text_content()


def test_good_rows_are_classified_and_bad_ones_listed(ready, thousand_csv, tmp_path):
    lines = thousand_csv.read_text().splitlines()[:5]
    path = tmp_path / "mixed.csv"
    path.write_text("\n".join([*lines, "1,2,3", *lines]))
    classify(ready, path)
    assert part(ready, "doubts-list").inner_text() == (
        "row 6: 3 columns instead of 187, or 188 with the label"
    )
    assert len(download(ready)) == 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01", "not a text file"),
        (b"words\n", "no rows of numbers"),
    ],
)
def test_a_wrong_file_is_refused_and_a_right_one_taken_after(
    ready, content, sentence, thousand_csv, tmp_path
):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    classify(ready, path)
    assert sentence in part(ready, "error").inner_text()
    assert part(ready, "result").is_hidden()
    classify(ready, thousand_csv)
    assert part(ready, "error").is_hidden()


def test_500_megabytes_of_rubbish_are_refused_at_once(ready, huge):
    classify(ready, huge)
    assert "huge.csv: not a text file" in part(ready, "error").inner_text()


def test_an_inverted_lead_is_doubted(ready, thousand, tmp_path):
    path = tmp_path / "inverted.csv"
    np.savetxt(path, 1 - thousand.signal[:50], delimiter=",")
    classify(ready, path)
    assert "the network expects an upright lead" in part(ready, "doubts").inner_text()


def test_opened_as_a_file_it_says_what_to_do(html, browser):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto((html / "book/try_it.html").as_uri())
    assert "python -m http.server" in part(page, "from-file").inner_text()
    assert part(page, "controls").is_hidden() and not errors
    page.close()


def test_without_the_runtime_it_says_so(html, book_url, browser):
    page = browser.new_page()
    manifest = json.loads((html / "_static/try-it/assets/manifest.json").read_text())
    manifest |= try_it.manifest(html, "the registry did not answer")
    page.route("**/manifest.json", lambda route: route.fulfill(body=json.dumps(manifest)))
    page.goto(f"{book_url}/book/try_it.html")
    part(page, "beats").locator("summary").first.click()
    assert "the registry did not answer" in part(page, "no-runtime").inner_text()
    assert part(page, "load").is_hidden() and part(page, "records").is_visible()
    page.close()


def test_without_the_model_it_says_so(html, book_url, browser):
    page = browser.new_page()
    told = json.dumps(try_it.manifest(html, "nothing is there"))
    page.route("**/manifest.json", lambda route: route.fulfill(body=told))
    page.goto(f"{book_url}/book/try_it.html")
    part(page, "unavailable").wait_for(state="visible")
    assert "ecgcore predict" in part(page, "unavailable").inner_text()
    assert part(page, "controls").is_hidden()
    page.close()


def test_a_broken_download_of_the_network_can_be_tried_again(book_url, browser):
    page = browser.new_page()
    page.route("**/model.onnx", lambda route: route.fulfill(status=503))
    page.goto(f"{book_url}/book/try_it.html")
    load(page)
    page.get_by_text("The network could not be loaded").wait_for()
    page.unroute("**/model.onnx")
    part(page, "load").click()
    part(page, "choose").wait_for(state="visible")
    page.close()


def test_a_file_is_heard_before_the_samples_are_there(page, thousand_csv):
    held = []
    page.route("**/beats.json", lambda route: held.append(route))
    load(page)
    part(page, "choose").wait_for(state="visible")
    classify(page, thousand_csv)
    held[0].continue_()
    part(page, "samples").locator("button").first.wait_for()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(ready, thousand_csv, width):
    ready.set_viewport_size({"width": width, "height": 900})
    classify(ready, thousand_csv)
    assert ready.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_can_be_worked_with_the_keyboard(page):
    folded = part(page, "beats").locator("summary").first
    folded.wait_for(state="visible")
    folded.focus()
    page.keyboard.press("Enter")
    names = []
    while "load" not in names and len(names) < 5:
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.dataset.part ?? ''"))
    assert names[-1] == "load"
    page.keyboard.press("Enter")
    part(page, "choose").wait_for(state="visible")
    part(page, "samples").get_by_role("button").first.focus()
    page.keyboard.press("Space")
    part(page, "beat").locator("svg").wait_for()
    part(page, "file").focus()
    assert page.evaluate("document.activeElement.dataset.part") == "file"


def test_without_npm_the_reason_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("ecgcore.paths.RUNS", tmp_path)
    monkeypatch.setattr(try_it.shutil, "which", lambda name: None)
    monkeypatch.setattr(try_it.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DownloadError, match="npm is not installed"):
        try_it.fetch_runtime()


def test_a_runtime_that_is_another_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("ecgcore.paths.RUNS", tmp_path)
    cache = tmp_path / f"onnxruntime-web-{try_it.RUNTIME_VERSION}"

    def unpack(folder):
        folder.mkdir()
        for name in try_it.RUNTIME_FILES:
            (folder / name).write_text("changed on its way")

    monkeypatch.setattr(try_it, "_unpack_runtime", unpack)
    with pytest.raises(DownloadError, match="not the file that this book was written for"):
        try_it.fetch_runtime()
    assert cache.is_dir()
