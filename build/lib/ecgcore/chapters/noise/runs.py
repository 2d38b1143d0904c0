"""What harm costs four classifiers: each a run, which leaves its answers under every condition.

The classifiers learn from DS1 and answer for DS2. Two see single beats: the network of
02_training, and one that is trained on the records and their noisy copies by the same recipe. Two
are the rhythm model: as chapter 11 has it, and learnt from the copies too. Their thresholds are
fixed inside DS1 before DS2 is looked at: those of chapter 11, and for the noise-trained one
those that leave-records-out gives over clean and noisy held-out records together.

Where R peaks are found, an annotated beat without one within 150 ms is an error, and a beat
found where there is none counts as a false one of the class that it is given (as in EC57).
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgcore import paths, provenance
from ecgcore.beats import dataset
from ecgcore.beats.cutting import Beats, concatenate, segment
from ecgcore.beats.splits import DS1, DS2, Split, make_split
from ecgcore.chapters.noise import harm
from ecgcore.chapters.noise.harm import CONDITIONS, Condition
from ecgcore.chapters.rhythm import runs as rhythm_runs
from ecgcore.chapters.rhythm.tables import shown
from ecgcore.constants import CLASSES
from ecgcore.data import noise, rpeaks
from ecgcore.data.records import Record, read_record, record_names
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.predictions import Predictions
from ecgcore.files import read_json, write_json
from ecgcore.inference import classifier, onnx_export
from ecgcore.models import checkpoints
from ecgcore.rhythm import cases, model
from ecgcore.rhythm.thresholds import Thresholds, choose, decide
from ecgcore.training import loop
from ecgcore.workflow.profiles import NOISE, Profile, load_profile
from ecgcore.workflow.results import training_summary

PROTOCOL = "inter_patient"
RUNS = {
    "single": "single beat",
    "single-noise": "single beat, trained with noise",
    "rhythm": "rhythm",
    "rhythm-noise": "rhythm, trained with noise",
}
NO_BEAT = "-"  # in a cell's name: annotated where nothing was found, or the other way round
NAMED = (*CLASSES, NO_BEAT)

Answer = Callable[[Record], np.ndarray]  # a record to the class numbers of all its beats but one


@dataclass(frozen=True)
class Learnt:
    """A classifier ready to answer; about: what is kept of how it was made."""

    answer: Answer
    about: dict


# Answers, and what they are compared with


def at_peaks(record: Record, peaks: np.ndarray) -> Record:
    """The record as a classifier gets it: these R peaks, and no annotation to learn from."""
    nobody = np.full(len(peaks), "N")
    return replace(record, sample=peaks, symbol=nobody, aami=nobody)


def cells(record: Record, peaks: np.ndarray, answers: np.ndarray, matched: bool) -> dict[str, int]:
    """How often each annotated class got each answer: `NV` is N called V, `S-` an S beat missed.

    peaks: (n_peaks,) samples; answers: (n_peaks - 1,) class numbers, none for the last beat;
    matched: whether peaks were found and belong to the nearest annotation within 150 ms.
    """
    true = np.array([CLASSES.index(letter) for letter in record.aami[:-1]])
    none = len(CLASSES)
    if matched:
        pairs = rpeaks.match(record.sample[:-1] / record.fs, peaks[:-1] / record.fs)
        rows = [true[pairs.reference], true[pairs.missed], np.full(len(pairs.added), none)]
        said = [answers[pairs.found], np.full(len(pairs.missed), none), answers[pairs.added]]
        true, answers = np.concatenate(rows), np.concatenate(said)
    found, count = np.unique(np.stack([true, answers]), axis=1, return_counts=True)
    names = [NAMED[row] + NAMED[column] for row, column in found.T.astype(int)]
    return dict(zip(names, count.tolist(), strict=True))


def answered(answer: Answer, record: Record, condition: Condition) -> dict[str, int]:
    """The cells of one record under one condition."""
    harmed = harm.harmed(record, condition)
    peaks = harm.peaks(harmed, condition.peaks)
    found = answer(at_peaks(harmed, peaks))
    return cells(record, peaks, found, matched=condition.peaks == "found")


# The four classifiers


def single_beat(checkpoint: Path) -> Answer:
    """The most probable class of each beat alone, by a network as it is deployed: in ONNX."""
    network = classifier.load(onnx_export.export(checkpoint))
    return lambda record: network.probabilities(segment(record).signal).argmax(axis=1)


def in_context(fitted: model.RhythmModel, at: Thresholds) -> Answer:
    """What the rhythm model's thresholds make of each beat in its record."""
    return lambda record: decide(model.scores(fitted, cases.of_record(record)), at)


