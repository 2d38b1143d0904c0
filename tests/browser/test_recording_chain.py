"""The chain of the reader's browser against Python's, on whole records."""

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import wfdb

from ecgcore import paths
from ecgcore.constants import FS
from ecgcore.data import qrs, quality, records
from ecgcore.data.formats import wfdb_header, wfdb_record
from ecgcore.data.resampling import resample
from ecgcore.inference.published import FOLDER, rhythm_model
from ecgcore.rhythm import cases, sequence
from ecgcore.rhythm.thresholds import Thresholds, decide, probabilities
from ecgcore.workflow import browser_chain

PUBLISHED = FOLDER / "rhythm.onnx"
MODULES = paths.ROOT / "book" / "_static" / "recording"
NAMES = ("mitdb/100", "svdb/800", "mitdb/208")  # one that is easy, another rate, many V
EMBEDDED = (paths.DATA / "mitdb", paths.DATA / "svdb")
SCRIPT = """
import { readFileSync } from "node:fs";
const [modules, folder, name] = process.argv.slice(2);
const { parseHeader, samplesOf, DataError } = await import(`${modules}/wfdb.js`);
const { resample } = await import(`${modules}/resample.js`);
const qrs = await import(`${modules}/qrs.js`);
const rhythm = await import(`${modules}/features.js`);
const quality = await import(`${modules}/quality.js`);
const { decide, probabilities } = await import(`${modules}/decide.js`);
const how = JSON.parse(readFileSync(0, "utf8"));
try {
  const header = parseHeader(readFileSync(`${folder}/${name}.hea`, "latin1"), `${name}.hea`);
  const file = header.signals[0].file;
  const signals = header.signals.filter((s) => s.file === file);
  const bytes = readFileSync(`${folder}/${file}`);
  const samples = samplesOf(bytes, signals, 0, header.length, file);
  const signal = Float64Array.from(resample(samples, header.fs, how.FS));
  const waves = qrs.waves(signal, how);
  const beat = qrs.beats(waves, how);
  const peaks = qrs.peaks(signal, waves.position.filter((_, i) => beat[i]), how);
  const sum = samples.reduce((a, b) => a + (b || 0), 0);
  const found = { peaks, sum, n: samples.length };
  if (peaks.length > 3) {
    const seconds = peaks.map((at) => at / how.FS);
    const made = rhythm.sequence(rhythm.filtered(signal, how), seconds, how);
    found.features = rhythm.features(made, how).map((row) => Array.from(row));
    found.windows = made.windows.map((row) => Array.from(row));
    found.template = Array.from(made.template);
  }
  const answer = (scores) => [decide(scores, how.at), probabilities(scores)];
  if (how.review) found.review = quality.review(samples, header.fs, how);
  if (how.scores) found.answers = how.scores.map(answer);
  console.log(JSON.stringify(found));
} catch (error) {
  if (!(error instanceof DataError)) throw error;
  console.log(JSON.stringify({ error: error.message }));
}
"""


def node() -> str:
    """Node of the system, or the one that comes with playwright."""
    found = shutil.which("node")
    if found is None:
        driver = pytest.importorskip("playwright._impl._driver")
        found = driver.compute_driver_executable()[0]
    return str(found)


@pytest.fixture
def in_javascript(tmp_path):
    modules, script = tmp_path / "modules", tmp_path / "chain.mjs"
    shutil.copytree(MODULES, modules)
    (modules / "package.json").write_text('{"type": "module"}')
    script.write_text(SCRIPT)

    def run(folder, name, **more):
        command = [node(), str(script), str(modules), str(folder), name]
        numbers = json.dumps(browser_chain.numbers() | more)
        said = subprocess.run(command, input=numbers, capture_output=True, text=True, check=True)
        return json.loads(said.stdout)

    return run


def unpacked(folder, where, fmt):
    """A record of the project, which is kept as FLAC, in a format of its own; its name."""
    database, name = where.split("/")
    file = paths.DATA / database / f"{name}.hea"
    leads = wfdb_record.open_leads(file)[:2]
    lines = wfdb_header.read(file).signals[:2]
    stored = [
        np.round(lead.read(0, lead.n_samples) * line.adc_gain + line.baseline)
        for lead, line in zip(leads, lines, strict=True)
    ]
    wfdb.wrsamp(
        name,
        leads[0].fs,
        [lead.unit for lead in leads],
        [lead.name for lead in leads],
        d_signal=np.stack(stored, axis=1).astype(np.int64),
        fmt=[fmt] * len(leads),
        adc_gain=[line.adc_gain for line in lines],
        baseline=[line.baseline for line in lines],
        write_dir=str(folder),
    )
    return name


