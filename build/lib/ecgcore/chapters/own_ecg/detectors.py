"""Detectors of R peaks compared, by sensitivity and positive predictivity as in ANSI/AAMI EC57.

Each gets the first signal of a record at the record's own rate, and its default settings. A
detection within 150 ms of an annotated beat has found it. As in EC57, the first five minutes of a
record are there to learn from, and are not counted. Noise is the recorded one of nstdb, over
three minutes of the records of mitdb, of which the first half minute is not counted.

What may be chosen by is apart from what is reported: DS1, the first half of the records of svdb
and the training half of the noise on the one side; DS2, the second half of svdb and the test
half of the noise on the other. A detector's loss is what the choice goes by: errors (missed and
added) in 100 beats, the mean over DS1, the half of svdb, and the noises together.
"""

import hashlib
import importlib.metadata
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgcore import paths, provenance
from ecgcore.beats.splits import DS1, DS2
from ecgcore.chapters.noise import harm
from ecgcore.data import quality, rpeaks, signals
from ecgcore.data.noise import NOISES
from ecgcore.data.records import Record, read_record, record_names
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.ec57 import LEARNING_S
from ecgcore.files import read_json, write_json
from ecgcore.sources import modules_used
from ecgcore.workflow.profiles import DETECTORS, load_profile

CLEAN = "clean"
SNR_DB = (12, 6, 0)
NOISY_S = (LEARNING_S - 30, LEARNING_S + 150)
NOISY = tuple(f"{kind} {db}" for kind in NOISES for db in SNR_DB)
SETS = {  # database, lot of noise, and whether a choice may go by it
    "DS1": ("mitdb", "training"),
    "DS2": ("mitdb", "test"),
    "svdb, first half": ("svdb", ""),
    "svdb, second half": ("svdb", ""),
}
CHOOSING, REPORTED = ("DS1", "svdb, first half"), ("DS2", "svdb, second half")
OWN = "ecgcore"
IMPORTS = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"

Find = Callable[[np.ndarray, float], np.ndarray]  # (n,) samples at fs Hz to positions of R peaks


@dataclass(frozen=True)
class Detector:
    """One to compare. title: for tables; library: that it comes from; find: see Find."""

    title: str
    library: str
    find: Find

    @property
    def version(self) -> str:
        """Of the library, or of the source where it is this project's own."""
        if self.library != OWN:
            return importlib.metadata.version(self.library)
        files = modules_used("from ecgcore.data import rpeaks")
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _neurokit(method: str, cleaned: str = "") -> Detector:
    def find(signal: np.ndarray, fs: float) -> np.ndarray:
        import neurokit2

        rate = int(fs)
        clean = neurokit2.ecg_clean(signal, sampling_rate=rate, method=cleaned or method)
        return neurokit2.ecg_findpeaks(clean, sampling_rate=rate, method=method)["ECG_R_Peaks"]

    return Detector(f"NeuroKit2, {method}", "neurokit2", find)


def _sleepecg(signal: np.ndarray, fs: float) -> np.ndarray:
    import sleepecg

    return sleepecg.detect_heartbeats(signal, fs)


COMPARED: Mapping[str, Detector] = {
    OWN: Detector("this project", OWN, rpeaks.find),
    "neurokit": _neurokit("neurokit"),
    "pantompkins1985": _neurokit("pantompkins1985"),
    "kalidas2017": _neurokit("kalidas2017"),
    "martinez2004": _neurokit("martinez2004", cleaned="neurokit"),
    "manikandan2012": _neurokit("manikandan2012", cleaned="neurokit"),
    "sleepecg": Detector("SleepECG", "sleepecg", _sleepecg),
}


# Records


def members(name: str) -> list[str]:
    """The records of a set, sorted."""
    if name in ("DS1", "DS2"):
        return sorted(DS1 if name == "DS1" else DS2)
    all_names = record_names(paths.DATA / "svdb")
    half = len(all_names) // 2
    return all_names[:half] if name == "svdb, first half" else all_names[half:]


