"""Noise and other harm: what a condition does to a record, what is learnt from, what is kept."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.beats.cutting import concatenate, segment
from ecgcore.beats.splits import DS1, DS2, make_split
from ecgcore.chapters.noise import harm, tables
from ecgcore.chapters.noise import runs as study
from ecgcore.chapters.rhythm import runs as rhythm_runs
from ecgcore.constants import CLASSES
from ecgcore.data import noise, records
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import write_json
from ecgcore.models import checkpoints, networks
from ecgcore.models.config import train_config
from ecgcore.rhythm import cases, model, thresholds

SOURCE = {"commit": "0" * 12, "hardware": {"processor": "abacus"}}
SECONDS = 120


@pytest.fixture(scope="module")
def record(database):
    """Two minutes with ventricular beats."""
    return shorter(records.read_record(database, "208"))


def shorter(whole, seconds=SECONDS):
    n = int(seconds * whole.fs)
    inside = whole.sample < n
    parts = {key: getattr(whole, key)[inside] for key in ("sample", "symbol", "aami")}
    return replace(whole, signal=whole.signal[:n], **parts)


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """A network that was never trained, but reads every sample."""
    config = train_config()
    path = tmp_path_factory.mktemp("network") / "untrained.safetensors"
    about = {"config": config.as_dict(), "fingerprint": "", "protocol": "inter_patient"}
    about |= {"seed": 0, "commit": SOURCE["commit"]}
    checkpoints.save_weights(path, networks.build(config).state_dict(), about)
    return study.single_beat(path)


@pytest.fixture(scope="module")
def rhythm(record, database):
    """A rhythm model of two records' minutes, with thresholds of its own training beats."""
    learnt = [record, shorter(records.read_record(database, "223"))]
    beats = cases.concatenate([cases.of_record(r) for r in learnt])
    fitted = model.fit(beats, training=model.Training(steps=20))
    return study.in_context(fitted, thresholds.choose(model.scores(fitted, beats), beats.aami))


# What conditions do


@pytest.mark.parametrize("name", [n for n, c in harm.CONDITIONS.items() if c.noise])
def test_a_noisy_record_has_the_ratio_in_its_name_and_the_same_beats(record, name):
    condition = harm.CONDITIONS[name]
    found = harm.harmed(record, condition)
    amplitude = noise.qrs_amplitude(record.signal, record.fs, record.sample, record.symbol)
    added = found.signal.astype(float) - record.signal
    assert noise.snr(amplitude, noise.noise_rms(added, record.fs)) == pytest.approx(
        condition.snr_db, abs=0.05
    )
    assert (found.sample == record.sample).all() and (found.aami == record.aami).all()


def test_one_noise_at_two_ratios_is_the_same_noise(record):
    six, zero = (
        harm.with_noise(record, "em", db).signal.astype(float) - record.signal for db in (6, 0)
    )
    np.testing.assert_allclose(zero, six * 10 ** (6 / 20), atol=1e-5)


def test_other_harm_does_what_it_says(record):
    harmed = {name: harm.harmed(record, c) for name, c in harm.CONDITIONS.items()}
    assert (harmed["clean"].signal == record.signal).all()
    assert (harmed["reversed"].signal == -record.signal).all()
    assert (harmed["gain 0.5"].signal == record.signal / 2).all()
    assert (harmed["gain 2"].signal == record.signal * 2).all()
    for name in ("displaced", "found"):
        assert (harmed[name].signal == record.signal).all()
    moved = harm.peaks(record, "displaced") - record.sample
    assert 0 < np.abs(moved).max() <= 0.05 * record.fs
    assert (harm.peaks(record, "given") == record.sample).all()


def test_found_peaks_come_from_the_signal_and_from_no_annotation(record):
    found = harm.peaks(record, "found")
    nobody = replace(record, sample=record.sample[:2], symbol=record.symbol[:2])
    assert (harm.peaks(nobody, "found") == found).all()
    noisy = harm.harmed(record, harm.CONDITIONS["found, em 6"])
    assert not np.array_equal(harm.peaks(noisy, "found"), found)


