"""What each process does that test_distributed.py starts with torchrun.

Arguments: a folder, and a JSON document of run names and their TrainConfig fields. It trains all of
them; then the profile `tiny`, once undisturbed and once from the command line, where process 1
fails in epoch 2.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn

from ecgcore.beats import dataset
from ecgcore.beats.splits import make_split
from ecgcore.cli.main import main as command
from ecgcore.models import networks
from ecgcore.models.config import TrainConfig, train_config
from ecgcore.training.loop import Trainer, fit
from ecgcore.workflow.profiles import load_profile

UNDISTURBED = "undisturbed"
build, train_epoch = networks.build, Trainer.train_epoch


def build_quiet(config: TrainConfig) -> nn.Module:
    """A network whose biases before batch normalisation stay as they are.

    They have no gradient but the noise of rounding, of which Adam makes full steps. That changes
    nothing in training, but validation, where the running mean lags behind the bias.
    """
    model = build(config)
    for name, parameter in model.named_parameters():
        if name.endswith("conv.bias"):
            parameter.register_hook(torch.zeros_like)
    return model


def fail_in_epoch_2(self, tick):
    if self.team.rank == 1 and self.history:
        raise RuntimeError("process 1 fails")
    return train_epoch(self, tick)


def main(folder: Path, runs: dict[str, dict]) -> None:
    torch.set_num_threads(1)
    beats = dataset.load("tiny")

    def train(name: str, config: TrainConfig) -> None:
        fit(beats, make_split("random", beats, config.val_share), config, folder / name)

    networks.build = build_quiet
    for name, changes in runs.items():
        train(name, train_config(**changes))
    networks.build = build
    train(UNDISTURBED, load_profile("tiny").train_config("random"))
    Trainer.train_epoch = fail_in_epoch_2
    sys.argv = ["ecgcore", "train", "--profile", "tiny"]
    command()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
