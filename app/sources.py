"""Where the app gets an ECG from, and its classification."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import segment
from ecgcore.constants import CLASSES, FS
from ecgcore.data.formats import wfdb_header
from ecgcore.data.formats.content import Problem
from ecgcore.data.formats.opening import open_file
from ecgcore.data.records import default_database, read_record
from ecgcore.data.signals import Signal, UnknownRate
from ecgcore.errors import ConfigError, DataError, EcgError
from ecgcore.inference import classifying
from ecgcore.inference.classifier import Classifier
from ecgcore.inference.classifying import Classified, Part
from ecgcore.rhythm.whole import RhythmClassifier

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
    in_rhythm = isinstance(classifier, RhythmClassifier)
    classify = classifying.classify_rhythm if in_rhythm else classifying.classify
    parts = list(classify(path, classifier, fs, lead, own_peaks))
    whole = classifying.collect(parts)
    pieces = [_core(part) for part in parts if part.block is not None]
    source = open_file(path, lead, fs).signal if pieces else None
    return Result(
        name=path.name,
        beats=whole.beats,
        problems=whole.problems,
        warnings=whole.warnings,
        signal=np.concatenate(pieces) if pieces else None,
        unit=_described(source) if source else "",
        lead=source.lead if source else "",
        annotated=bool(len(whole.beats)) and bool((whole.beats.true >= 0).any()),
    )


def _described(source: Signal) -> str:
    known = "unknown" not in source.lead and "unknown" not in source.unit
    return f"{source.lead} ({source.unit})" if known else "signal (unit of the file)"


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
    """Classify uploaded files: one file of any format, or the files of one record.

    files: each with a name and bytes that can be read; fs: Hz, used where the file has no rate.
    Raises EcgError, told without the folder that the files are kept in while they are read.
    """
    with _stored(files) as path:
        return run(path, classifier, fs if _lacks_rate(path) else None, lead, own_peaks)


def needs_rate(files: Sequence) -> bool:
    """Whether uploaded files are a signal that does not tell its sampling rate."""
    try:
        with _stored(files) as path:
            return _lacks_rate(path)
    except EcgError:
        return False  # which classifying it will explain


def has_rhythm(files: Sequence) -> bool:
    """Whether uploaded files are a record or a signal, and not single beats."""
    try:
        with _stored(files) as path:
            return open_file(path).signal is not None
    except ConfigError:
        return True  # a signal, of which something is still to be told
    except EcgError:
        return False


def _lacks_rate(path: Path) -> bool:
    try:
        open_file(path)
    except UnknownRate:
        return True
    except EcgError:
        pass  # which classifying it will explain
    return False


@contextmanager
def _stored(files: Sequence) -> Iterator[Path]:
    """The path to open, in a folder that lasts as long as the block; see `run_upload`."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield _store(files, Path(folder))
        except EcgError as error:
            raise type(error)(str(error).replace(f"{folder}/", "")) from None


def _store(files: Sequence, folder: Path) -> Path:
    """Write the files and return the path to open."""
    for file in files:
        file.seek(0)
        name = Path(file.name.replace("\\", "/")).name
        with open(folder / (name if name.strip(".") else "upload"), "wb") as copy:
            shutil.copyfileobj(file, copy)
    paths = sorted(folder.iterdir())
    headers = [p for p in paths if p.suffix.lower() == ".hea"]
    whole = [p for p in headers if wfdb_header.read(p).segments] if len(headers) > 1 else headers
    if len(headers) > 1 and len(whole) != 1:
        raise DataError("several .hea files: give the files of one record at a time")
    if headers:
        return whole[0]
    if len(paths) > 1:
        raise DataError(
            "several files, and no .hea among them: give one file, or all files of a record"
        )
    return paths[0]


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
