"""What a person corrects in an answer: a list of edits, kept beside a recording, never in it.

An edit names a beat by the time of its R peak, so that it holds whatever model answered, and finds
it within the 150 ms by which ANSI/AAMI EC57 matches beats. Edits are applied in order; whoever
takes back the last one has what was before. All that is counted follows, since the corrected beats
take the place of those that were answered.

    NAME.corrections.json      {"format": …, "recording": NAME, "seconds": …, "edits": [
        {"kind": "class", "at_s": 3.128, "class": "V"},      the beat there is of this class
        {"kind": "add", "at_s": 4.016, "class": "N"},        there is a beat
        {"kind": "remove", "at_s": 4.512},                   there is none
        {"kind": "move", "at_s": 6.04, "to_s": 6.016},       its R peak lies elsewhere
        {"kind": "hide", "at_s": 8.0, "to_s": 9.5}]}         this cannot be analysed
"""

import math
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import RR_FACTOR, cut, median_rr
from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.data.quality import Stretch
from ecgcore.data.rpeaks import MATCH_WINDOW_S
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import read_json, write_json
from ecgcore.inference import annotations
from ecgcore.inference.classifying import Classified, Decided
from ecgcore.inference.recording import Recording
from ecgcore.inference.writers import DIGITS

SUFFIX = ".corrections.json"
FORMAT = "ecgcore corrections, version 1"
RECLASS, ADD, REMOVE, MOVE, HIDE = "class", "add", "remove", "move", "hide"
HAS_CLASS, HAS_END = (RECLASS, ADD), (MOVE, HIDE)
HIDDEN = "hidden by hand"
MOST = 100_000  # edits in a file: a day has that many beats
SAME_LENGTH_S = 1.0  # by which a recording may differ from the one that a file was written for
APART_S = 0.1  # two R peaks are never closer: the heart is refractory


@dataclass(frozen=True)
class Edit:
    """One correction. kind: see above; at_s: s, of an R peak, or where a stretch starts; to_s: s,
    where the R peak moves or the stretch stops (kinds "move" and "hide"); letter: class (kinds
    "class" and "add").

    Raises ConfigError for values that no recording has.
    """

    kind: str
    at_s: float
    to_s: float | None = None
    letter: str = ""

    def __post_init__(self):
        wrong = _wrong(self)
        if wrong:
            raise ConfigError(f"correction {self.kind!r}: {wrong}")

    def as_dict(self) -> dict:
        found = {"kind": self.kind, "at_s": round(self.at_s, 4)}
        if self.kind in HAS_END:
            found["to_s"] = round(self.to_s, 4)
        if self.kind in HAS_CLASS:
            found["class"] = self.letter
        return found

    def __str__(self) -> str:
        told = {
            RECLASS: f"the beat at {self.at_s:.2f} s is {self.letter}",
            ADD: f"a beat added at {self.at_s:.2f} s: {self.letter}",
            REMOVE: f"the beat at {self.at_s:.2f} s removed",
            MOVE: f"the R peak at {self.at_s:.2f} s moved to {self.to_s or 0:.3f} s",
            HIDE: f"{self.at_s:.2f} s to {self.to_s or 0:.2f} s hidden",
        }
        return told[self.kind]


def _wrong(edit: Edit) -> str:
    """What is wrong with an edit, or nothing."""
    if edit.kind not in (RECLASS, ADD, REMOVE, MOVE, HIDE):
        return "no kind of correction"
    times = [edit.at_s, *([edit.to_s] if edit.kind in HAS_END else [])]
    if not all(_is_number(t) and math.isfinite(t) and t >= 0 for t in times):
        return "needs times, in seconds since the start"
    if edit.kind == HIDE and edit.to_s <= edit.at_s:
        return "a stretch stops after its start"
    if edit.kind in HAS_CLASS and edit.letter not in CLASSES:
        return f"{edit.letter!r} is no class ({' '.join(CLASSES)})"
    return ""


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True)
class Corrected(Decided):
    """Beats of which a person has corrected some. by_hand: (n_beats,) str, the kind of the last
    edit, or "". Of these beats, `probabilities` are what the model said, NaN where it saw none."""

    by_hand: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """(n_beats,) float32, probability of the decided class; NaN where a person decided."""
        found = super().confidence
        return np.where(np.isin(self.by_hand, HAS_CLASS), np.float32("nan"), found)

    def table(self) -> pd.DataFrame:
        """As of any beats, and what was corrected."""
        return super().table().assign(corrected=self.by_hand)


def file_beside(recording: Path) -> Path:
    """Where the corrections of a recording lie. recording: its file, or any of a record's."""
    recording = Path(recording)
    record = recording.suffix.lower() in (".hea", ".dat", ".atr")
    return recording.with_name((recording.stem if record else recording.name) + SUFFIX)


