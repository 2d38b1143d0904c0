"""`ecgcore predict`: formats, exit codes, and what is said of bad input."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import wfdb
from csv_cases import cases

from ecgcore.cli import main
from ecgcore.constants import CLASSES
from ecgcore.inference import classifier


@pytest.fixture
def run(capsys, monkeypatch):
    """Any command; returns exit code, standard output, standard error."""

    def command(*arguments):
        monkeypatch.setattr("sys.argv", ["ecgcore", *map(str, arguments)])
        try:
            main.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def predict(run, checkpoint):
    """`ecgcore predict` with the network that sees single beats."""
    network = classifier.onnx_file(checkpoint)
    return lambda *arguments: run("predict", *arguments, "--model", network)


def test_csv_has_the_promised_columns_and_the_same_probabilities(
    predict, thousand, thousand_csv, network
):
    code, out, err = predict(thousand_csv, "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert code == 0 and "saw each beat alone" in err and "Traceback" not in err
    assert list(table) == ["row", "class", "probability", *(f"p_{c}" for c in CLASSES)]
    expected = network.probabilities(thousand.signal)
    np.testing.assert_allclose(table.filter(like="p_"), expected, atol=1e-4)
    assert list(table["class"]) == [CLASSES[i] for i in expected.argmax(axis=1)]
    assert list(table["row"]) == list(range(1, len(thousand) + 1))


def test_a_record_has_times(predict, database):
    code, out, _ = predict(database / "100", "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert code == 0
    assert list(table)[:4] == ["row", "time_s", "class", "probability"]
    assert table["time_s"].is_monotonic_increasing and table["time_s"].iloc[-1] > 1800


def test_json_holds_everything(predict, thousand_csv, thousand):
    code, out, _ = predict(thousand_csv, "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert sum(document["counts"].values()) == len(document["beats"]) == len(thousand)
    assert sum(document["beats"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert document["labelled"] == len(thousand) and "no medical device" in document["notice"]


def test_the_table_ends_with_a_summary_and_a_notice(predict, thousand_csv, thousand):
    code, out, _ = predict(thousand_csv)
    assert code == 0
    assert f"{len(thousand):,} beats classified" in out
    assert "labelled beats agree" in out and "no medical device" in out


def test_a_signal_needs_its_sampling_rate(predict, database, tmp_path):
    from ecgcore.data.records import read_record

    path = tmp_path / "signal.csv"
    np.savetxt(path, read_record(database, "100").signal[: 360 * 60], fmt="%.4f")
    code, out, err = predict(path)
    assert (code, out) == (2, "") and "needs its sampling rate (--fs, in Hz)" in err
    code, out, _ = predict(path, "--fs", 360, "--format", "csv")
    assert code == 0 and 65 < len(out.splitlines()) < 80


# Files that the page refuses as no beats, and the command as no signal.
SIGNALS = ("two-columns", "prose", "rubbish")


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_bad_files(predict, thousand, tmp_path, output):
    """Exit code 3 where some rows are left out, 2 where nothing can be done; never a traceback."""
    few = thousand[:3]
    for case in cases(few.signal, few.aami):
        path = tmp_path / f"{case.name}.csv"
        path.write_bytes(case.content)
        code, out, err = predict(path, "--format", output)
        assert "Traceback" not in err
        if case.error:
            if case.name not in SIGNALS:
                assert case.error.format(file=path) in err, case.name
            assert code == 2 and not out
        else:
            assert code == (3 if case.problems else 0), (case.name, err)
            assert all(problem in err for problem in case.problems)


def test_500_megabytes_of_rubbish_are_refused_at_once(predict, huge):
    code, out, err = predict(huge)
    assert code == 2 and not out
    assert f"{huge}: not a text file" in err and len(err.splitlines()) == 1


def test_impossible_wishes_are_refused(predict, thousand_csv, database, tmp_path):
    for arguments, sentence in (
        ([tmp_path / "nothing"], "nothing: no such file, nor a record of that name"),
        ([tmp_path], "a folder; give a file in it, or a record"),
        ([thousand_csv, "--fs", 360], "188 columns are beats, not a signal; drop --fs"),
        ([database / "100", "--fs", 250], "--fs says 250 Hz and the file says 360 Hz"),
        ([database / "100", "--lead", "aVR"], "no lead 'aVR'; it has MLII, V5"),
    ):
        code, out, err = predict(*arguments)
        assert (code, out) == (2, "") and sentence in err and len(err.splitlines()) == 1


@pytest.fixture
def predict_rhythm(run, rhythm_file):
    """The same with a rhythm model."""
    return lambda *arguments: run("predict", *arguments, "--model", rhythm_file)


def test_a_record_is_classified_in_its_rhythm_in_every_format(predict_rhythm, database):
    code, out, err = predict_rhythm(database / "119", "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert code == 0 and "saw each beat among the others" in err
    assert list(table)[:4] == ["row", "time_s", "class", "probability"]
    chosen = table.apply(lambda row: row[f"p_{row['class']}"], axis=1)
    np.testing.assert_allclose(table["probability"], chosen)  # of the class that is given
    _, out, _ = predict_rhythm(database / "119", "--format", "json")
    document = json.loads(out)
    assert document["network"] == "rhythm.onnx" and "mitdb" in document["protocol"]
    assert document["model"]["sees"] == "rhythm"
    assert [beat["class"] for beat in document["beats"]] == table["class"].tolist()
    _, out, _ = predict_rhythm(database / "119")
    assert f"{len(table):,} beats classified by rhythm.onnx" in out


def test_rhythm_of_a_signal_with_own_peaks_and_of_another_lead(predict_rhythm, database, tmp_path):
    from ecgcore.data.records import read_record

    path = tmp_path / "signal.csv"
    np.savetxt(path, read_record(database, "119").signal[: 360 * 60], fmt="%.4f")
    code, out, _ = predict_rhythm(path, "--fs", 360, "--format", "csv")
    assert code == 0 and 55 < len(out.splitlines()) < 80
    code, out, _ = predict_rhythm(database / "119", "--own-peaks", "--lead", "V1")
    assert code == 0 and "labelled" not in out


def test_what_has_no_rhythm_is_refused_in_one_sentence(
    predict_rhythm, thousand_csv, database, tmp_path
):
    from ecgcore.data.records import read_record

    short = tmp_path / "short.csv"
    np.savetxt(short, read_record(database, "100").signal[: 360 * 5 // 2], fmt="%.4f")
    for arguments, sentence in (
        ([thousand_csv], "single beats have no rhythm; give a record or a signal"),
        ([short, "--fs", 360], "R peaks make no rhythm: at least 4 are needed"),
        ([short], "a signal needs its sampling rate"),
        ([tmp_path / "nothing"], "no such file, nor a record of that name"),
        ([database / "100", "--fs", 250], "--fs says 250 Hz and the file says 360 Hz"),
    ):
        code, out, err = predict_rhythm(*arguments)
        assert (code, out) == (2, "") and sentence in err and len(err.splitlines()) == 1


@pytest.fixture
def untrained(monkeypatch, tmp_path):
    """Nothing has been trained here but a smoke model, which must never answer."""
    runs = tmp_path / "runs"
    (runs / "smoke" / "models").mkdir(parents=True)
    for name in ("random", "rhythm"):
        (runs / "smoke" / "models" / f"{name}.safetensors").write_bytes(b"never read")
    monkeypatch.setattr("ecgcore.paths.RUNS", runs)


def test_a_recording_is_answered_by_the_published_rhythm_model(run, untrained, database):
    code, out, _ = run("predict", database / "119")
    assert code == 0
    assert "saw each beat among the others" in out and "published with the package" in out
    told = re.findall(r"right for ([\d.]+)% of [\d,]+ beats of .*always N: ([\d.]+)%", out)
    assert told and all(float(reached) > float(always) for reached, always in told)


def test_how_beats_are_seen_cannot_be_asked_for_in_two_ways(run, rhythm_file, database):
    for options, sentence in (
        (["--alone", "--rhythm"], "contradict each other"),
        (["--alone", "--model", rhythm_file], "a rhythm model does not see beats alone"),
        (["--format", "parquet"], "name a file with --to"),
    ):
        code, out, err = run("predict", database / "119", *options)
        assert (code, out) == (2, "") and sentence in err and len(err.splitlines()) == 1


def test_a_file_holds_what_would_be_printed(run, rhythm_file, database, tmp_path):
    options = ("predict", database / "119", "--model", rhythm_file)
    _, printed, _ = run(*options, "--format", "csv")
    code, out, _ = run(*options, "--format", "csv", "--to", tmp_path / "beats.csv")
    assert (code, out) == (0, "") and (tmp_path / "beats.csv").read_text() == printed
    run(*options, "--format", "parquet", "--to", tmp_path / "beats.parquet")
    table = pd.read_parquet(tmp_path / "beats.parquet")
    assert table["class"].tolist() == pd.read_csv(io.StringIO(printed))["class"].tolist()


def test_annotations_open_elsewhere(run, rhythm_file, database, tmp_path):
    target = tmp_path / "any name.ecg"
    code, out, _ = run(
        "predict", database / "119", "--model", rhythm_file, "--format", "csv",
        "--annotations", target,
    )  # fmt: skip
    assert code == 0
    target.rename(tmp_path / "mine.atr")
    found = wfdb.rdann(str(tmp_path / "mine"), "atr")
    table = pd.read_csv(io.StringIO(out))
    assert found.symbol[0] == '"' and "no medical device" in found.aux_note[0]
    assert found.symbol[1:] == table["class"].tolist() and found.fs == 360
    np.testing.assert_allclose(found.sample[1:] / 360, table["time_s"], atol=0.002)


def test_beats_without_a_recording_are_not_annotated(run, checkpoint, thousand_csv, tmp_path):
    code, _, err = run("predict", thousand_csv, "--annotations", tmp_path / "x.atr")
    assert code == 2 and "cannot be annotated" in err and not list(tmp_path.iterdir())


def test_without_a_network_it_says_how_to_get_one(
    run, untrained, monkeypatch, tmp_path, thousand_csv
):
    monkeypatch.setattr("ecgcore.inference.published.FOLDER", tmp_path)
    code, _, err = run("predict", thousand_csv)
    assert code == 2 and "no trained network yet; `make book` trains one" in err
