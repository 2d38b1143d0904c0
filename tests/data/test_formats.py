"""The same ECG in many formats gives the same signal; what is no ECG is named for what it is."""

import bz2
import io
import json
import lzma
import pickle
import sys
import zipfile
from datetime import datetime

import ecg_files
import numpy as np
import pandas as pd
import pytest
import scipy.io

from ecgcore.data import signals
from ecgcore.data.formats.opening import open_file
from ecgcore.errors import ConfigError, DataError

FS = 360
MV = np.round(ecg_files.samples(seconds=10), 3)
UV = np.round(1000 * MV).astype(int)
BREATH = np.round(100 * np.sin(np.arange(len(MV)) / FS)).astype(int)
START = datetime(2024, 1, 2, 3, 4, 5)
EDF = pytest.importorskip("edfio", reason="the formats extra is not installed")


def whole(signal):
    return signal.read(0, signal.n_samples)


def check(content, expected=MV, fs=FS, atol=1e-9):
    signal = content.signal
    assert (signal.fs, signal.n_samples) == (fs, len(expected))
    np.testing.assert_allclose(whole(signal), expected, atol=atol)
    middle = signal.read(1000, 2000)
    np.testing.assert_array_equal(middle, whole(signal)[1000:2000])
    return signal


def write_edf(path, kind=EDF.Edf, signal=EDF.EdfSignal, **options):
    leads = [("Resp", BREATH.astype(float)), ("ECG II", UV.astype(float))]
    made = [
        signal(x, FS, label=label, physical_dimension="uV", physical_range=(-5000, 5000))
        for label, x in leads
    ]
    kind(made, **options).write(path)
    return path


@pytest.mark.parametrize("kind", ["edf", "bdf"])
def test_edf_and_bdf(tmp_path, kind):
    classes = (EDF.Edf, EDF.EdfSignal) if kind == "edf" else (EDF.Bdf, EDF.BdfSignal)
    path = write_edf(tmp_path / "x.bin", *classes, annotations=[EDF.EdfAnnotation(1, None, "x")])
    signal = check(open_file(path), UV, atol=0.2)
    assert (signal.lead, signal.leads) == ("ECG II", ("Resp", "ECG II"))


def test_an_interrupted_edf_has_a_gap(tmp_path):
    """Two records of a discontinuous file, the second five seconds later than it would be."""
    path = write_edf(tmp_path / "x.edf", annotations=[], data_record_duration=1.0)
    content = bytearray(path.read_bytes())
    content[192:197] = b"EDF+D"
    header = int(content[184:192])
    n_signals, records = int(content[252:256]), int(content[236:244])
    assert records == 10
    path.write_bytes(content)
    if n_signals == 2:
        pytest.skip("this edfio writes no time-keeping signal")
    size = (len(content) - header) // records
    for i in range(5, 10):
        at = content.index(b"+%d\x14" % i, header + i * size)
        content[at : at + 5 + len(str(i))] = (b"+%d\x14\x14\0" % (i + 5)).ljust(
            5 + len(str(i)), b"\0"
        )
    path.write_bytes(content)
    found = whole(open_file(path).signal)
    expected = np.concatenate([UV[: 5 * FS], np.full(5 * FS, np.nan), UV[5 * FS :]])
    np.testing.assert_allclose(found, expected, atol=0.2)


def test_a_short_edf_is_read_as_far_as_it_goes(tmp_path):
    path = write_edf(tmp_path / "x.edf", data_record_duration=1.0)
    path.write_bytes(path.read_bytes()[:-5000])
    signal = open_file(path).signal
    assert 0 < signal.n_samples < len(UV) and "short" in signal.notes[0]
    np.testing.assert_allclose(whole(signal), UV[: signal.n_samples], atol=0.2)


