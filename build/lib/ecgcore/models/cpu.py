"""What training on a CPU computes in another way, for speed.

Pooling, ReLU and dropout multiply nothing; each is a pass over memory, forth and back. On the bits
of the numbers all three are integer operations, which take a fraction of the time.
"""

import math

import torch
from torch import Tensor

# Integers as wide as the numbers. A number's sign is theirs, and positive ones have their order.
BITS = {torch.bfloat16: torch.int16, torch.float32: torch.int32}
STEPS = 256  # that a rate is rounded to: eight random bits decide over an element


def rounded(rate: float) -> float:
    """The rate at which `pooled` drops where it was asked for `rate`."""
    return round(rate * STEPS) / STEPS


def can_pool(x: Tensor) -> bool:
    """Whether `pooled` takes x, (B, C, 1, T): on the CPU, with the channels side by side."""
    layout = x.is_contiguous(memory_format=torch.channels_last)
    return x.device.type == "cpu" and x.dtype in BITS and layout


def pooled(x: Tensor, rate: float) -> Tensor:
    """dropout(relu(max_pool(x))) with windows of 2, but not scaled by 1 / (1 - rate).

    x: (B, C, 1, T), see `can_pool`, no NaN; returns (B, C, 1, T // 2). The rate is `rounded`.
    """
    return _Pooled.apply(x, rate)


class _Pooled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, rate: float) -> Tensor:
        bits = _rows(x).view(BITS[x.dtype])
        found = torch.maximum(*_pairs(bits)).clamp_min_(0)
        drop = round(rate * STEPS)
        if drop:
            # Uniform in -128 .. 127: the difference is negative, all ones once shifted, where kept.
            lot = _random_bytes(found.numel()).view(found.shape).to(bits.dtype)
            found &= _spread_sign(lot.neg_().add_(drop - STEPS // 2 - 1))
        ctx.save_for_backward(bits, found)
        return _image(found.view(x.dtype))

    @staticmethod
    def backward(ctx, gradient: Tensor):
        bits, found = ctx.saved_tensors
        first, _ = _pairs(bits)
        left, right = _pairs(result := torch.empty_like(bits))
        passed = _rows(gradient).view(bits.dtype) & _spread_sign(found.neg())
        # Where something passed, `found` is the larger of the pair: if not the first, the second.
        second = _spread_sign(first.clamp_min(0).sub_(found)).bitwise_and_(passed)
        right.copy_(second)
        torch.sub(passed, second, out=left)
        result[:, 2 * found.shape[1] :] = 0  # the last sample of an odd number has no partner
        return _image(result.view(gradient.dtype)), None


def _rows(x: Tensor) -> Tensor:
    """(B, C, 1, T) with channels last -> (B, T, C), no copy."""
    return x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)[:, 0]


def _image(rows: Tensor) -> Tensor:
    return rows[:, None].permute(0, 3, 1, 2)


def _pairs(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the second sample of each window of 2."""
    end = rows.shape[1] // 2 * 2
    return rows[:, 0:end:2], rows[:, 1:end:2]


def _spread_sign(x: Tensor) -> Tensor:
    """In place: all bits 1 where negative, else all 0."""
    return x.bitwise_right_shift_(8 * x.element_size() - 1)


def _random_bytes(n: int) -> Tensor:
    words = torch.empty(math.ceil(n / 8), dtype=torch.int64)
    return words.random_(-(2**63), None).view(torch.int8)[:n]
