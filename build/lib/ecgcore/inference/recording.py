"""A whole recording, classified and summed up: what report, service and Python have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.formats.content import Content, Problem
from ecgcore.data.formats.opening import open_file
from ecgcore.data.quality import Stretch
from ecgcore.data.signals import Signal
from ecgcore.errors import ConfigError
from ecgcore.inference import choosing, classifying, events
from ecgcore.inference.choosing import Model
from ecgcore.inference.classifying import Classified, Part


@dataclass(frozen=True)
class Recording:
    """What was read and answered. signal: (n,) float32 at 125 Hz, in `unit`, gaps filled; fs:
    Hz, of the file; start: clock time, or None; annotated: whether the R peaks came with it."""

    name: str
    lead: str
    unit: str
    fs: float
    seconds: float
    start: datetime | None
    annotated: bool
    signal: np.ndarray
    beats: Classified
    problems: list[Problem]
    warnings: list[str]
    unusable: list[Stretch]
    model: Model

    def summary(self, pause_s: float = events.PAUSE_S) -> events.Summary:
        """Its events and numbers."""
        return events.summarise(
            self.beats.time_s,
            self.beats.predicted,
            self.seconds,
            self.unusable,
            self.start,
            pause_s,
        )


def summed_up(signal: Signal, whole: Part) -> events.Summary:
    """Events and numbers of a signal whose parts were collected."""
    beats = whole.beats
    start = signal.start
    return events.summarise(beats.time_s, beats.predicted, signal.seconds, whole.unusable, start)


def read(
    path: Path,
    model: Model | Path | None = None,
    fs: float | None = None,
    lead: str = "",
    own_peaks: bool = False,
    alone: bool = False,
    progress: Callable[[float], None] = lambda done: None,
) -> Recording:
    """Classify a recording. Parameters as in classifying.classify; alone: by the network
    for single beats; progress: is told the share that is done.

    Raises DataError or ConfigError likewise, and ConfigError for beats that are already cut.
    """
    content = open_file(path, lead, fs)
    if content.signal is None:
        raise ConfigError(f"{path}: beats that are already cut are no recording")
    return of_content(content, choosing.model(content, model, alone), own_peaks, progress)


def of_content(
    content: Content,
    model: Model,
    own_peaks: bool = False,
    progress: Callable[[float], None] = lambda done: None,
) -> Recording:
    """The same of what has been opened; it must be a signal."""
    pieces: list[np.ndarray] = []

    def parts() -> Iterator[Part]:
        for part in classifying.classify_content(content, model, own_peaks):
            if part.block is not None:
                first = round(part.block.start_s * FS) - part.block.offset
                last = round(part.block.stop_s * FS) - part.block.offset
                pieces.append(part.block.signal[first:last])
            progress(part.done)
            yield part

    whole = classifying.collect(parts())
    signal = content.signal
    return Recording(
        name=signal.name,
        lead=signal.lead,
        unit=signal.unit,
        fs=signal.fs,
        seconds=signal.seconds,
        start=signal.start,
        annotated=bool(len(whole.beats)) and bool((whole.beats.true >= 0).any()),
        signal=np.concatenate(pieces) if pieces else np.empty(0, np.float32),
        beats=whole.beats,
        problems=whole.problems,
        warnings=whole.warnings,
        unusable=whole.unusable,
        model=model,
    )
