"""WFDB records: a header, its signal files, annotations; in one piece or in several segments."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np

from ecgcore.data import lead_choice
from ecgcore.data.formats import wfdb_annotations, wfdb_header
from ecgcore.data.formats.content import Content
from ecgcore.data.formats.wfdb_header import GAP, Header
from ecgcore.data.formats.wfdb_samples import SignalFile
from ecgcore.data.signals import Lead, Signal, agreed_fs, check_fs, check_length, joined
from ecgcore.errors import DataError

WFDB_SUFFIXES = (".hea", ".dat", ".atr")
MAY_HAVE_HEADER = (*WFDB_SUFFIXES, ".mat")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
MOST_ANNOTATED_BEYOND = 0.5  # share of beats beyond the end above which they are of another record


def header_file(path: Path) -> Path | None:
    """The header of the record that `path` names: x, x.hea, x.dat, x.atr or x.mat, in capitals
    too; None if there is none."""
    path = Path(path)
    stems = [path]
    if path.suffix.lower() in MAY_HAVE_HEADER:
        stems.insert(0, path.with_suffix(""))
    for stem in stems:
        found = beside(stem.parent, f"{stem.name}.hea")
        if found:
            return found
    return None


def record_path(path: Path) -> Path | None:
    """A record's path without suffix, if `path` names one, or a part of one without a header."""
    path = Path(path)
    found = header_file(path)
    if found:
        return found.with_suffix("")
    lost = path.suffix.lower() in (".hea", ".atr") or (
        path.suffix.lower() == ".dat" and not path.is_file()
    )
    return path.with_suffix("") if lost else None


def beside(folder: Path, name: str) -> Path | None:
    """A file of a folder, its name compared without case if there is none of just that name."""
    exact = folder / name
    if exact.is_file():
        return exact
    try:
        alike = [p for p in folder.iterdir() if p.name.casefold() == name.casefold()]
    except OSError:
        return None
    return next((p for p in sorted(alike) if p.is_file()), None)


def claims(path: Path, start: bytes) -> bool:
    return record_path(path) is not None


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    signal = from_record(record_path(path), lead)
    agreed_fs(fs, signal.fs, str(path))
    return Content(signal)


def from_record(path: Path, lead: str = "") -> Signal:
    """A lead of a WFDB record, chosen by `lead_choice` if none is named, read as needed.

    path: without suffix. Takes the beats of the .atr file where there are enough. Raises DataError
    if a file is missing, short or damaged, ConfigError for an unknown lead.
    """
    path = Path(path)
    file = header_file(path) or Path(f"{path}.hea")
    header = wfdb_header.read(file)
    leads = open_leads(file, header)
    chosen = leads[lead_choice.choose(leads, lead, str(file))]
    signal = lead_choice.signal_of(path.name, leads, chosen, start=header.start)
    annotations = beside(path.parent, f"{path.name}.atr")
    return _annotated(signal, header.fs, annotations) if annotations else signal


def _annotated(signal: Signal, frame_rate: float, file: Path) -> Signal:
    """The signal with the beats of an annotation file, in order, once each, inside the signal."""
    beats = wfdb_annotations.read(file)
    seconds = beats.sample / (beats.resolution or frame_rate)
    inside = (seconds >= 0) & (seconds <= signal.n_samples / signal.fs)
    notes = []
    if beats.doubled:
        notes.append(f"{file}: {beats.doubled:,} beats are annotated twice; each counts once")
    if not inside.all():
        outside = np.count_nonzero(~inside)
        notes.append(
            f"{file}: {outside:,} of {len(inside):,} annotated beats lie outside the signal"
        )
    if inside.sum() < 2 or inside.mean() < MOST_ANNOTATED_BEYOND:
        notes.append(
            f"{file}: {inside.sum():,} annotated beats, too few to go by: R peaks are searched for"
        )
        return replace(signal, notes=(*signal.notes, *notes))
    return replace(
        signal,
        peaks_s=seconds[inside],
        symbol=beats.symbol[inside],
        notes=(*signal.notes, *notes),
    )


def open_leads(file: Path, header: Header | None = None) -> list[Lead]:
    """All signals of a record, each at its own rate. file: its header.

    Raises DataError if a file is missing, short or damaged.
    """
    header = header or wfdb_header.read(file)
    check_fs(header.fs, str(file))
    leads = _of_segments(file, header) if header.segments else _of_files(file, header)
    for lead in leads:
        check_fs(lead.fs, str(file))
        check_length(lead.n_samples, lead.fs, str(file))
    return leads


