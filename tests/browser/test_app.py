"""The web app: without a browser through Streamlit's AppTest, and running in a real one."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
import wfdb
from csv_cases import cases
from own_ecg import free_port, serve

from ecgcore import paths
from ecgcore.data.records import read_record
from ecgcore.errors import EcgError
from ecgcore.inference import classifying, corrections, published

pytest.importorskip("streamlit", reason="the extra `app` is not installed")

SCRIPT = paths.ROOT / "app" / "streamlit_app.py"
OWN = "a file of your own"


@pytest.fixture
def app(deployed, monkeypatch):
    """The app with the network of the tests and the published rhythm model; `upload` gives it
    files. Its corrections are kept in the copy of the project."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    monkeypatch.setattr("sys.argv", ["streamlit_app.py"])
    monkeypatch.setattr("ecgcore.paths.RUNS", deployed.root / "runs")
    shutil.rmtree(deployed.root / "runs" / "corrections", ignore_errors=True)
    return lambda: AppTest.from_file(str(SCRIPT), default_timeout=120).run()


@pytest.fixture
def page(app):
    return app()


def upload(page, *files):
    """files: (name, content). Gives them to the page."""
    if page.segmented_control[0].value != OWN:
        page.segmented_control[0].set_value(OWN).run()
    kind = "application/octet-stream"
    page.file_uploader[0].set_value([(name, content, kind) for name, content in files]).run()
    assert not page.exception
    return page


def read(path):
    return path.name, path.read_bytes()


def numbers(page) -> dict[str, str]:
    return {m.label: m.value for m in page.metric}


def beats(page, label: str = "Beats") -> int:
    return int(numbers(page)[label].replace(",", ""))


def texts(page) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def press(page, key: str):
    page.button(key=key).click().run()
    assert not page.exception and not page.error
    return page


def jump(page, kind: str):
    page.selectbox(key="target").set_value(kind).run()
    return press(page, "next-event")


@pytest.fixture(scope="module")
def record_files(database, tmp_path_factory):
    """Two minutes of a record, header and signal in format 212, a second lead upside down."""
    folder = tmp_path_factory.mktemp("record")
    source = wfdb.rdrecord(str(database / "100"), sampto=360 * 120, physical=True)
    signal = source.p_signal[:, 0]
    wfdb.wrsamp(
        "mine", fs=360, units=["mV", "mV"], sig_name=["V5", "MLII"],
        p_signal=np.stack([-signal, signal], axis=1), fmt=["212", "212"], write_dir=str(folder),
    )  # fmt: skip
    return folder / "mine.hea", folder / "mine.dat"


def test_it_opens_with_a_record_that_its_model_has_not_learnt_from(page):
    assert not page.exception and not page.error
    assert beats(page) > 2000 and beats(page, "V beats") > 100
    assert "The model has not learnt from record" in texts(page)
    assert any("no medical device" in element.proto.body for element in page.get("html"))
    page.selectbox[0].set_value("mitdb").run()
    assert "The model has learnt from record" in texts(page)
    page.selectbox(key="record-mitdb").set_value("102").run()  # paced, which it leaves out
    assert "The model has not learnt from record 102" in texts(page)
    page.radio(key="how").set_value("each beat alone").run()
    assert "The model has learnt from record 102" in texts(page)


def test_it_says_which_weights_answered_and_what_they_reached(page):
    model = published.rhythm_model()
    told = texts(page).replace("\\", "")
    assert all(sentence in told for sentence in published.sentences(model.about))
    assert model.about["weights_sha256"] in told


def test_beats_of_a_table_are_answered_as_elsewhere(page, thousand, thousand_csv, network):
    table = upload(page, read(thousand_csv)).dataframe[0].value
    expected = network.probabilities(thousand.signal)
    np.testing.assert_allclose(table.filter(like="p_"), expected, atol=1e-4)
    agree = (expected.argmax(axis=1) == thousand.aami).mean()
    assert numbers(page)["Agree"] == f"{agree:.1%}"


