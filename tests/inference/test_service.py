"""The service: the command line's answers, within limits, and live signals beat by beat."""

import json

import numpy as np
import pytest
import scipy.io
from shared import ecg_files

from ecgcore.beats.cutting import segment
from ecgcore.cli import main
from ecgcore.data import signals
from ecgcore.data.formats import wfdb_record
from ecgcore.data.records import read_record
from ecgcore.inference import classifying, published, recording

testclient = pytest.importorskip("fastapi.testclient", reason="the extra `serve` is missing")
service = pytest.importorskip("ecgcore.inference.service")


@pytest.fixture(autouse=True)
def only_published(monkeypatch, tmp_path_factory):
    monkeypatch.setattr("ecgcore.paths.RUNS", tmp_path_factory.mktemp("no runs"))


@pytest.fixture
def client():
    return testclient.TestClient(service.app())


@pytest.fixture(scope="module")
def minute(database):
    return read_record(database, "208").signal[: 360 * 60]


@pytest.fixture(scope="module")
def text(minute):
    return "\n".join(f"{v:.4f}" for v in minute).encode()


def test_health_and_a_page_that_fetches_nothing(client):
    assert client.get("/health").json()["status"] == "ok"
    page = client.get("/").text
    assert "/classify" in page and "no medical device" in page
    assert "<script" not in page and "src=" not in page
    assert "/classify" in client.get("/openapi.json").json()["paths"]


def test_a_report_comes_as_a_page(client, text):
    answer = client.post("/report", params={"name": "my.csv", "fs": 360}, content=text)
    assert answer.status_code == 200 and "<svg" in answer.text


def test_events_come_on_demand(client, text):
    options = {"name": "my.csv", "fs": 360, "summary": True}
    found = client.post("/classify", params=options, content=text).json()
    assert found["summary"]["counts"] == found["counts"]


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (b"", {}, "upload: "),
        (b"\0\1\2rubbish" * 100, {}, "upload: "),
        (b"1\n2\n3\n", {"name": "../../etc/x.csv"}, "x.csv: "),
    ],
)
def test_what_cannot_be_used_is_told_without_the_folder(client, content, options, sentence):
    answer = client.post("/classify", params=options, content=content)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(sentence) and "/tmp" not in answer.text


def test_a_file_beyond_the_limit_is_refused(text):
    small = testclient.TestClient(service.app(service.Limits(size=1000)))
    answer = small.post("/classify", params={"fs": 360}, content=text)
    assert answer.status_code == 413
    assert small.post("/classify", content=iter([b"1\n"] * 1000)).status_code == 413


def test_no_more_at_once_than_allowed(text):
    busy = testclient.TestClient(service.app(service.Limits(at_once=0)))
    answer = busy.post("/classify", params={"fs": 360}, content=text)
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    with busy.websocket_connect("/live") as socket, pytest.raises(Exception):  # noqa: B017
        socket.receive_json()


