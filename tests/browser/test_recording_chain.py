"""The parts of the chain in the reader's browser against Python's."""

import ecg_files
import numpy as np
import pytest
import wfdb

from ecgcore import paths
from ecgcore.constants import FS
from ecgcore.data import lead_choice, quality
from ecgcore.data.formats import wfdb_header, wfdb_record
from ecgcore.data.signals import array_lead
from ecgcore.errors import ConfigError
from ecgcore.inference.published import FOLDER
from ecgcore.rhythm.thresholds import Thresholds, decide, probabilities
from ecgcore.workflow import browser_chain

PUBLISHED = FOLDER / "rhythm.onnx"


def test_an_operator_that_the_page_does_not_know_is_refused(tmp_path):
    import onnx

    model = onnx.load(PUBLISHED)
    model.graph.node[-1].op_type = "Hardmax"
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ConfigError, match="Hardmax: an operator that the book's page"):
        browser_chain.pack(tmp_path / "other.onnx")


def test_bad_stretches_are_those_of_python(in_javascript, tmp_path):
    where = paths.DATA / "mitdb" / "208"
    line = wfdb_header.read(where.with_suffix(".hea")).signals[0]
    lead = wfdb_record.open_leads(where.with_suffix(".hea"))[0]
    stored = np.round(lead.read(0, 324_000) * line.adc_gain + line.baseline).astype("<i2")
    rng = np.random.default_rng(0)
    stored[20_000:23_000] = -(1 << 15)  # missing
    stored[50_000:52_000] = 900  # flat
    stored[80_000:80_300] = stored.max()  # railed
    stored[120_000:135_000] += rng.normal(0, 400, 15_000).astype(np.int16)
    stored[200_000] += 4000  # a spike
    stored[250_000:] += 3000  # a step
    stored.tofile(tmp_path / "208.dat")
    (tmp_path / "208.hea").write_text("208 1 360\n208.dat 16 200(1024)/mV 11 1024 0 0 0 MLII\n")
    expected = quality.review(wfdb_record.from_record(tmp_path / "208"))
    (found,) = in_javascript("review", [tmp_path / "208"])
    told = [(s["start"], s["stop"], s["why"]) for s in found["stretches"]]
    assert [why for *_, why in told] == [s.why for s in expected.stretches]
    assert {s.why for s in expected.stretches} == set(quality.REASONS)
    times = [(s.start_s, s.stop_s) for s in expected.stretches]
    np.testing.assert_allclose([t[:2] for t in told], times, atol=1e-6)
    np.testing.assert_allclose(found["peaks"], expected.peaks_s, atol=1 / FS)


def test_a_gap_longer_than_a_block_is_that_of_python(in_javascript, tmp_path):
    stored = ecg_files.digital(ecg_files.samples("208", seconds=60))[:, None]
    n, gap = len(stored), 15 * 60 * 360
    ecg_files.write_wfdb(tmp_path, "a", stored)
    parts = f"all/3 1 360 {2 * n + gap}\na {n}\n~ {gap}\na {n}\n"
    (tmp_path / "all.hea").write_text(parts)
    expected = quality.review(wfdb_record.from_record(tmp_path / "all"))
    (found,) = in_javascript("review", [tmp_path / "all"])
    (missing,) = [s for s in expected.stretches if s.why == "missing"]
    assert missing.stop_s - missing.start_s > 2 * quality.BLOCK_S
    told = [(s["start"], s["stop"]) for s in found["stretches"]]
    np.testing.assert_allclose(told, [(s.start_s, s.stop_s) for s in expected.stretches], atol=1e-6)
    np.testing.assert_allclose(found["peaks"], expected.peaks_s, atol=1 / FS)


def test_scores_become_the_same_classes(in_javascript):
    scores = np.random.default_rng(1).normal(0, 2, (500, 3))
    at = Thresholds(0.5, np.inf, -0.2)
    (found,) = in_javascript("decided", [scores.tolist()], at=at.as_dict())
    classes, shares = zip(*found, strict=True)
    assert list(classes) == decide(scores, at).tolist()
    np.testing.assert_allclose(shares, probabilities(scores), atol=1e-6)


PACKED = ["8", "16", "24", "32", "61", "80", "160", "212", "310", "311"]


