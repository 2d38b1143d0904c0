"""Parts of a recording that cannot be analysed: no signal, or one that does not move."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.signals import Block

LEAST_S = 2.0  # shorter ones are no loss: a pause lasts as long
STRAIGHT = 1e-4  # of the signal's spread: bends below it are rounding


@dataclass(frozen=True)
class Stretch:
    """start_s, stop_s: seconds in the whole; why: in a word or two."""

    start_s: float
    stop_s: float
    why: str = "no signal"

    @property
    def seconds(self) -> float:
        return self.stop_s - self.start_s

    def as_dict(self) -> dict:
        return {"start_s": self.start_s, "stop_s": self.stop_s, "why": self.why}


def without_signal(block: Block) -> list[Stretch]:
    """Where a block's signal is a straight line: missing samples were filled so, a lead that is off
    gives a constant. In quarters of a second, and not shorter than LEAST_S unless at the ends."""
    step = FS // 4
    first = round(block.start_s * FS) - block.offset
    core = block.signal[first : round(block.stop_s * FS) - block.offset]
    spread = float(np.subtract(*np.percentile(core, [99, 1]))) if len(core) else 0.0
    n = len(core) // step
    if not n:
        return []
    bend = np.abs(np.diff(core[: n * step], 2, append=[core[-1]] * 2))
    straight = bend.reshape(n, step)[:, :-2].max(axis=1) <= STRAIGHT * spread
    edges = np.flatnonzero(np.diff(straight.astype(np.int8), prepend=0, append=0))
    seconds = np.minimum(block.start_s + edges.reshape(-1, 2) * step / FS, block.stop_s)
    return [Stretch(float(a), float(b)) for a, b in seconds]


def joined(parts: Iterable[Stretch], least_s: float = LEAST_S) -> list[Stretch]:
    """Those that touch made one, and only those that last."""
    found: list[Stretch] = []
    for part in sorted(parts, key=lambda s: s.start_s):
        last = found[-1] if found else None
        if last and part.start_s <= last.stop_s + 1 / FS and part.why == last.why:
            found[-1] = Stretch(last.start_s, max(last.stop_s, part.stop_s), last.why)
        else:
            found.append(part)
    return [s for s in found if s.seconds >= least_s]