def conditions(record: Record, lot: str) -> Iterator[tuple[str, np.ndarray, float]]:
    """A record clean, and part of it under noise: name, signal (mV), and where it starts (s)."""
    yield CLEAN, record.signal, 0.0
    first, last = (round(s * record.fs) for s in NOISY_S)
    for condition in NOISY if lot else ():
        kind, db = condition.split()
        noisy = harm.with_noise(record, kind, float(db), lot)
        yield condition, noisy.signal[first:last], first / record.fs


# Counting


def count(detector: Detector, record: Record, signal: np.ndarray, start_s: float) -> dict:
    """What a detector makes of a signal that starts at start_s (s) of a record.

    beats, missed, added: after the learning period; offset_ms: median of found less annotated
    time, spread_ms: 90 % of the matched beats lie within so much of it (None without any); failed:
    whether it broke off, which counts as no detection; not_analysable: the share of the time that
    was told to be so, and beats_there: how many beats it holds (of this project's own only).
    """
    failed, stop_s = False, start_s + len(signal) / record.fs
    began = time.process_time()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = np.unique(detector.find(signal.astype(np.float64), record.fs))
    except Exception:  # as many kinds as there are libraries
        found, failed = np.empty(0), True
    seconds = time.process_time() - began
    annotated = record.sample / record.fs
    annotated = annotated[(annotated >= start_s) & (annotated < stop_s)]
    found_s = start_s + found / record.fs
    match = rpeaks.match(annotated, found_s)
    counted = annotated[match.reference] >= LEARNING_S
    offset = 1000 * (found_s[match.found] - annotated[match.reference])[counted]
    middle = float(np.median(offset)) if len(offset) else None
    told = {
        "beats": int((annotated >= LEARNING_S).sum()),
        "missed": int((annotated[match.missed] >= LEARNING_S).sum()),
        "added": int((found_s[match.added] >= LEARNING_S).sum()),
        "offset_ms": middle,
        "spread_ms": float(np.percentile(np.abs(offset - middle), 90)) if len(offset) else None,
        "failed": failed,
        "seconds": seconds,
    }
    return told | (_not_analysable(record, signal, start_s) if detector.library == OWN else {})


def _not_analysable(record: Record, signal: np.ndarray, start_s: float) -> dict:
    whole = signals.from_array(signal, record.fs, record.name)
    bad = [(start_s + s.start_s, start_s + s.stop_s) for s in quality.stretches(whole)]
    bad = [(max(a, LEARNING_S), b) for a, b in bad if b > LEARNING_S]
    beats = record.sample / record.fs
    total = start_s + len(signal) / record.fs - LEARNING_S
    return {
        "not_analysable": sum(b - a for a, b in bad) / total,
        "beats_there": int(sum(((beats >= a) & (beats < b)).sum() for a, b in bad)),
    }


# Runs


def run_file(profile: str, detector: str, record: str) -> Path:
    return paths.run_dir(profile) / "detectors" / detector / f"{record}.json"


def run(profile: str, name: str, log: Callable[[str], None] = print) -> None:
    """Have a detector look at every record that it has not seen in this version.

    Raises ConfigError for a name that is not compared.
    """
    if name not in COMPARED:
        known = ", ".join(COMPARED)
        raise ConfigError(f"detectors: no detector {name!r}; choose from {known}")
    detector = COMPARED[name]
    for part, (database, lot) in SETS.items():
        for record in members(part):
            path = run_file(profile, name, record)
            if path.is_file() and read_json(path)["version"] == detector.version:
                continue
            whole = read_record(paths.DATA / database, record)
            found = {c: count(detector, whole, *what) for c, *what in conditions(whole, lot)}
            write_json(path, {"version": detector.version, "conditions": found})
        log(f"{name}: {part}")


