"""WFDB records as people have them, with what their headers leave out and get wrong."""

import shutil
from datetime import datetime

import ecg_files
import numpy as np
import pytest
import wfdb

from ecgcore.data import records
from ecgcore.data.formats import wfdb_header, wfdb_record
from ecgcore.data.formats.opening import open_file
from ecgcore.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def mv():
    return ecg_files.samples()


def whole(signal):
    return signal.read(0, signal.n_samples)


RANGES = {"8": 20, "80": 100, "212": 200, "310": 100, "311": 100}


@pytest.mark.parametrize("fmt", ["8", "16", "24", "32", "61", "80", "160", "212", "310", "311"])
def test_every_signal_format_is_read_from_any_sample_on(tmp_path, mv, fmt):
    gain = RANGES.get(fmt, 200)
    stored = np.stack([ecg_files.digital(mv, gain)] * 3, axis=1)[:7001] * [1, -1, 1]
    if fmt == "8":  # differences of at most 127
        steps = np.clip(np.diff(stored, axis=0, prepend=stored[:1]), -120, 120)
        stored = stored[0] + np.cumsum(steps, axis=0)
    lines = [f"a.dat {fmt} {gain}/mV 12 0 {first} 0 0 {n}" for first, n in
             zip(stored[0], ("I", "II", "V1"), strict=True)]  # fmt: skip
    path = ecg_files.write_wfdb(tmp_path, "a", stored, fmt, lines)
    for column, lead in enumerate(("I", "II", "V1")):
        signal = wfdb_record.from_record(path, lead)
        np.testing.assert_allclose(whole(signal), stored[:, column] / gain, rtol=1e-12)
        piece = signal.read(1234, 4321)
        np.testing.assert_array_equal(piece, whole(signal)[1234:4321])
    if fmt in ("16", "24", "32", "61", "80", "160", "212", "310", "311"):
        theirs = wfdb.rdrecord(str(path), return_res=64).p_signal
        np.testing.assert_allclose(whole(signal), theirs[:, 2], rtol=1e-12)


@pytest.mark.parametrize("fmt", ["508", "516", "524"])
def test_flac_is_read_like_wfdb_reads_it(tmp_path, mv, fmt):
    stored = ecg_files.digital(mv, 50 if fmt == "508" else 200)[:, None] * [1, 1]
    wfdb.wrsamp("a", fs=360, units=["mV"] * 2, sig_name=["I", "II"], d_signal=stored,
                fmt=[fmt] * 2, adc_gain=[50.0] * 2, baseline=[3] * 2,
                write_dir=str(tmp_path))  # fmt: skip
    signal = wfdb_record.from_record(tmp_path / "a", "II")
    np.testing.assert_allclose(whole(signal), (stored[:, 1] - 3) / 50, rtol=1e-12)
    np.testing.assert_array_equal(signal.read(100, 200), whole(signal)[100:200])


def test_integers_of_32_bits_keep_their_last_digit(tmp_path, mv):
    baseline = 1_500_000_000
    stored = (ecg_files.digital(mv, 1000) + baseline)[:, None]
    line = f"a.dat 32 1000({baseline})/mV 32 0 0 0 0 MLII"
    signal = wfdb_record.from_record(ecg_files.write_wfdb(tmp_path, "a", stored, "32", [line]))
    np.testing.assert_array_equal(whole(signal) * 1000, stored[:, 0] - baseline)


def test_invalid_samples_are_missing(tmp_path, mv):
    stored = ecg_files.digital(mv)[:, None]
    stored[100:150] = -32768
    signal = wfdb_record.from_record(ecg_files.write_wfdb(tmp_path, "a", stored))
    assert np.flatnonzero(np.isnan(whole(signal))).tolist() == list(range(100, 150))