def test_nothing_stays_behind(client, text, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client.post("/classify", params={"fs": 360}, content=text)
    assert not list(tmp_path.iterdir())


def test_a_live_signal_is_answered_beat_by_beat_as_the_causal_model_would(client, minute):
    model = published.rhythm_model(causal=True)
    signal = signals.from_array(minute, 360, "x")
    expected = classifying.classify_in_context(signal, model, own_peaks=True).beats
    beats, sizes = [], []
    with client.websocket_connect("/live") as socket:
        socket.send_json({"fs": 360})
        assert socket.receive_json()["model"]["name"] == model.name
        for start in range(0, len(minute), 720):
            socket.send_json({"samples": [float(v) for v in minute[start : start + 720]]})
            new = socket.receive_json()["beats"]
            sizes.append(len(new))
            beats += new
            assert all(beat["time_s"] < (start + 720) / 360 for beat in new)
    assert np.count_nonzero(sizes) > len(sizes) / 2  # as they come, and not all at the end
    times = np.array([beat["time_s"] for beat in beats])
    assert (np.diff(times) > 0).all()
    nearest = np.abs(times[:, None] - expected.time_s).argmin(axis=1)
    same = np.abs(times - expected.time_s[nearest]) < 0.05
    assert same.mean() > 0.97
    letters = np.array([beat["class"] for beat in beats])
    assert (letters == np.array(list("NSVFQ"))[expected.predicted[nearest]])[same].mean() > 0.95


@pytest.mark.parametrize(
    "messages",
    [
        ["rubbish"],
        ['{"fs": 1}'],
        ['{"fs": 360}', '{"samples": "abc"}'],
        ['{"fs": 360}', json.dumps({"samples": [0] * (360 * 61)})],
    ],
)
def test_a_live_signal_that_is_none_is_told_so(client, messages):
    with client.websocket_connect("/live") as socket:
        for message in messages[:-1]:
            socket.send_text(message)
            assert "error" not in socket.receive_json()
        socket.send_text(messages[-1])
        assert "live signal" in socket.receive_json()["error"]


# Command line, Python, app and service


# A minute of a record in steps of 5 µV, as a file; and the rate that has to be given with it.
def _as_text(path, stored):
    path.write_text("".join(f"{v}\n" for v in stored))
    return path


def _as_npy(path, stored):
    np.save(path, stored)
    return path


def _as_mat(path, stored):
    scipy.io.savemat(path, {"fs": ecg_files.FS, "ecg": stored})
    return path


FORMS = {
    "csv": (_as_text, 360.0),
    "npy": (_as_npy, 360.0),
    "mat": (_as_mat, None),
    "ecg": (lambda path, stored: ecg_files.write_ishne(path, stored[:, None], 360, [6]), None),
    "wav": (lambda path, stored: ecg_files.write_wav(path, stored[:, None], 360), None),
    "hea": (
        lambda path, stored: ecg_files.write_wfdb(path.parent, path.stem, stored[:, None]),
        None,
    ),
    "gz": (
        lambda path, stored: ecg_files.write_gzip(path, _as_text(path, stored).read_bytes()),
        360.0,
    ),
}


def on_the_command_line(path, capsys, monkeypatch, *options):
    command = ["ecgcore", "predict", str(path), "--format", "json", *options]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert not stop.value.code
    return json.loads(capsys.readouterr().out)


def answers(document):
    kept = ("beats", "counts", "model", "problems", "warnings")
    return {key: document[key] for key in kept}


@pytest.mark.parametrize("form", ["one column", "beats already cut"])
def test_ways_agree_on_text(form, client, text, database, tmp_path, capsys, monkeypatch):
    if form == "one column":
        path, options, fs = tmp_path / "my.csv", ["--fs", "360"], 360.0
        path.write_bytes(text)
    else:
        if not (published.FOLDER / "random.onnx").is_file():
            pytest.skip("no single-beat network is published yet")
        path, options, fs = tmp_path / "cut.csv", [], None
        np.savetxt(path, segment(read_record(database, "208")).signal[:100], "%.5f", ",")
    document = on_the_command_line(path, capsys, monkeypatch, *options)
    params = {"name": path.name} | ({"fs": fs} if fs else {})
    posted = client.post("/classify", params=params, content=path.read_bytes()).json()
    assert answers(posted) == answers(document)
    beats = classifying.collect(classifying.classify(path, fs=fs)).beats
    assert [b["class"] for b in document["beats"]] == beats.table()["class"].tolist()


def compared(database, request) -> list[str]:
    """Names of records: all on the option --records=20, else three."""
    count = request.config.getoption("--records")
    names = ["119", "208", "232", *(p.stem for p in sorted(database.glob("*.hea")))]
    return list(dict.fromkeys(names))[:count]


def assert_ways_agree(path, capsys, monkeypatch, fs=None):
    """Command line, service, Python, and what the app reads a recording by."""
    document = on_the_command_line(
        path, capsys, monkeypatch, *(["--fs", str(fs)] if fs is not None else [])
    )
    service_says = json.loads(service.as_json(path, path.name, fs))
    assert answers(service_says) == answers(document), path
    beats = classifying.collect(classifying.classify(path, fs=fs)).beats
    assert len(beats) == len(document["beats"]) > 0
    for found in (beats, recording.read(path, fs=fs).beats):
        p = [[b["probabilities"][c] for c in "NSVFQ"] for b in document["beats"]]
        np.testing.assert_allclose(p, found.probabilities, atol=1e-6, err_msg=str(path))
        assert [b["class"] for b in document["beats"]] == found.table()["class"].tolist()


def test_ways_agree_on_records(database, capsys, monkeypatch, request):
    for name in compared(database, request):
        assert_ways_agree(database / name, capsys, monkeypatch)


@pytest.mark.parametrize("form", FORMS)
def test_ways_agree_on_formats(form, database, tmp_path, capsys, monkeypatch, request):
    write, fs = FORMS[form]
    for name in compared(database, request):
        stored = ecg_files.digital(ecg_files.samples(name, 60))
        path = write(tmp_path / f"{name}.{form}", stored)
        assert_ways_agree(path, capsys, monkeypatch, fs)


def test_published_rhythm_answers_as_it_did_when_it_was_published(database):
    """Changed features would make an old model answer otherwise, and say nothing."""
    model = published.rhythm_model()
    for name, counts in model.about["answers"].items():
        signal = wfdb_record.from_record(database / name)
        beats = classifying.classify_in_context(signal, model).beats
        found = {c: int((beats.predicted == i).sum()) for i, c in enumerate("NSVFQ")}
        assert sum(abs(found[c] - counts[c]) for c in counts) <= 0.002 * len(beats)