def import_seconds(library: str) -> float:
    """Processor time of importing a library in a fresh interpreter, the fastest of three."""
    module = "ecgcore.data.rpeaks" if library == OWN else library
    module = "wfdb.processing" if module == "wfdb" else module
    command = [sys.executable, "-c", IMPORTS.format(module)]
    runs = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(3))
    return min(float(done.stdout.split()[-1]) for done in runs)


# Results


def summary(counts: list[dict]) -> dict:
    """Gross counts and rates of some records, the means of the records' rates, and offsets."""
    beats, missed, added = (sum(c[key] for c in counts) for key in ("beats", "missed", "added"))
    each = [_rates(c["beats"], c["missed"], c["added"]) for c in counts]
    average = np.nanmean(np.array(each, dtype=float), axis=0)
    sensitivity, predictivity = _rates(beats, missed, added)
    offset, spread = (
        [c[key] for c in counts if c[key] is not None] for key in ("offset_ms", "spread_ms")
    )
    told = {
        "records": len(counts),
        "beats": beats,
        "missed": missed,
        "added": added,
        "sensitivity": sensitivity,
        "predictivity": predictivity,
        "sensitivity_average": float(average[0]),
        "predictivity_average": float(average[1]),
        "errors_in_100": 100 * (missed + added) / beats,
        "offset_ms": float(np.median(offset)) if offset else None,
        "spread_ms": float(np.median(spread)) if spread else None,
        "failed": sum(c["failed"] for c in counts),
    }
    if "not_analysable" in counts[0]:
        told["not_analysable"] = float(np.mean([c["not_analysable"] for c in counts]))
        told["beats_there"] = sum(c["beats_there"] for c in counts)
    return told


def _rates(beats: int, missed: int, added: int) -> tuple[float, float]:
    """Sensitivity and positive predictivity; none where nothing was found."""
    hits = beats - missed
    return hits / beats if beats else np.nan, hits / (hits + added) if hits + added else 0.0


def loss(sets: Mapping[str, dict], parts: tuple[str, str] = CHOOSING) -> float:
    """Errors in 100 beats: the mean over the set of mitdb, that of svdb, and the noises."""
    mitdb, svdb = (sets[part] for part in parts)
    noise = np.mean([mitdb[condition]["errors_in_100"] for condition in NOISY])
    return float(np.mean([mitdb[CLEAN]["errors_in_100"], svdb[CLEAN]["errors_in_100"], noise]))


def kept_file(profile: str) -> Path:
    """A profile's own results, or where it computes none the published ones."""
    return load_profile(profile).kept_file(DETECTORS)


def collect(profile: str) -> Path:
    """Keep what the runs found in one file. Raises DataError that names what is missing."""
    found = {name: _collected(profile, name) for name in COMPARED}
    source = provenance.provenance(profile, paths.DATA / "mitdb")
    for database in ("svdb", "nstdb"):
        source[f"{database}_sha256"] = provenance.data_sha256(paths.DATA / database)
    write_json(kept_file(profile), {"detectors": found, "provenance": source})
    return kept_file(profile)


def _collected(profile: str, name: str) -> dict:
    detector, sets, clean = COMPARED[name], {}, []
    for part, (_, lot) in SETS.items():
        files = [run_file(profile, name, record) for record in members(part)]
        for path in files:
            if not path.is_file():
                raise DataError(f"{path}: not there; run `ecgcore detectors {name}` first")
        counts = [read_json(path)["conditions"] for path in files]
        held = (CLEAN, *NOISY) if lot else (CLEAN,)
        sets[part] = {c: summary([own[c] for own in counts]) for c in held}
        clean += [own[CLEAN]["seconds"] for own in counts]
    return {
        "title": detector.title,
        "library": detector.library,
        "version": detector.version,
        "loss": loss(sets),
        "import_s": import_seconds(detector.library),
        "seconds_a_record": float(np.median(clean)),
        "sets": sets,
    }


def kept(profile: str) -> dict:
    """What was found. Raises DataError if nothing is kept."""
    path = kept_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no results here; run `make book PROFILE=full` first")
    return read_json(path)
