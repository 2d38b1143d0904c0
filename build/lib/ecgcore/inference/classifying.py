"""From a file to classes: beats, one a row, whole records and plain signals of any length.

Command line, service, app and notebooks all classify through `classify`. A recording's beats are
seen among the others unless a network for single beats is given; beats that somebody has cut have
no others. All is read block by block, and of a recording only what the model looks at is kept, so
that a day fits into little memory. Research software: what it says of an ECG is no diagnosis.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import RR_FACTOR, cut, median_rr
from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data import quality, signals
from ecgcore.data.formats.content import Content, Problem, Rows
from ecgcore.data.formats.opening import open_file
from ecgcore.data.quality import Review, Stretch
from ecgcore.data.records import AAMI_OF_SYMBOL
from ecgcore.data.signals import Block, Signal
from ecgcore.errors import ConfigError, DataError
from ecgcore.inference import choosing
from ecgcore.inference.classifier import Classifier
from ecgcore.inference.sanity import NOTABLE_SHARE, Sanity, warn_of_rows
from ecgcore.rhythm import sequence
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

    warnings: doubts about the whole, and unusable: what of it cannot be analysed, in the last part
    only; block: the signal that the beats were cut from, None for rows.
    """

    beats: Classified
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    done: float = float("nan")
    block: Block | None = None
    unusable: list[Stretch] = field(default_factory=list)


def classify(
    path: Path,
    classifier: Classifier | RhythmClassifier | None = None,
    fs: float | None = None,
    lead: str = "",
    own_peaks: bool = False,
) -> Iterator[Part]:
    """The beats of a file of any format, part by part; `collect` makes one of all parts.

    path: of a file, or of a record (with or without suffix); classifier: a network sees each beat
    alone, a rhythm model among the others; the project's own rhythm model if none is given, or for
    beats that are already cut its network; fs: Hz, of a file that does not tell; lead: of a
    recording; own_peaks: find the R peaks even where there are annotations.
    Raises DataError or ConfigError for a file, lead or rate that cannot be used, ConfigError where
    single beats are to be seen in their rhythm.
    """
    content = open_file(path, lead, fs)
    return classify_content(content, choosing.model(content, classifier), own_peaks)


def classify_content(
    content: Content, classifier: Classifier | RhythmClassifier, own_peaks: bool = False
) -> Iterator[Part]:
    """The beats of what was read from a file."""
    in_rhythm = isinstance(classifier, RhythmClassifier)
    if content.rows is not None:
        if in_rhythm:
            raise ConfigError(
                "single beats have no rhythm; give a record or a signal, or have each beat "
                "classified alone"
            )
        yield from classify_rows(content.rows, classifier)
        return
    how = classify_in_rhythm if in_rhythm else classify_signal
    problems = content.problems
    for part in how(content.signal, classifier, own_peaks):
        yield replace(part, problems=problems + part.problems)
        problems = []


def classify_rhythm(
    path: Path,
    rhythm: RhythmClassifier | None = None,
    fs: float | None = None,
    lead: str = "",
    own_peaks: bool = False,
) -> Iterator[Part]:
    """As `classify`, by a rhythm model only: ConfigError for a file of beats."""
    return classify(path, rhythm or choosing.rhythm_model(), fs, lead, own_peaks)


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
    review = yield from _reviewed(signal, _nothing())
    beats_of = (None if own_peaks else _annotated(signal)) or _beats_at(review.peaks_s)
    sanity, count = Sanity(signal.name, signal.fs), 0
    for block in signals.blocks(signal, block_s):
        beats = beats_of(block)
        sanity.add(block, beats)
        part = _classify_block(block, beats, count, classifier)
        yield replace(part, done=REVIEWED + (1 - REVIEWED) * block.done)
        count += len(beats.time_s)
    yield _last(_nothing(), signal, sanity, review)


# Share of the time until R peaks and bad stretches are known, and until a rhythm model answers.
REVIEWED, READ = 0.4, 0.8


def _reviewed(signal: Signal, nothing: Classified) -> Generator[Part, None, Review]:
    """R peaks and bad stretches; its parts say how far it is."""
    found = []
    for part, done in quality.parts(signal):
        found.append(part)
        yield Part(nothing, done=REVIEWED * done)
    return quality.together(found)


def _last(nothing: Classified, signal: Signal, sanity: Sanity, review: Review) -> Part:
    warnings = [*signal.notes, *sanity.warnings(), *_noise(signal, review)]
    return Part(nothing, warnings=warnings, done=1.0, unusable=review.stretches)


