"""The training loop: from beats, a split and a config to a checkpoint and its history.

A run lives in a folder of its own:

    best.safetensors   weights of the epoch with the best validation macro-F1
    last.safetensors   weights and optimiser of the last epoch: an interrupted run resumes there
    history.csv        a row an epoch

Both weight files carry, in their safetensors header, the JSON document that says what they are.
A finished run with the same fingerprint (config, data, code) is read instead of trained again,
whether one process trained it or several, started by torchrun, did (see `distributed`).
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import lr_scheduler
from tqdm import tqdm

from ecgcore import provenance
from ecgcore.beats.context import contexts
from ecgcore.beats.cutting import Beats, class_counts, normalise
from ecgcore.beats.splits import BY_RECORD, SCORED_CLASSES, Split
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.metrics import confusion_matrix, f1_scores
from ecgcore.files import replacing
from ecgcore.models import networks
from ecgcore.models.checkpoints import (
    OPTIMIZER,
    load_checkpoint,
    network_tensors,
    read_tensors,
    save_tensors,
    save_weights,
)
from ecgcore.models.config import TrainConfig
from ecgcore.sources import PACKAGE
from ecgcore.training import augment, cuda_graph, distributed

NO_MEMORY = "can't allocate memory"  # in what torch says where a CPU's has ended
BEST, LAST, HISTORY = "best.safetensors", "last.safetensors", "history.csv"
SOURCES = (  # what decides the weights
    "beats/context", "beats/cutting", "beats/splits", "data/resampling", "models/config",
    "models/cpu", "models/networks", "training/augment", "training/cuda_graph",
    "training/distributed", "training/loop",
)  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """A finished run: the best epoch's model, its history (a row an epoch) and description."""

    model: nn.Module
    history: pd.DataFrame
    about: dict


