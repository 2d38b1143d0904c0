"""How long until the validation accuracy is that of a usable network: the original recipe and ours.

Both are evaluated on the same validation beats after the same numbers of training beats, within
epochs too. The clock stops during evaluations; it runs from before anything is set up.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from benchmarks.common import Sizes
from benchmarks.original import Original
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import Split
from ecgcore.models.config import train_config
from ecgcore.training.loop import Trainer

TARGET = 0.968  # validation accuracy
ORIGINAL_EPOCHS = 50


class _Over(Exception):
    """There is no need, or no time, to train on."""


class Runner:
    """Clock and milestones of one run.

    points: [seconds of training, beats trained on, validation accuracy] of each evaluation.
    """

    def __init__(self, sizes: Sizes, over: Callable[["Runner"], bool]):
        self.every, self.over = sizes.every, over
        self.stopped_s, self.started = 0.0, time.perf_counter()
        self.beats, self.points = 0, []
        self.evaluate: Callable[[], float] = lambda: 0.0  # set once the network is there

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started - self.stopped_s

    @contextmanager
    def stopped_clock(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.stopped_s += time.perf_counter() - start

    def tick(self, count: int) -> None:
        """Hears of each batch."""
        due = self.beats // self.every < (self.beats + count) // self.every
        self.beats += count
        if due:
            self.look()
        if self.over(self):
            raise _Over

    def look(self) -> None:
        point = [self.seconds, self.beats]
        with self.stopped_clock():
            point.append(self.evaluate())
        self.points.append(point)

    @property
    def reached(self) -> list | None:
        """The first point at the target."""
        return next((point for point in self.points if point[2] >= TARGET), None)

    def result(self) -> dict:
        seconds, beats, _ = self.reached or (None, None, None)
        return {
            "reached_s": seconds,
            "reached_beats": beats,
            "trained_s": self.seconds,
            "best": max((accuracy for *_, accuracy in self.points), default=None),
            "last": self.points[-1][2] if self.points else None,
            "points": self.points,
        }


def measure(beats: Beats, split: Split, sizes: Sizes) -> dict:
    ours, config = _run_ours(beats, split, sizes)
    original = _run_original(beats, split, sizes)
    ratio = 0.0  # ours did not get there
    if ours["reached_s"]:
        ratio = (original["reached_s"] or original["trained_s"]) / ours["reached_s"]
    return {
        "target": TARGET,
        "every": sizes.every,
        "budget_s": sizes.budget_s,
        "validation_beats": len(split.val),
        "ours": ours | {"epochs": config.epochs, "batch": config.batch_size},
        "original": original,
        "ratio": ratio,
        # Where the original did not get there, it would have taken longer than it was given.
        "lower_bound": bool(ours["reached_s"]) and original["reached_s"] is None,
    }


def _run_ours(beats: Beats, split: Split, sizes: Sizes):
    """The package's recipe with its one cycle shortened, to the end of the cycle."""
    runner = Runner(sizes, over=lambda runner: False)
    config = train_config(epochs=sizes.epochs, device="cpu")
    trainer = Trainer(beats, split, config)

    def evaluate() -> float:
        accuracy = float(trainer.validate()[1])
        trainer.model.train()
        return accuracy

    runner.evaluate = evaluate
    for _ in range(config.epochs):
        trainer.train_epoch(runner.tick)
        trainer.history.append({})  # the order of beats follows from the number of epochs
    runner.look()
    torch.use_deterministic_algorithms(False)
    return runner.result(), config


def _run_original(beats: Beats, split: Split, sizes: Sizes) -> dict:
    """Until it gets there, or its time is up."""
    runner = Runner(sizes, lambda r: r.reached is not None or r.seconds > sizes.budget_s)
    original = Original(beats, split)
    runner.evaluate = lambda: original.evaluate()[0]
    try:
        for _ in range(ORIGINAL_EPOCHS):
            original.epoch(runner.tick)
            with runner.stopped_clock():
                original.scheduler.step(original.evaluate()[1])
    except _Over:
        pass
    return runner.result()
