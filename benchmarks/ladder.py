"""From the original recipe to ours, one step at a time: what each brings in beats a second.

Every rung trains the same network on the same beats; only what its line in STEPS names is new since
the rung before. The last rung is the package itself. Two more steps show what ours leaves out.
"""

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import machine
from benchmarks.common import Sizes, ratio, seconds
from benchmarks.original import BATCH, Original, class_weights
from ecgcore.beats.cutting import Beats, normalise
from ecgcore.beats.splits import Split
from ecgcore.models import cpu
from ecgcore.models.config import train_config
from ecgcore.models.networks import BatchNorm
from ecgcore.training.loop import Trainer, resolve_precision

ORIGINAL, OURS = "the original recipe", "the package"
RATE = 0.2  # of the convolutions' dropout
IN_MEMORY = "beats normalised once, indexed in memory"
STEPS = {
    "pooling before ReLU": {"pool_first": True},
    "channels-last layout": {"channels_last": True},
    "fused optimiser": {"fused": True},
    "bfloat16 arithmetic": {"bf16": True},
    "pooling, ReLU and dropout on bits": {"on_bits": True},
    "the same weights from the same seed": {"repeatable": True},
}


@dataclass(frozen=True)
class Rung:
    """Which of the steps have been taken; beats are in memory on every rung."""

    pool_first: bool = False
    channels_last: bool = False
    fused: bool = False
    bf16: bool = False
    on_bits: bool = False
    repeatable: bool = False  # PyTorch's deterministic algorithms, which the package asks for
    batch: int = BATCH
    compiled: bool = False


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, rung: Rung):
        super().__init__()
        self.rung = rung
        if rung.channels_last:
            self.conv = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2))
            self.norm, self.pool = BatchNorm(outputs), nn.MaxPool2d((1, 2))
        else:
            self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
            self.norm, self.pool = nn.BatchNorm1d(outputs), nn.MaxPool1d(2)
        self.dropout = nn.Dropout(RATE)

    def forward(self, x: Tensor) -> Tensor:
        if self.rung.on_bits and self.training:
            return cpu.pooled(self.norm(self.conv(x), gain=1 / (1 - cpu.rounded(RATE))), RATE)
        x = self.norm(self.conv(x))
        if self.rung.pool_first:
            return self.dropout(functional.relu(self.pool(x)))
        return self.dropout(self.pool(functional.relu(x)))


class Network(nn.Module):
    """The CNN-LSTM with the steps of a rung. Input (B, 187), output (B, 5) logits."""

    def __init__(self, rung: Rung):
        super().__init__()
        self.rung = rung
        self.blocks = nn.Sequential(
            Block(1, 64, 5, rung), Block(64, 128, 3, rung), Block(128, 128, 3, rung)
        )
        self.lstm = nn.LSTM(128, 64, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 5))
        if rung.channels_last:
            self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        if self.rung.channels_last:
            x = x[:, None, None, :].contiguous(memory_format=torch.channels_last)
            x = self.blocks(x).squeeze(2)
        else:
            x = self.blocks(x[:, None])
        _, (last, _) = self.lstm(x.transpose(1, 2))
        return self.head(torch.cat([last[0], last[1]], dim=1))


