"""The same beats through PyTorch, ONNX, records and blocks."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgcore import files
from ecgcore.beats.cutting import segment
from ecgcore.chapters.own_ecg import tables
from ecgcore.constants import CLASSES
from ecgcore.data import rpeaks, signals
from ecgcore.data.formats import wfdb_record
from ecgcore.data.formats.csv_text import scale
from ecgcore.data.records import read_record
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.predictions import predict
from ecgcore.inference import classifier, classifying, onnx_export
from ecgcore.models.checkpoints import load_checkpoint

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def record(database):
    return read_record(database, "208")


def classify_record(path, network, **options):
    return classifying.collect(classifying.classify(path, network, **options))


def test_checkpoint_and_onnx_give_what_the_evaluation_gives(checkpoint, network, thousand):
    model, _ = load_checkpoint(checkpoint)
    expected = predict(model, thousand)
    for found in (network, classifier.load(checkpoint)):
        p = found.probabilities(thousand.signal)
        np.testing.assert_allclose(p, expected.probabilities, atol=TOLERANCE)
    np.testing.assert_allclose(network.probabilities(thousand.signal[:1]), p[:1], atol=TOLERANCE)
    assert network.probabilities(thousand.signal[:0]).shape == (0, len(CLASSES))


def test_unit_and_offset_of_a_beat_do_not_matter(network, thousand):
    full = thousand.signal[thousand.signal[:, -1] > 0].astype(np.float64)
    expected = network.probabilities(full.astype(np.float32))
    for raw in (2.3 * full - 1.1, 2300 * full + 500):
        np.testing.assert_allclose(network.probabilities(scale(raw)), expected, atol=TOLERANCE)


def test_the_contract_travels_with_the_file(checkpoint, network):
    assert network.about["classes"] == list(CLASSES)
    assert network.about["weights_sha256"] == files.weights_sha256(checkpoint)
    assert network.about["input"]["fs_hz"] == 125 and network.about["input"]["shape"][1] == 187
    content = classifier.onnx_file(checkpoint).read_bytes()
    assert str(sys.prefix).encode() not in content, "paths of this machine are in the file"


def test_changed_weights_change_the_hash(checkpoint, tmp_path):
    changed = tmp_path / "changed.safetensors"
    content = bytearray(checkpoint.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    assert files.weights_sha256(changed) != files.weights_sha256(checkpoint)


def test_int8_is_smaller_and_nearly_as_good(checkpoint, network, thousand):
    small = classifier.onnx_file(checkpoint).with_suffix(".int8.onnx")
    assert small.stat().st_size < classifier.onnx_file(checkpoint).stat().st_size / 2
    answers = classifier.load(small).probabilities(thousand.signal).argmax(axis=1)
    same = answers == network.probabilities(thousand.signal).argmax(axis=1)
    assert same.mean() > 0.97


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x09"])
@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_a_file_that_is_no_network_is_refused(tmp_path, content, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.(onnx|safetensors): not a"):
        classifier.load(path)


def test_an_export_without_checkpoint_names_it(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.safetensors"):
        onnx_export.export(tmp_path / "nothing.safetensors")


def test_a_record_gives_the_beats_of_the_data_set(database, record, network):
    expected = segment(record)
    found = classify_record(database / "208.hea", network).beats
    np.testing.assert_array_equal(found.true, expected.aami)
    np.testing.assert_allclose(found.signal, expected.signal, atol=1e-5)
    np.testing.assert_allclose(found.time_s, expected.sample / record.fs)
    p = network.probabilities(expected.signal)
    np.testing.assert_allclose(found.probabilities, p, atol=TOLERANCE)


@pytest.mark.parametrize("block_s", [7.0, 60.0])
def test_blocks_change_nothing_where_beats_are_annotated(database, network, block_s):
    signal = wfdb_record.from_record(database / "104")
    whole = classifying.collect(classifying.classify_signal(signal, network, block_s=1e6)).beats
    cut = classifying.collect(classifying.classify_signal(signal, network, block_s=block_s)).beats
    np.testing.assert_array_equal(cut.row, whole.row)
    np.testing.assert_array_equal(cut.time_s, whole.time_s)
    np.testing.assert_allclose(cut.probabilities, whole.probabilities, atol=TOLERANCE)


def test_blocks_hardly_change_which_r_peaks_are_found(database, network):
    signal = wfdb_record.from_record(database / "100")
    whole, cut = (
        classifying.collect(classifying.classify_signal(signal, network, True, block_s=s)).beats
        for s in (1e6, 120.0)
    )
    match = rpeaks.match(whole.time_s, cut.time_s, 0.02)
    assert len(match.missed) + len(match.added) <= 2
    same = whole.predicted[match.reference] == cut.predicted[match.found]
    assert same.mean() > 0.999


def test_found_r_peaks_are_those_that_are_annotated(database, network):
    signal = wfdb_record.from_record(database / "100")
    found = classifying.collect(classifying.classify_signal(signal, network, own_peaks=True)).beats
    match = rpeaks.match(signal.peaks_s, found.time_s)
    assert match.sensitivity > 0.99 and match.positive_predictivity > 0.99
    assert (found.true == -1).all()


@pytest.mark.parametrize("fs", [250.0, 500.0, 333.3])
def test_the_sampling_rate_does_not_matter(database, record, network, fs):
    from scipy.signal import resample

    seconds = 120
    piece = record.signal[: int(seconds * record.fs)].astype(np.float64)
    expected = _of_signal(piece, record.fs, network)
    found = _of_signal(resample(piece, round(seconds * fs)), fs, network)
    match = rpeaks.match(expected.time_s, found.time_s, 0.02)
    assert match.sensitivity > 0.98 and match.positive_predictivity > 0.98
    same = expected.predicted[match.reference] == found.predicted[match.found]
    assert same.mean() > 0.95


def _of_signal(samples, fs, network):
    signal = signals.from_array(samples, fs, "test")
    return classifying.collect(classifying.classify_signal(signal, network)).beats


def test_matching_counts_missed_and_added_beats():
    match = rpeaks.match(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.1, 2.2, 3.0, 4.5, 5.0]))
    assert match.reference.tolist() == [0, 2] and match.found.tolist() == [0, 2]
    assert match.missed.tolist() == [1, 3] and match.added.tolist() == [1, 3, 4]


@pytest.mark.parametrize(
    ("change", "fs", "sentence"),
    [
        (lambda x: -x, 360, "lead seems inverted"),
        (lambda x: x, 60, "heart rate of .* is unusual: is 60 Hz its sampling rate"),
        (lambda x: np.where(np.arange(len(x)) < len(x) / 4, np.nan, x), 360, "25% .* is missing"),
        (lambda x: np.where(np.arange(len(x)) < len(x) / 4, 0, x), 360, "25% .* is flat"),
    ],
)
def test_doubts_about_a_signal_are_voiced(database, network, change, fs, sentence):
    samples = change(read_record(database, "100").signal[: 360 * 80])
    signal = signals.from_array(samples, fs, "mine")
    part = classifying.collect(classifying.classify_signal(signal, network))
    assert len(part.beats) > 20
    assert [w for w in part.warnings if re.search(sentence, w)], part.warnings


def test_a_good_signal_raises_no_doubts(database, network):
    for name in ("100", "104", "208", "232"):
        assert not classify_record(database / name, network).warnings


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros(7200), "the signal is constant"),
        (np.full(7200, 3.7), "the signal is constant"),
        (np.full(7200, np.nan), "the signal holds no samples"),
        (np.random.default_rng(0).normal(size=200), "holds no samples|no heartbeat found"),
    ],
)
def test_a_signal_without_heartbeats_is_refused(network, samples, sentence):
    signal = signals.from_array(samples, 360, "mine")
    with pytest.raises(DataError, match=rf"mine: .*{sentence}|{sentence}"):
        classifying.collect(classifying.classify_signal(signal, network))


@pytest.mark.parametrize("fs", [0, -1, 3, 1e6, float("nan")])
def test_an_impossible_sampling_rate_is_refused(fs):
    with pytest.raises(ConfigError, match=r"mine: a sampling rate of .* is implausible"):
        signals.from_array(np.zeros(100), fs, "mine")


def write_record(folder, samples=36_000, leads=2, fs=360):
    """A two-lead record of noise in format 212."""
    rng = np.random.default_rng(0)
    wfdb.wrsamp(
        "mine", fs=fs, units=["mV"] * leads, sig_name=["I", "II"][:leads], fmt=["212"] * leads,
        d_signal=rng.integers(-500, 500, (samples, leads)), adc_gain=[200] * leads,
        baseline=[0] * leads, write_dir=str(folder),
    )  # fmt: skip
    return folder / "mine"


def change_header(path, old, new):
    header = path.with_suffix(".hea")
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda p: p.with_suffix(".dat").unlink(), r"mine\.dat: no such file"),
        (lambda p: p.with_suffix(".dat").write_bytes(b"abc"), r"mine\.dat: short: 3 bytes of"),
        (lambda p: p.with_suffix(".hea").write_text("rubbish\n"), r"mine\.hea: not a WFDB header"),
        (lambda p: p.with_suffix(".hea").write_text(""), r"mine\.hea: not a WFDB header"),
        (lambda p: p.with_suffix(".atr").write_bytes(b"\x01"), r"mine\.atr: cannot read"),
        (lambda p: change_header(p, " 360 ", " 3 "), r"mine\.hea: a sampling rate of 3 Hz"),
        (lambda p: change_header(p, "mine.dat", "../mine.dat"), r"mine\.hea: it names"),
        (lambda p: change_header(p, " 212 ", " 999 "), r"mine\.(hea|dat): "),
        (lambda p: change_header(p, " 36000", " 99000000000"), r"mine\.dat: short"),
    ],
)
def test_a_damaged_record_is_refused_in_one_sentence(tmp_path, network, damage, sentence):
    path = write_record(tmp_path)
    damage(path)
    with pytest.raises(DataError if "rate" not in sentence else ConfigError, match=sentence) as e:
        classify_record(path, network)
    assert "\n" not in str(e.value)


def test_an_unknown_lead_is_refused_with_those_there_are(tmp_path, network):
    with pytest.raises(ConfigError, match=r"no lead 'V5'; it has I, II"):
        classify_record(write_record(tmp_path), network, lead="V5")


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is read as on Linux")
def test_a_long_record_needs_no_more_memory_than_a_short_one(checkpoint):
    hours = 6.0
    found = tables.measure_long_record(hours, classifier.onnx_file(checkpoint))
    assert found["beats"] == pytest.approx(2270 * 2 * hours, rel=0.01)
    assert found["peak_mb"] < 500