def test_several_samples_a_frame_are_read_at_their_own_rate(tmp_path, mv):
    n = len(mv) // 4
    ecg, pressure = ecg_files.digital(mv)[: 4 * n].reshape(n, 4), np.arange(n)[:, None] % 100
    lines = ["a.dat 16x4 200/mV 16 0 0 0 0 II", "a.dat 16 1/mmHg 16 0 0 0 0 ABP"]
    frames = np.concatenate([ecg, pressure], axis=1)
    path = ecg_files.write_wfdb(tmp_path, "a", frames, "16", lines, f"a 2 90 {n}")
    signal = wfdb_record.from_record(path)
    assert (signal.lead, signal.fs, signal.n_samples) == ("II", 360, 4 * n)
    np.testing.assert_allclose(signal.read(5, 1003), mv[5:1003], atol=1e-9)
    assert wfdb_record.from_record(path, "abp").fs == 90


def test_a_skewed_signal_is_put_in_its_place(tmp_path, mv):
    path = ecg_files.write_wfdb(
        tmp_path, "a", ecg_files.digital(mv)[:, None], "16", ["a.dat 16:7 200/mV 16 0 0 0 0 II"]
    )
    found = whole(wfdb_record.from_record(path))
    np.testing.assert_allclose(found[:-7], mv[7:], atol=1e-9)
    assert np.isnan(found[-7:]).all()


@pytest.mark.parametrize("variable", [True, False])
def test_segments_are_read_as_one_record_with_gaps(tmp_path, mv, variable):
    stored = ecg_files.digital(mv)
    n = len(stored)
    lines = ["{0}.dat 16 200/mV 16 0 0 0 0 II", "{0}.dat 16 200/mV 16 0 0 0 0 V"]
    for name, order in (("p1", [0, 1]), ("p2", [1, 0] if variable else [0, 1])):
        both = np.stack([stored, -stored], axis=1)[:, order]
        own = [lines[i].format(name) for i in order]
        ecg_files.write_wfdb(tmp_path, name, both, "16", own)
    segments = [f"p1 {n}", "~ 500", f"p2 {n}"]
    if variable:
        layout = ["lay 2 360 0", *(line.format("~").replace("~.dat", "~") for line in lines)]
        (tmp_path / "lay.hea").write_text("\n".join(layout) + "\n")
        segments.insert(0, "lay 0")
    head = f"m/{len(segments)} 2 360 {2 * n + 500} 10:00:00 01/02/2003"
    (tmp_path / "m.hea").write_text("\n".join([head, *segments]) + "\n")
    signal = wfdb_record.from_record(tmp_path / "m")
    expected = np.concatenate([mv, np.full(500, np.nan), mv])
    np.testing.assert_allclose(whole(signal), expected, atol=1e-9)
    np.testing.assert_allclose(signal.read(n - 10, n + 520), expected[n - 10 : n + 520], atol=1e-9)
    assert signal.start == datetime(2003, 2, 1, 10)
    assert signal.leads == ("II", "V") and signal.second.name == "V"
    np.testing.assert_allclose(signal.second.read(n + 500, n + 510), -mv[:10], atol=1e-9)
    if variable:
        with pytest.raises(DataError, match="layout header"):
            wfdb_record.from_record(tmp_path / "lay")


def test_a_lead_that_a_segment_lacks_is_missing_there(tmp_path, mv):
    stored = ecg_files.digital(mv)[:, None]
    ecg_files.write_wfdb(tmp_path, "p1", stored, "16", ["p1.dat 16 200/mV 16 0 0 0 0 II"])
    ecg_files.write_wfdb(tmp_path, "p2", stored, "16", ["p2.dat 16 200/mV 16 0 0 0 0 V"])
    layout = "lay 2 360 0\n~ 0 200/mV 16 0 0 0 0 II\n~ 0 200/mV 16 0 0 0 0 V\n"
    (tmp_path / "lay.hea").write_text(layout)
    n = len(mv)
    (tmp_path / "m.hea").write_text(f"m/3 2 360 {2 * n}\nlay 0\np1 {n}\np2 {n}\n")
    for lead, there in (("II", slice(0, n)), ("V", slice(n, 2 * n))):
        found = whole(wfdb_record.from_record(tmp_path / "m", lead))
        np.testing.assert_allclose(found[there], mv, atol=1e-9)
        assert np.isnan(found).sum() == n


