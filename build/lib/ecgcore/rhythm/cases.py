"""The beats of whole databases, as the rhythm model reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ecgcore.beats.splits import PACED
from ecgcore.constants import CLASSES, FS
from ecgcore.data.records import Record, read_record, record_names
from ecgcore.rhythm.features import features
from ecgcore.rhythm.fibrillation import fibrillating
from ecgcore.rhythm.sequence import BeatSequence, prepare, realigned

BESIDE_THE_PEAK = ("svdb",)  # databases whose annotations do not lie on the R peak
UNKNOWN = -1  # class number of a beat that nobody annotated
SYNTHETIC = "af "  # before the name of a record that `fibrillation` changed


@dataclass(frozen=True)
class Cases:
    """Beats in their context. All arrays have n rows.

    features: (n, 24) float32; window, template: (n, 128) float32, as in BeatSequence;
    aami: int8, class number (-1: nobody annotated it); record: str; sample: int64, R peak as
    annotated (-1: none).
    """

    features: np.ndarray
    window: np.ndarray
    template: np.ndarray
    aami: np.ndarray
    record: np.ndarray
    sample: np.ndarray

    def __len__(self) -> int:
        return len(self.record)

    def __getitem__(self, index) -> "Cases":
        return Cases(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def concatenate(parts: Sequence[Cases]) -> Cases:
    return Cases(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Cases)}
    )


def of_sequence(made: BeatSequence, name: str, causal: bool = False) -> Cases:
    """A sequence's beats but the last, which has no next R peak; as yet without classes."""
    n = len(made) - 1
    return Cases(
        features=features(made, causal)[:n],
        window=made.window[:n],
        template=made.template[:n],
        aami=np.full(n, UNKNOWN, dtype=np.int8),
        record=np.full(n, name),
        sample=np.full(n, -1, dtype=np.int64),
    )


def of_record(record: Record, causal: bool = False, realign: bool = False) -> Cases:
    """A record's beats. Annotations give the R peaks, and the classes to learn or to compare with.

    realign: move the annotations to the R peaks first.
    """
    peaks = realigned(record.signal, record.fs, record.sample) if realign else record.sample
    made = of_sequence(
        prepare(record.signal, record.fs, peaks / record.fs, causal), record.name, causal
    )
    aami = np.array([CLASSES.index(letter) for letter in record.aami[:-1]], dtype=np.int8)
    return Cases(made.features, made.window, made.template, aami, made.record, record.sample[:-1])


def build(database: Path, names: Iterable[str] = (), causal: bool = False) -> Cases:
    """The beats of a database's records (all without a pacemaker if none is named)."""
    database = Path(database)
    chosen = names or [name for name in record_names(database) if name not in PACED]
    realign = database.name in BESIDE_THE_PEAK
    return concatenate([of_record(read_record(database, n), causal, realign) for n in chosen])


def with_fibrillation(cases: Cases, causal: bool = False, seed: int = 0) -> Cases:
    """Each record's N and V beats once more, in atrial fibrillation; only the new ones.

    For training. Their record is called `af <record>`.
    """
    parts = []
    for number, name in enumerate(np.unique(cases.record).tolist()):
        own = cases[cases.record == name]
        kept = np.isin(own.aami, (CLASSES.index("N"), CLASSES.index("V")))
        if kept.sum() < 50:  # too few to make a rhythm of
            continue
        whole = BeatSequence(np.arange(len(own), dtype=float), own.window, own.template)
        signal, seconds, position = fibrillating(whole, kept, seed + number)
        made = of_sequence(prepare(signal, FS, seconds, causal), SYNTHETIC + name, causal)
        aami = own.aami[position][:-1]
        parts.append(
            Cases(made.features, made.window, made.template, aami, made.record, made.sample)
        )
    return concatenate(parts)