def _of_files(file: Path, header: Header) -> list[Lead]:
    if not header.signals:
        raise DataError(f"{file}: the header names no signal")
    if all(s.file_name == GAP for s in header.signals):
        raise DataError(
            f"{file}: a layout header: it describes the segments of a record, and has no samples"
        )
    files, parts = [], []
    for name, lines in groupby(header.signals, key=lambda s: s.file_name):
        if name != GAP:
            lines = list(lines)
            alone = len(lines) == len(header.signals)
            files.append(SignalFile(_signal_file(file, name, alone), lines, header.sig_len))
            parts += [(files[-1], i) for i in range(len(lines))]
        else:
            parts += [(None, 0) for _ in lines]
    n_frames = min(f.n_frames for f in files)
    if not n_frames:
        raise DataError(f"{file}: the signal files hold no samples")
    return [
        Lead(
            name,
            line.units,
            header.fs * line.samps_per_frame,
            n_frames * line.samps_per_frame,
            _missing if source is None else _reader(source, which),
        )
        for name, line, (source, which) in zip(header.sig_name, header.signals, parts, strict=True)
    ]


def _reader(source: SignalFile, which: int) -> Callable[[int, int], np.ndarray]:
    return lambda start, stop: source.read(which, start, stop)


def _missing(start: int, stop: int) -> np.ndarray:
    return np.full(max(stop - start, 0), np.nan)


def _signal_file(header: Path, name: str, alone: bool) -> Path:
    """The file that a header names. alone: it names no other, so that if both were given another
    name together, the file called like the header is meant; its length is checked."""
    found = beside(_inside(header, name).parent, PurePosixPath(name).name)
    if found is None and alone:
        found = beside(header.parent, header.stem + PurePosixPath(name).suffix)
    if found is None:
        raise DataError(f"{header.parent / name}: no such file, though {header.name} names it")
    return found


def _inside(header: Path, name: str) -> Path:
    """A path in the record's folder; DataError for one that leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or DRIVE.match(name):
        raise DataError(f"{header}: it names {name!r}, which lies outside its folder")
    return header.parent / path


def _of_segments(file: Path, header: Header) -> list[Lead]:
    """Leads of a record in several segments, NaN where a segment lacks one.

    Layouts as in header(5): fixed, all segments have the same signals; variable, a first segment of
    no length names them all.
    """
    segments = header.segments
    total = sum(length for _, length in segments)
    check_length(total, header.fs, str(file))
    variable = segments[0][1] == 0 and segments[0][0] != GAP
    opened: dict[str, list[Lead]] = {}
    layout = _segment_header(file, segments[0][0]) if variable else None
    for name, length in segments:
        if length and name != GAP and name not in opened:
            opened[name] = _open_segment(file, name, header.fs)
    if not opened:
        raise DataError(f"{file}: a record of several segments, and all of them are gaps")
    if layout:
        names, units = layout.sig_name, [s.units for s in layout.signals]
        spf = [_samples_a_frame(n, opened.values(), header.fs) for n in names]
    else:
        first = next(iter(opened.values()))
        names, units = [lead.name for lead in first], [lead.unit for lead in first]
        spf = [round(lead.fs / header.fs) for lead in first]
    leads = []
    for i, name in enumerate(names):
        which = sum(n == name for n in names[:i])  # signals of equal names, in order
        parts, at = [], 0
        for segment, length in segments:
            lead = _nth(opened.get(segment, []), name, which) if length else None
            if lead is None and length and segment in opened and not layout:
                lead = opened[segment][i] if i < len(opened[segment]) else None
            if lead is not None:
                if round(lead.fs / header.fs) != spf[i] or lead.n_samples < length * spf[i]:
                    raise DataError(
                        f"{file}: the segment {segment} is shorter or sampled otherwise"
                    )
                parts.append((at * spf[i], (at + length) * spf[i], lead.read))
            at += length
        leads.append(Lead(name, units[i], header.fs * spf[i], total * spf[i], joined(parts)))
    return leads


def _segment_header(file: Path, name: str) -> Header:
    path = _inside(file, name)
    found = beside(path.parent, f"{path.name}.hea")
    if found is None:
        raise DataError(f"{path}.hea: no such file, though {file.name} names this segment")
    header = wfdb_header.read(found)
    if header.segments:
        raise DataError(f"{found}: a segment that has segments itself")
    return header


def _open_segment(file: Path, name: str, fs: float) -> list[Lead]:
    header = _segment_header(file, name)
    path = _inside(file, name)
    if abs(header.fs - fs) > 1e-6 * fs:
        raise DataError(f"{file}: the segment {name} has {header.fs:g} Hz, the record {fs:g} Hz")
    return open_leads(beside(path.parent, f"{path.name}.hea"), header)


def _nth(leads: Sequence[Lead], name: str, which: int) -> Lead | None:
    alike = [lead for lead in leads if lead.name == name]
    return alike[which] if which < len(alike) else None


def _samples_a_frame(name: str, segments: Iterable[list[Lead]], fs: float) -> int:
    for leads in segments:
        lead = _nth(leads, name, 0)
        if lead is not None:
            return round(lead.fs / fs)
    return 1