HEADERS = {
    "no number of samples": "a 1 360",
    "zero samples": "a 1 360 0",
    "impossible date": "a 1 360 {n} 25:61:00 32/13/2001",
    "time only": "a 1 360 {n} 10:11:12",
    "counter": "a 1 360/100(5) {n}",
    "capital file name": "A 1 360 {n}",
    "comment first": "# made by hand\na 1 360 {n}",
}


@pytest.mark.parametrize("name", HEADERS)
def test_odd_headers_are_read(tmp_path, mv, name):
    stored = ecg_files.digital(mv)[:, None]
    head = HEADERS[name].format(n=len(mv))
    path = ecg_files.write_wfdb(tmp_path, "a", stored, "16", ["A.DAT 16"], head)
    text = path.with_suffix(".hea").read_text().replace("\n", "\r\n")
    path.with_suffix(".hea").write_text("﻿" + text, encoding="utf-8")
    signal = wfdb_record.from_record(path)
    np.testing.assert_allclose(whole(signal), mv, atol=1e-9)
    assert (signal.lead, signal.unit) == ("signal 1", "mV")
    assert signal.start == (datetime(1, 1, 1, 10, 11, 12) if name == "time only" else None)


def test_names_of_files_in_capitals_and_given_by_any_part(tmp_path, mv):
    path = ecg_files.write_wfdb(tmp_path, "rec", ecg_files.digital(mv)[:, None])
    (tmp_path / "rec.atr").write_bytes(ecg_files.annotations([(100, 1), (400, 5), (700, 1)]))
    for suffix in ("hea", "dat", "atr"):
        (tmp_path / f"rec.{suffix}").rename(tmp_path / f"REC.{suffix.upper()}")
    for given in ("REC", "REC.HEA", "REC.DAT", "REC.ATR"):
        signal = open_file(tmp_path / given).signal
        np.testing.assert_allclose(whole(signal), mv, atol=1e-9)
        assert signal.symbol.tolist() == ["N", "V", "N"]
    assert path.name == "rec"


@pytest.mark.parametrize("name", ["a::b", "[x] y", "心电图 100%", "ñandú's", "a b"])
def test_names_of_any_alphabet(tmp_path, mv, name):
    path = ecg_files.write_wfdb(tmp_path, name, ecg_files.digital(mv)[:, None])
    path.with_suffix(".atr").write_bytes(ecg_files.annotations([(100, 1), (400, 5)]))
    signal = open_file(path).signal
    np.testing.assert_allclose(whole(signal), mv, atol=1e-9)
    assert len(signal.peaks_s) == 2
    csv = tmp_path / f"{name}.csv"
    np.savetxt(csv, mv, fmt="%.4f")
    assert open_file(csv, fs=360).signal.n_samples == len(mv)


def test_a_record_whose_files_were_renamed_together_is_found(tmp_path, mv):
    path = ecg_files.write_wfdb(tmp_path, "old", ecg_files.digital(mv)[:, None])
    for suffix in (".hea", ".dat"):
        path.with_suffix(suffix).rename(tmp_path / f"new{suffix}")
    np.testing.assert_allclose(whole(wfdb_record.from_record(tmp_path / "new")), mv, atol=1e-9)


def test_text_called_dat_is_read_as_text(tmp_path, mv):
    np.savetxt(tmp_path / "ecg.dat", mv, fmt="%.4f")
    np.testing.assert_allclose(whole(open_file(tmp_path / "ecg.dat", fs=360).signal), mv)
    (tmp_path / "raw.dat").write_bytes(bytes(1000))
    with pytest.raises(DataError, match=r"needs its header \(raw.hea\) beside it"):
        open_file(tmp_path / "raw.dat")