def told_by_python(path) -> tuple[str, list[str]]:
    """The error, or else the problems, of classifying a file from Python."""
    try:
        found = classifying.collect(classifying.classify(path))
    except EcgError as error:
        return str(error).replace(f"{path.parent}/", ""), []
    return "", [str(problem) for problem in found.problems]


def test_bad_files_are_refused_in_the_sentence_that_python_says(page, thousand, tmp_path):
    few = thousand[:3]
    for case in cases(few.signal, few.aami):
        if not (case.error or case.problems):
            continue
        path = tmp_path / "my.csv"
        path.write_bytes(case.content)
        error, problems = told_by_python(path)
        upload(page, read(path))
        if page.number_input:
            assert "sampling rate" in error  # which is asked for instead
        elif error:
            assert [e.value for e in page.error] == [error + "."]
        else:
            assert not page.error and numbers(page)["Beats"] == "3"
            assert [t.value for t in page.text] == problems


def test_a_second_file_takes_the_place_of_the_first(page, record_files, thousand, thousand_csv):
    upload(page, *map(read, record_files))
    assert 140 < beats(page) < 150 and "R peaks found by the program" in texts(page)
    upload(page, read(thousand_csv))
    assert beats(page) == len(thousand)
    assert "Loaded: thousand.csv." in texts(page) and "mine.hea" not in texts(page)


def test_leads_are_a_list_and_corrections_stay_when_another_is_read(page, record_files):
    upload(page, *map(read, record_files))
    (leads,) = (s for s in page.selectbox if s.label == "Lead")
    assert leads.options[1:] == ["V5", "MLII"] and "lead MLII" in texts(page)
    jump(page, "least certain beats")
    press(page, "class-Q")
    assert beats(page, "Beats") and "1 correction" in texts(page)
    (leads,) = (s for s in page.selectbox if s.label == "Lead")
    leads.set_value("V5").run()
    assert not page.exception and "lead V5" in texts(page)
    assert "1 correction" in texts(page)
    assert any("inverted" in w.value for w in page.warning)


def test_a_rate_is_asked_for_only_where_the_file_has_none(page, database, record_files):
    signal = read_record(database, "119").signal[: 360 * 60]
    plain = "\n".join(map(str, signal)).encode()
    upload(page, ("plain.csv", plain))
    (rate,) = page.number_input
    assert rate.value is None and not page.error and not page.metric
    rate.set_value(360.0).run()
    assert 55 < beats(page) < 80
    time = np.arange(len(signal)) / 360
    timed = "time,ecg\n" + "\n".join(f"{t:.6f},{v}" for t, v in zip(time, signal, strict=True))
    upload(page, ("timed.csv", timed.encode()))
    assert 55 < beats(page) < 80 and not page.number_input
    upload(page, *map(read, record_files))
    assert not page.number_input


def test_half_a_record_is_refused(page, record_files):
    header, signal = map(read, record_files)
    for files, sentence in (
        ([header], "mine.dat: no such file, though mine.hea names it."),
        ([signal], "mine.dat: a record also needs its .hea file; choose both together."),
        ([header, ("mine.dat", signal[1][:999])], "mine.dat: short: 999 bytes of the "),
        ([header, ("other.hea", header[1]), signal], "several .hea files"),
        ([("a.csv", b"1"), ("b.csv", b"2")], "several files, and no .hea among them"),
    ):
        upload(page, *files)
        assert len(page.error) == 1, (sentence, texts(page))
        (error,) = page.error
        assert error.value.startswith(sentence) and "/" not in error.value, error.value