def write(path: Path, edits: Sequence[Edit], name: str, seconds: float) -> None:
    """Keep edits in a file; without any, there is none. name, seconds: of the recording."""
    if edits:
        write_json(path, document(edits, name, seconds))
    else:
        Path(path).unlink(missing_ok=True)


def document(edits: Sequence[Edit], name: str, seconds: float) -> dict:
    """What `write` writes, as plain values."""
    return {
        "format": FORMAT,
        "recording": name,
        "seconds": round(seconds, 3),
        "edits": [edit.as_dict() for edit in edits],
    }


def read(path: Path, seconds: float | None = None) -> list[Edit]:
    """The edits of a file; none where there is none. seconds: length of the recording.

    Raises DataError if the file is damaged, or was written for a recording of another length.
    """
    path = Path(path)
    try:
        found = read_json(path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{path}: cannot be read as corrections ({error})") from None
    return edits_of(found, str(path), seconds)


def edits_of(found, name: str, seconds: float | None = None) -> list[Edit]:
    """The edits of a document, as `document` makes them. name: of the file, for what is said of it.

    Raises DataError as `read` does.
    """
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError(f"{name}: no corrections of this project")
    listed, length = found.get("edits"), found.get("seconds")
    if not isinstance(listed, list) or len(listed) > MOST or not _is_number(length):
        raise DataError(f"{name}: damaged corrections")
    if seconds is not None and not abs(length - seconds) <= SAME_LENGTH_S:
        raise DataError(
            f"{name}: corrections of a recording of {length:.0f} s; this one has {seconds:.0f} s"
        )
    return [_edit(each, number, name) for number, each in enumerate(listed, start=1)]


def _edit(found, number: int, name: str) -> Edit:
    known = {"kind", "at_s", "to_s", "class"}
    if not isinstance(found, dict) or not set(found) <= known or not {"kind", "at_s"} <= set(found):
        raise DataError(f"{name}: correction {number} is none")
    try:
        return Edit(found["kind"], found["at_s"], found.get("to_s"), found.get("class", ""))
    except (ConfigError, TypeError) as error:
        raise DataError(f"{name}: correction {number}: {error}") from None


@dataclass
class _State:
    """Beats while they are corrected, in order of time. source: position among those answered, or
    -1; moved: whether the samples about the R peak are others now."""

    time_s: np.ndarray
    decision: np.ndarray
    source: np.ndarray
    by_hand: np.ndarray
    moved: np.ndarray

    def nearest(self, second: float) -> int | None:
        """The beat within the window of EC57 about a time."""
        if not len(self.time_s):
            return None
        after = int(np.searchsorted(self.time_s, second))
        around = [i for i in (after - 1, after) if 0 <= i < len(self.time_s)]
        best = min(around, key=lambda i: abs(self.time_s[i] - second))
        return best if abs(self.time_s[best] - second) <= MATCH_WINDOW_S else None

    def keep(self, mask: np.ndarray) -> None:
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name)[mask])

    def put(self, second: float, decision: int, source: int, by_hand: str) -> None:
        at = int(np.searchsorted(self.time_s, second))
        values = (second, decision, source, by_hand, True)
        for f, value in zip(fields(self), values, strict=True):
            setattr(self, f.name, np.insert(getattr(self, f.name), at, value))

    def take(self, at: int) -> tuple[int, int]:
        """Take a beat out: its decision and source."""
        gone = int(self.decision[at]), int(self.source[at])
        self.keep(np.arange(len(self.time_s)) != at)
        return gone


@dataclass(frozen=True)
class Applied:
    """recording: with beats and stretches corrected; unmatched: edits for which there is no beat
    any more, or already one, as after another model or other R peaks."""

    recording: Recording
    unmatched: list[Edit]


def apply(recording: Recording, edits: Sequence[Edit]) -> Applied:
    """A recording as a person has corrected it; without edits, the same. It is not changed."""
    if not edits:
        return Applied(recording, [])
    beats = recording.beats
    state = _State(
        beats.time_s.copy(),
        beats.predicted.copy(),
        np.arange(len(beats)),
        np.full(len(beats), "", dtype="U6"),
        np.zeros(len(beats), dtype=bool),
    )
    hidden: list[Stretch] = []
    unmatched = [e for e in edits if not _change(state, e, hidden, recording.seconds)]
    unusable = [*hidden, *_outside(recording.unusable, hidden)]
    found = replace(
        recording,
        beats=_beats(state, beats, recording.signal),
        unusable=sorted(unusable, key=lambda s: s.start_s),
    )
    return Applied(found, unmatched)


