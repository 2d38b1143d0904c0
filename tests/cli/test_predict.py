"""`ecgcore predict`: formats, exit codes, and what is said of bad input."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from csv_cases import cases

from ecgcore.cli import main
from ecgcore.constants import CLASSES
from ecgcore.inference import classifier


@pytest.fixture
def predict(checkpoint, capsys, monkeypatch):
    """Run the command; returns exit code, standard output, standard error."""
    network = str(classifier.onnx_file(checkpoint))

    def run(*arguments):
        monkeypatch.setattr(
            "sys.argv", ["ecgcore", "predict", *map(str, arguments), "--model", network]
        )
        try:
            main.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_csv_has_the_promised_columns_and_the_same_probabilities(
    predict, thousand, thousand_csv, network
):
    code, out, err = predict(thousand_csv, "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert (code, err) == (0, "")
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
def predict_rhythm(rhythm_file, capsys, monkeypatch):
    """The command with --rhythm; returns exit code, standard output, standard error."""

    def run(*arguments):
        options = ["--rhythm", "--model", rhythm_file]
        command = ["ecgcore", "predict", *arguments, *options]
        monkeypatch.setattr("sys.argv", [str(word) for word in command])
        try:
            main.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_record_is_classified_in_its_rhythm_in_every_format(predict_rhythm, database):
    code, out, err = predict_rhythm(database / "119", "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert (code, err) == (0, "")
    assert list(table)[:4] == ["row", "time_s", "class", "probability"]
    chosen = table.apply(lambda row: row[f"p_{row['class']}"], axis=1)
    np.testing.assert_allclose(table["probability"], chosen)  # of the class that is given
    _, out, _ = predict_rhythm(database / "119", "--format", "json")
    document = json.loads(out)
    assert document["network"] == "rhythm.safetensors" and "mitdb" in document["protocol"]
    assert [beat["class"] for beat in document["beats"]] == table["class"].tolist()
    _, out, _ = predict_rhythm(database / "119")
    assert f"{len(table):,} beats classified by rhythm.safetensors" in out


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
    np.savetxt(short, read_record(database, "100").signal[: 360 * 3], fmt="%.4f")
    for arguments, sentence in (
        ([thousand_csv], "single beats have no rhythm; give a record or a signal"),
        ([short, "--fs", 360], "R peaks make no rhythm: at least 4 are needed"),
        ([short], "a signal needs its sampling rate"),
        ([tmp_path / "nothing"], "no such file, nor a record of that name"),
        ([database / "100", "--fs", 250], "--fs says 250 Hz and the file says 360 Hz"),
    ):
        code, out, err = predict_rhythm(*arguments)
        assert (code, out) == (2, "") and sentence in err and len(err.splitlines()) == 1


def test_without_a_network_it_says_how_to_get_one(monkeypatch, tmp_path, capsys, thousand_csv):
    monkeypatch.setattr("ecgcore.paths.RUNS", tmp_path)
    monkeypatch.setattr("sys.argv", ["ecgcore", "predict", str(thousand_csv)])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert stop.value.code == 2
    assert "no trained network yet; `make book` trains one" in capsys.readouterr().err
