"""The limit: what the machine can do at best, and what the network asks of it."""

import statistics
import time

import torch
from torch import Tensor, nn

from benchmarks.common import Sizes
from ecgcore.constants import BEAT_LENGTH

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
TRAINING = 3  # multiply-adds of a training step: forward, gradient of inputs, gradient of weights


def measure(sizes: Sizes) -> dict:
    """Multiply-adds a second in the product of two large matrices, median of the rounds."""
    rounds = [rates(sizes) for _ in range(sizes.rounds)]
    return {name: statistics.median(r[name] for r in rounds) for name in DTYPES}


def rates(sizes: Sizes) -> dict[str, float]:
    """Multiply-adds a second, now."""
    return {name: _rate(dtype, sizes.matrix) for name, dtype in DTYPES.items()}


def _rate(dtype: torch.dtype, n: int, at_least_s: float = 0.3) -> float:
    a, b = torch.rand(n, n).to(dtype), torch.rand(n, n).to(dtype)
    torch.mm(a, b)  # prepares the kernel
    products, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < at_least_s:
        torch.mm(a, b)
        products += 1
    return products * n**3 / passed


COUNTED = nn.Conv1d | nn.Conv2d | nn.Linear | nn.LSTM


def multiply_adds(model: nn.Module, layers=COUNTED) -> int:
    """Multiplications of an input with a weight that a network does for one beat.

    layers: those counted. What is done once an activation, such as normalisation, is not.
    """
    counted = []
    handles = [
        module.register_forward_hook(lambda m, inputs, output: counted.append(_count(m, output)))
        for module in model.modules()
        if isinstance(module, layers)
    ]
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        model(torch.zeros(1, BEAT_LENGTH))
    model.train(was_training)
    for handle in handles:
        handle.remove()
    return sum(counted)


def _count(module: nn.Module, output: Tensor | tuple) -> int:
    if isinstance(module, nn.LSTM):
        steps = output[0].shape[1]  # of (1, steps, directions x hidden)
        matrices = [w for name, w in module.named_parameters() if name.startswith("weight")]
        return steps * sum(w.numel() for w in matrices)
    positions = output[0].numel() // module.weight.shape[0]
    return positions * module.weight.numel()