def test_samples_of_every_format_are_those_of_python(in_javascript, tmp_path):
    raw = np.random.default_rng(0).integers(1, 255, 12_000).astype(np.uint8)
    for fmt in PACKED:
        (tmp_path / f"x{fmt}.dat").write_bytes(raw.tobytes())
        header = f"x{fmt} 2 250\nx{fmt}.dat {fmt}x2:1 7(3)/mV 12 0 5 0 0 II\nx{fmt}.dat {fmt}\n"
        (tmp_path / f"x{fmt}.hea").write_text(header)
    signal = np.cumsum(np.random.default_rng(1).integers(-90, 90, (5000, 2)), axis=0) % 120
    for bits in (8, 16, 24):
        names = {
            "fs": 250,
            "units": ["mV"] * 2,
            "sig_name": ["I", "II"],
            "fmt": [f"5{bits:02}"] * 2,
        }
        more = {"adc_gain": [9.0] * 2, "baseline": [2] * 2, "d_signal": signal.astype(np.int64)}
        wfdb.wrsamp(f"x5{bits:02}", write_dir=str(tmp_path), **names, **more)
    wheres = sorted(p.with_suffix("") for p in tmp_path.glob("*.hea"))
    assert len(wheres) == len(PACKED) + 3
    for where, found in zip(wheres, in_javascript("samples", wheres), strict=True):
        lead = wfdb_record.open_leads(where.with_suffix(".hea"))[0]
        whole = lead.read(0, lead.n_samples)
        theirs = np.array(found["whole"], dtype=float)
        np.testing.assert_allclose(theirs, whole, atol=1e-9, err_msg=where.name)
        np.testing.assert_allclose(np.array(found["some"], dtype=float), whole[1000:1234])


def test_several_segments_are_one_recording(in_javascript, tmp_path):
    rng = np.random.default_rng(2)
    for name, n, signals in (("a", 3000, "II V1"), ("b", 2000, "V1")):
        stored = rng.integers(-500, 500, (n, len(signals.split()))).astype("<i2")
        (tmp_path / f"{name}.dat").write_bytes(stored.tobytes())
        lines = [f"{name}.dat 16 200/mV 12 0 0 0 0 {signal}" for signal in signals.split()]
        (tmp_path / f"{name}.hea").write_text("\n".join([f"{name} {len(lines)} 250 {n}", *lines]))
    layout = "lay 2 250 0\n~ 0 200/mV 12 0 0 0 0 V1\n~ 0 200/mV 12 0 0 0 0 II\n"
    (tmp_path / "lay.hea").write_text(layout)
    (tmp_path / "all.hea").write_text("all/4 2 250 6000\nlay 0\na 3000\n~ 1000\nb 2000\n")
    (found,) = in_javascript("samples", [tmp_path / "all"])
    lead = wfdb_record.open_leads(tmp_path / "all.hea")[0]
    assert found["n"] == lead.n_samples == 6000
    np.testing.assert_array_equal(np.array(found["whole"], dtype=float), lead.read(0, 6000))


LEADS = ["MLII", "ECG lead II", "Ableitung II", "V5", "avR", "Pleth", "ABP", "signal 1", "EKG", "x"]


def test_leads_are_chosen_as_python_chooses(in_javascript, tmp_path):
    assert in_javascript("ranks", [LEADS]) == [[lead_choice.rank(name) for name in LEADS]]
    file = wfdb_record.open_leads(paths.DATA / "mitdb" / "100.hea")[0]
    ecg = file.read(0, 40_000)
    t = np.arange(len(ecg)) / file.fs
    pressure = 90 + 20 * np.sin(2 * np.pi * 1.1 * t) + 5 * np.sin(4 * np.pi * 1.1 * t)
    noise = np.random.default_rng(0).normal(0, 0.4, len(ecg))
    table = np.stack([pressure, noise, ecg], axis=1)
    (tmp_path / "made.dat").write_bytes(np.round(200 * table).astype("<i2").tobytes())
    lines = ["made.dat 16 200/mV"] * 3
    (tmp_path / "made.hea").write_text("\n".join(["made 3 360", *lines]))
    leads = [array_lead(column, file.fs) for column in table.T]
    expected = lead_choice.choose(leads, "", "made")
    assert in_javascript("chosen", [tmp_path / "made"]) == [expected] == [2]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("made 1 250 999999999\nmade.dat 16", "short: 600 bytes of the 1,999,999,998 that the"),
        ("made 1 250\n../../etc/passwd 16", 'names "../../etc/passwd", which is not among the'),
        ("made 1 250\nmade.dat 17", "signal format 17 is not supported"),
        ("made 1 250\nmade.dat 516", "not a FLAC file, as the header says"),
        ("made 1 2\nmade.dat 16", "a sampling rate of 2 Hz is implausible"),
        ("made 99999999 250\nmade.dat 16", "it names 99,999,999 signals and describes 1"),
        ("made/2 1 250 600\nmade 300\nmade 300", "a segment that has segments itself"),
        ("", "its first line names no record and number of signals"),
    ],
)
def test_a_header_that_lies_gets_a_sentence(in_javascript, tmp_path, header, sentence):
    (tmp_path / "made.dat").write_bytes(bytes(600))
    (tmp_path / "made.hea").write_text(header)
    (found,) = in_javascript("samples", [tmp_path / "made"])
    assert found["error"].startswith("made.") and sentence in found["error"]