BEATS = [(360 * i, 1) for i in range(1, 15)]


@pytest.mark.parametrize(
    ("beats", "note"),
    [
        (BEATS, ""),
        (BEATS[7:] + BEATS[:7], ""),
        (BEATS + BEATS[3:5], "2 beats are annotated twice"),
        ([*BEATS, (9_000_000, 5)], "1 of 15 annotated beats lie outside"),
        ([(1, 28), *BEATS, (2, 22)], ""),
    ],
)
def test_annotations_in_any_order_give_the_same_beats(tmp_path, mv, beats, note):
    path = ecg_files.write_wfdb(tmp_path, "a", ecg_files.digital(mv)[:, None])
    path.with_suffix(".atr").write_bytes(ecg_files.annotations(beats))
    signal = wfdb_record.from_record(path)
    np.testing.assert_allclose(signal.peaks_s, np.arange(1.0, 15.0))
    assert note in " ".join(signal.notes) and bool(note) == bool(signal.notes)


@pytest.mark.parametrize("beats", [[], [(5, 28), (900, 28)], [(360, 1)], [(10**8, 1), (10**9, 1)]])
def test_too_few_annotations_leave_the_r_peaks_to_be_found(tmp_path, mv, beats):
    path = ecg_files.write_wfdb(tmp_path, "a", ecg_files.digital(mv)[:, None])
    path.with_suffix(".atr").write_bytes(ecg_files.annotations(beats))
    signal = wfdb_record.from_record(path)
    assert signal.peaks_s is None and "too few to go by" in signal.notes[-1]


def test_rare_beats_have_the_classes_of_ec57(tmp_path, mv):
    path = ecg_files.write_wfdb(tmp_path, "a", ecg_files.digital(mv)[:, None])
    codes = {"n": 35, "r": 41, "?": 30, "e": 34}
    beats = [(400 * (i + 1), code) for i, code in enumerate(codes.values())]
    path.with_suffix(".atr").write_bytes(ecg_files.annotations(beats))
    _, symbol = records.read_beats(tmp_path, "a")
    assert symbol.tolist() == list(codes)
    assert [records.AAMI_OF_SYMBOL[s] for s in symbol] == ["N", "V", "Q", "N"]


def test_every_record_of_mitdb_is_read_like_wfdb_reads_it(database):
    for name in ("100", "114", "207"):
        record = records.read_record(database, name)
        theirs = wfdb.rdrecord(str(database / name), return_res=64)
        column = theirs.sig_name.index(record.lead)
        np.testing.assert_array_equal(record.signal, theirs.p_signal[:, column].astype(np.float32))
        beats = wfdb.rdann(str(database / name), "atr")
        own = np.isin(beats.symbol, list(records.AAMI_OF_SYMBOL))
        np.testing.assert_array_equal(record.sample, beats.sample[own])


@pytest.mark.parametrize(
    ("comment", "age", "sex"),
    [("Asystole", np.nan, ""), ("", np.nan, ""), ("69 M 1085 1629 x1", 69, "M"),
     ("<age>: 54 <sex>: F", 54, "F"), ("age: 54, sex: F", 54, "F")],
)  # fmt: skip
def test_overview_reads_what_comments_tell_of_a_patient(tmp_path, mv, comment, age, sex):
    path = ecg_files.write_wfdb(tmp_path, "a", ecg_files.digital(mv)[:, None], lines=["a.dat 16"])
    with open(path.with_suffix(".hea"), "a") as file:
        file.write(f"# {comment}\n")
    path.with_suffix(".atr").write_bytes(ecg_files.annotations(BEATS))
    (row,) = records.overview(tmp_path, ["a"]).to_dict("records")
    np.testing.assert_equal([row["age"], row["sex"], row["lead"]], [age, sex, "signal 1"])