class Runner:
    """Trains on about as many beats as it is told to, the way of a rung."""

    def __init__(self, rung: Rung, beats: Beats, split: Split):
        torch.manual_seed(0)
        self.rung = rung
        aami = beats.aami[split.train]
        self.x = torch.from_numpy(normalise(beats.signal[split.train]))
        self.y = torch.from_numpy(aami.astype("int64"))
        self.criterion = nn.CrossEntropyLoss(class_weights(aami))
        network = Network(rung).train()
        fused = True if rung.fused else None  # None: as PyTorch chooses
        self.optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=fused)
        self.model = torch.compile(network) if rung.compiled else network
        self.batch = min(rung.batch, len(self.y))
        self.batches = self._batches()

    def _batches(self) -> Iterator[Tensor]:
        while True:
            # No smaller last batch: torch.compile would compile once more for it.
            order = torch.randperm(len(self.y)).split(self.batch)
            yield from (index for index in order if len(index) == self.batch)

    def train(self, beats: int) -> int:
        """Returns the number of beats, in whole batches."""
        steps = max(1, beats // self.batch)
        for index in islice(self.batches, steps):
            with torch.autocast("cpu", torch.bfloat16, enabled=self.rung.bf16):
                logits = self.model(self.x[index])
            loss = self.criterion(logits.float(), self.y[index])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return steps * self.batch


class _Enough(Exception):
    """As many beats have been trained on as were asked for."""


def train_for(epoch: Callable, beats: int) -> int:
    """Train on that many beats, or a batch more; returns how many it were.

    epoch: trains for one epoch, and tells its argument of each batch.
    """
    left = beats

    def tick(count: int) -> None:
        nonlocal left
        left -= count
        if left <= 0:
            raise _Enough

    try:
        while True:
            epoch(tick)
    except _Enough:
        return beats - left


def rungs(batch: int) -> dict[str, Rung]:
    """The rungs between the original recipe and the package, which has that batch size."""
    found, rung = {IN_MEMORY: Rung()}, Rung()
    bf16 = resolve_precision("auto", "cpu") == "bf16"
    larger = {f"batches of {batch}": {"batch": batch}} if batch != BATCH else {}
    for name, step in (STEPS | larger).items():
        if "bf16" not in step or bf16:
            rung = replace(rung, **step)
            found[name] = rung
    return found


def measure(beats: Beats, split: Split, sizes: Sizes) -> dict:
    """Beats a second on every rung, ours against the original, and the share of the limit."""
    config = train_config(device="cpu")
    trainer = Trainer(beats, split, config)
    between = rungs(config.batch_size)
    last = list(between.values())[-1]
    beyond = {f"batches of {4 * last.batch}": replace(last, batch=4 * last.batch)}
    if sizes.compiled:
        # Of plain layers, which it can fuse: it cannot look into those on bits.
        beyond["torch.compile"] = replace(last, on_bits=False, compiled=True)
    missing = {}
    contestants = {ORIGINAL: partial(train_for, Original(beats, split).epoch)}
    contestants |= {name: Runner(rung, beats, split).train for name, rung in between.items()}
    contestants[OURS] = partial(train_for, trainer.train_epoch)
    repeatable = {name for name, rung in (between | beyond).items() if rung.repeatable} | {OURS}
    for name, rung in beyond.items():
        runner = Runner(rung, beats, split)
        reason = _cannot_compile(runner) if rung.compiled else ""
        if reason:
            missing[name] = reason
        else:
            contestants[name] = runner.train
    speeds, limits = _take_turns(contestants, repeatable, sizes)
    adds = machine.multiply_adds(trainer.model)
    limit = {key: statistics.median(each[key] for each in limits) for key in limits[0]}
    rows = _rows(speeds, set(beyond))
    per_beat = machine.TRAINING * adds
    used = {ORIGINAL: "fp32", OURS: trainer.precision}
    return {
        "rows": rows,
        "missing": missing,
        "train_beats": len(split.train),
        "original": _summary(speeds[ORIGINAL], len(split.train)),
        "ours": _summary(speeds[OURS], len(split.train)),
        "ours_over_original": ratio(speeds[OURS], speeds[ORIGINAL]),
        "batch": config.batch_size,
        "precision": trainer.precision,
        "multiply_adds": adds,
        "multiply_adds_in_training": per_beat,
        "limit": limit,
        "share": {
            name: statistics.median(
                speed * per_beat / each[used[key]]
                for speed, each in zip(speeds[key], limits, strict=True)
            )
            for name, key in (("original", ORIGINAL), ("ours", OURS))
        },
        "lstm_multiply_adds": machine.multiply_adds(trainer.model, nn.LSTM),
        "lstm_share": _lstm_share(config, trainer.precision, sizes, speeds[OURS]),
    }


def _cannot_compile(runner: Runner) -> str:
    """Why torch.compile cannot be measured; empty if it can, and it has then compiled."""
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        return "there is no compiler"
    try:
        runner.train(1)
    except Exception as error:  # whatever a compiler may find wrong
        return f"it failed ({type(error).__name__})"
    return ""


def _take_turns(
    contestants: dict[str, Callable], repeatable: set[str], sizes: Sizes
) -> tuple[dict, list[dict]]:
    """Beats a second of each contestant in each round, and the machine's limit in each round."""
    speeds, limits = {name: [] for name in contestants}, []
    for number in range(sizes.rounds + 1):
        if number:
            limits.append(machine.rates(sizes))
        for name, train in contestants.items():
            torch.use_deterministic_algorithms(name in repeatable, warn_only=True)
            if number == 0:  # warms up
                train(min(2 * BATCH, sizes.beats))
                continue
            start = time.perf_counter()
            trained = train(sizes.beats)
            speeds[name].append(trained / (time.perf_counter() - start))
    torch.use_deterministic_algorithms(False)
    return speeds, limits


def _summary(speeds: list[float], beats: int) -> dict:
    speed = statistics.median(speeds)
    return {"beats_per_s": speed, "epoch_s": beats / speed}


def _rows(speeds: dict[str, list[float]], beyond: set[str]) -> list[dict]:
    rows, before = [], None
    for name, each in speeds.items():
        rows.append(
            {
                "step": name,
                "beats_per_s": statistics.median(each),
                "times_original": ratio(each, speeds[ORIGINAL])["ratio"],
                "times_before": ratio(each, before)["ratio"] if before else None,
                "in_ours": name not in beyond,
            }
        )
        if name != OURS:
            before = each if name not in beyond else before
    return rows


def _lstm_share(config, precision: str, sizes: Sizes, speeds: list[float]) -> float:
    """Share of a training step that the LSTM takes, measured on its own, forth and back."""
    lstm = nn.LSTM(config.filters[-1], config.lstm_hidden, batch_first=True, bidirectional=True)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    x = torch.randn(config.batch_size, 23, config.filters[-1], dtype=dtype, requires_grad=True)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            _, (last, _) = lstm(x)
        last.float().sum().backward()

    step()
    steps = max(1, sizes.beats // config.batch_size)
    took = statistics.median(
        seconds(lambda: [step() for _ in range(steps)]) for _ in range(sizes.rounds)
    )
    return took / (steps * config.batch_size) * statistics.median(speeds)
