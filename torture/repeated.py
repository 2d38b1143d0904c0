"""Repeated: the same seed gives the same weights bit for bit, each time, beside another run."""

import shutil
from functools import cache
from pathlib import Path

from torture import gpu
from torture.common import LOST, RIGHT, Case, Outcome

TIMES = 50
THREADS = (1, 2)
CONFIG = {
    "device": "cpu", "epochs": 2, "filters": [8, 8, 8], "lstm_hidden": 8, "batch_size": 256,
}  # fmt: skip


class Fits:
    """Two processes that train the same beside each other; the first result is the right one."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.right: dict[int, str] = {}

    @cache  # noqa: B019 (one object, as long as the part runs)
    def workers(self) -> list[gpu.Worker]:
        from ecgcore.beats.cutting import build

        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        build(names=["100", "119", "208"]).save(self.folder / "beats.npz")
        errors = open(self.folder / "log", "w", encoding="utf-8")  # noqa: SIM115
        return [gpu.Worker(self.folder / "beats.npz", "cpu", errors) for _ in range(2)]

    def once(self, number: int, threads: int) -> Outcome:
        places = [str(self.folder / f"{number}-{threads}-{n}") for n in range(2)]
        task = {"kind": "fit", "protocol": "random", "config": CONFIG, "threads": threads}
        pairs = list(zip(self.workers(), places, strict=True))
        for worker, place in pairs:
            worker.send(task | {"folder": place})
        answers = [worker.answer() for worker, _ in pairs]
        for place in places:
            shutil.rmtree(place)
        if wrong := [a for a in answers if "weights" not in a]:
            return Outcome(LOST, str(wrong[0]))
        first = self.right.setdefault(threads, answers[0]["weights"])
        if any(a["weights"] != first for a in answers):
            return Outcome(LOST, f"other weights with {threads} threads")
        return Outcome(RIGHT)


def cases(share: float, folder: Path) -> list[Case]:
    fits = Fits(folder)
    return [
        Case(
            f"the same seed, {threads} thread{'s' if threads > 1 else ''}",
            f"{threads} threads/{number}",
            lambda number=number, threads=threads: fits.once(number, threads),
        )
        for threads in THREADS
        for number in range(max(1, round(share * TIMES / 2)))
    ]
