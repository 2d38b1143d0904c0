"""Random changes to a batch of training beats that leave their class alone.

Each takes (B, 187) float32 z-scored beats and returns the same shape.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ecgcore.errors import ConfigError


def noise(x: Tensor) -> Tensor:
    """White noise of 0.05 standard deviations."""
    return x + 0.05 * torch.randn_like(x)


def amplitude(x: Tensor) -> Tensor:
    """A gain between 0.8 and 1.2, one a beat."""
    return x * (0.8 + 0.4 * torch.rand(len(x), 1, device=x.device))


def shift(x: Tensor) -> Tensor:
    """A shift of up to 3 samples (24 ms) either way: R peaks are marked no more precisely."""
    return _resample(x, stretch=0.0, shift=3.0)


def warp(x: Tensor) -> Tensor:
    """A time axis stretched or shrunk by up to 5 %."""
    return _resample(x, stretch=0.05, shift=0.0)


def _resample(x: Tensor, stretch: float, shift: float) -> Tensor:
    """Linear interpolation at a randomly stretched and shifted time axis, edges repeated."""
    n, length = x.shape
    uniform = 2 * torch.rand(2, n, 1, device=x.device) - 1
    time = torch.arange(length, device=x.device) * (1 + stretch * uniform[0]) + shift * uniform[1]
    scaled = time * 2 / (length - 1) - 1  # grid_sample counts from -1 to 1
    grid = torch.stack([scaled, torch.zeros_like(scaled)], dim=-1)[:, None]  # (B, 1, 187, 2)
    sampled = functional.grid_sample(
        x[:, None, None], grid, padding_mode="border", align_corners=True
    )
    return sampled[:, 0, 0]


AUGMENTATIONS = {"noise": noise, "amplitude": amplitude, "shift": shift, "warp": warp}


def check(names: tuple[str, ...]) -> None:
    """Raise ConfigError for an unknown name."""
    for name in names:
        if name not in AUGMENTATIONS:
            known = ", ".join(AUGMENTATIONS)
            raise ConfigError(f"augmentation {name!r} is unknown; choose from {known}")


def augment(x: Tensor, names: tuple[str, ...]) -> Tensor:
    for name in names:
        x = AUGMENTATIONS[name](x)
    return x
