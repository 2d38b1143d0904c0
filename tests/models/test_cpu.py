"""Layers that are computed in another way on the CPU give the values of PyTorch's own."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ecgcore.beats.cutting import normalise
from ecgcore.models import cpu, networks
from ecgcore.models.config import train_config

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])


def images(dtype, shape=(5, 7, 1, 21), seed=0) -> torch.Tensor:
    """Numbers of both signs, with zeros and ties among neighbours."""
    torch.manual_seed(seed)
    x = torch.randn(shape).mul(3).round().div(2).to(dtype)
    return x.contiguous(memory_format=torch.channels_last)


# Pooling, ReLU and dropout


@DTYPES
@pytest.mark.parametrize("length", [2, 20, 21])
def test_without_dropout_it_is_pooling_and_relu(dtype, length):
    x = images(dtype, (5, 7, 1, length))
    assert cpu.can_pool(x)
    expected = functional.relu(functional.max_pool2d(x, (1, 2)))
    assert torch.equal(cpu.pooled(x, 0.0), expected)
    assert expected.any() and not expected.all()


@DTYPES
def test_the_gradient_is_that_of_pooling_and_relu(dtype):
    x, gradient = images(dtype).requires_grad_(), images(dtype, (5, 7, 1, 10), seed=1)
    found = torch.autograd.grad(cpu.pooled(x, 0.0), x, gradient)
    plain = functional.relu(functional.max_pool2d(x, (1, 2)))
    assert torch.equal(*found, *torch.autograd.grad(plain, x, gradient))
    assert found[0].any()


@DTYPES
@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 0.9])
def test_dropout_zeroes_its_share_and_keeps_the_rest(rate, dtype):
    x = torch.full((50, 64, 1, 200), 1.25, dtype=dtype)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    torch.manual_seed(0)
    y = cpu.pooled(x, rate)
    assert set(y.unique().tolist()) == {0.0, 1.25}
    deviation = np.sqrt(rate * (1 - rate) / y.numel())
    dropped = (y == 0).float().mean().item()
    assert dropped == pytest.approx(cpu.rounded(rate), abs=5 * deviation)
    assert cpu.rounded(rate) == pytest.approx(rate, abs=1 / 512)
    y.sum().backward()  # of two equal samples the first is the larger
    assert torch.equal(x.grad[..., 0::2], (y != 0).to(dtype))
    assert not x.grad[..., 1::2].any()


def test_dropout_draws_every_element_on_its_own():
    """Neighbours in memory, and elements of one random 64-bit word, agree as often as chance."""
    torch.manual_seed(0)
    ones = torch.ones(64, 64, 1, 200).contiguous(memory_format=torch.channels_last)
    kept = cpu.pooled(ones, 0.5).permute(0, 2, 3, 1).flatten()
    for lag in (1, 2, 3, 4, 7, 8):
        agree = (kept[lag:] == kept[:-lag]).float().mean().item()
        assert agree == pytest.approx(0.5, abs=0.005)


def test_dropout_repeats_with_its_seed():
    x, draws = images(torch.float32).abs() + 1, []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append(cpu.pooled(x, 0.3))
    assert torch.equal(*draws)
    assert not torch.equal(draws[0], cpu.pooled(x, 0.3))


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.2, 0.999])
def test_a_block_in_training_has_the_mean_of_one_without_dropout(rate):
    """What is kept is scaled such that the mean stays; a rate near 1 is left to PyTorch."""
    torch.manual_seed(0)
    x = torch.randn(256, 1, 1, 187).contiguous(memory_format=torch.channels_last)
    block, still = networks.ConvBlock(1, 32, 5, rate), networks.ConvBlock(1, 32, 5, 0.0)
    nn.init.normal_(block.norm.weight)
    still.load_state_dict(block.state_dict())
    with torch.inference_mode():
        found, expected = block.train()(x).mean().item(), still.train()(x).mean().item()
    assert found == pytest.approx(expected, rel=0.02 if rate < 0.9 else 0.3)
    for name, value in still.norm.state_dict().items():  # the gain is no part of the statistics
        torch.testing.assert_close(block.norm.state_dict()[name], value)
    assert block.norm.num_batches_tracked == 1


def test_nothing_is_dropped_outside_training():
    x = torch.randn(8, 1, 1, 187)
    block = networks.ConvBlock(1, 32, 5, 0.5).eval()
    plain = functional.relu(functional.max_pool2d(block.norm(block.conv(x)), (1, 2)))
    assert torch.equal(block(x), plain)


def test_a_step_of_the_network_repeats_to_the_bit(small_beats):
    x = torch.from_numpy(normalise(small_beats.signal[:128]))
    gradients = []
    for _ in range(2):
        torch.manual_seed(0)
        model = networks.build(train_config()).train()
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(x).float().square().mean()
        loss.backward()
        gradients.append([p.grad for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))