def _noise(signal: Signal, review: Review) -> Iterator[str]:
    """What Sanity does not see."""
    for why in (quality.RAILED, quality.NOISY):
        share = quality.share([s for s in review.stretches if s.why == why], signal.seconds)
        if share > NOTABLE_SHARE:
            told = quality.REASONS[why]
            yield f"{signal.name}: {share:.0%} of the signal cannot be analysed: {told}"


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
        if block.done == 1:
            at = slice(at.start, len(seconds))
        start = np.round(seconds[at] * FS).astype(np.int64) - block.offset
        return BlockBeats(start, seconds[at], length[at], true[at])

    return beats


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


def classify_in_rhythm(
    signal: Signal,
    rhythm: RhythmClassifier,
    own_peaks: bool = False,
    block_s: float = signals.BLOCK_S,
) -> Iterator[Part]:
    """The beats of a signal, each seen among the others; R peaks as in `classify_signal`.

    The first parts are empty: the whole is read before the first answer. Annotated classes are
    passed on in `true`, and looked at by nobody. Beats are Decided. Raises DataError if there is no
    heartbeat, or too few.
    """
    review = yield from _reviewed(signal, _nobody())
    annotated = None if own_peaks else _annotated(signal)
    peaks_s = signal.peaks_s if annotated else review.peaks_s
    sanity, read = Sanity(signal.name, signal.fs), []
    for block in signals.blocks(signal, block_s):
        read.append(_read(block, peaks_s, rhythm.causal))
        sanity.add(block, read[-1])
        yield Part(_nobody(), done=REVIEWED + (READ - REVIEWED) * block.done)
    last = _last(_nobody(), signal, sanity, review)
    seconds = np.concatenate([each.time_s for each in read])
    window = np.concatenate([each.window for each in read])
    read = [each.block for each in read]  # the windows are in memory once, not twice
    try:
        if seconds[-1] > signal.seconds:
            raise DataError("the R peaks must increase and lie inside the signal")
        decision, probabilities = rhythm.answer_windows(seconds, window)
    except DataError as error:
        raise DataError(f"{signal.name}: {error}") from None
    del window
    found = annotated or _beats_at(seconds)
    for block in read:
        at = slice(*np.searchsorted(seconds[:-1], [block.start_s, block.stop_s]))
        if block.done == 1:
            at = slice(at.start, len(seconds) - 1)
        yield _decided(block, found(block), at, decision, probabilities)
    yield last


@dataclass(frozen=True)
class _Read:
    """A block's R peaks. block: without context; start: (n,) int64, in the block's 125 Hz signal;
    time_s: (n,) s, in the whole; window: (n, 128) float32, about each."""

    block: Block
    start: np.ndarray
    time_s: np.ndarray
    window: np.ndarray


def _read(block: Block, peaks_s: np.ndarray, causal: bool) -> _Read:
    inside = (peaks_s >= block.start_s) & ((peaks_s < block.stop_s) | (block.done == 1))
    seconds = peaks_s[inside]
    start = np.round(seconds * FS).astype(np.int64) - block.offset
    window = np.empty((0, sequence.WINDOW), np.float32)
    if len(start):
        at = np.minimum(start, len(block.signal))  # further ones are refused with the whole
        window = sequence.windows(sequence.filtered(block.signal, FS, causal), at)
    return _Read(block, start, seconds, window)


def _decided(
    block: Block,
    found: BlockBeats,
    at: slice,
    decision: np.ndarray,
    probabilities: np.ndarray,
) -> Part:
    """The beats of a block, which are those `at` among the beats of the whole."""
    shape, extent = cut(block.signal, found.start, found.length)
    row, kept = at.start + 1 + np.arange(len(shape)), extent > 0
    columns = (row, found.time_s, found.true, shape, probabilities[at], decision[at])
    problems = _flat(row, found.time_s, extent)
    beats = Decided(*(c[kept] for c in columns))
    return Part(beats, problems, done=READ + (1 - READ) * block.done, block=block)


def _beats_at(seconds: np.ndarray):
    """A function from a block to its beats at R peaks (n,) s of the whole, but the last one."""
    length = _lengths(median_rr(seconds)[:-1]) if len(seconds) > 1 else np.empty(0)
    beat = seconds[:-1]

    def beats(block: Block) -> BlockBeats:
        at = slice(*np.searchsorted(beat, [block.start_s, block.stop_s]))
        if block.done == 1:
            at = slice(at.start, len(beat))
        start = np.round(beat[at] * FS).astype(np.int64) - block.offset
        return BlockBeats(start, beat[at], length[at], np.full(len(start), -1, dtype=np.int8))

    return beats


def classify_in_context(signal: Signal, rhythm: RhythmClassifier, own_peaks: bool = False) -> Part:
    """All that `classify_in_rhythm` gives, as one part."""
    return collect(classify_in_rhythm(signal, rhythm, own_peaks))


def _nobody() -> Decided:
    none = _nothing()
    return Decided(**{f.name: getattr(none, f.name) for f in fields(none)}, decision=none.true)


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
        unusable=[stretch for p in parts for stretch in p.unusable],
    )