def test_all_counts_follow_a_corrected_beat_and_undo_takes_it_back(app, deployed):
    page = app()
    before = beats(page, "V beats")
    jump(page, "V beats")
    press(page, "class-S")
    assert beats(page, "V beats") == before - 1 and "1 correction" in texts(page)
    assert f"V beats ({before - 1:,})" in page.selectbox(key="target").options
    assert "corrected by hand" in texts(page)
    kept = deployed.root / "runs/corrections/svdb/851.corrections.json"
    (edit,) = json.loads(kept.read_text())["edits"]
    assert edit["class"] == "S"
    again = app()  # as after a reload of the page
    assert beats(again, "V beats") == before - 1
    press(again, "undo")
    assert beats(again, "V beats") == before and not kept.exists()


def test_beats_are_removed_moved_added_and_hidden(page):
    before = beats(page)
    jump(page, "V beats")
    press(page, "remove")
    assert beats(page) == before - 1
    press(page, "next-event")
    press(page, "noise")
    assert beats(page) == before - 2 and "hidden" in "".join(t.value for t in page.text)
    page.session_state["marked"] = (100.0, 110.0)
    page.run()
    press(page, "hide")
    assert beats(page) < before - 8 and numbers(page)["Analysed"] != "100.0%"
    page.session_state["marked"] = (104.0, 105.0)
    page.run()
    press(page, "add")
    (chosen,) = (m.value for m in page.markdown if m.value.startswith("**N** at"))
    assert "corrected by hand" in chosen
    (to,) = page.number_input
    to.set_value(to.value + 0.08).run()
    press(page, "move")
    assert "5 corrections" in texts(page)
    press(page, "discard")
    assert beats(page) == before


def test_a_marked_stretch_gives_all_its_beats_a_class(page):
    page.session_state["marked"] = (100.0, 110.0)
    page.run()
    press(page, "all-V")
    assert any("V runs" in option for option in page.selectbox(key="target").options)
    assert max(e for e in page.dataframe[0].value["beats"]) >= 9


def test_every_kind_of_event_can_be_gone_through(page):
    (target,) = (s for s in page.selectbox if s.key == "target")
    assert len(target.options) > 8
    for label in target.options:
        title, _, count = label.rpartition(" (")
        page.selectbox(key="target").set_value(title).run()
        seen = set()
        for _ in range(2):
            press(page, "next-event")
            start = page.session_state["start_s"]
            chosen = page.session_state["selected_s"]
            assert start <= chosen <= start + page.session_state["window_s"]
            seen.add(chosen)
        assert len(seen) == min(2, int(count.rstrip(")").replace(",", "")))
        press(page, "previous-event")


def test_a_recording_on_this_machine_has_its_corrections_beside_it(
    app, record_files, tmp_path, monkeypatch
):
    for path in record_files:
        shutil.copy(path, tmp_path)
    monkeypatch.setattr("sys.argv", ["streamlit_app.py", str(tmp_path / "mine.hea")])
    originals = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    page = app()
    jump(page, "least certain beats")
    press(page, "class-Q")
    kept = tmp_path / "mine.corrections.json"
    assert len(corrections.read(kept)) == 1
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p != kept} == originals
    kept.write_text("{}")
    page.run()
    (error,) = page.error
    assert error.value == f"{kept}: no corrections of this project."
    # The corrections of one page go on in an upload of the same files with them.
    monkeypatch.setattr("sys.argv", ["streamlit_app.py"])
    edit = {"kind": "hide", "at_s": 0.0, "to_s": 60.0}
    document = {"format": corrections.FORMAT, "recording": "", "seconds": 120.0, "edits": [edit]}
    written = (kept.name, json.dumps(document).encode())
    page = upload(app(), *map(read, record_files), written)
    assert numbers(page)["Analysed"] == "50.0%" and 65 < beats(page) < 80


# In a browser


@pytest.fixture(scope="module")
def app_url(deployed, chromium):
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/streamlit_app.py"]
    options = ["--server.headless=true", f"--server.port={port}"]
    root = str(deployed.root)
    environment = os.environ | {"ECGCORE_ROOT": root, "PYTHONPATH": root}
    process = serve([*command, *options], port, cwd=root, env=environment)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


