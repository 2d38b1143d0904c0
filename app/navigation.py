"""What one may jump to in a recording, and where the next of it is."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ecgcore.constants import CLASSES
from ecgcore.inference.events import Summary
from ecgcore.inference.recording import Recording

LEAST_CERTAIN = 500  # beats in the list of those
TITLES = {
    "couplet": "couplets",
    "triplet": "triplets",
    "run": "runs",
    "bigeminy": "bigeminies",
    "trigeminy": "trigeminies",
    "pause": "pauses",
}


@dataclass(frozen=True)
class Targets:
    """Places of one kind. start_s, stop_s: (n,) s, in order of time unless `ranked`, then in order
    of interest; beats: whether each starts at a beat's R peak."""

    title: str
    start_s: np.ndarray
    stop_s: np.ndarray
    ranked: bool = False
    beats: bool = True

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def label(self) -> str:
        return f"{self.title} ({len(self):,})"

    def after(self, second: float, rank: int | None) -> int:
        """The next one: after a time, or after a rank; the first again after the last."""
        if self.ranked:
            return 0 if rank is None else (rank + 1) % len(self)
        return int(np.searchsorted(self.start_s, second + 1e-6, side="right")) % len(self)

    def before(self, second: float, rank: int | None) -> int:
        """The one before, likewise."""
        if self.ranked:
            return len(self) - 1 if rank is None else (rank - 1) % len(self)
        return (int(np.searchsorted(self.start_s, second - 1e-6)) - 1) % len(self)


def targets(recording: Recording, summary: Summary) -> dict[str, Targets]:
    """All kinds of which there is one at least, by a name that stays when the numbers change."""
    found = [
        *_by_class(recording),
        *_events(summary),
        _of("irregular, as in fibrillation", summary.fibrillation),
        _of("longest RR", [summary.longest] if summary.longest else []),
        _of("shortest RR", [summary.shortest] if summary.shortest else []),
        _least_certain(recording),
        _disagreeing(recording),
        _of("not analysed", summary.unusable, beats=False),
    ]
    return {each.title: each for each in found if len(each)}


def _of(title: str, spans: Iterable, beats: bool = True) -> Targets:
    spans = list(spans)
    start = np.array([s.start_s for s in spans])
    return Targets(title, start, np.array([s.stop_s for s in spans]), beats=beats)


def _beats(title: str, seconds: np.ndarray, ranked: bool = False) -> Targets:
    return Targets(title, seconds, seconds, ranked)


def _by_class(recording: Recording) -> list[Targets]:
    beats = recording.beats
    order = ("V", "S", "F", "Q")  # what one looks for first; N is everywhere
    own = {c: beats.time_s[beats.predicted == CLASSES.index(c)] for c in order}
    return [_beats(f"{c} beats", own[c]) for c in order]


def _events(summary: Summary) -> list[Targets]:
    found = []
    for kind, title in TITLES.items():
        for letter in ("",) if kind == "pause" else ("V", "S"):
            found.append(_of(f"{letter} {title}".strip(), summary.of_kind(kind, letter)))
    return found


def _least_certain(recording: Recording) -> Targets:
    beats = recording.beats
    confidence = beats.confidence
    known = np.flatnonzero(np.isfinite(confidence))  # and not decided by hand
    order = known[np.argsort(confidence[known], kind="stable")][:LEAST_CERTAIN]
    return _beats("least certain beats", beats.time_s[order], ranked=True)


def _disagreeing(recording: Recording) -> Targets:
    beats = recording.beats
    other = (beats.true >= 0) & (beats.true != beats.predicted)
    return _beats("annotated as another class", beats.time_s[other])
