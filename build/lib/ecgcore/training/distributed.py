"""Several processes train one network: one a GPU, or on CPUs, as torchrun starts them.

All hold the same weights and go through the same batches, of which each computes a share. They
average the gradients before every step, and batch normalisation its statistics, so that the loss
curve is that of one process up to rounding. Only dropout and augmentation differ: each process
draws its own random numbers, which is like another seed.

A batch that cannot be shared out evenly, as the last of an epoch often cannot, is computed whole
by every process. The mean of the same is the same, and it is one batch of many.

Process 0 leads: it alone validates, logs and writes. An error ends its process, and torchrun then
ends the others.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ecgcore.errors import ConfigError

SEEDS_APART = 1_000_003  # of the random numbers of one process and those of the next


@dataclass
class Team:
    """The processes of a run, as one of them sees them. A team of one asks nobody."""

    rank: int = 0
    size: int = 1
    beats: int = 0  # in the batch at hand, of all processes

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def device(self, name: str) -> str:
        """The device of this process where the config says `name`: a GPU of its own, or the CPU.

        Raises ConfigError if there is no such GPU, or if all processes would be on the same.
        """
        if self.size == 1 or name == "cpu" or not torch.cuda.is_available():
            return name
        number, found = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if name not in ("auto", "cuda"):
            raise ConfigError(f"device {name!r} is one device; several processes need auto or cuda")
        if number >= found:
            raise ConfigError(f"process {number} has no GPU of its own: there are {found}")
        torch.cuda.set_device(number)
        return f"cuda:{number}"

    def check(self, batch_size: int) -> None:
        """Raise ConfigError if full batches cannot be shared out evenly."""
        if batch_size % self.size:
            raise ConfigError(
                f"TrainConfig.batch_size: {batch_size} beats cannot be shared out evenly among "
                f"{self.size} processes"
            )

    def prepare(self, model: nn.Module) -> nn.Module:
        """Let the network's batch normalisation see the beats of all processes; returns it."""
        for module in model.modules() if self.size > 1 else ():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__, module.team = BatchNorm, self  # same parameters, same names
        return model

    def shares(self, batch: Tensor) -> Tensor:
        """(n,) positions of a batch's beats -> (size, m), a row for each process."""
        self.beats = len(batch)
        uneven = len(batch) % self.size
        return batch.expand(self.size, -1) if uneven else batch.view(self.size, -1)

    def from_leader(self, tensor: Tensor) -> Tensor:
        """The leader's values, written into `tensor`, which is returned. The others wait for it."""
        if self.size > 1:
            dist.broadcast(tensor, src=0)
        return tensor

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace each tensor's values by their mean over all processes."""
        if self.size == 1:
            return
        tensors = list(tensors)
        # One message: the network is small, and overlapping it with the backward pass, as
        # torch's DistributedDataParallel does, would win little.
        mean = _mean(torch.cat([tensor.flatten() for tensor in tensors]), self.size)
        parts = mean.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def wait(self) -> None:
        """Go on once the leader has come as far."""
        self.from_leader(torch.zeros(()))

    def draw_apart(self) -> None:
        """From here on, let each process draw its own random numbers; the leader goes on."""
        if self.rank:
            torch.manual_seed(torch.initial_seed() + self.rank * SEEDS_APART)


def team() -> Team:
    """The team that torchrun has put this process into; without torchrun, a team of one."""
    if not dist.is_available() or not dist.is_torchelastic_launched():
        return Team()
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    return Team(dist.get_rank(), dist.get_world_size())


def leave() -> None:
    """Leave the team when all is done. After an error, the process just ends."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


class BatchNorm(nn.BatchNorm2d):
    """models.BatchNorm whose batch is that of all processes.

    torch's own SyncBatchNorm is for GPUs only, and so could not be tested without one.
    """

    team: Team

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:  # (B, C, H, W)
        if not self.training:
            return super().forward(x)
        size, whole = self.team.size, x.float()
        mean = _Mean.apply(whole.mean((0, 2, 3)), size)
        centred = whole - mean[:, None, None]
        variance = _Mean.apply(centred.square().mean((0, 2, 3)), size)
        with torch.no_grad():
            n = self.team.beats * x[0, 0].numel()
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * n / (n - 1), self.momentum)
            self.num_batches_tracked += 1
        scale, bias = self.weight * gain * (variance + self.eps).rsqrt(), self.bias * gain
        return (centred * scale[:, None, None] + bias[:, None, None]).to(x.dtype)


def _mean(tensor: Tensor, size: int) -> Tensor:
    total = tensor.clone()
    dist.all_reduce(total)
    return total / size


class _Mean(torch.autograd.Function):
    """The mean over processes, through which gradients flow: it is its own adjoint."""

    @staticmethod
    def forward(ctx, x: Tensor, size: int) -> Tensor:
        ctx.size = size
        return _mean(x, size)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        return _mean(gradient, ctx.size), None