def test_ishne(tmp_path):
    path = ecg_files.write_ishne(tmp_path / "h.ecg", np.stack([BREATH, UV // 5], 1), FS, [0, 6])
    signal = check(open_file(path), UV // 5 * 5e-3)
    assert (signal.lead, signal.unit) == ("II", "mV")
    assert signal.start == datetime(2024, 1, 2, 23, 59, 50)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_sound(tmp_path, width):
    leads = np.stack([BREATH, UV // 5], 1) if width > 1 else np.stack([BREATH, UV // 20], 1)
    path = ecg_files.write_wav(tmp_path / "h.bin", leads, FS, width)
    signal = check(open_file(path), leads[:, 1])
    assert signal.leads == ("signal 1", "signal 2")


def test_sound_that_is_no_ecg(tmp_path):
    path = ecg_files.write_wav(tmp_path / "song.wav", UV[:, None], 44_100)
    with pytest.raises(DataError, match=r"song\.wav: a sound file of 44,100 Hz"):
        open_file(path)
    path = ecg_files.write_wav(tmp_path / "h.wav", UV[:, None], FS)
    content = path.read_bytes()
    path.write_bytes(content[:30])
    with pytest.raises(DataError, match="not uncompressed sound"):
        open_file(path)
    path.write_bytes(content[:20] + b"\x55\0" + content[22:])  # MP3 inside
    with pytest.raises(DataError, match="not uncompressed sound"):
        open_file(path)
    path.write_bytes(content[:16] + b"\xff\xff\xff\x7f" + content[20:])  # a part of 2 GB
    with pytest.raises(DataError, match="not uncompressed sound"):
        open_file(path)
    path.write_bytes(content[:-1000])
    signal = open_file(path).signal
    assert len(UV) - 500 <= signal.n_samples <= len(UV)
    whole(signal)


def test_kardia(tmp_path):
    path = ecg_files.write_atc(tmp_path / "k.atc", [UV, UV // 2], FS)
    signal = check(open_file(path), UV // 2 * 5e-4)
    assert (signal.lead, signal.leads, signal.start) == ("II", ("I", "II"), START)


def test_kardia_json(tmp_path):
    """A recording as the interface of Kardia's makers gives it: unfiltered samples, nV a step."""
    pytest.importorskip("ecgdatakit")
    samples = {"leadI": (UV // 4).tolist(), "leadII": (UV // 2).tolist()}
    raw = {"frequency": FS, "mainsFrequency": 50, "amplitudeResolution": 500, "samples": samples}
    told = {"recordedAt": START.isoformat(), "algorithmDetermination": "normal"}
    path = tmp_path / "kardia.json"
    path.write_text(json.dumps(told | {"data": {"raw": raw}}))
    signal = check(open_file(path), UV // 2 * 5e-4)
    assert (signal.lead, signal.leads, signal.start) == ("II", ("I", "II"), START)
    path.write_text(json.dumps(told | {"data": {}}))
    with pytest.raises(DataError, match="no ECG data"):
        open_file(path)
    path.write_text('{"samples": [1, 2]}')
    with pytest.raises(DataError, match="a JSON file"):
        open_file(path)


def test_dicom(tmp_path):
    pytest.importorskip("pydicom")
    leads = {"Lead I": UV // 7, "Lead II": UV // 5}
    signal = check(open_file(ecg_files.write_dicom(tmp_path / "x", leads, FS)), UV // 5 * 5.0)
    assert (signal.lead, signal.unit, signal.start) == ("Lead II", "uV", START)


def test_hl7_aecg(tmp_path):
    pytest.importorskip("ecgdatakit")
    digits = " ".join(map(str, UV))
    sequence = (
        '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">'
        '<head value="20240102030405"/><increment value="0.002" unit="s"/></value></sequence>'
        '</component><component><sequence><code code="MDC_ECG_LEAD_II"/>'
        '<value xsi:type="SLIST_PQ"><origin value="0" unit="uV"/><scale value="1" unit="uV"/>'
        f"<digits>{digits}</digits></value></sequence></component>"
    )
    text = (
        '<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><component><series>'
        '<code code="RHYTHM"/><component><sequenceSet>' + sequence + "</sequenceSet></component>"
        "</series></component></AnnotatedECG>"
    )
    path = tmp_path / "x.xml"
    path.write_text(text)
    assert check(open_file(path), MV, 500).lead == "II"
    path.write_text(text.replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1))
    with pytest.raises(DataError, match="defines entities"):
        open_file(path)


@pytest.mark.parametrize("shape", ["one", "column", "row", "two leads", "leads first"])
@pytest.mark.parametrize("suffix", ["npy", "npz", "mat"])
def test_arrays(tmp_path, shape, suffix):
    array = {
        "one": MV, "column": MV[:, None], "row": MV[None],
        "two leads": np.stack([BREATH / 1000, MV], 1), "leads first": np.stack([BREATH / 1000, MV]),
    }[shape]  # fmt: skip
    path = tmp_path / f"x.{suffix}"
    if suffix == "npy":
        np.save(path, array)
    elif suffix == "npz":
        np.savez_compressed(path, ecg=array)
    else:
        scipy.io.savemat(path, {"ecg": array}, do_compression=True)
    check(open_file(path, fs=FS), MV)
    with pytest.raises(signals.UnknownRate):
        open_file(path)


def test_arrays_that_tell_their_rate(tmp_path):
    np.savez(tmp_path / "x.npz", ecg=MV, fs=FS)
    scipy.io.savemat(tmp_path / "x.mat", {"ECG": {"data": MV, "Fs": FS}})
    for name in ("x.npz", "x.mat"):
        check(open_file(tmp_path / name))


def test_an_array_of_beats(tmp_path, thousand):
    some = thousand[:5]
    np.save(tmp_path / "x.npy", np.column_stack([some.signal, some.aami]))
    (rows,) = open_file(tmp_path / "x.npy").rows
    np.testing.assert_array_equal(rows.true, some.aami)
    np.testing.assert_allclose(rows.signal, some.signal, atol=1e-6)


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    stamps = pd.Timestamp(START) + pd.to_timedelta(np.arange(len(MV)) / FS, unit="s")
    pd.DataFrame({"resp": BREATH, "ecg": MV}, index=stamps).to_parquet(tmp_path / "x")
    check(open_file(tmp_path / "x"))
    pd.DataFrame({"resp": BREATH, "ecg": MV}).to_parquet(tmp_path / "y")
    check(open_file(tmp_path / "y", fs=FS))


CSV = ("# 360 Hz\n" + "".join(f"{v:.3f}\n" for v in MV)).encode()


@pytest.mark.parametrize("packed", ["gz", "xz", "bz2", "zip"])
def test_packed_files_are_read_and_leave_nothing_behind(tmp_path, monkeypatch, packed):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    path = tmp_path / f"x.csv.{packed}"
    if packed == "zip":
        ecg_files.write_zip(path, {"__MACOSX/._x": b"\0", "README.md": b"hi", "d/ecg.csv": CSV})
    else:
        pack = {"gz": ecg_files.gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}[packed]
        path.write_bytes(pack(CSV))
    content = open_file(path)
    check(content)
    assert str(path) in content.signal.name and "ecgcore-" not in content.signal.name
    del content
    assert not list((tmp_path / "t").iterdir())
    with pytest.raises(ConfigError, match=r"x\.csv\.\w+.*250 Hz") as caught:
        open_file(path, fs=250)
    assert "ecgcore-" not in str(caught.value)
    assert not list((tmp_path / "t").iterdir())


def test_a_packed_record(tmp_path):
    record = ecg_files.write_wfdb(tmp_path, "a", ecg_files.digital(MV, 1000)[:, None],
                                  lines=["a.dat 16 1000/mV 16 0 0 0 0 II"])  # fmt: skip
    files = {f"db/a.{s}": record.with_suffix(f".{s}").read_bytes() for s in ("hea", "dat")}
    path = ecg_files.write_zip(tmp_path / "x.zip", files)
    assert check(open_file(path)).lead == "II"
    both = files | {"db/b.hea": files["db/a.hea"]}
    with pytest.raises(DataError, match=r"several records \(a.hea, b.hea\)"):
        open_file(ecg_files.write_zip(tmp_path / "y.zip", both))


def bomb() -> bytes:
    return ecg_files.gzip.compress(bytes(60 << 20))


def nested() -> bytes:
    return ecg_files.gzip.compress(ecg_files.gzip.compress(CSV))


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bomb(), "unpacked it has more than"),
        (zipped({"a.csv": bytes(60 << 20)}), "unpacked it has more than"),
        (nested(), "an archive in an archive"),
        (zipped({"../../a.csv": CSV}), "names a file outside of itself"),
        (zipped({"/a.csv": CSV}), "names a file outside of itself"),
        (zipped({"a.csv": CSV, "b.csv": CSV}), r"several files \(a.csv, b.csv\)"),
        (zipped({}), "an empty archive"),
        (zipped({"xl/workbook.xml": b"x", "a.csv": CSV}), "an Excel workbook"),
        (ecg_files.gzip.compress(CSV)[:-200], "cannot be unpacked"),
    ],
)
def test_archives_that_are_refused(tmp_path, content, sentence):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(DataError, match=sentence) as caught:
        open_file(path, fs=FS)
    assert "\n" not in str(caught.value) and "ecgcore-" not in str(caught.value)


FOREIGN = {
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a picture; ": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "a video": b"\0\0\0\x18ftypmp42\0\0\0\0",
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
    "a Python pickle": pickle.dumps(MV),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "a MATLAB 7.3 file": b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + bytes(600),
    "an XML file": b"<?xml version='1.0'?><a/>",
    "a JSON file": b'{"ecg": [1, 2, 3]}',
    "a web page": b"<!DOCTYPE html><html></html>",
    "it holds Python objects": b"",
    "a program": b"\x7fELF\2\1\1" + bytes(100),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_ecg_is_named_for_what_it_is(tmp_path, name):
    path = tmp_path / "x"
    path.write_bytes(FOREIGN[name])
    if not FOREIGN[name]:
        np.save(path.with_suffix(".npy"), np.array([{}], dtype=object), allow_pickle=True)
        path = path.with_suffix(".npy")
    with pytest.raises(DataError, match=name) as caught:
        open_file(path, fs=FS)
    assert "\n" not in str(caught.value)


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    path = tmp_path / "x.dcm"
    path.write_bytes(bytes(128) + b"DICM" + bytes(100))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ConfigError, match=r"pip install 'ecgcore\[formats\]'"):
        open_file(path)


@pytest.mark.parametrize("offset", [1e3, -1e6, 5e8])
def test_far_from_zero_a_signal_gives_the_same_beats(offset):
    """At 125 Hz, apart from the level, to the ends."""
    mv = ecg_files.samples(seconds=30)
    near, far = (
        np.concatenate([b.signal for b in signals.blocks(signals.from_array(x, FS, "x"))])
        for x in (mv, 1000 * mv + offset)
    )
    level = np.median(far - 1000 * near)
    np.testing.assert_allclose(far - level, 1000 * near, atol=0.2)
