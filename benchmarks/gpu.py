"""Training on a GPU, where there is one."""

import torch

from benchmarks.common import Sizes, seconds
from ecgcore import provenance
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import Split
from ecgcore.errors import DataError
from ecgcore.models.config import train_config
from ecgcore.training.loop import Trainer

EPOCHS = 12
BATCH, LEARNING_RATE = 1024, 6e-3  # a GPU wants larger batches, and those a higher rate


def measure(beats: Beats, split: Split, sizes: Sizes) -> dict:
    """Twelve epochs with a validation after each. Raises DataError where there is no GPU."""
    if not torch.cuda.is_available():
        raise DataError(
            "there is no GPU here: 16 bits on one, the beats in its memory and a training step "
            "replayed as a CUDA graph are untried"
        )
    config = train_config(
        epochs=EPOCHS, batch_size=BATCH, learning_rate=LEARNING_RATE, device="cuda"
    )
    Trainer(beats, split, config).run_epoch(lambda count: None)  # the driver warms up
    trainer = Trainer(beats, split, config)

    def train() -> None:
        while not trainer.finished:
            trainer.run_epoch(lambda count: None)
        torch.cuda.synchronize()

    took = seconds(train)
    return {
        "device": provenance.hardware("cuda")["device"],
        "epochs": EPOCHS,
        "batch": BATCH,
        "seconds": took,
        "beats_per_s": EPOCHS * len(split.train) / took,
        "precision": trainer.precision,
        "accuracy": trainer.history[-1]["val_accuracy"],
        "macro_f1": trainer.history[-1]["val_macro_f1"],
    }
