"""The LSTM over RR intervals learns from annotated beats, most of ltafdb.

Whole patients are left out, by which it is seen how it does on new ones, and on which the
threshold of S is chosen; no record of any other database takes part. An interrupted training goes
on where it was.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch.nn.functional import binary_cross_entropy_with_logits

from ecgcore.constants import CLASSES
from ecgcore.data.intervals import BeatTimes
from ecgcore.errors import DataError
from ecgcore.models.checkpoints import open_tensors, save_tensors
from ecgcore.progress import Progress
from ecgcore.rhythm.recurrent import RecurrentNetwork, RhythmReader, inputs
from ecgcore.rhythm.thresholds import highest_f1

N, S, V = (CLASSES.index(letter) for letter in "NSV")


@dataclass(frozen=True)
class Pretraining:
    """How the network is trained: `steps` of `batch` sequences of `length` beats.

    A record is drawn in proportion to 0.3 + min(20 x its share of S, 1). fibrillation: weight of
    the second task; jitter: spread of ln RR; unknown, forgotten: shares of sequences, and of
    beats, that are not told which beats are V; left_out: share of the patients; warm: share of the
    steps until the rate is highest.
    """

    units: int = 64
    steps: int = 4000
    batch: int = 64
    length: int = 256
    rate: float = 3e-3
    warm: float = 0.1
    decay: float = 0.01
    clip: float = 1.0
    fibrillation: float = 0.3
    jitter: float = 0.01
    unknown: float = 0.15
    forgotten: float = 0.05
    left_out: float = 1 / 6
    every: int = 250  # steps between two looks at the patients left out, and two checkpoints

    def rate_at(self, step: int) -> float:
        """One cycle: up in a straight line, down along a cosine."""
        warm = self.warm * self.steps
        if step < warm:
            return self.rate * (step + 1) / warm
        return self.rate * (1 + np.cos(np.pi * (step - warm) / (self.steps - warm))) / 2


@dataclass(frozen=True)
class Sequences:
    """Records one after the other. x: (n, 4) float32; aami: (n,) int8; fibrillating: (n,) bool;
    start, stop: (n_records,) where each begins and ends."""

    x: np.ndarray
    aami: np.ndarray
    fibrillating: np.ndarray
    start: np.ndarray
    stop: np.ndarray

    @property
    def chance(self) -> np.ndarray:
        """(n_records,) how likely each record is drawn; see Pretraining."""
        early = np.add.reduceat(self.aami == S, self.start, dtype=float)
        weight = 0.3 + np.minimum(20 * early / (self.stop - self.start), 1)
        return weight / weight.sum()

    def cut(self, first: np.ndarray, length: int, causal: bool) -> tuple[np.ndarray, ...]:
        """Inputs (m, length, 4) of sequences that begin at `first` (m,), and what is to be said:
        classes and fibrillation, (m, length); causal: of the beat before each."""
        at = first[:, None] + np.arange(length)
        about = np.maximum(at - 1, 0) if causal else at
        return self.x[at], self.aami[about], self.fibrillating[about]


def sequences(records: Sequence[BeatTimes], causal: bool) -> Sequences:
    parts = []
    for record in records:
        rr = np.diff(record.seconds)
        rr = np.concatenate([rr[:1], rr])
        parts.append(inputs(rr, (record.aami == V).astype(float), causal))
    stop = np.cumsum([len(part) for part in parts])
    return Sequences(
        x=np.concatenate(parts),
        aami=np.concatenate([record.aami for record in records]),
        fibrillating=np.concatenate([record.fibrillating for record in records]),
        start=np.concatenate([[0], stop[:-1]]),
        stop=stop,
    )


def left_out(n_records: int, share: float, seed: int) -> np.ndarray:
    """(n_records,) bool, at least one of them."""
    found = np.zeros(n_records, dtype=bool)
    drawn = np.random.default_rng(seed).permutation(n_records)
    found[drawn[: max(1, round(share * n_records))]] = True
    return found


def pretrain(
    records: Sequence[BeatTimes],
    seed: int = 0,
    causal: bool = False,
    how: Pretraining = Pretraining(),
    checkpoint: Path | None = None,
) -> RhythmReader:
    """Train the network on some records. Same seed, same network, interrupted or not.

    checkpoint: file that keeps the state of the training. The weights after the last step are
    kept, when the rate has come down: the average precision on a few patients left out goes up and
    down by more than what would be chosen by it. Raises DataError for records that are too short
    or too few.
    """
    if len(records) < 2 or min(map(len, records)) <= how.length:
        raise DataError(f"pretraining needs two records or more, each of over {how.length} beats")
    out = left_out(len(records), how.left_out, seed)
    learnt, held = (
        sequences([r for r, o in zip(records, out, strict=True) if o == wanted], causal)
        for wanted in (False, True)
    )
    torch.manual_seed(seed)
    network = RecurrentNetwork(how.units, causal)
    state, chance = _State(network, how, seed), learnt.chance
    document = {"seed": seed, "causal": causal, **asdict(how), "records": [r.name for r in records]}
    state.resume(checkpoint, document)
    with Progress("pretraining") as progress:
        while state.step < how.steps:
            state.learn(learnt, chance)
            if state.step % how.every == 0 or state.step == how.steps:
                state.look(held, progress)
                state.keep(checkpoint, document)
            progress.update(state.step / how.steps)
    network.eval()
    score, true = _scores(network, held, how)
    threshold = highest_f1(score, true)
    about = {
        "seed": seed,
        "pretraining": asdict(how),
        "records": len(records),
        "beats": sum(map(len, records)),
        "left_out": [r.name for r, o in zip(records, out, strict=True) if o],
        "history": state.history,
    }
    return RhythmReader(network, threshold, about)


class _State:
    """Of a training between two steps."""

    def __init__(self, network: RecurrentNetwork, how: Pretraining, seed: int):
        self.network, self.how, self.seed = network, how, seed
        self.optimiser = torch.optim.AdamW(network.parameters(), how.rate, weight_decay=how.decay)
        self.step, self.history = 0, []
        self.losses: list[float] = []

    def learn(self, given: Sequences, chance: np.ndarray) -> None:
        """One step, records drawn by `chance`. All draws depend on seed and step alone."""
        how, draw = self.how, np.random.default_rng([self.seed, self.step])
        torch.manual_seed(int(draw.integers(2**31)))
        record = draw.choice(len(chance), how.batch, p=chance)
        first = draw.integers(given.start[record], given.stop[record] - how.length)
        x, aami, fibrillating = given.cut(first, how.length, self.network.causal)
        x = _varied(x, how, draw)
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = how.rate_at(self.step)
        loss = _loss(self.network(torch.from_numpy(x)), aami, fibrillating, how)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), how.clip)
        self.optimiser.step()
        self.losses.append(float(loss.detach()))
        self.step += 1

    def look(self, held: Sequences, progress: Progress) -> None:
        """How the network does on patients left out."""
        self.network.eval()
        score, true = _scores(self.network, held, self.how)
        precision = float(average_precision_score(true, score)) if true.any() else 0.0
        loss = float(np.mean(self.losses))
        self.history.append({"step": self.step, "loss": loss, "average_precision": precision})
        self.losses.clear()
        progress.say(f"step {self.step}: loss {loss:.4f}, left out: AP of S {precision:.4f}")

    def keep(self, path: Path | None, document: dict) -> None:
        if path is None:
            return
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        for number, each in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{k}": v for k, v in each.items()}
        about = {"of": document, "step": self.step, "history": self.history}
        save_tensors(path, tensors, about)

    def resume(self, path: Path | None, document: dict) -> None:
        """Go on from a checkpoint of the same training, if there is one."""
        if path is None or not path.is_file():
            return
        try:
            tensors, about = open_tensors(path)
        except Exception as error:  # damage shows in many ways
            raise DataError(f"{path}: damaged; remove it to begin anew ({error})") from error
        if about["of"] != json.loads(json.dumps(document)):
            return

        def part(name: str) -> dict:
            return {k.removeprefix(name): v for k, v in tensors.items() if k.startswith(name)}

        self.network.load_state_dict(part("network."))
        found = self.optimiser.state_dict()
        for key, value in part("optimiser.").items():
            number, name = key.split(".", 1)
            found["state"].setdefault(int(number), {})[name] = value
        self.optimiser.load_state_dict(found)
        self.step, self.history = about["step"], about["history"]


def _varied(x: np.ndarray, how: Pretraining, draw: np.random.Generator) -> np.ndarray:
    """Inputs with jittered intervals, and with V not told of some sequences and beats."""
    m, length, _ = x.shape
    moved = draw.normal(0, how.jitter, (m, length)).astype(np.float32)
    told = draw.random((m, 1)) >= how.unknown
    told = told & (draw.random((m, length)) >= how.forgotten)
    change = np.diff(moved, axis=1, prepend=moved[:, :1])
    nothing = np.zeros_like(moved)
    found = x + np.stack([moved, nothing, change, nothing], axis=2)
    found[..., 3] *= told
    return found


def _loss(logits: torch.Tensor, aami: np.ndarray, fibrillating: np.ndarray, how: Pretraining):
    """S against N, whatever else the beats may be; and fibrillation."""
    counted = torch.from_numpy(np.isin(aami, (N, S)).astype(np.float32))
    true = torch.from_numpy((aami == S).astype(np.float32))
    each = binary_cross_entropy_with_logits(logits[..., 0], true, reduction="none")
    also = torch.from_numpy(fibrillating.astype(np.float32))
    second = binary_cross_entropy_with_logits(logits[..., 1], also)
    return (each * counted).sum() / counted.sum() + how.fibrillation * second


LOOKED_AT, BLOCK = 24, 1024  # stretches of a record left out, and beats in each at most


def _scores(network: RecurrentNetwork, held: Sequences, how: Pretraining):
    """Logits of S of N and S beats, and which are S: (n,) each. Evenly spread stretches."""
    score, true = [], []
    for start, stop in zip(held.start, held.stop, strict=True):
        length = min(BLOCK, stop - start)
        first = np.unique(np.linspace(start, stop - length, LOOKED_AT).astype(int))
        x, aami, _ = held.cut(first, length, network.causal)
        with torch.inference_mode():
            logits = network(torch.from_numpy(x))[..., 0].numpy()
        counted = np.isin(aami, (N, S))
        score.append(logits[counted])
        true.append(aami[counted] == S)
    return np.concatenate(score), np.concatenate(true)
