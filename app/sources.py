"""Where the app gets an ECG from, and its classification."""

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore import paths
from ecgcore.beats.cutting import segment
from ecgcore.beats.splits import DS1, PACED
from ecgcore.constants import CLASSES, FS
from ecgcore.data import signals
from ecgcore.data.formats import wfdb_record
from ecgcore.data.formats.content import Content, Problem
from ecgcore.data.formats.opening import open_file
from ecgcore.data.records import default_database, read_record
from ecgcore.data.signals import Signal
from ecgcore.errors import ConfigError, DataError, EcgError
from ecgcore.inference import classifying, corrections, published, recording
from ecgcore.inference.choosing import Model
from ecgcore.inference.classifying import Classified
from ecgcore.inference.corrections import Edit
from ecgcore.inference.recording import Recording

DATABASES = {"svdb": "Supraventricular", "mitdb": "Arrhythmia"}  # of MIT-BIH
FIRST = ("svdb", "851")  # all kinds of sequences, of a patient that no model has learnt from
EXAMPLE_RECORD, EXAMPLE_BEATS = "208", 30
ASKED_FS = 360.0  # by which is found out whether a rate is all that a file lacks

ChooseModel = Callable[[Content], Model]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Upload:
    """A file that somebody has chosen: its name, without folders, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Options:
    """How an ECG is read. fs: Hz, of a file that has none; lead: empty to choose by evidence."""

    fs: float | None = None
    lead: str = ""
    own_peaks: bool = False


@dataclass(frozen=True)
class Opened:
    """A classified file: a recording, or the rows of a file of beats.

    key: what it is, whatever it is called or read like; answer: that, and how it was read and
    answered; leads: names of all there are; second: (n,)
    float32 of another lead at 125 Hz, or None, and its name; kept: where its corrections are kept,
    None: in the session; edits: corrections that came with it.
    """

    key: str
    answer: str
    name: str
    model: Model
    recording: Recording | None
    rows: Classified | None
    problems: list[Problem]
    warnings: list[str]
    leads: tuple[str, ...] = ()
    second: np.ndarray | None = None
    second_lead: str = ""
    kept: Path | None = None
    edits: list[Edit] = field(default_factory=list)


class NeedsRate(ConfigError):
    """A signal whose file does not tell how it was sampled."""


def open_path(
    path: Path, options: Options, choose: ChooseModel, progress: Progress = lambda done: None
) -> Opened:
    """Classify a file or record. Raises EcgError; NeedsRate where a rate is all that is missing."""
    path = Path(path)
    content = _open(path, options)
    model = choose(content)
    if content.rows is not None:
        whole = classifying.collect(classifying.classify_content(content, model))
        return Opened("", "", path.name, model, None, whole.beats, whole.problems, whole.warnings)
    found = recording.of_content(content, model, options.own_peaks, progress)
    second = content.signal.second
    return Opened(
        key="",
        answer="",
        name=found.name,
        model=model,
        recording=found,
        rows=None,
        problems=found.problems,
        warnings=found.warnings,
        leads=content.signal.leads,
        second=_at_fs(content.signal) if second else None,
        second_lead=second.name if second else "",
    )


def _open(path: Path, options: Options) -> Content:
    try:
        return open_file(path, options.lead, options.fs)
    except ConfigError as error:
        if options.fs is None and _opens(path, replace(options, fs=ASKED_FS)):
            raise NeedsRate(str(error)) from None
        raise


def _opens(path: Path, options: Options) -> bool:
    try:
        return open_file(path, options.lead, options.fs).signal is not None
    except EcgError:
        return False


def _at_fs(signal: Signal) -> np.ndarray:
    """The second lead at 125 Hz, (n,) float32."""
    other = signal.second
    pieces = []
    for block in signals.blocks(replace(signal, lead=other.name, read=other.read)):
        first, last = (round(s * FS) - block.offset for s in (block.start_s, block.stop_s))
        pieces.append(block.signal[first:last])
    return np.concatenate(pieces)


def open_local(
    path: Path, options: Options, choose: ChooseModel, progress: Progress = lambda done: None
) -> Opened:
    """A recording on this machine, with the corrections that lie beside it."""
    return _with_kept(open_path(path, options, choose, progress), corrections.file_beside(path))


def open_record(database: str, name: str, options: Options, choose: ChooseModel) -> Opened:
    """A record of the book. Its corrections lie under `runs/`: nothing may change the data, by
    whose checksum every result of the book says what it was computed from."""
    found = open_path(paths.DATA / database / name, options, choose)
    kept = paths.RUNS / "corrections" / database / f"{name}{corrections.SUFFIX}"
    return _with_kept(found, kept)


def _with_kept(found: Opened, kept: Path) -> Opened:
    return replace(found, kept=kept) if found.recording else found


def stamp(path: Path) -> str:
    """What changes when a recording or one of a record's files does."""
    path = Path(path)
    files = [p for p in path.parent.iterdir() if p.name == path.name or p.stem == path.stem]
    told = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(files)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def open_upload(
    files: Sequence[Upload],
    options: Options,
    choose: ChooseModel,
    progress: Progress = lambda done: None,
) -> Opened:
    """Classify uploaded files: one of any format, or the files of one record; corrections may be
    among them.

    Raises EcgError, told without the folder that the files are kept in while they are read.
    """
    written = [f for f in files if f.name.endswith(corrections.SUFFIX)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = _store([f for f in files if f not in written], Path(folder))
            found = open_path(path, options, choose, progress)
            edits = [e for f in written for e in _edits(f, found)]
        except EcgError as error:
            raise type(error)(str(error).replace(f"{folder}/", "")) from None
    return replace(found, edits=edits)


def _edits(file: Upload, found: Opened) -> list[Edit]:
    if found.recording is None:
        raise DataError(f"{file.name}: corrections belong to a recording, not to rows of beats")
    try:
        document = json.loads(file.content)
    except ValueError:
        raise DataError(f"{file.name}: damaged corrections") from None
    return corrections.edits_of(document, file.name, found.recording.seconds)


def digest(files: Sequence[Upload]) -> str:
    """SHA-256 of names and contents, whatever their order."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.name):
        whole.update(f"{file.name}\0{len(file.content)}\0".encode())
        whole.update(file.content)
    return whole.hexdigest()


def _store(files: Sequence[Upload], folder: Path) -> Path:
    """Write the files and return the path to classify."""
    for file in files:
        with open(folder / Path(file.name).name, "wb") as copy:
            shutil.copyfileobj(io.BytesIO(file.content), copy)
    found = sorted(folder.iterdir())
    if not found:
        raise DataError("corrections alone: give the recording with them")
    headers = [p for p in found if p.suffix.lower() == ".hea"]
    whole = headers if len(headers) == 1 else [p for p in headers if _names(p, headers)]
    if len(whole) == 1:
        return whole[0]
    if headers:
        raise DataError("several .hea files: give the files of one record at a time")
    if any(p.suffix.lower() in wfdb_record.WFDB_SUFFIXES for p in found):
        raise DataError(f"{found[0].name}: a record also needs its .hea file; choose both together")
    if len(found) > 1:
        raise DataError("several files, and no .hea among them: give one recording at a time")
    return found[0]


def _names(header: Path, others: Sequence[Path]) -> bool:
    """Whether a header is that of a record of several segments, which are the others."""
    words = header.read_text(encoding="utf-8", errors="replace").split()
    of_segments = "/" in next((word for word in words if not word.startswith("#")), "")
    return of_segments and all(other.stem in words for other in others if other != header)


def has_learnt_from(model: Model, database: str, name: str) -> bool:
    """Whether a model's weights have been fitted to a record of the book."""
    if database != "mitdb":
        return False
    return {
        published.RANDOM: True,
        published.INTER_PATIENT: name in DS1,
    }.get(model.about["protocol"], name not in PACED)


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