def test_r_peaks_are_those_of_python(in_javascript, tmp_path, request):
    named = [f"{p.name}/{n}" for p in EMBEDDED for n in records.record_names(p)]
    for where in [*dict.fromkeys([*NAMES, *named])][: request.config.getoption("records")]:
        fmt = "212" if where.startswith("mitdb") else "16"
        name = unpacked(tmp_path, where, fmt)
        lead = wfdb_record.open_leads(tmp_path / f"{name}.hea")[0]
        samples = lead.read(0, lead.n_samples)
        signal = resample(samples, lead.fs).astype(np.float64)
        waves = qrs.waves(signal)
        expected = qrs.peaks(signal, waves.position[qrs.beats(waves)])
        found = in_javascript(tmp_path, name)
        assert found["n"] == lead.n_samples
        assert np.isclose(found["sum"], np.nansum(samples))
        assert len(found["peaks"]) == len(expected) > FS
        assert np.abs(np.array(found["peaks"]) - expected).max() <= 1, where
        _same_classes(found, sequence.prepare(signal, FS, expected / FS))


def _same_classes(found, made):
    """The published model, asked about what both have prepared."""
    own = cases.of_sequence(made, "")
    n = len(own)
    rows, window = (np.array(found[k], dtype=np.float32)[:n] for k in ("features", "windows"))
    template = np.broadcast_to(np.array(found["template"], dtype=np.float32), window.shape)
    theirs = replace(own, features=rows, window=window, template=template)
    np.testing.assert_allclose(rows, own.features, atol=1e-4)
    model = rhythm_model(PUBLISHED)
    mine, others = (model.model.scores(each) for each in (own, theirs))
    assert (decide(mine, model.at) == decide(others, model.at)).all()
    np.testing.assert_allclose(probabilities(mine), probabilities(others), atol=1e-3)


def test_bad_stretches_are_those_of_python(in_javascript, tmp_path):
    name = unpacked(tmp_path, "mitdb/208", "16")
    stored = np.fromfile(tmp_path / "208.dat", dtype="<i2").reshape(-1, 2)[:324_000]
    rng = np.random.default_rng(0)
    stored[20_000:23_000] = -(1 << 15)  # missing
    stored[50_000:52_000] = 900  # flat
    stored[80_000:80_300] = stored.max()  # railed
    stored[120_000:135_000] += rng.normal(0, 400, (15_000, 2)).astype(np.int16)
    stored[200_000] += 4000  # a spike
    stored[250_000:] += 3000  # a step
    stored.tofile(tmp_path / "208.dat")
    header = (tmp_path / "208.hea").read_text()
    (tmp_path / "208.hea").write_text(header.replace("650000", str(len(stored)), 1))
    signal = wfdb_record.from_record(tmp_path / name)
    expected = quality.review(signal)
    found = in_javascript(tmp_path, name, review=True)["review"]
    told = [(s["start"], s["stop"], s["why"]) for s in found["stretches"]]
    assert [why for *_, why in told] == [s.why for s in expected.stretches]
    assert {s.why for s in expected.stretches} == set(quality.REASONS)
    times = [(s.start_s, s.stop_s) for s in expected.stretches]
    np.testing.assert_allclose([t[:2] for t in told], times, atol=1e-6)
    np.testing.assert_allclose(found["peaks"], expected.peaks_s, atol=1 / FS)


def test_scores_become_the_same_classes(in_javascript, tmp_path):
    scores = np.random.default_rng(1).normal(0, 2, (500, 3))
    at = Thresholds(0.5, np.inf, -0.2)
    (tmp_path / "made.dat").write_bytes(bytes(600))
    (tmp_path / "made.hea").write_text("made 1 250\nmade.dat 16 200 16 0 0 0 0 II\n")
    found = in_javascript(tmp_path, "made", at=at.as_dict(), scores=scores.tolist())
    classes, shares = zip(*found["answers"], strict=True)
    assert list(classes) == decide(scores, at).tolist()
    np.testing.assert_allclose(shares, probabilities(scores), atol=1e-6)


@pytest.mark.parametrize("fmt", ["16", "24", "32", "61", "80", "160", "212", "310", "311"])
def test_samples_of_every_format_are_those_of_python(in_javascript, tmp_path, fmt):
    raw = np.random.default_rng(0).integers(1, 255, 12_000).astype(np.uint8)
    (tmp_path / "made.dat").write_bytes(raw.tobytes())
    (tmp_path / "made.hea").write_text(f"made 1 250\nmade.dat {fmt} 7(3)/mV 12 0 0 0 0 II\n")
    lead = wfdb_record.open_leads(tmp_path / "made.hea")[0]
    samples = lead.read(0, lead.n_samples)
    found = in_javascript(tmp_path, "made")
    assert found["n"] == lead.n_samples
    assert np.isclose(found["sum"], np.nansum(samples), rtol=1e-9)


def test_a_header_that_lies_gets_a_sentence(in_javascript, tmp_path):
    (tmp_path / "made.dat").write_bytes(bytes(600))
    (tmp_path / "made.hea").write_text("made 1 250 999999999\nmade.dat 16 200 16 0 0 0 0 II\n")
    found = in_javascript(tmp_path, "made")
    assert found["error"] == "made.dat: short: 300 samples of the 999999999 that the header names"