def test_no_sample_of_noise_is_both_trained_on_and_tested_on():
    for kind in noise.NOISES:
        for channel in (0, 1):
            whole, _ = noise.read_noise(kind, channel)
            first, last = (harm.recorded(kind, channel, lot)[0] for lot in harm.LOTS)
            assert np.array_equal(np.concatenate([first, last]), whole)


def test_a_copy_for_training_holds_none_of_the_test_noise(record, monkeypatch):
    asked = []
    monkeypatch.setattr(
        harm,
        "recorded",
        lambda kind, channel, lot: (asked.append(lot), stress_half(kind))[1],
    )
    made = harm.copies(record)
    assert asked == ["training"] * 3
    harm.harmed(record, harm.CONDITIONS["em 6"])
    assert asked[3:] == ["test"]
    assert [copy.name for copy in made] == ["208 bw", "208 em", "208 ma"]
    assert harm.original([copy.name for copy in made]).tolist() == ["208"] * 3


def stress_half(kind):
    whole, fs = noise.read_noise(kind)
    return whole[: len(whole) // 2], fs


def test_copies_are_as_noisy_as_they_may_be_and_differ_between_records(record):
    other = replace(record, name="209")
    amplitude = noise.qrs_amplitude(record.signal, record.fs, record.sample, record.symbol)
    ratios = [
        noise.snr(amplitude, noise.noise_rms(c.signal.astype(float) - record.signal, record.fs))
        for c in (*harm.copies(record), *harm.copies(other))
    ]
    low, high = harm.TRAINING_DB
    assert all(low - 0.1 < ratio < high + 0.1 for ratio in ratios)
    assert len({round(ratio, 3) for ratio in ratios}) == 6
    again = [copy.signal for copy in harm.copies(record)]
    assert all((a == b.signal).all() for a, b in zip(again, harm.copies(record), strict=True))


def test_unknown_harm_is_refused(record):
    with pytest.raises(ConfigError, match="noise 'rain' is unknown; choose from bw, em, ma, 50 Hz"):
        harm.Condition("rain")
    with pytest.raises(ConfigError, match="peaks 'lost' are unknown"):
        harm.Condition(peaks="lost")
    with pytest.raises(ConfigError, match="lot 'both' of noise is unknown"):
        harm.recorded("bw", 0, "both")
    with pytest.raises(DataError, match="record 208: 250 Hz, but its noise has 360"):
        harm.with_noise(replace(record, fs=250.0), "bw", 6)


# What classifiers answer


@pytest.mark.parametrize("classifier", ["single", "rhythm"])
def test_gain_changes_no_answer(classifier, record, request):
    answer = request.getfixturevalue(classifier)
    clean, half, double = (
        study.answered(answer, record, harm.CONDITIONS[name])
        for name in ("clean", "gain 0.5", "gain 2")
    )
    assert clean == half == double
    assert sum(clean.values()) == len(record.sample) - 1


@pytest.mark.parametrize("condition", ["em 6", "displaced", "found"])
@pytest.mark.parametrize("classifier", ["single", "rhythm"])
def test_with_the_labels_permuted_the_answers_stay(classifier, condition, record, request):
    heard = []
    answer = request.getfixturevalue(classifier)

    def overheard(given):
        heard.append(answer(given))
        return heard[-1]

    permuted = np.random.default_rng(0).permutation(record.aami)
    for given in (record, replace(record, aami=permuted)):
        study.answered(overheard, given, harm.CONDITIONS[condition])
    assert np.array_equal(*heard)


def test_cells_count_missed_beats_and_beats_that_are_none():
    sample, letters = np.array([360, 720, 1080, 1440, 1800]), np.array(list("NVNNN"))
    beats = records.Record("x", "MLII", 360.0, np.zeros(2160), sample, letters, letters)
    given = study.cells(beats, sample, np.array([0, 0, 1, 0]), matched=False)
    assert given == {"NN": 2, "NS": 1, "VN": 1}
    peaks = np.array([365, 900, 1083, 1430, 1800])  # 1 s, none, 3 s and 4 s; nothing at 2 s
    found = study.cells(beats, peaks, np.array([0, 2, 1, 0]), matched=True)
    assert found == {"NN": 2, "NS": 1, "V-": 1, "-V": 1}
    told = tables.numbers(study.matrices({"x": found}, ["x"])[0])
    assert told["accuracy"] == pytest.approx(2 / 4)  # of the annotated beats
    assert told["f1_V"] == 0 and told["f1_S"] == 0


# What is learnt from


def test_copies_learn_and_validate_with_their_records_and_never_test(database):
    names = ("208", "210", "223")
    few = [shorter(records.read_record(database, name)) for name in names]
    clean_beats = concatenate([segment(one) for one in few])
    split = make_split("inter_patient", clean_beats, 0.4)
    copies = [copy for one in few if one.name in DS1 for copy in harm.copies(one)]
    noisy = concatenate([segment(copy) for copy in copies])
    beats, wider = study.with_copies(clean_beats, split, noisy)
    assert len(beats) == len(clean_beats) + len(noisy)
    assert (wider.test == split.test).all()
    for part in ("train", "val"):
        clean, both = getattr(split, part), getattr(wider, part)
        assert len(both) == 4 * len(clean)
        assert set(harm.original(beats.record[both])) == set(clean_beats.record[clean])
    assert not set(wider.train) & set(wider.val)


def test_thresholds_come_from_records_whose_copies_were_held_out_too():
    """Beats of DS1 and their copies, as far as names go: each is held out once, with its record."""
    clean = [(name, letter) for name in DS1 for letter in (0, 0, 1, 2) * 5]
    record = np.array([n for n, _ in clean] + [f"{n} em" for n, _ in clean])
    aami = np.array([a for _, a in clean] * 2, dtype=np.int8)
    nothing = np.empty((len(record), 0), dtype=np.float32)
    beats = cases.Cases(nothing, nothing, nothing, aami, record, np.arange(len(record)))
    outs = [study.held_out(beats, number) for number in range(1, rhythm_runs.FOLDS + 1)]
    assert (np.sum(outs, axis=0) == 1).all()
    for out in outs:
        inside, outside = (set(harm.original(record[part])) for part in (out, ~out))
        assert inside and not inside & outside


# What is kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    return tmp_path


def leave(name, worse=0):
    """Answers as a run leaves them; noise turns some N into V."""
    clean = {"100": {"NN": 90, "SS": 5, "SN": 5}, "200": {"NN": 50, "VV": 50}}
    noisy = {"100": {"NN": 80, "NV": 10, "SN": 10}, "200": {"NN": 50, "VV": 50 - worse}}
    noisy["200"]["VN"] = worse
    found = {"200": {"NN": 40, "N-": 10, "VV": 50, "-N": 10}, "100": clean["100"]}
    conditions = {c: noisy if what.noise else clean for c, what in harm.CONDITIONS.items()}
    conditions |= {c: found for c in conditions if c.startswith("found")}
    document = {
        "run": name,
        "training": {"seconds": 60.0},
        "seconds_answering": 6.0,
        "conditions": conditions,
        "provenance": SOURCE,
    }
    write_json(study.run_file("smoke", name), document)


def test_what_is_collected_is_kept_and_told(folder):
    for name in study.RUNS:
        leave(name)
    study.collect("smoke")
    kept = study.kept("smoke")
    assert list(kept) == list(study.RUNS)
    rows = tables.table(kept, resamples=50)
    assert len(rows) == len(study.RUNS) * len(harm.CONDITIONS)
    row = tables.of(rows, "rhythm", "em 6")
    assert row["accuracy"] == pytest.approx(0.9) and row["accuracy lost"] == pytest.approx(0.075)
    assert row["f1_V"] == pytest.approx(100 / 110) and row["f1_S"] == 0
    assert row["accuracy lost low"] <= row["accuracy lost"] <= row["accuracy lost high"]
    detected = tables.detection(kept).iloc[0]
    assert detected["sensitivity"] == detected["positive predictivity"] == pytest.approx(0.95)
    assert tables.always_n(kept) == pytest.approx(0.7)
    aim = tables.aim(rows, 6, 2)
    assert set(aim["within 2"]) == {"no"} and len(aim) == 12
    assert tables.most_lost(rows, "single", 6) == pytest.approx(7.5)
    told = json.loads(json.dumps(tables.metrics(kept, rows)))["noise"]["rhythm"]
    assert told["conditions"]["em 6"]["accuracy"]["value"] == pytest.approx(0.9)
    assert told["provenance"] == SOURCE
    texts = tables.texts(rows, tables.detection(kept), 6)
    assert texts["noise_rhythm_noise_em_6_accuracy_lost"] == "7.5"
    keys = {key.removesuffix("_accuracy") for key in texts if key.endswith("_accuracy")}
    assert len(keys) == len(study.RUNS) * len(harm.CONDITIONS)  # no two share one
    assert texts["noise_found_em_6_sensitivity"] == "95.0 %"
    few = tables.texts(rows[rows["run"] == "rhythm"], tables.detection(kept), 6)
    assert few["noise_single_most_lost"] == "–" and set(few) == set(texts)


def test_answers_of_the_rhythm_models_are_logged_once_with_all_their_conditions(folder):
    for name in study.RUNS:
        leave(name, worse=len(name))
    for _ in range(2):
        study.collect("smoke")
    lines = rhythm_runs.read_log("smoke")
    assert [line["what"].partition(",")[0] for line in lines] == ["rhythm", "rhythm-noise"]
    assert {line["scorings"] for line in lines} == {str(len(harm.CONDITIONS))}
    assert lines[0]["accuracy"] == "0.9750"


def test_missing_runs_are_named(folder):
    leave("single")
    with pytest.raises(DataError, match="no answers yet of single-noise, rhythm, rhythm-noise"):
        study.collect("smoke")
    study.collect("smoke", partial=True)
    assert list(study.kept("smoke")) == ["single"]
    told = tables.pending(study.kept("smoke"))
    assert told.endswith("single beat, trained with noise; rhythm; rhythm, trained with noise.")
    with pytest.raises(ConfigError, match="no run 'double'"):
        study.run("smoke", "double")
    study.kept_file("smoke").unlink()
    with pytest.raises(DataError, match="PROFILE=full"):
        study.kept("smoke")


# What is published


@pytest.fixture(scope="module")
def published():
    return study.kept("paper")


def test_published_answers_are_whole_records_under_every_condition(published):
    for name, document in published.items():
        assert name in study.RUNS and list(document["conditions"]) == list(harm.CONDITIONS)
        for counts in document["conditions"].values():
            assert set(counts) == set(DS2)
        totals = study.matrices(document["conditions"]["clean"], DS2)[:, : len(CLASSES)].sum((1, 2))
        for condition, counts in document["conditions"].items():
            annotated = study.matrices(counts, DS2)[:, : len(CLASSES)].sum(axis=(1, 2))
            assert (annotated == totals).all(), condition


def test_published_answers_of_the_rhythm_model_are_in_the_log(published):
    logged = {line["what"].partition(",")[0] for line in rhythm_runs.read_log("paper")}
    assert {name for name in published if name.startswith("rhythm")} <= logged


def test_published_gain_changes_nothing(published):
    for document in published.values():
        assert document["conditions"]["gain 2"] == document["conditions"]["clean"]
        assert document["conditions"]["gain 0.5"] == document["conditions"]["clean"]


def test_published_metrics_follow_from_the_kept_answers(published):
    metrics = json.loads((paths.FIGURES / "metrics.json").read_text())["noise"]
    rows = tables.table(published, resamples=10)
    for run in published:
        for condition in harm.CONDITIONS:
            told = metrics[run]["conditions"][condition]["accuracy"]["value"]
            assert told == pytest.approx(tables.of(rows, run, condition)["accuracy"])
