"""What is lost between the evaluation and use: by the file format, and by finding R peaks."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import wfdb

from ecgcore.beats.cutting import Beats
from ecgcore.chapters.own_ecg.detectors import CLEAN, OWN, REPORTED
from ecgcore.constants import CLASSES
from ecgcore.data import rpeaks, signals
from ecgcore.data.formats import wfdb_record
from ecgcore.data.noise import NOISES
from ecgcore.data.records import AAMI_OF_SYMBOL, default_database
from ecgcore.inference import classifier, classifying, recording, report
from ecgcore.inference.classifier import Classifier
from ecgcore.workflow.reporting import percent

if TYPE_CHECKING:
    from ecgcore.rhythm.whole import RhythmClassifier

TILED = "100"  # the record that a long one is made of
SCRIPT = """if True:
    import sys
    from ecgcore.cli import main as cli
    try:
        cli.main()
    finally:  # the most memory this process ever held, as Linux counts it
        with open("/proc/self/status") as status:
            print(next(line for line in status if "VmHWM" in line), file=sys.stderr)
"""


def compare_formats(files: dict[str, Path], beats: Beats, repeats: int = 3) -> pd.DataFrame:
    """A row a file of the same network: size, speed, and how far its answers are from the first's.

    files: name to file, the reference first; beats: to classify; repeats: of the timing, of which
    the fastest counts.
    """
    rows, reference = [], None
    for name, path in files.items():
        network = classifier.load(path)
        p = network.probabilities(beats.signal)
        reference = p if reference is None else reference
        seconds = min(_seconds(network, beats.signal) for _ in range(repeats))
        predicted = p.argmax(axis=1)
        rows.append(
            {
                "file": name,
                "size_kb": path.stat().st_size / 1000,
                "beats_per_s": len(beats) / seconds,
                "largest_difference": float(np.abs(p - reference).max()),
                "changed": int((predicted != reference.argmax(axis=1)).sum()),
                "accuracy": float((predicted == beats.aami).mean()),
            }
        )
    return pd.DataFrame(rows)


def _seconds(network: Classifier, signal: np.ndarray) -> float:
    start = time.perf_counter()
    network.probabilities(signal)
    return time.perf_counter() - start


def compare_peaks(
    names: Sequence[str],
    network: Classifier,
    database: Path | None = None,
    progress: Callable[[str], None] = lambda name: None,
) -> pd.DataFrame:
    """A row a record: beats at R peaks that were found, against those at annotated ones.

    missed, added: beats, matched within 150 ms as ANSI/AAMI EC57 has it; changed: matched beats
    that get another class; right, right_own: annotated beats with the right class, a missed one
    counting as wrong; missed_N and so on: missed beats by their annotated class.
    """
    rows = []
    for name in names:
        progress(name)
        rows.append({"record": name, **_compare_record(name, network, database)})
    return pd.DataFrame(rows)


def _compare_record(name: str, network: Classifier, database: Path | None) -> dict:
    signal = wfdb_record.from_record((database or default_database()) / name)
    annotated, own = (
        classifying.collect(classifying.classify_signal(signal, network, own_peaks)).beats
        for own_peaks in (False, True)
    )
    match = rpeaks.match(annotated.time_s, own.time_s)
    matched = own.predicted[match.found]
    missed = np.bincount(annotated.true[match.missed], minlength=len(CLASSES))
    return {
        "beats": len(annotated),
        "missed": len(match.missed),
        "added": len(match.added),
        "changed": int((annotated.predicted[match.reference] != matched).sum()),
        "right": int((annotated.predicted == annotated.true).sum()),
        "right_own": int((annotated.true[match.reference] == matched).sum()),
        **{f"missed_{c}": int(n) for c, n in zip(CLASSES, missed, strict=True)},
    }


def compare_context(
    names: Sequence[str], network: Classifier, rhythm: "RhythmClassifier", database: Path
) -> pd.DataFrame:
    """Two rows a record: what each model makes of it when it has to find the R peaks.

    Columns: record, each beat (alone, or in its rhythm), beats (annotated), accuracy, and of S and
    V the sensitivity and positive predictivity (NaN where there is none). Annotations serve
    only to count: a missed beat is wrong, and a beat that was added is a false one of its class.
    """
    rows = []
    for name in names:
        signal = wfdb_record.from_record(database / name)
        alone = classifying.collect(
            classifying.classify_signal(signal, network, own_peaks=True)
        ).beats
        context = classifying.classify_in_context(signal, rhythm, own_peaks=True).beats
        for how, beats in (("alone", alone), ("in its rhythm", context)):
            rows.append({"record": name, "each beat": how} | _against_annotations(signal, beats))
    return pd.DataFrame(rows)


def _against_annotations(signal: signals.Signal, beats: classifying.Classified) -> dict:
    true = np.array([CLASSES.index(AAMI_OF_SYMBOL[s]) for s in signal.symbol[:-1]])
    match = rpeaks.match(signal.peaks_s[:-1], beats.time_s)
    right = match.reference[true[match.reference] == beats.predicted[match.found]]
    row = {"beats": len(true), "accuracy": len(right) / len(true)}
    for letter in "SV":
        hits = np.count_nonzero(true[right] == CLASSES.index(letter))
        held, said = ((x == CLASSES.index(letter)).sum() for x in (true, beats.predicted))
        row[f"{letter} sensitivity"] = hits / held if held else np.nan
        row[f"{letter} predictivity"] = hits / said if said else np.nan
    return row


def peak_times(name: str, database: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Annotated and found R peaks of a record, both in seconds."""
    signal = wfdb_record.from_record((database or default_database()) / name)
    return signal.peaks_s, rpeaks.find_throughout(signal)