def test_matlab_files_of_the_challenges_are_read_by_their_header(tmp_path, mv):
    stored = ecg_files.digital(mv, 1000).astype("<i2")
    start = np.array([30, 1, len(stored), 0, 4], "<i4").tobytes() + b"val\0"
    (tmp_path / "A1.mat").write_bytes(start + stored.tobytes())
    header = f"A1 1 360 {len(stored)}\nA1.mat 16+24 1000/mV 16 0 0 0 0 ECG\n"
    (tmp_path / "A1.hea").write_text(header)
    for name in ("A1", "A1.mat", "A1.hea"):
        signal = open_file(tmp_path / name).signal
        np.testing.assert_allclose(whole(signal), stored / 1000)


@pytest.mark.parametrize("name", ["../b.dat", "/etc/passwd", "x/../../b.dat", "C:\\b.dat"])
def test_no_header_leads_out_of_its_folder(tmp_path, mv, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    path = ecg_files.write_wfdb(inner, "a", ecg_files.digital(mv)[:, None], lines=[f"{name} 16"])
    shutil.copy(path.with_suffix(".dat"), tmp_path / "b.dat")
    with pytest.raises(DataError, match="outside its folder"):
        wfdb_record.from_record(path)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "names no record"),
        ("a one two", "names no record"),
        ("a 3 360\na.dat 16\n", "names 3 signals and describes 1"),
        ("a 1 360 10\na.dat\n", "no description of a signal"),
        ("a/2 1 360 10\nb x\nc 5\n", "no name and length"),
        ("a 1 0 10\na.dat 16\n", "implausible"),
        ("a 1 360 1000000000000\na.dat 16\n", "short"),
        ("a 1 360\na.dat 16x999999\n", "no samples"),
        ("a 1 360 10\na.dat 7\n", "signal format 7 is not supported"),
        ("a/1 1 360 99999999999\n~ 99999999999\n", "longer than any recording"),
        ("a/1 1 360 10\na 10\n", "a segment that has segments"),
        ("x" * 100_000, "longer than 4,096 characters"),
    ],
)
def test_damaged_headers_are_refused_in_one_sentence(tmp_path, header, sentence):
    (tmp_path / "a.hea").write_text(header)
    (tmp_path / "a.dat").write_bytes(bytes(2000))
    with pytest.raises((DataError, ConfigError), match=sentence) as caught:
        wfdb_record.from_record(tmp_path / "a")
    assert "\n" not in str(caught.value)


def test_a_wrong_lead_lists_what_there_is(tmp_path, mv):
    lines = ["a.dat 16", "a.dat 16 200/mV 16 0 0 0 0 V 5"]
    stored = ecg_files.digital(mv)[:, None] * [1, 1]
    path = ecg_files.write_wfdb(tmp_path, "a", stored, lines=lines)
    with pytest.raises(ConfigError, match=r"no lead 'aVR'; it has signal 1, V 5"):
        wfdb_record.from_record(path, "aVR")
    assert wfdb_record.from_record(path, "v5").lead == "V 5"


def test_of_equal_names_the_first_is_meant(tmp_path, mv):
    lines = ["a.dat 16 200/mV 16 0 0 0 0 ECG"] * 2
    stored = ecg_files.digital(mv)[:, None] * [1, -1]
    signal = wfdb_record.from_record(
        ecg_files.write_wfdb(tmp_path, "a", stored, lines=lines), "ECG"
    )
    np.testing.assert_allclose(whole(signal), mv, atol=1e-9)


def test_a_name_after_numbers_that_were_left_out_is_a_name():
    header = wfdb_header.parse(b"a 2 360 10\na.dat 16 200/mV MLII\na.dat 16 200 12 0 V 1\n")
    assert header.sig_name == ["MLII", "V 1"]
