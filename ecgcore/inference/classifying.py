"""From a file to classes: beats, one a row, whole records and plain signals of any length.

Command line, app and notebooks all classify through `classify`, which sees each beat alone, or
`classify_rhythm`, which sees it among the others. The first reads and answers part by part, so
that a record of a day takes no more memory than one of ten minutes; the second needs the whole.
Research software: what it says of an ECG is no diagnosis.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import RR_FACTOR, cut, median_rr
from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data import rpeaks, signals
from ecgcore.data.formats.content import Content, Problem, Rows
from ecgcore.data.formats.opening import open_file
from ecgcore.data.records import AAMI_OF_SYMBOL
from ecgcore.data.resampling import resample
from ecgcore.data.signals import Block, Signal
from ecgcore.errors import ConfigError, DataError
from ecgcore.inference.classifier import Classifier
from ecgcore.inference.sanity import Sanity, warn_of_rows

if TYPE_CHECKING:  # scikit-learn and PyTorch, which most callers do without
    from ecgcore.rhythm.whole import RhythmClassifier

PROBABILITIES = [f"p_{c}" for c in CLASSES]


@dataclass(frozen=True)
class Classified:
    """Beats and what the network said of them. All arrays have n_beats rows.

    row: int64, line of the file, or number of the beat in the record, from 1;
    time_s: float64, s, R peak in the record (NaN: a row); true: int8, class number of the label
    or annotation (-1: none); signal: (n_beats, 187) float32; probabilities: (n_beats, 5) float32.
    """

    row: np.ndarray
    time_s: np.ndarray
    true: np.ndarray
    signal: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def predicted(self) -> np.ndarray:
        """(n_beats,) int8, class number of the most probable class."""
        return self.probabilities.argmax(axis=1).astype(np.int8)

    @property
    def confidence(self) -> np.ndarray:
        """(n_beats,) float32, probability of the predicted class."""
        return self.probabilities[np.arange(len(self)), self.predicted]

    def table(self) -> pd.DataFrame:
        """A row a beat: row, time_s (of a record), class, probability, p_N, p_S, p_V, p_F, p_Q."""
        columns = {"row": self.row}
        if np.isfinite(self.time_s).any():
            columns["time_s"] = self.time_s
        columns["class"] = np.array(CLASSES)[self.predicted]
        columns["probability"] = self.confidence
        columns |= dict(zip(PROBABILITIES, self.probabilities.T, strict=True))
        return pd.DataFrame(columns)


@dataclass(frozen=True)
class Decided(Classified):
    """Beats whose class thresholds decided. decision: (n_beats,) int8, class numbers."""

    decision: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        return self.decision


@dataclass(frozen=True)
class Part:
    """Some beats of a file, in order, with what was wrong; done: share of the file, or NaN.

    warnings: doubts about the whole, in the last part only; block: the signal that the beats
    were cut from, None for rows.
    """

    beats: Classified
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    done: float = float("nan")
    block: Block | None = None


def classify(
    path: Path,
    classifier: Classifier,
    fs: float | None = None,
    lead: str = "",
    own_peaks: bool = False,
) -> Iterator[Part]:
    """The beats of a CSV file, a WFDB record or a one-column signal, part by part.

    path: of a CSV file, or of a record (with or without suffix); fs: Hz, of a one-column signal;
    lead: of a record; own_peaks: find the R peaks even where there are annotations.
    Raises DataError or ConfigError for a file, lead or rate that cannot be used.
    """
    return classify_content(open_file(path, lead, fs), classifier, own_peaks)


def classify_content(
    content: Content, classifier: Classifier, own_peaks: bool = False
) -> Iterator[Part]:
    """The beats of what was read from a file."""
    if content.rows is not None:
        yield from classify_rows(content.rows, classifier)
        return
    problems = content.problems
    for part in classify_signal(content.signal, classifier, own_peaks):
        yield Part(part.beats, problems + part.problems, part.warnings, part.done, part.block)
        problems = []


def classify_rhythm(
    path: Path,
    rhythm: "RhythmClassifier",
    fs: float | None = None,
    lead: str = "",
    own_peaks: bool = False,
) -> Iterator[Part]:
    """The beats of a record or a one-column signal, each seen among the others, in one part.

    Parameters as in `classify`. Raises DataError or ConfigError likewise, and for a file of beats,
    which have no rhythm.
    """
    content = open_file(path, lead, fs)
    if content.signal is None:
        raise ConfigError(
            f"{path}: single beats have no rhythm; give a record or a signal, or have "
            "each beat classified alone"
        )
    part = classify_in_context(content.signal, rhythm, own_peaks)
    problems = content.problems + part.problems
    yield Part(part.beats, problems, part.warnings, part.done, part.block)


def classify_rows(parts: Iterator[Rows], classifier: Classifier) -> Iterator[Part]:
    """Beats that are already cut."""
    first_samples = []
    for rows in parts:
        probabilities = classifier.probabilities(rows.signal)
        first_samples.append(rows.signal[:, 0])
        nowhere = np.full(len(rows.row), np.nan)
        beats = Classified(rows.row, nowhere, rows.true, rows.signal, probabilities)
        yield Part(beats, rows.problems, list(rows.notes))
    yield Part(_nothing(), warnings=warn_of_rows(np.concatenate(first_samples)), done=1.0)


def classify_signal(
    signal: Signal,
    classifier: Classifier,
    own_peaks: bool = False,
    block_s: float = signals.BLOCK_S,
) -> Iterator[Part]:
    """The beats of a signal, block by block; R peaks are those annotated, or else found.

    As in `beats.segment`, the last beat is left out: no next R peak says how long it lasts.
    Raises DataError if the signal holds no heartbeat.
    """
    annotated = None if own_peaks else _annotated(signal)
    sanity, count = Sanity(signal.name, signal.fs), 0
    for block in signals.blocks(signal, block_s):
        beats = annotated(block) if annotated else _found(block)
        sanity.add(block, beats)
        yield _classify_block(block, beats, count, classifier)
        count += len(beats.time_s)
    yield Part(_nothing(), warnings=[*signal.notes, *sanity.warnings()], done=1.0)


@dataclass(frozen=True)
class BlockBeats:
    """Beats of a block. start: (n,) int64, R peak in the block's 125 Hz signal; time_s: (n,) s, in
    the whole; length: (n,) samples; true: (n,) int8, class number (-1: nobody annotated it)."""

    start: np.ndarray
    time_s: np.ndarray
    length: np.ndarray
    true: np.ndarray


def _lengths(rr_s: np.ndarray) -> np.ndarray:
    """Samples that a beat lasts, from its median RR interval."""
    return np.minimum(np.round(RR_FACTOR * rr_s * FS), BEAT_LENGTH)


def _annotated(signal: Signal):
    """A function from a block to its annotated beats; None if there are too few to go by."""
    if signal.peaks_s is None or len(signal.peaks_s) < 2:
        return None
    seconds = signal.peaks_s[:-1]
    length = _lengths(median_rr(signal.peaks_s)[:-1])
    true = np.array([CLASSES.index(AAMI_OF_SYMBOL[s]) for s in signal.symbol[:-1]], dtype=np.int8)

    def beats(block: Block) -> BlockBeats:
        at = slice(*np.searchsorted(seconds, [block.start_s, block.stop_s]))
        start = np.round(seconds[at] * FS).astype(np.int64) - block.offset
        return BlockBeats(start, seconds[at], length[at], true[at])

    return beats


def _found(block: Block) -> BlockBeats:
    """Beats at the R peaks that `rpeaks.find` sees in a block and its context."""
    start = rpeaks.find(block.signal)
    seconds = (start + block.offset) / FS
    inside = (seconds >= block.start_s) & (seconds < block.stop_s)
    if block.done == 1:
        inside[-1:] = False  # the last beat of the whole
    if len(start) < 2:
        inside[:] = False
    length = _lengths(median_rr(seconds)) if inside.any() else np.empty(len(start))
    n = np.count_nonzero(inside)
    return BlockBeats(start[inside], seconds[inside], length[inside], np.full(n, -1, dtype=np.int8))


def _classify_block(block: Block, found: BlockBeats, count: int, classifier: Classifier) -> Part:
    signal, extent = cut(block.signal, found.start, found.length)
    row = count + 1 + np.arange(len(signal))
    problems, kept = _flat(row, found.time_s, extent), extent > 0
    probabilities = classifier.probabilities(signal[kept])
    beats = Classified(row[kept], found.time_s[kept], found.true[kept], signal[kept], probabilities)
    return Part(beats, problems, done=block.done, block=block)


def _flat(row: np.ndarray, time_s: np.ndarray, extent: np.ndarray) -> list[Problem]:
    """What is said of beats without any range."""
    return [
        Problem(int(r), f"beat {r} at {t:.2f} s: the signal is constant")
        for r, t in zip(row[extent == 0], time_s[extent == 0], strict=True)
    ]


def classify_in_context(
    signal: Signal, rhythm: "RhythmClassifier", own_peaks: bool = False
) -> Part:
    """The beats of a whole signal, each seen among the others; R peaks as in `classify_signal`.

    Reads the whole signal at once: minutes of rhythm cannot be had block by block. Annotated
    classes are passed on in `true`, and looked at by nobody. Its beats are Decided. Raises
    DataError if there is no heartbeat, or too few.
    """
    samples = signal.read(0, signal.n_samples)
    filled = signals.fill_gaps(samples).astype(np.float32)
    missing = np.count_nonzero(~np.isfinite(samples)) / signal.fs
    flat = signals.flat_seconds(samples, signal.fs) if len(samples) else 0.0
    at_fs = resample(filled, signal.fs)
    block = Block(at_fs, 0, 0.0, signal.seconds, missing, flat, done=1.0)
    annotated = None if own_peaks else _annotated(signal)
    seconds = signal.peaks_s if annotated else rpeaks.find_throughout(signal)
    found = annotated(block) if annotated else _beats_at(seconds)
    sanity = Sanity(signal.name, signal.fs)
    sanity.add(block, found)
    warnings = [*signal.notes, *sanity.warnings()]
    try:
        decision, probabilities = rhythm.answer(filled, signal.fs, seconds)
    except DataError as error:
        raise DataError(f"{signal.name}: {error}") from None
    shape, extent = cut(at_fs, found.start, found.length)
    row, kept = 1 + np.arange(len(shape)), extent > 0
    columns = (row, found.time_s, found.true, shape, probabilities, decision)
    problems = _flat(row, found.time_s, extent)
    return Part(Decided(*(c[kept] for c in columns)), problems, warnings, 1.0, block)


def _beats_at(seconds: np.ndarray) -> BlockBeats:
    """Beats at R peaks (n,) s of a whole signal, but the last one, which nobody annotated."""
    length = _lengths(median_rr(seconds)[:-1]) if len(seconds) > 1 else np.empty(0)
    start = np.round(seconds[:-1] * FS).astype(np.int64)
    return BlockBeats(start, seconds[:-1], length, np.full(len(start), -1, dtype=np.int8))


def _nothing() -> Classified:
    none = np.empty(0)
    return Classified(
        row=none.astype(np.int64),
        time_s=none,
        true=none.astype(np.int8),
        signal=np.empty((0, BEAT_LENGTH), np.float32),
        probabilities=np.empty((0, len(CLASSES)), np.float32),
    )


def collect(parts: Iterator[Part]) -> Part:
    """All parts as one, for what fits into memory; without the blocks."""
    parts = list(parts)
    beats = [p.beats for p in parts]
    kind = type(beats[0])  # all are of one kind
    names = [f.name for f in fields(kind)]
    whole = kind(**{n: np.concatenate([getattr(b, n) for b in beats]) for n in names})
    return Part(
        whole,
        problems=[problem for p in parts for problem in p.problems],
        warnings=[warning for p in parts for warning in p.warnings],
        done=1.0,
    )