def unmatched(annotated_s: np.ndarray, found_s: np.ndarray) -> np.ndarray:
    """Times (s) of the beats that were missed and of those that were added, increasing."""
    match = rpeaks.match(annotated_s, found_s)
    return np.sort(np.concatenate([annotated_s[match.missed], found_s[match.added]]))


def measure_long_record(hours: float, network: Path, database: Path | None = None) -> dict:
    """Time and memory of `ecgcore predict` on a two-lead record in WFDB format 212, R peaks found.

    The record is made of a real one, over and over. Returns seconds, the multiple of real time,
    the peak memory in MB (Linux only, else NaN), and the beats.
    """
    source = wfdb.rdrecord(str((database or default_database()) / TILED), physical=False)
    n = round(hours * 3600 * source.fs)
    samples = np.resize(source.d_signal, (n, source.n_sig))
    with tempfile.TemporaryDirectory() as folder:
        wfdb.wrsamp(
            "long",
            fs=source.fs,
            units=source.units,
            sig_name=source.sig_name,
            d_signal=samples,
            fmt=["212"] * source.n_sig,
            adc_gain=source.adc_gain,
            baseline=source.baseline,
            write_dir=folder,
        )
        del samples
        options = ["--own-peaks", "--format", "csv", "--model", str(network)]
        command = [sys.executable, "-c", SCRIPT, "predict", str(Path(folder, "long")), *options]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
        seconds = time.perf_counter() - start
    peak = re.search(r"VmHWM:\s+(\d+) kB", done.stderr)
    return {
        "seconds": seconds,
        "real_time": 3600 * hours / seconds,
        "peak_mb": int(peak[1]) / 1000 if peak else float("nan"),
        "beats": len(done.stdout.splitlines()) - 1,
    }


def detectors(kept: dict) -> pd.DataFrame:
    """A row a detector of detectors.kept, that of the least loss first.

    Columns: detector, loss, se, pp (on each reported set, and on DS2 under each noise at 6 dB), ms
    (processor time for a record) and import_s.
    """
    rows = []
    for found in sorted(kept["detectors"].values(), key=lambda found: found["loss"]):
        row = {"detector": found["title"], "loss": found["loss"]}
        for part, condition in REPORTED_CONDITIONS:
            own, name = found["sets"][part][condition], _condition_name(part, condition)
            row |= {f"{name} Se": own["sensitivity"], f"{name} +P": own["predictivity"]}
        rows.append(row | {"s a record": found["seconds_a_record"], "s to load": found["import_s"]})
    return pd.DataFrame(rows)


REPORTED_CONDITIONS = (
    *((part, CLEAN) for part in REPORTED),
    *((REPORTED[0], f"{kind} 6") for kind in NOISES),
)


def _condition_name(part: str, condition: str) -> str:
    return part.partition(",")[0] if condition == CLEAN else condition.partition(" ")[0]


def detector_texts(kept: dict) -> dict[str, str]:
    """The numbers that the book's prose names, as text, of this project's detector and of the
    library's that has the least loss."""
    found = kept["detectors"]
    libraries = {name: what for name, what in found.items() if name != OWN}
    best = min(libraries.values(), key=lambda what: what["loss"])
    texts = {"detector_best": best["title"]}
    for who, what in (("own", found[OWN]), ("best", best)):
        mitdb, svdb = (what["sets"][part] for part in REPORTED)
        texts[f"detector_{who}_loss"] = f"{what['loss']:.1f}"
        for name, own in (("ds2", mitdb[CLEAN]), ("svdb", svdb[CLEAN]), ("ma", mitdb["ma 6"])):
            texts[f"detector_{who}_{name}_sensitivity"] = percent(own["sensitivity"])
            texts[f"detector_{who}_{name}_predictivity"] = percent(own["predictivity"])
    chosen, reported = (found[OWN]["sets"][part] for part in ("DS1", "DS2"))
    return texts | {
        "detector_lost_ds1": percent(chosen[CLEAN]["not_analysable"], 2),
        "detector_lost_ds1_beats": str(chosen[CLEAN]["beats_there"]),
        "detector_lost_ds2": percent(reported[CLEAN]["not_analysable"], 2),
        "detector_lost_ds2_beats": str(reported[CLEAN]["beats_there"]),
        "detector_lost_ma_0": percent(reported["ma 0"]["not_analysable"]),
        "detector_lost_em_0": percent(reported["em 0"]["not_analysable"]),
        "detector_offset": f"{reported[CLEAN]['offset_ms']:z.0f}",
        "detector_spread": f"{reported[CLEAN]['spread_ms']:.0f}",
    }


def report_frame(path: Path, model: "RhythmClassifier", title: str) -> str:
    """HTML that shows the report of a recording, its R peaks found, in a frame of its own.

    The frame holds the whole page: it needs no file beside, and its style and the book's do not
    meet. Raises DataError if the recording cannot be used.
    """
    page = report.html(recording.read(path, model, own_peaks=True))
    inside = page.replace("&", "&amp;").replace("'", "&#39;")
    style = "width:100%;height:32rem;border:1px solid var(--pst-color-border, #ccc)"
    return (
        f"<div><iframe title='{escape(title)}' style='{style}' sandbox='' loading='lazy' "
        f"srcdoc='{inside}'></iframe></div>"  # IPython warns of what is nothing but a frame
    )
