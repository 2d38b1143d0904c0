"""Where the app gets an ECG from, and its classification."""

import io
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import segment
from ecgcore.constants import CLASSES, FS
from ecgcore.data.formats import csv_text, wfdb_record
from ecgcore.data.formats.content import Problem
from ecgcore.data.records import default_database, read_record
from ecgcore.errors import DataError, EcgError
from ecgcore.inference import classifying
from ecgcore.inference.classifier import Classifier
from ecgcore.inference.classifying import Classified, Part
from ecgcore.rhythm.whole import RhythmClassifier

START = 65_536  # bytes of a file that show how it is written
EXAMPLE_RECORD, EXAMPLE_BEATS = "208", 30


@dataclass(frozen=True)
class Result:
    """A classified file. signal: (n,) float32 at 125 Hz, None for rows of beats; annotated:
    whether the R peaks come with the record."""

    name: str
    beats: Classified
    problems: list[Problem]
    warnings: list[str]
    signal: np.ndarray | None
    unit: str = ""
    lead: str = ""
    annotated: bool = False


def run(
    path: Path,
    classifier: Classifier | RhythmClassifier,
    fs: float | None,
    lead: str,
    own_peaks: bool,
) -> Result:
    """Classify a file or record. Raises EcgError."""
    record = wfdb_record.record_path(path)
    in_rhythm = isinstance(classifier, RhythmClassifier)
    classify = classifying.classify_rhythm if in_rhythm else classifying.classify
    parts = list(classify(path, classifier, fs, lead, own_peaks))
    whole = classifying.collect(parts)
    pieces = [_core(part) for part in parts if part.block is not None]
    source = wfdb_record.from_record(record, lead) if record else None
    return Result(
        name=path.name,
        beats=whole.beats,
        problems=whole.problems,
        warnings=whole.warnings,
        signal=np.concatenate(pieces) if pieces else None,
        unit=f"{source.lead} ({source.unit})" if source else "signal (unit of the file)",
        lead=source.lead if source else "",
        annotated=bool(len(whole.beats)) and bool((whole.beats.true >= 0).any()),
    )


def _core(part: Part) -> np.ndarray:
    """A block's signal without its context."""
    block = part.block
    first = round(block.start_s * FS) - block.offset
    return block.signal[first : round(block.stop_s * FS) - block.offset]


def run_upload(
    files: Sequence,
    classifier: Classifier | RhythmClassifier,
    fs: float,
    lead: str,
    own_peaks: bool,
) -> Result:
    """Classify uploaded files: one text file, or the files of one record.

    files: each with a name and bytes that can be read. Raises EcgError, told without the folder
    that the files are kept in while they are read.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = _store(files, Path(folder))
            is_signal = wfdb_record.record_path(path) is None and _is_one_column(path)
            return run(path, classifier, fs if is_signal else None, lead, own_peaks)
        except EcgError as error:
            raise type(error)(str(error).replace(f"{folder}/", "")) from None


def _store(files: Sequence, folder: Path) -> Path:
    """Write the files and return the path to classify."""
    for file in files:
        file.seek(0)
        with open(folder / Path(file.name).name, "wb") as copy:
            shutil.copyfileobj(file, copy)
    paths = sorted(folder.iterdir())
    headers = [p for p in paths if p.suffix == ".hea"]
    if len(headers) > 1:
        raise DataError("several .hea files: give the files of one record at a time")
    if headers:
        return headers[0]
    if any(p.suffix in wfdb_record.WFDB_SUFFIXES for p in paths):
        raise DataError(f"{paths[0].name}: a record also needs its .hea file; choose both together")
    if len(paths) > 1:
        raise DataError("several files, and no .hea among them: give one CSV file at a time")
    return paths[0]


def has_rhythm(files: Sequence) -> bool:
    """Whether uploaded files are a record or a signal, and not single beats."""
    if len(files) > 1 or Path(files[0].name).suffix in wfdb_record.WFDB_SUFFIXES:
        return True
    files[0].seek(0)
    start = io.BytesIO(files[0].read(START))
    try:
        text = csv_text.open_text(start, files[0].name)
        return csv_text.find_layout(text, files[0].name).is_signal
    except EcgError:
        return False  # which classifying it will explain


def _is_one_column(path: Path) -> bool:
    with open(path, "rb") as file:
        text = csv_text.open_text(file, path.name)
        return csv_text.find_layout(text, path.name).is_signal


def example_csv() -> bytes:
    """Some beats of a record with their labels, as a file to upload."""
    beats = segment(read_record(default_database(), EXAMPLE_RECORD))
    index = np.sort(
        np.concatenate(
            [np.flatnonzero(beats.aami == c)[:EXAMPLE_BEATS] for c in range(len(CLASSES))]
        )
    )
    table = pd.DataFrame(beats.signal[index])
    table["class"] = beats.aami[index]
    return table.to_csv(index=False, header=False, float_format="%.5f").encode()
