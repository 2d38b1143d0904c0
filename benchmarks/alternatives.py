"""What one would take instead of the network: time to train, and quality on validation beats."""

import time

import torch

from benchmarks.common import Sizes
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import SCORED_CLASSES, Split
from ecgcore.constants import CLASSES
from ecgcore.evaluation.metrics import confusion_matrix, f1_scores
from ecgcore.models import baselines
from ecgcore.models.config import train_config
from ecgcore.training.loop import Trainer

WARM_UP = 500  # beats that each is fitted on before: some compile themselves when first used


def measure(beats: Beats, split: Split, sizes: Sizes) -> list[dict]:
    """A row a classifier, one after the other, each on as many cores as it makes use of."""
    rows = [_baseline(name, beats, split) for name in sizes.alternatives]
    return [*rows, _network(beats, split, sizes.epochs)]


def _baseline(name: str, beats: Beats, split: Split) -> dict:
    baselines.fit_predict(name, beats, split.train[:WARM_UP], split.val[:WARM_UP])
    found = baselines.fit_predict(name, beats, split.train, split.val)
    confusion = confusion_matrix(beats.aami[split.val], found.predicted)
    scored = [CLASSES.index(c) for c in SCORED_CLASSES[split.protocol]]
    return {
        "classifier": name,
        "epochs": None,
        "train_s": found.seconds,
        "accuracy": float(confusion.trace() / confusion.sum()),
        "macro_f1": float(f1_scores(confusion)[scored].mean()),
        "beats_per_s": found.beats_per_s,
    }


def _network(beats: Beats, split: Split, epochs: int) -> dict:
    """The package's recipe, its one cycle shortened as in the race."""
    config = train_config(epochs=epochs, device="cpu")
    start = time.perf_counter()
    trainer = Trainer(beats, split, config)
    for _ in range(epochs):
        trainer.train_epoch(lambda count: None)
        trainer.history.append({})  # the order of beats follows from the number of epochs
    trained = time.perf_counter()
    _, accuracy, macro_f1 = trainer.validate()
    took = time.perf_counter() - trained
    torch.use_deterministic_algorithms(False)
    return {
        "classifier": config.model,
        "epochs": epochs,
        "train_s": trained - start,
        "accuracy": float(accuracy),
        "macro_f1": macro_f1,
        "beats_per_s": len(split.val) / took,
    }