PHONE = {"user_agent": "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36", "has_touch": True}


def metric(tab, label: str) -> str:
    found = tab.get_by_test_id("stMetric").filter(has_text=label)
    return found.get_by_test_id("stMetricValue").inner_text()


def wait_for_metric(tab, label: str, value: str) -> None:
    found = tab.get_by_test_id("stMetric").filter(has_text=label)
    found.get_by_test_id("stMetricValue").get_by_text(value, exact=True).wait_for(timeout=60_000)


@pytest.mark.parametrize(("width", "options"), [(1280, {}), (390, PHONE)])
def test_jump_correct_and_download_in_a_browser(
    app_url, browser, deployed, record_files, tmp_path, width, options
):
    shutil.rmtree(deployed.root / "runs" / "corrections", ignore_errors=True)
    context = browser.new_context(viewport={"width": width, "height": 1000}, **options)
    tab = context.new_page()
    foreign = []
    here = (app_url, app_url.replace("http", "ws"), "data:", "blob:")
    tab.on("request", lambda r: None if r.url.startswith(here) else foreign.append(r.url))
    tab.goto(app_url)
    tab.get_by_text(OWN).click(timeout=60_000)
    chooser = tab.locator("input[type=file]")
    chooser.wait_for(state="attached", timeout=60_000)
    assert tab.get_by_test_id("stFileUploader").bounding_box()["y"] < 1000  # in reach
    chooser.set_input_files([str(path) for path in record_files])
    strip = tab.locator(".js-plotly-plot").nth(1)
    strip.get_by_text("N", exact=True).first.wait_for(timeout=60_000)
    before = metric(tab, "V beats")
    tab.get_by_role("button", name="Next").click()
    tab.get_by_text("RR before").wait_for(timeout=60_000)
    letter = visible_letter(strip)
    tab.mouse.click(*letter)
    tab.locator(".st-key-class-V button:visible").click(timeout=60_000)
    wait_for_metric(tab, "V beats", str(int(before) + 1))
    overflow = "document.documentElement.scrollWidth > window.innerWidth"
    assert not tab.evaluate(overflow)
    assert tab.locator(".notice").is_visible()
    settle(tab)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Annotations (.atr)").click()
    shutil.copy(waiting.value.path(), tmp_path / waiting.value.suggested_filename)
    written = wfdb.rdann(str(tmp_path / "mine"), "atr")
    assert written.symbol.count("V") == int(before) + 1
    settle(tab)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Report (HTML)").click()
    assert "no medical device" in waiting.value.path().read_text(encoding="utf-8")
    tab.get_by_role("button", name="Undo").click()
    wait_for_metric(tab, "V beats", before)
    assert not foreign
    context.close()


def settle(tab) -> None:
    """Wait until the app has run to its end: until then a file to download is an older run's."""
    tab.wait_for_selector(".stApp[data-test-script-state='notRunning']", timeout=60_000)


def visible_letter(strip) -> tuple[float, float]:
    """The middle of a letter N in the visible part of a strip."""
    ground = strip.locator(".nsewdrag").first.bounding_box()
    middle = ground["x"] + ground["width"] / 2
    found = [letter.bounding_box() for letter in strip.locator(".textpoint text").all()]
    box = min(found, key=lambda b: abs(b["x"] - middle))
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_500_megabytes_of_rubbish_are_refused_by_size(app_url, browser, huge):
    page = browser.new_page()
    page.goto(app_url)
    page.get_by_text(OWN).click(timeout=60_000)
    chooser = page.locator("input[type=file]")
    chooser.wait_for(state="attached")
    chooser.set_input_files(huge)
    page.get_by_text("File must be 200.0MB or smaller").wait_for(timeout=60_000)
    page.close()