def resolve_device(device: str) -> str:
    """`auto` becomes the GPU where there is one. Raises ConfigError if a device is not there."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {device!r} cannot be used: {reason}") from None
    return device


def resolve_precision(precision: str, device: str) -> str:
    """`auto` becomes bf16 where the hardware computes in it, else fp32."""
    if precision != "auto":
        return precision
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "fp32"


def class_weights(counts: dict[str, int]) -> np.ndarray:
    """(5,) weight of each class: total / (classes x its count); 0 for a class without beats."""
    n = np.array([counts[c] for c in CLASSES], dtype=np.float64)
    return np.divide(n.sum(), len(CLASSES) * n, out=np.zeros_like(n), where=n > 0)


def fingerprint(beats: Beats, split: Split, config: TrainConfig) -> str:
    """SHA-256 over everything that decides the weights: config, beats, split and code."""
    digest = hashlib.sha256(json.dumps(config.as_dict(), sort_keys=True).encode())
    for array in (beats.signal, beats.aami, split.train, split.val):
        digest.update(np.ascontiguousarray(array))
    for name in SOURCES:
        digest.update((PACKAGE / f"{name}.py").read_bytes())
    digest.update(torch.__version__.encode())
    return digest.hexdigest()


class Trainer:
    """The state of a run between epochs, all on one device; of several processes, each has one."""

    def __init__(self, beats: Beats, split: Split, config: TrainConfig):
        augment.check(config.augment)
        self.config, self.split = config, split
        self.team = distributed.team()
        self.team.check(config.batch_size)
        if config.deterministic:  # cuBLAS asks for it, and reads it when it is first used
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        self.device = resolve_device(self.team.device(config.device))
        self.precision = resolve_precision(config.precision, self.device)
        self.threads = torch.get_num_threads()  # which sums on a CPU are split among, and rounded
        torch.use_deterministic_algorithms(config.deterministic, warn_only=True)
        # Which would also fill memory that nobody reads before writing it: a tenth of the time.
        torch.utils.deterministic.fill_uninitialized_memory = False
        torch.manual_seed(config.seed)
        self.model = self.team.prepare(networks.build(config).to(self.device))
        inputs = (normalise(beats.signal), *contexts(beats, self.model.contexts))
        on = [
            [torch.from_numpy(a[i]).to(self.device) for a in inputs]
            for i in (split.train, split.val)
        ]
        (self.x, *self.context), self.val_inputs = on
        self.y = torch.from_numpy(beats.aami[split.train].astype(np.int64)).to(self.device)
        self.y_val = beats.aami[split.val]
        self.scored = [CLASSES.index(c) for c in SCORED_CLASSES[split.protocol]]
        weights = class_weights(class_counts(beats.aami[split.train]))
        self.class_weights = torch.tensor(weights, dtype=torch.float32, device=self.device)
        self.steps = -(-len(self.y) // config.batch_size)
        self.optimizer = self._optimizer()
        self.scheduler = self._scheduler()
        self.history: list[dict] = []
        self.recorded = self._record()

    def _record(self) -> cuda_graph.Recorded | None:
        """Gradients by CUDA graph: where they need not repeat bit for bit, and of one process only,
        since messages between processes have not been tried in a graph."""
        alone, full = self.team.size == 1, len(self.y) >= self.config.batch_size
        if self.config.deterministic or not (self.device.startswith("cuda") and alone and full):
            return None
        batch = torch.arange(self.config.batch_size, device=self.device)
        return cuda_graph.Recorded(self._gradients, batch, self.model.train())

    def _optimizer(self) -> torch.optim.Optimizer:
        config = self.config
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimizer]
        parameters = self.model.parameters()
        return kind(parameters, config.learning_rate, weight_decay=config.weight_decay, fused=True)

    def _scheduler(self):
        config = self.config
        if config.schedule == "one_cycle":
            return lr_scheduler.OneCycleLR(
                self.optimizer, config.learning_rate, total_steps=self.steps * config.epochs
            )
        if config.schedule == "plateau":
            return lr_scheduler.ReduceLROnPlateau(self.optimizer, mode="max", patience=3)
        return lr_scheduler.ConstantLR(self.optimizer, factor=1.0)

    def _autocast(self):
        kind = self.device.split(":")[0]
        return torch.autocast(kind, torch.bfloat16, enabled=self.precision == "bf16")

    def _batches(self) -> Iterator[Tensor]:
        """Positions of each batch of one epoch: every beat once, or drawn by class weight."""
        n = len(self.y)
        if self.config.balance in ("sampler", "both"):
            order = torch.multinomial(self.class_weights[self.y], n, replacement=True)
        else:
            order = torch.randperm(n, device=self.device)
        # Another model of GPU might draw another order from the same seed: the leader's counts.
        return self.team.from_leader(order).split(self.config.batch_size)

    def _loss(self, logits: Tensor, shares: Tensor) -> Tensor:
        """Loss of this process's share, such that the mean over processes is that of the batch."""
        rank = self.team.rank
        weight = self.class_weights if self.config.balance in ("loss", "both") else None
        loss = functional.cross_entropy(logits.float(), self.y[shares[rank]], weight)
        if weight is None or self.team.size == 1:
            return loss
        weights = weight[self.y[shares]].sum(dim=1)  # a weighted mean divides by them
        return loss * weights[rank] / weights.mean()

    def _gradients(self, batch: Tensor) -> Tensor:
        """Add the gradients of a batch, positions of its beats, to those there; returns its loss.

        Of several processes, each does so with its share.
        """
        shares = self.team.shares(batch)
        index = shares[self.team.rank]
        x = augment.augment(self.x[index], self.config.augment)
        with self._autocast():
            logits = self.model(x, *(c[index] for c in self.context))
        loss = self._loss(logits, shares)
        loss.backward()
        return loss.detach()

    def train_epoch(self, tick: Callable[[int], None]) -> float:
        """One pass over the training beats; returns the mean loss. `tick` hears of each batch."""
        # Seeded by the epoch, so that a resumed run repeats what an uninterrupted one does.
        torch.manual_seed(self.config.seed * 100_003 + len(self.history))
        batches = self._batches()
        self.team.draw_apart()
        self.model.train()
        gradients = self.recorded or self._gradients
        total = torch.zeros((), device=self.device)  # read once an epoch: no host sync a batch
        for batch in batches:
            self.optimizer.zero_grad(set_to_none=self.recorded is None)
            loss = gradients(batch)
            self.team.average(p.grad for p in self.model.parameters())
            self.optimizer.step()
            if self.config.schedule == "one_cycle":
                self.scheduler.step()
            total += loss * len(batch)
            tick(len(batch))
        self.team.average([total])
        return total.item() / len(self.y)

    def validate(self) -> tuple[float, float, float]:
        """Loss, accuracy and macro-F1 (over the protocol's scored classes) on validation beats."""
        self.model.eval()
        with torch.inference_mode(), self._autocast():
            parts = zip(*(t.split(2048) for t in self.val_inputs), strict=True)
            logits = torch.cat([self.model(*part) for part in parts]).float().cpu()
        y = torch.from_numpy(self.y_val.astype(np.int64))
        confusion = confusion_matrix(self.y_val, logits.argmax(1).numpy())
        macro_f1 = f1_scores(confusion)[self.scored].mean()
        loss = functional.cross_entropy(logits, y).item()
        return loss, np.trace(confusion) / confusion.sum(), float(macro_f1)

    def run_epoch(self, tick: Callable[[int], None]) -> dict:
        """Train and validate once; append to the history and return its new row."""
        torch.set_num_threads(self.threads)  # other libraries change it: numba, for one
        start = time.perf_counter()
        rate = self.optimizer.param_groups[0]["lr"]
        loss = self.train_epoch(tick)
        trained = time.perf_counter()
        scores = torch.tensor(self.validate() if self.team.leads else (0, 0, 0), dtype=torch.double)
        val_loss, accuracy, macro_f1 = self.team.from_leader(scores).tolist()
        if self.config.schedule == "plateau":
            self.scheduler.step(macro_f1)
        row = {
            "epoch": len(self.history) + 1,
            "loss": loss,
            "val_loss": val_loss,
            "val_accuracy": accuracy,
            "val_macro_f1": macro_f1,
            "learning_rate": rate,
            "beats_per_s": len(self.y) / (trained - start),
            "seconds": time.perf_counter() - start,
        }
        self.history.append(row)
        return row

    @property
    def best_epoch(self) -> int:
        """The first epoch (from 1) with the highest validation macro-F1."""
        return 1 + int(np.argmax([row["val_macro_f1"] for row in self.history]))

    @property
    def finished(self) -> bool:
        done, patience = len(self.history), self.config.patience
        stopped = patience and done and done - self.best_epoch >= patience
        return done >= self.config.epochs or bool(stopped)

    def state(self) -> dict[str, Tensor]:
        """Weights and optimiser as named tensors."""
        tensors = dict(self.model.state_dict())
        for number, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"{OPTIMIZER}{number}.{key}": value for key, value in values.items()}
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def restore(self, tensors: dict[str, Tensor], about: dict) -> None:
        """Continue from what `state` and the checkpoint's document hold."""
        self.model.load_state_dict(network_tensors(tensors))
        parameters = list(self.model.parameters())
        state: dict[int, dict[str, Tensor]] = {n: {} for n in range(len(parameters))}
        for name in tensors.keys() - network_tensors(tensors).keys():
            number, key = name.removeprefix(OPTIMIZER).split(".")
            value, parameter = tensors[name], parameters[int(number)]
            # A fused optimiser wants its moments in the parameter's memory layout (channels
            # last), which the file does not keep.
            moment = value.shape == parameter.shape
            state[int(number)][key] = torch.empty_like(parameter).copy_(value) if moment else value
        groups = self.optimizer.state_dict()["param_groups"]
        groups[0] |= about["optimizer_group"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.scheduler.load_state_dict(about["scheduler"])
        self.history = about["history"]
        self.threads = about["threads"]


def fit(
    beats: Beats,
    split: Split,
    config: TrainConfig,
    folder: Path,
    log: Callable[[str], None] = print,
) -> Fit:
    """Train, or resume, or read a run that is already there; `log` gets one line an epoch.

    Under torchrun, its processes do so together: all of them call this, and must see `folder`.
    Raises ConfigError for a device, model or augmentation that is not there, a batch that cannot be
    shared out among the processes, or one that does not fit into memory.
    """
    threads = torch.get_num_threads()
    try:
        return _fit(beats, split, config, Path(folder), log)
    except RuntimeError as error:  # which torch raises where memory ends, on a GPU a kind of it
        if not (isinstance(error, torch.OutOfMemoryError) or NO_MEMORY in str(error)):
            raise
        raise ConfigError(
            f"training: no memory left on device {config.device!r} with batches of "
            f"{config.batch_size} beats; lower TrainConfig.batch_size"
        ) from None
    finally:
        torch.set_num_threads(threads)  # which a resumed run may have changed


def _fit(
    beats: Beats, split: Split, config: TrainConfig, folder: Path, log: Callable[[str], None]
) -> Fit:
    key = fingerprint(beats, split, config)
    trainer = Trainer(beats, split, config)
    leads = trainer.team.leads
    log = log if leads else lambda line: None
    found = _read_state(folder, key)
    if found:
        trainer.restore(*found)
        log(f"found {len(trainer.history)} finished epochs in {folder.name}")
        for row in trainer.history:
            log(format_row(row, config.epochs))
    while not trainer.finished:
        total = len(trainer.y)
        shown = leads and sys.stderr.isatty()
        with tqdm(total=total, unit="beat", leave=False, disable=not shown) as bar:
            row = trainer.run_epoch(bar.update)
        if leads:
            _save_epoch(trainer, folder, _describe(trainer, beats, key))
        log(format_row(row, config.epochs))
    history = pd.DataFrame(trainer.history)
    if leads:
        with replacing(folder / HISTORY) as temporary:
            history.to_csv(temporary, index=False)
    trainer.team.wait()
    model, about = load_checkpoint(folder / BEST)
    return Fit(model, history, about | _totals(trainer))


def _save_epoch(trainer: Trainer, folder: Path, about: dict) -> None:
    if trainer.best_epoch == len(trainer.history):
        save_weights(folder / BEST, trainer.model.state_dict(), about)
    save_tensors(folder / LAST, trainer.state(), about | _resume_state(trainer))


def publish(fit: Fit, path: Path) -> None:
    """Write the best epoch's weights, with all that is known of the run, for others to use."""
    save_weights(path, fit.model.state_dict(), fit.about)


def format_row(row: dict, epochs: int) -> str:
    """One line of log: an epoch and what it reached."""
    left = row["seconds"] * (epochs - row["epoch"])
    return (
        f"epoch {row['epoch']:2d}/{epochs}  loss {row['loss']:.4f}  "
        f"val accuracy {row['val_accuracy']:.4f}  macro-F1 {row['val_macro_f1']:.4f}  "
        f"lr {row['learning_rate']:.1e}  {row['beats_per_s']:,.0f} beats/s  "
        f"{left // 60:.0f}:{left % 60:02.0f} left"
    )


def _totals(trainer: Trainer) -> dict:
    rows = trainer.history
    return {"epochs_run": len(rows), "train_seconds": sum(row["seconds"] for row in rows)}


def _describe(trainer: Trainer, beats: Beats, key: str) -> dict:
    """The document that travels with the weights."""
    split = trainer.split
    parts = {name: getattr(split, name) for name in ("train", "val", "test")}
    return {
        "fingerprint": key,
        "config": trainer.config.as_dict(),
        "classes": list(CLASSES),
        "protocol": split.protocol,
        "split": {
            name: {"beats": len(index), **class_counts(beats.aami[index])}
            for name, index in parts.items()
        },
        "val_records": sorted(set(beats.record[split.val].tolist()))
        if split.protocol in BY_RECORD
        else [],
        "seed": trainer.config.seed,
        "best_epoch": trainer.best_epoch,
        "validation": trainer.history[trainer.best_epoch - 1],
        "precision": trainer.precision,
        "processes": trainer.team.size,
        "threads": trainer.threads,
        "parameters": networks.parameter_count(trainer.model),
        "commit": provenance.commit(),
        "versions": provenance.versions(),
        "hardware": provenance.hardware(trainer.device),
    }


def _resume_state(trainer: Trainer) -> dict:
    (group,) = trainer.optimizer.state_dict()["param_groups"]
    scheduler = {k: v for k, v in trainer.scheduler.state_dict().items() if _is_plain(v)}
    return {
        "history": trainer.history,
        "optimizer_group": {k: v for k, v in group.items() if k != "params" and _is_plain(v)},
        "scheduler": scheduler,
    }


def _is_plain(value) -> bool:
    if isinstance(value, list | tuple):  # Adam's betas, which one-cycle moves, are a tuple
        return all(_is_plain(v) for v in value)
    return value is None or isinstance(value, bool | int | float | str)


def _read_state(folder: Path, key: str) -> tuple[dict[str, Tensor], dict] | None:
    """An unfinished or finished run to continue, if both its files have the same fingerprint."""
    try:
        _, best = read_tensors(folder / BEST)
        tensors, about = read_tensors(folder / LAST)
    except DataError:
        return None  # not there, or damaged: train anew
    return (tensors, about) if best["fingerprint"] == about["fingerprint"] == key else None
