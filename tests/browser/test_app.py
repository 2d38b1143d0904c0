"""The web app: without a browser through Streamlit's AppTest, and running in a real one."""

import os
import sys

import numpy as np
import pytest
import wfdb
from csv_cases import cases
from own_ecg import free_port, serve

from ecgcore import paths
from ecgcore.data.records import read_record
from ecgcore.inference import published
from ecgcore.rhythm import storage

pytest.importorskip("streamlit", reason="the extra `app` is not installed")
pytest.importorskip("plotly", reason="the extra `app` is not installed")

SCRIPT = paths.ROOT / "app" / "streamlit_app.py"


@pytest.fixture
def app(deployed, monkeypatch):
    """The app with the network of the tests; `upload` gives it files."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    monkeypatch.setattr("ecgcore.paths.RUNS", deployed.root / "runs")
    return AppTest.from_file(str(SCRIPT), default_timeout=120)


def upload(app, *files):
    """files: (name, content). Runs the app with them."""
    app.run()
    app.radio[0].set_value("a file of your own").run()
    kind = "application/octet-stream"
    app.file_uploader[0].set_value([(name, content, kind) for name, content in files]).run()
    assert not app.exception
    return app


def read(path):
    return path.name, path.read_bytes()


def metrics(app) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def test_a_record_of_the_book_is_shown(app):
    app.run()
    assert not app.exception and not app.error
    assert "no medical device" in app.warning[0].value
    assert int(metrics(app)["Beats"].replace(",", "")) > 2900
    assert "Rhythm strip" in [h.value for h in app.subheader]


def test_the_app_gives_the_same_probabilities(app, thousand, thousand_csv, network):
    table = upload(app, read(thousand_csv)).dataframe[0].value
    expected = network.probabilities(thousand.signal)
    np.testing.assert_allclose(table.filter(like="p_"), expected, atol=1e-4)
    agree = (expected.argmax(axis=1) == thousand.aami).mean()
    assert metrics(app)["Agree with their label"] == f"{agree:.1%}"


def test_bad_files_are_refused_in_one_sentence(app, thousand):
    few = thousand[:3]
    for case in cases(few.signal, few.aami):
        upload(app, ("my.csv", case.content))
        if case.name == "two-columns" or not (case.error or case.problems):
            continue
        if case.error:
            assert [e.value for e in app.error] == [case.error.format(file="my.csv") + "."]
        else:
            assert not app.error
            assert [t.value for t in app.text] == case.problems
            assert metrics(app)["Beats"] == "3"


@pytest.fixture(scope="module")
def record_files(database, tmp_path_factory):
    """Two minutes of a record, header and signal in format 212."""
    folder = tmp_path_factory.mktemp("record")
    source = wfdb.rdrecord(str(database / "100"), sampto=360 * 120, physical=False)
    wfdb.wrsamp(
        "mine", fs=360, units=source.units, sig_name=source.sig_name, d_signal=source.d_signal,
        fmt=["212", "212"], adc_gain=source.adc_gain, baseline=source.baseline,
        write_dir=str(folder),
    )  # fmt: skip
    return read(folder / "mine.hea"), read(folder / "mine.dat")


def test_a_record_without_annotations_gets_its_r_peaks_found(app, record_files):
    upload(app, *record_files)
    assert not app.error
    assert 140 < int(metrics(app)["Beats"]) < 150
    assert "the R peaks that were found" in " ".join(c.value for c in app.caption)


@pytest.fixture
def with_rhythm(monkeypatch, rhythm_file):
    """The app's rhythm model is the tests' small one."""
    small = storage.read(rhythm_file)
    monkeypatch.setattr(published, "rhythm_model", lambda: small)


def test_a_record_is_classified_in_its_rhythm(app, with_rhythm):
    app.run()
    alone = metrics(app)["Beats"]
    app.radio[1].set_value("each beat in its rhythm").run()
    assert not app.exception and not app.error
    assert metrics(app)["Beats"] == alone
    assert "rhythm.safetensors" in app.sidebar.caption[0].value


def test_rhythm_is_offered_for_signals_and_not_for_beats(app, with_rhythm, database, thousand_csv):
    upload(app, read(thousand_csv))
    assert len(app.radio) == 1
    signal = read_record(database, "119").signal[: 360 * 60]
    app.file_uploader[0].set_value([("my.csv", "\n".join(map(str, signal)).encode(), "text/csv")])
    app.run()
    app.radio[1].set_value("each beat in its rhythm").run()
    assert not app.exception and not app.error
    assert 55 < int(metrics(app)["Beats"]) < 80


def test_half_a_record_is_refused(app, record_files):
    header, signal = record_files
    for files, sentence in (
        ([header], "mine.dat: no such file, though mine.hea names it."),
        ([signal], "mine.dat: a record also needs its .hea file; choose both together."),
        ([header, ("mine.dat", signal[1][:999])], "mine.dat: short: 999 bytes of the "),
        ([header, ("other.hea", header[1]), signal], "several .hea files"),
        ([("a.csv", b"1"), ("b.csv", b"2")], "several files, and no .hea among them"),
    ):
        upload(app, *files)
        (error,) = app.error
        assert error.value.startswith(sentence) and "/" not in error.value, error.value


def test_a_signal_takes_the_sampling_rate_that_is_given(app, database):
    lines = "\n".join(map(str, read_record(database, "100").signal[: 360 * 60]))
    upload(app, ("signal.csv", lines.encode()))
    assert metrics(app)["Median heart rate"].startswith("7")
    app.number_input[0].set_value(60.0).run()
    assert [w for w in app.warning if "is 60 Hz its sampling rate" in w.value]
    app.number_input[0].set_value(3.0).run()
    assert "a sampling rate of 3 Hz is implausible" in app.error[0].value


def test_without_a_network_it_says_how_to_get_one(app, monkeypatch, tmp_path):
    import streamlit

    streamlit.cache_resource.clear()
    monkeypatch.setattr("ecgcore.paths.RUNS", tmp_path)
    app.run()
    assert "no trained network yet; `make book` trains one" in app.error[0].value
    streamlit.cache_resource.clear()


@pytest.fixture(scope="module")
def app_url(deployed):
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/streamlit_app.py"]
    options = ["--server.headless=true", f"--server.port={port}"]
    root = str(deployed.root)
    environment = os.environ | {"ECGCORE_ROOT": root, "PYTHONPATH": root}
    process = serve([*command, *options], port, cwd=root, env=environment)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def test_upload_look_download_in_a_browser(app_url, browser, thousand_csv, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    foreign = []
    here = (app_url, app_url.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(here) else foreign.append(r.url))
    page.goto(app_url)
    page.get_by_text("All beats").wait_for(timeout=60_000)
    charts = ("Beats of each class", "Rhythm strip", "Heart rate at each beat")
    assert all(page.get_by_role("heading", name=name).is_visible() for name in charts)
    page.locator(".js-plotly-plot").nth(4).wait_for(timeout=60_000)  # two are of the beat
    page.get_by_text("a file of your own").click()
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("1,2,3\n")
    chooser = page.locator("input[type=file]")
    chooser.wait_for(state="attached")
    chooser.set_input_files(wrong)
    page.get_by_text("wrong.csv: none of the rows is a beat").wait_for(timeout=60_000)
    page.reload()
    page.get_by_text("a file of your own").click()
    chooser.wait_for(state="attached")
    chooser.set_input_files(thousand_csv)
    page.get_by_text("Agree with their label").wait_for(timeout=60_000)
    with page.expect_download() as waiting:
        page.get_by_text("Download as CSV").click()
    assert len(waiting.value.path().read_text().splitlines()) == 1001
    assert not foreign
    page.close()


def test_500_megabytes_of_rubbish_are_refused_by_size(app_url, browser, huge):
    page = browser.new_page()
    page.goto(app_url)
    page.get_by_text("a file of your own").click(timeout=60_000)
    chooser = page.locator("input[type=file]")
    chooser.wait_for(state="attached")
    chooser.set_input_files(huge)
    page.get_by_text("File must be 200.0MB or smaller").wait_for(timeout=60_000)
    page.close()