def records(profile: Profile, names: Iterable[str]) -> list[Record]:
    """Those of some records that a profile works on."""
    database = profile.data.database_path
    held = profile.data.records or record_names(database)
    return [read_record(database, name) for name in names if name in held]


def with_copies(beats: Beats, split: Split, noisy: Beats) -> tuple[Beats, Split]:
    """Beats with those of noisy copies, each copy in the part that its record is in.

    The test part stays what it is, and holds no copy.
    """
    of = harm.original(noisy.record)
    parts = {}
    for name in ("train", "val"):
        clean = getattr(split, name)
        own = np.flatnonzero(np.isin(of, beats.record[clean]))
        parts[name] = np.concatenate([clean, len(beats) + own])
    return concatenate([beats, noisy]), replace(split, **parts)


def _single(profile: Profile) -> Learnt:
    checkpoint = paths.model_file(profile.name, PROTOCOL)
    _, about = checkpoints.load_checkpoint(checkpoint)
    return Learnt(single_beat(checkpoint), {"training": training_summary(about)})


def _single_noise(profile: Profile) -> Learnt:
    """With three copies a record, an eighth of the epochs: half the steps of the other network."""
    config = profile.train_config(PROTOCOL)
    beats = dataset.load(profile.name, PROTOCOL)
    split = make_split(PROTOCOL, beats, config.val_share, config.seed)
    learnt = [copy for record in records(profile, DS1) for copy in harm.copies(record)]
    beats, split = with_copies(beats, split, concatenate([segment(copy) for copy in learnt]))
    fewer = max(1, round(config.epochs / (2 * (1 + len(noise.NOISES)))))
    folder = paths.checkpoint_dir(profile.name, "noise")
    fit = loop.fit(beats, split, replace(config, epochs=fewer), folder)
    checkpoint = paths.model_file(profile.name, "noise")
    loop.publish(fit, checkpoint)
    return Learnt(single_beat(checkpoint), {"training": training_summary(fit.about)})


def _rhythm(profile: Profile) -> Learnt:
    """Chapter 11's model, of the seed that it shows, fitted anew, with its thresholds."""
    entries = rhythm_runs.kept(profile.name)["results"].get("ds2-mitdb")
    if not entries:
        raise DataError("noise: no thresholds of the rhythm model kept; run `ecgcore rhythm` first")
    entry = shown(entries)
    start = time.perf_counter()
    clean = cases.concatenate([cases.of_record(r) for r in records(profile, DS1)])
    fitted = model.fit(clean, entry["seed"])
    about = {"training": {"seconds": time.perf_counter() - start, "seed": entry["seed"]}}
    return Learnt(
        in_context(fitted, Thresholds.from_dict(entry["thresholds"])),
        about | {"thresholds": entry["thresholds"]},
    )


def held_out(beats: cases.Cases, number: int) -> np.ndarray:
    """(n,) bool, the beats of a fold of chapter 11, those of its records' copies included."""
    clean = beats[beats.record == harm.original(beats.record)]
    fold = np.unique(clean.record[rhythm_runs.fold(clean, number)])
    return np.isin(harm.original(beats.record), fold)


def _rhythm_noise(profile: Profile, seed: int = 0) -> Learnt:
    start = time.perf_counter()
    clean = records(profile, DS1)
    learnt = [*clean, *(copy for record in clean for copy in harm.copies(record))]
    beats = cases.concatenate([cases.of_record(record) for record in learnt])
    scores = np.empty((len(beats), 3))
    for number in range(1, rhythm_runs.FOLDS + 1):
        out = held_out(beats, number)
        scores[out] = model.scores(model.fit(beats[~out], seed), beats[out])
    at = choose(scores, beats.aami)
    fitted = model.fit(beats, seed)
    about = {"training": {"seconds": time.perf_counter() - start, "seed": seed}}
    return Learnt(in_context(fitted, at), about | {"thresholds": at.as_dict(4)})


