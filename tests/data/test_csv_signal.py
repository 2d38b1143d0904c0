"""Signals in text files as people and programs write them: samples and rate are the same."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from csv_signals import (
    ENGLISH,
    FRENCH,
    FS,
    GERMAN,
    HOLES,
    MV,
    RUSSIAN,
    STAMPS,
    WITH_RATE,
    WITHOUT_RATE,
    N,
    T,
    apple,
    frame,
)

from ecgcore.data.formats.opening import open_file
from ecgcore.data.signals import UnknownRate
from ecgcore.errors import ConfigError, DataError


def read(tmp_path, content, lead="", fs=None):
    path = tmp_path / "ecg.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    content = open_file(path, lead, fs)
    assert not content.problems
    return content.signal


def whole(signal):
    return signal.read(0, signal.n_samples)


@pytest.mark.parametrize("name", WITHOUT_RATE)
def test_a_signal_without_a_rate_asks_for_it_and_is_read_with_it(tmp_path, name):
    content = WITHOUT_RATE[name]
    with pytest.raises(UnknownRate, match="needs its sampling rate"):
        read(tmp_path, content)
    signal = read(tmp_path, content, fs=FS)
    expected = np.round(MV * 200) if "whole numbers" in name else MV
    np.testing.assert_allclose(whole(signal), expected, atol=1e-9)


@pytest.mark.parametrize("name", WITH_RATE)
def test_a_rate_in_the_file_is_taken(tmp_path, name):
    signal = read(tmp_path, WITH_RATE[name])
    assert signal.fs == pytest.approx(FS, rel=1e-4)
    np.testing.assert_allclose(whole(signal), MV, atol=1e-9)
    read(tmp_path, WITH_RATE[name], fs=361)
    with pytest.raises(ConfigError, match=r"--fs says 250 Hz and the file says 360"):
        read(tmp_path, WITH_RATE[name], fs=250)


@pytest.mark.parametrize("labels", [ENGLISH, GERMAN, FRENCH, RUSSIAN], ids=lambda x: x[1])
@pytest.mark.parametrize("decimal", [".", ","])
def test_the_export_of_apple_health(tmp_path, labels, decimal):
    word = {"Дата рождения": "Гц"}.get(labels[1], "hertz")
    rate = "512.414".replace(".", decimal)
    signal = read(tmp_path, apple(labels, f"{rate} {word}", decimal))
    np.testing.assert_allclose(whole(signal), np.round(1000 * MV, 4), atol=1e-9)
    assert (signal.fs, signal.unit) == (512.414, "µV")
    assert signal.start == datetime(2024, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    "content",
    [
        "".join("\n" if np.isnan(v) else f"{v:.4f}\n" for v in HOLES),
        pd.Series(HOLES).to_csv(),
        pd.Series(HOLES).to_csv(index=False),
        "".join("NA\n" if np.isnan(v) else f"{v:.4f}\n" for v in HOLES),
    ],
    ids=["blank lines", "with index", "empty quotes", "NA"],
)
def test_gaps_keep_time(tmp_path, content):
    np.testing.assert_allclose(whole(read(tmp_path, content, fs=FS)), HOLES, atol=1e-9)


def test_where_the_time_jumps_samples_are_missing(tmp_path):
    kept = np.r_[0:1000, 1500:N]
    expected = MV.copy()
    expected[1000:1500] = np.nan
    for time in (T, (1000 * T).round(1), STAMPS):
        content = frame(time=time[kept], ecg=MV[kept]).to_csv(index=False)
        np.testing.assert_allclose(whole(read(tmp_path, content)), expected, atol=1e-9)


def test_of_several_leads_the_ecg_is_taken(tmp_path):
    content = frame(time=T.round(6), resp=np.sin(T), V1=-MV, II=MV).to_csv(index=False)
    signal = read(tmp_path, content)
    assert (signal.lead, signal.leads) == ("II", ("resp", "V1", "II"))
    np.testing.assert_allclose(whole(signal.second), -MV, atol=1e-9)
    np.testing.assert_allclose(whole(read(tmp_path, content, "v 1")), -MV, atol=1e-9)
    with pytest.raises(ConfigError, match="no lead 'aVR'; it has resp, V1, II"):
        read(tmp_path, content, "aVR")


def test_far_from_zero_no_digit_is_lost(tmp_path):
    content = "".join(f"{v + 5e8:.4f}\n" for v in MV)
    np.testing.assert_allclose(whole(read(tmp_path, content, fs=FS)) - 5e8, MV, atol=1e-6)


def test_long_files_are_read_in_two_passes_alike(tmp_path, monkeypatch):
    from ecgcore.data.formats import csv_signal

    content = frame(time=T.round(6), resp=np.sin(T), II=MV).to_csv(index=False)
    monkeypatch.setattr(csv_signal, "EVIDENCE", 3000)
    monkeypatch.setattr(csv_signal, "AT_ONCE", 5000)
    np.testing.assert_allclose(whole(read(tmp_path, content)), MV, atol=1e-6)


def test_lines_that_are_no_numbers_are_named(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("ecg\n1\nnan\nabc\n2\n1e300\n4\n5\n2\n1\n3\n")
    content = open_file(path, fs=FS)
    expected = [1, np.nan, np.nan, 2, np.nan, 4, 5, 2, 1, 3]
    np.testing.assert_array_equal(whole(content.signal), expected)
    assert [str(p) for p in content.problems] == [
        'row 4, column 1: "abc" is not a finite number',
        'row 6, column 1: "1e300" is beyond any ECG',
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Dear sir,\nplease find enclosed my ECG.\n", "no rows of numbers in it"),
        ("# only\n# comments\n", "no numbers in it"),
        ("1\nabc\ndef\nghi\n" * 30, "most of it is text"),
        (frame(i=range(500)).to_csv(), "only an index or times"),
        (frame(ABP=MV, RESP=MV).to_csv(index=False), "none of its signals is an ECG by its name"),
    ],
)
def test_what_is_no_signal_is_refused_in_one_sentence(tmp_path, content, sentence):
    with pytest.raises((DataError, ConfigError), match=sentence) as caught:
        read(tmp_path, content, fs=FS)
    assert "\n" not in str(caught.value)
