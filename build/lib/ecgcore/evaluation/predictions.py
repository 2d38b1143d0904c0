"""Predictions and what they are worth.

Terms as in AAMI EC57: sensitivity is recall, positive predictivity is precision.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ecgcore.beats.context import contexts
from ecgcore.beats.cutting import Beats, normalise
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.files import load_arrays, replacing


@dataclass(frozen=True)
class Predictions:
    """What a network said of some beats. All arrays have n_beats rows.

    true, predicted: int8, class numbers; probabilities: (n_beats, 5) float32;
    record: str; sample: int64, R peak in the record (-1: unknown).
    Raises DataError if lengths differ, or a probability or class number is impossible.
    """

    true: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    record: np.ndarray
    sample: np.ndarray

    def __post_init__(self):
        n, k = len(self.true), len(CLASSES)
        for field in fields(self):
            if len(getattr(self, field.name)) != n:
                found = len(getattr(self, field.name))
                raise DataError(f"predictions: {n} true classes but {found} of {field.name!r}")
        if self.probabilities.shape != (n, k):
            raise DataError(f"predictions: probabilities must have {k} columns, one a class")
        if not np.isfinite(self.probabilities).all():
            row = int(np.flatnonzero(~np.isfinite(self.probabilities).all(axis=1))[0])
            raise DataError(f"predictions: the probabilities of row {row} are not finite")
        for name in ("true", "predicted"):
            if n and not np.isin(getattr(self, name), range(k)).all():
                raise DataError(f"predictions: {name!r} holds a number that is no class (0 to 4)")

    def __len__(self) -> int:
        return len(self.true)

    def __getitem__(self, index) -> "Predictions":
        return Predictions(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @property
    def confidence(self) -> np.ndarray:
        """(n_beats,) probability of the predicted class."""
        return self.probabilities[np.arange(len(self)), self.predicted]

    @property
    def correct(self) -> np.ndarray:
        return self.true == self.predicted

    def save(self, path: Path) -> None:
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Predictions":
        """Read what `save` wrote. Raises DataError if the file is missing or damaged."""
        if not Path(path).is_file():
            raise DataError(f"{path}: no predictions here; run 03_evaluation first")
        return cls(**load_arrays(path, [f.name for f in fields(cls)]))


def probabilities(
    model: nn.Module,
    signal: np.ndarray,
    device: str = "cpu",
    batch: int = 1024,
    context: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Class probabilities of (n, 187) beats in [0, 1], as (n, 5) float32, computed in fp32.

    context: arrays of n rows from beats.contexts, for a network that reads more than the beat.
    """
    model = model.to(device).eval()
    inputs = (torch.from_numpy(a).split(batch) for a in (normalise(signal), *context))
    batches = zip(*inputs, strict=True)
    with torch.inference_mode():
        parts = [model(*(x.to(device) for x in b)).float().softmax(1).cpu() for b in batches]
    return torch.cat(parts).numpy() if len(signal) else np.empty((0, len(CLASSES)), np.float32)


def predict(
    model: nn.Module, beats: Beats, device: str = "cpu", part: np.ndarray | None = None
) -> Predictions:
    """The model's answer, the most probable class, for the beats at the positions `part`, or all.

    A network that reads more than the beat needs `beats` to be whole records.
    """
    part = np.arange(len(beats)) if part is None else part
    tested = beats[part]
    context = [array[part] for array in contexts(beats, model.contexts)]
    p = probabilities(model, tested.signal, device, context=context)
    return Predictions(
        true=tested.aami,
        predicted=p.argmax(axis=1).astype(np.int8),
        probabilities=p,
        record=tested.record,
        sample=tested.sample,
    )


def speed(model: nn.Module, signal: np.ndarray, single: int = 300) -> dict[str, float]:
    """Time to classify beats on the CPU: one at a time (median, 99th percentile) and in bulk.

    signal: (n_beats, 187); single: beats that are classified one at a time.
    """
    model = model.cpu().eval()
    seconds = []
    for beat in signal[: single + 10]:
        start = time.perf_counter()
        probabilities(model, beat[None])
        seconds.append(time.perf_counter() - start)
    bulk = signal[:4096]
    start = time.perf_counter()
    probabilities(model, bulk)
    total = time.perf_counter() - start
    p50, p99 = 1000 * np.percentile(seconds[10:], [50, 99])  # the first ten warm up
    return {
        "latency_p50_ms": float(p50),
        "latency_p99_ms": float(p99),
        "beats_per_s": len(bulk) / total,
    }