LEARN: Mapping[str, Callable[[Profile], Learnt]] = {
    "single": _single,
    "single-noise": _single_noise,
    "rhythm": _rhythm,
    "rhythm-noise": _rhythm_noise,
}


# Runs


def run_file(profile: str, name: str) -> Path:
    return paths.run_dir(profile) / "noise" / f"{name}.json"


def run(profile: str, name: str, log: Callable[[str], None] = print) -> Path:
    """Learn, answer for DS2 under every condition, and keep the counts.

    Raises ConfigError for a name that RUNS does not hold.
    """
    if name not in RUNS:
        raise ConfigError(f"noise: no run {name!r}; choose from {', '.join(RUNS)}")
    chosen = load_profile(profile)
    source = provenance.provenance(profile, chosen.data.database_path)
    source["noise_sha256"] = provenance.data_sha256(paths.DATA / "nstdb")
    learnt = LEARN[name](chosen)
    log(f"{name}: ready")
    tested = records(chosen, DS2)
    start = time.perf_counter()
    found = {}
    for condition, what in CONDITIONS.items():
        found[condition] = {r.name: answered(learnt.answer, r, what) for r in tested}
        log(f"{name}: {condition}, after {time.perf_counter() - start:.0f} s")
    document = {
        "run": name,
        **learnt.about,
        "seconds_answering": time.perf_counter() - start,
        "conditions": found,
        "provenance": source,
    }
    write_json(run_file(profile, name), document)
    return run_file(profile, name)


def missing(profile: str) -> list[str]:
    return [name for name in RUNS if not run_file(profile, name).is_file()]


# Where the results are kept


def kept_file(profile: str) -> Path:
    """A profile's own results, or where it computes none the published ones."""
    return load_profile(profile).kept_file(NOISE)


def collect(profile: str, partial: bool = False) -> Path:
    """Keep the runs in one file, and log those in which a rhythm model answered for DS2.

    partial: keep what there is. Raises DataError that names the runs that are missing.
    """
    absent = missing(profile)
    if absent and not partial:
        raise DataError(f"noise: no answers yet of {', '.join(absent)}")
    found = {name: read_json(run_file(profile, name)) for name in RUNS if name not in absent}
    for name, document in found.items():
        if name.startswith("rhythm"):
            _log(profile, name, document)
    write_json(kept_file(profile), found)
    return kept_file(profile)


def kept(profile: str) -> dict[str, dict]:
    """Run to what is kept of it. Raises DataError if nothing is."""
    path = kept_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no results here; run `make book PROFILE=full` first")
    return read_json(path)


def _log(profile: str, name: str, document: dict) -> None:
    """A line of the log of DS2 for all conditions together, with the numbers of the clean one."""
    conditions = document["conditions"]
    rhythm_runs.add_to_log(
        profile,
        what=f"{name}, {len(conditions)} conditions of chapter Noise (clean: the numbers here)",
        found=predictions(conditions["clean"]),
        digest=hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest(),
        commit=document["provenance"]["commit"],
        scorings=len(conditions),
    )


def predictions(counts: Mapping[str, Mapping[str, int]]) -> Predictions:
    """The answers of a condition under which every beat got one, as its cells tell them."""
    true, said, record = ([] for _ in range(3))
    for name, own in counts.items():
        for cell, count in own.items():
            true += [CLASSES.index(cell[0])] * count
            said += [CLASSES.index(cell[1])] * count
            record += [name] * count
    certain = np.eye(len(CLASSES), dtype=np.float32)[said]
    answers = [np.array(values, dtype=np.int8) for values in (true, said)]
    return Predictions(*answers, certain, np.array(record), np.full(len(true), -1))


def matrices(counts: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> np.ndarray:
    """(n_records, 6, 6) int64: row, annotated N S V F Q or none; column, the answer."""
    found = np.zeros((len(names), len(NAMED), len(NAMED)), dtype=np.int64)
    for at, name in enumerate(names):
        for cell, count in counts[name].items():
            found[at, NAMED.index(cell[0]), NAMED.index(cell[1])] = count
    return found
