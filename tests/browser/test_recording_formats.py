"""What people bring, read by the page's modules as by Python: samples, rate, lead, sentences."""

import gzip
import io
import zipfile

import ecg_files
import numpy as np
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
    column,
    frame,
)

from ecgcore.data.formats.opening import open_file
from ecgcore.errors import EcgError

UV = np.round(1000 * MV).astype(int)
BREATH = np.round(100 * np.sin(np.arange(N) / FS)).astype(int)
HEALTH = "apple_health_export"
CSV = f"# {FS} Hz\n{column()}".encode()


def written(folder, contents):
    """Files by their names, each in a folder of its own."""
    paths = []
    for number, (name, content) in enumerate(contents):
        (folder / str(number)).mkdir()
        paths.append(folder / str(number) / name)
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    return paths


def of_python(path, fs=None):
    """What Python reads, or the sentence with which it refuses, as the page would say it."""
    try:
        return open_file(path, fs=fs)
    except EcgError as error:
        told = str(error).replace(f"{path.parent}/", "")
        for of_the_command_line in ("--fs, ", "; name one with --lead"):
            told = told.replace(of_the_command_line, "")
        return told


def compare(in_javascript, paths, fs=None):
    """Hold the page's reading of files to Python's."""
    for path, found in zip(paths, in_javascript("recording", [[p] for p in paths], wish={"fs": fs}),
                           strict=True):  # fmt: skip
        own = of_python(path, fs)
        if isinstance(own, str):
            assert found["error"] == own
            continue
        signal = own.signal
        assert "error" not in found, (path.read_bytes()[:200], found)
        assert (found["lead"], found["unit"]) == (signal.lead, signal.unit), path
        assert (found["fs"], found["n"]) == (pytest.approx(signal.fs), signal.n_samples), path
        assert found["leads"] == list(signal.leads or [signal.lead])
        whole = signal.read(0, signal.n_samples)
        np.testing.assert_allclose(np.array(found["samples"], float), whole, rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(found["some"], found["samples"][1000:2000])
        assert started(found["start"]) == clock(signal.start)


def clock(start):
    if start is None:
        return None
    day = start.date().isoformat() if start.year > 1 else ""
    seconds = 3600 * start.hour + 60 * start.minute + start.second + start.microsecond / 1e6
    return day, pytest.approx(seconds)


def started(start):
    return start and (start["day"], start["second"])


def test_signals_in_text_files(in_javascript, tmp_path):
    compare(in_javascript, written(tmp_path, [("a.csv", c) for c in WITHOUT_RATE.values()]), FS)


def test_a_rate_in_a_text_file_is_taken(in_javascript, tmp_path):
    compare(in_javascript, written(tmp_path, [("a.csv", c) for c in WITH_RATE.values()]))


def test_without_a_rate_it_is_asked_for(in_javascript, tmp_path):
    paths = written(tmp_path, [("a.csv", WITHOUT_RATE["series"]), ("b.csv", "1," * 300)])
    for path, found in zip(paths, in_javascript("recording", [[p] for p in paths]), strict=True):
        assert found["unknownRate"] and found["error"] == of_python(path)


def test_the_export_of_apple_health(in_javascript, tmp_path):
    files = []
    for labels in (ENGLISH, GERMAN, FRENCH, RUSSIAN):
        for decimal in ".,":
            word = {"Дата рождения": "Гц"}.get(labels[1], "hertz")
            rate = f"512.414 {word}".replace(".", decimal)
            files.append(("ecg.csv", apple(labels, rate, decimal)))
    compare(in_javascript, written(tmp_path, files))


def test_gaps_keep_time(in_javascript, tmp_path):
    kept = np.r_[0:1000, 1500:N]
    times = [frame(time=t[kept], ecg=MV[kept]).to_csv(index=False) for t in (T, STAMPS)]
    blank = "".join("\n" if np.isnan(v) else f"{v:.4f}\n" for v in HOLES)
    compare(
        in_javascript, written(tmp_path, [("a.csv", c) for c in [*times, f"# 360 Hz\n{blank}"]])
    )


def test_of_several_leads_the_ecg_is_taken(in_javascript, tmp_path):
    leads = frame(time=T.round(6), resp=np.sin(T), V1=-MV, II=MV).to_csv(index=False)
    bad = "ecg\n1\nnan\nabc\n2\n1e300\n4\n5\n2\n1\n3\n"
    (several, odd) = written(tmp_path, [("a.csv", leads), ("b.csv", bad)])
    compare(in_javascript, [several])
    (found,) = in_javascript("recording", [[odd]], wish={"fs": FS})
    assert found["samples"] == [1, None, None, 2, None, 4, 5, 2, 1, 3]
    assert found["notes"] == [f"b.csv: {p}" for p in open_file(odd, fs=FS).problems]


def test_a_long_file_is_read_in_two_passes_alike(in_javascript, tmp_path):
    """More numbers than a lead is chosen by, and text than is parsed at once."""
    whole = np.tile(MV, 60)
    noise = np.random.default_rng(0).normal(0, 0.3, len(whole))
    time = np.arange(len(whole)) / FS
    columns = {f"x{i}": noise.round(3) for i in range(9)} | {"y": whole}
    text = frame(time=time.round(4), **columns).to_csv(index=False)
    compare(in_javascript, written(tmp_path, [("a.csv", text)]))


def test_what_is_no_signal_gets_pythons_sentence(in_javascript, tmp_path):
    files = [
        ("a.csv", "Dear sir,\nplease find enclosed my ECG.\n"),
        ("a.csv", "# only\n# comments\n"),
        ("a.csv", ""),
        ("a.csv", b"ecg\0\1\2"),
        ("a.csv", "1\nabc\ndef\nghi\n" * 30),
        ("a.csv", frame(i=range(500)).to_csv()),
        ("a.csv", frame(ABP=MV, RESP=MV).to_csv(index=False)),
        ("a.csv", "# 20 Hz\n1,2\n"),
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"),
        ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
        ("a.json", b'{"ecg": [1, 2, 3]}'),
        ("a.html", b"<!DOCTYPE html><html></html>"),
    ]
    compare(in_javascript, written(tmp_path, files), FS)


def test_beats_that_are_cut_are_left_to_the_other_network(in_javascript, tmp_path, thousand):
    rows = "\n".join(",".join(f"{v:.4f}" for v in beat) + ",0" for beat in thousand.signal[:5])
    (found,) = in_javascript("recording", [written(tmp_path, [("beats.csv", rows)])])
    assert found["rows"] == "beats.csv" and "188 columns are beats" in found["error"]


def edf_files(folder):
    """The same two signals as EDF and as BDF, with an annotation."""
    edfio = pytest.importorskip("edfio", reason="the formats extra is not installed")
    made = []
    for kind, signal in ((edfio.Edf, edfio.EdfSignal), (edfio.Bdf, edfio.BdfSignal)):
        how = {"physical_dimension": "uV", "physical_range": (-5000, 5000)}
        named = (("Resp", BREATH), ("ECG II", UV))
        leads = [signal(x.astype(float), FS, label=label, **how) for label, x in named]
        notes = [edfio.EdfAnnotation(1, None, "palpitations")]
        kind(leads, annotations=notes, data_record_duration=1.0).write(folder / "made")
        made.append((folder / "made").read_bytes())
    return made


def interrupted(content):
    """An EDF+ file whose second half begins five seconds later than it would."""
    changed = bytearray(content)
    header, n_signals, records = (
        int(changed[a:b]) for a, b in ((184, 192), (252, 256), (236, 244))
    )
    assert n_signals == 3, "without a signal that keeps the time"
    changed[192:197] = b"EDF+D"
    size = (len(changed) - header) // records
    for i in range(records // 2, records):
        at = changed.index(b"+%d\x14" % i, header + i * size)
        end = at + 5 + len(str(i))
        changed[at:end] = (b"+%d\x14\x14\0" % (i + 5)).ljust(end - at, b"\0")
    return bytes(changed)


def test_edf_and_bdf(in_javascript, tmp_path):
    edf, bdf = edf_files(tmp_path)
    lying = edf[:236] + b"99999999" + edf[244:]
    files = {"x.edf": edf, "x.bdf": bdf, "d.edf": interrupted(edf), "short.edf": edf[:-5000]}
    files["lying.edf"] = lying
    paths = written(tmp_path, files.items())
    compare(in_javascript, paths)
    for path, found in zip(paths, in_javascript("recording", [[p] for p in paths]), strict=True):
        notes = [n.replace(f"{path.parent}/", "") for n in open_file(path).signal.notes]
        assert found["notes"] == notes
    (gap,) = in_javascript("recording", [[paths[2]]])
    assert gap["samples"].count(None) == 5 * FS and gap["n"] == N + 5 * FS


def zipped(files, **options) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def far_zipped() -> bytes:
    """As archives of more than 4 GB are written: all sizes and places in 64 bits."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.csv", "w", force_zip64=True) as file:
            file.write(CSV)
        limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 10
        try:
            archive.close()
        finally:
            zipfile.ZIP64_LIMIT = limit
    return made.getvalue()


def test_packed_files(in_javascript, tmp_path):
    edf, _ = edf_files(tmp_path)
    signal = ecg_files.digital(MV, 1000)[:, None]
    record = ecg_files.write_wfdb(tmp_path, "a", signal, lines=["a.dat 16 1000/mV 16 0 0 0 0 II"])
    parts = {f"db/a.{s}": record.with_suffix(f".{s}").read_bytes() for s in ("hea", "dat")}
    health = {f"{HEALTH}/{name}": b"<a/>" for name in ("export.xml", "export_cda.xml")}
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a.csv", CSV)
    files = [
        ("a.csv.gz", gzip.compress(CSV)),
        ("a.zip", zipped({"__MACOSX/._x": b"\0", "README.md": b"hi", "d/ecg.csv": CSV})),
        ("edf.zip", zipped({"night.edf": edf})),
        ("record.zip", zipped(parts | {"db/RECORDS": b"a"})),
        ("stored.zip", stored.getvalue()),
        ("export.zip", zipped(health | {f"{HEALTH}/electrocardiograms/ecg.csv": CSV})),
        ("far.zip", far_zipped()),
        ("behind.zip", b"#!/bin/sh\n" * 50 + zipped({"a.csv": CSV})),
    ]
    compare(in_javascript, written(tmp_path, files[:-1]))
    (tmp_path / "b").mkdir()
    (found,) = in_javascript("recording", [written(tmp_path / "b", [("PK.zip", files[-1][1])])])
    assert "error" in found  # a script is none, whatever follows it


def test_archives_that_are_refused_get_pythons_sentence(in_javascript, tmp_path):
    record = {"a.hea": b"a 1 360\na.dat 16", "b.hea": b"b 1 360\nb.dat 16"}
    locked = bytearray(zipped({"a.csv": CSV}))
    locked[locked.rindex(b"PK\1\2") + 8] |= 1
    files = [
        ("bomb.gz", gzip.compress(bytes(60 << 20))),
        ("bomb.zip", zipped({"a.csv": bytes(60 << 20)})),
        ("nested.gz", gzip.compress(gzip.compress(CSV))),
        ("up.zip", zipped({"../../a.csv": CSV})),
        ("root.zip", zipped({"/a.csv": CSV})),
        ("two.zip", zipped({"a.csv": CSV, "b.csv": CSV})),
        ("records.zip", zipped(record)),
        ("empty.zip", zipped({})),
        ("x.xlsx", zipped({"xl/workbook.xml": b"x", "a.csv": CSV})),
        ("locked.zip", bytes(locked)),
    ]
    compare(in_javascript, written(tmp_path, files))