def _change(state: _State, edit: Edit, hidden: list[Stretch], seconds: float) -> bool:
    """Apply an edit; whether there was something to apply it to."""
    if edit.kind == HIDE:
        stop = min(edit.to_s, seconds)
        if edit.at_s >= stop:
            return False
        state.keep((state.time_s < edit.at_s) | (state.time_s >= stop))
        hidden[:] = _union([*hidden, Stretch(edit.at_s, stop, HIDDEN)])
        return True
    at = state.nearest(edit.at_s)
    if edit.kind == ADD:
        near = at is not None and abs(state.time_s[at] - edit.at_s) < APART_S
        if near or edit.at_s >= seconds:
            return False
        state.put(edit.at_s, CLASSES.index(edit.letter), -1, ADD)
        return True
    if at is None:
        return False
    if edit.kind == RECLASS:
        state.decision[at] = CLASSES.index(edit.letter)
        if state.by_hand[at] != ADD:
            state.by_hand[at] = RECLASS
    elif edit.kind == REMOVE:
        state.take(at)
    else:
        if edit.to_s >= seconds:
            return False
        by_hand = state.by_hand[at] or MOVE  # that its class was corrected says more
        state.put(edit.to_s, *state.take(at), by_hand)
    return True


def _union(found: Iterable[Stretch]) -> list[Stretch]:
    """Stretches of one kind, in order; those that overlap or touch made one."""
    joined: list[Stretch] = []
    for each in sorted(found, key=lambda s: s.start_s):
        if joined and each.start_s <= joined[-1].stop_s:
            last = joined.pop()
            each = replace(last, stop_s=max(last.stop_s, each.stop_s))
        joined.append(each)
    return joined


def _outside(found: Iterable[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """The parts of stretches that lie in none of the others, lest their time count twice."""
    left = list(found)
    for other in others:
        pieces = []
        for each in left:
            if each.stop_s <= other.start_s or each.start_s >= other.stop_s:
                pieces.append(each)
                continue
            if each.start_s < other.start_s:
                pieces.append(replace(each, stop_s=other.start_s))
            if each.stop_s > other.stop_s:
                pieces.append(replace(each, start_s=other.stop_s))
        left = pieces
    return left


def _beats(state: _State, answered: Classified, signal: np.ndarray) -> Corrected:
    """What has become of the answered beats. signal: (n,) of the whole, 125 Hz."""
    known, at = state.source >= 0, np.maximum(state.source, 0)
    n = len(state.time_s)
    if not len(answered):  # all of them added
        shape, said = np.zeros((n, BEAT_LENGTH), np.float32), np.empty((n, len(CLASSES)))
        row, true = np.zeros(n, np.int64), np.full(n, -1, np.int8)
    else:
        shape, said = answered.signal[at], answered.probabilities[at]
        row, true = answered.row[at], answered.true[at]
    new = np.flatnonzero(state.moved)
    if len(new):
        shape[new] = _cut(signal, state.time_s, new)
    said[~known] = np.nan
    return Corrected(
        row=np.where(known, row, 0),
        time_s=state.time_s,
        true=np.where(known, true, -1).astype(np.int8),
        signal=shape,
        probabilities=said.astype(np.float32),
        decision=state.decision.astype(np.int8),
        by_hand=state.by_hand,
    )


def _cut(signal: np.ndarray, time_s: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Beats at some of the R peaks, as the others were cut; (n, 187) float32."""
    if len(time_s) > 1:
        length = np.minimum(np.round(RR_FACTOR * median_rr(time_s) * FS), BEAT_LENGTH)[which]
    else:
        length = np.full(len(which), BEAT_LENGTH)
    start = np.round(time_s[which] * FS).astype(np.int64)
    return cut(signal, np.minimum(start, len(signal) - 1), length)[0]


def csv(recording: Recording) -> str:
    """Corrected beats as CSV, a row a beat, as `ecgcore predict` writes them."""
    table = recording.beats.table()
    if "time_s" in table:
        table["time_s"] = table["time_s"].map("{:.3f}".format)
    return table.to_csv(index=False, float_format=f"%.{DIGITS}f", lineterminator="\n")


def atr(recording: Recording, edits: Sequence[Edit]) -> bytes:
    """Corrected beats as a WFDB annotation file. Raises DataError if there is none."""
    beats = recording.beats
    note = f"ecgcore: {recording.model.name}; {len(edits)} corrections by hand; research only"
    with tempfile.TemporaryDirectory() as folder:
        path = annotations.write(
            Path(folder) / f"{_plain(recording.name)}.atr",
            recording.fs,
            beats.time_s,
            beats.predicted,
            recording.unusable,
            note,
        )
        return path.read_bytes()


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name) or "recording"


def strongest(signal: np.ndarray, start_s: float, stop_s: float) -> float:
    """Where a signal swings furthest from its level between two times: s, of a likely R peak.

    signal: (n,) of the whole, 125 Hz.
    """
    first = max(int(start_s * FS), 0)
    piece = signal[first : max(math.ceil(stop_s * FS), first + 1)]
    if not len(piece):
        return start_s
    return (first + int(np.abs(piece - np.median(piece)).argmax())) / FS
