"""Signals in text files as people and programs write them: samples and rate are the same."""

from datetime import datetime

import ecg_files
import numpy as np
import pandas as pd
import pytest

from ecgcore.data.formats.opening import open_file
from ecgcore.data.signals import UnknownRate
from ecgcore.errors import ConfigError, DataError

FS = 360
MV = np.round(ecg_files.samples(seconds=10), 4)
N = len(MV)
T = np.arange(N) / FS
START = pd.Timestamp("2024-01-02 23:59:55")
STAMPS = START + pd.to_timedelta(T, unit="s")
SERIES = pd.Series(MV)
HOLES = np.where((np.arange(N) >= 100) & (np.arange(N) < 110), np.nan, MV)


def column(values=MV, decimal=".", end="\n") -> str:
    return "".join(f"{v:.4f}".replace(".", decimal) + end for v in values)


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


def apple(labels, rate, decimal) -> str:
    name, born, recorded, kind, signs, version, device, rate_key, lead, unit = labels
    return (
        f'{name},A. B.\n{born},"Jan 1, 1970"\n{recorded},2024-01-02 03:04:05 +0100\n'
        f'{kind},Sinus Rhythm\n{signs},\n{version},1.90\n{device},"Watch6,1"\n{rate_key},{rate}\n'
        f"\n\n{lead},{lead} I\n{unit},µV\n\n\n" + column(1000 * MV, decimal)
    )


ENGLISH = ("Name", "Date of Birth", "Recorded Date", "Classification", "Symptoms",
           "Software Version", "Device", "Sample Rate", "Lead", "Unit")  # fmt: skip
GERMAN = ("Name", "Geburtsdatum", "Aufzeichnungsdatum", "Klassifizierung", "Symptome",
          "Softwareversion", "Gerät", "Abtastrate", "Ableitung", "Einheit")  # fmt: skip
FRENCH = ("Nom", "Date de naissance", "Date", "Classification", "Symptômes", "Version du logiciel",
          "Appareil", "Fréquence d’échantillonnage", "Dérivation", "Unité")  # fmt: skip
RUSSIAN = ("Имя", "Дата рождения", "Дата записи", "Классификация", "Симптомы", "Версия",
           "Устройство", "Частота дискретизации", "Отведение", "Единица")  # fmt: skip

WITHOUT_RATE = {
    "plain": column(),
    "decimal commas": column(decimal=","),
    "header": "ecg\n" + column(),
    "units header": "ECG (mV)\n" + column(),
    "series": SERIES.to_csv(),
    "series of whole numbers": pd.Series(np.round(MV * 200).astype(int)).to_csv(header=False),
    "series without header": SERIES.to_csv(header=False),
    "series without index": SERIES.to_csv(index=False),
    "series with semicolons": SERIES.to_csv(sep=";", decimal=","),
    "named series": SERIES.rename("ecg").to_csv(),
    "index from one": pd.Series(MV, index=range(1, N + 1)).to_csv(sep="\t"),
    "quoted": '"ecg"\n' + "".join(f'"{v:.4f}"\n' for v in MV),
    "quoted decimal commas": "".join(f'"{v:.4f}"\n'.replace(".", ",") for v in MV),
    "separator at the end": column(end=";\n", decimal=","),
    "comma at the end": column(end=",\n"),
    "exponents": "".join(f"{v:.18e}\n" for v in MV),
    "windows": column(end="\r\n"),
    "double line ends": column(end="\r\r\n"),
    "every second line empty": column(end="\n\n"),
    "empty lines at the end": column() + "\n\n\n",
    "spaces": "".join(f"  {i}   {v:.4f}\n" for i, v in enumerate(MV)),
    "one row": ",".join(f"{v:.4f}" for v in MV),
    "words in a comment": "# lead II in mV\n" + column(),
    "slashes": "// made by a logger\n" + column(),
    "text beside": frame(ecg=MV, label=["N"] * N).to_csv(index=False),
    "unnamed beside a breath": frame(a=np.sin(T), b=MV).to_csv(index=False, header=False),
    "byte order mark": column().encode("utf-8-sig"),
    "utf-16": column().encode("utf-16"),
    "utf-16 without mark": column().encode("utf-16-le"),
    "latin-1": "größe µV\n".encode("latin-1") + column().encode(),
    "a notch is no rate": "# notch 50 Hz, low-pass 150 Hz\n" + column(),
}
WITH_RATE = {
    "comment": "# sampling rate 360\n" + column(),
    "two comments": "# fs = 360 Hz, lead II\n# recorded 2024-03-01, 10 s\n" + column(),
    "percent": "% 360 Hz\n" + column(),
    "kilohertz": "# Sampling frequency: 0.36 kHz\n" + column(),
    "interval": "# sampling interval: 2.7777777 ms\n" + column(),
    "beside a filter": "# filter 0.5-40 Hz, sampled at 360 Hz\n" + column(),
    "key and value": "Device;X\nSampling rate;360\nUnit;mV\n\n" + column(decimal=","),
    "in the name": "ecg_360Hz\n" + column(),
    "seconds": frame(time=T.round(6), ecg=MV).to_csv(index=False),
    "rounded seconds": frame(time=T.round(2), ecg=MV).to_csv(index=False),
    "seconds and index": frame(time=T.round(6), ecg=MV).to_csv(),
    "milliseconds": frame(time_ms=(1000 * T).round(3), ecg=MV).to_csv(index=False),
    "milliseconds without name": frame(a=(1000 * T).round(3), b=MV).to_csv(
        index=False, header=False
    ),
    "since 1970, ms": frame(timestamp=1.7e12 + (1000 * T).round(), ecg=MV).to_csv(index=False),
    "since 1970, ns": frame(
        **{"sensor timestamp [ns]": [1_700_000_000_000_000_000 + round(1e9 * t) for t in T]}, ecg=MV
    ).to_csv(index=False, sep=";"),
    "decimal commas": frame(time=T.round(6), ecg=MV).to_csv(index=False, sep=";", decimal=","),
    "tabs": frame(time=T.round(6), ecg=MV).to_csv(index=False, sep="\t", decimal=","),
    "dates": frame(date=STAMPS, ecg=MV).to_csv(index=False),
    "dates as index": pd.Series(MV, index=STAMPS).to_csv(),
    "clock over midnight": frame(time=STAMPS.strftime("%H:%M:%S.%f"), ecg=MV).to_csv(index=False),
    "clock of whole seconds": frame(time=STAMPS.strftime("%H:%M:%S"), ecg=MV).to_csv(index=False),
    "date and clock": frame(
        date=STAMPS.strftime("%d.%m.%Y"), clock=STAMPS.strftime("%H:%M:%S.%f"), ecg=MV
    ).to_csv(index=False, sep=";", decimal=","),
    "PhysioBank": "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n"
    + "".join(f"'0:{t:06.3f}',{v:.4f},{-v:.4f}\n" for t, v in zip(T, MV, strict=True)),
}


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
