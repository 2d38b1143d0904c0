"""Augmentation changes beats a little, each in its own way, and never their shape."""

import pytest
import torch

from ecgcore.beats.cutting import normalise
from ecgcore.constants import BEAT_LENGTH
from ecgcore.errors import ConfigError
from ecgcore.training.augment import AUGMENTATIONS, augment, check


@pytest.fixture(scope="module")
def x(small_beats):
    """(1000, 187) real beats, z-scored."""
    return torch.from_numpy(normalise(small_beats.signal[:1000]))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_shape_type_and_input_stay_as_they_are(x, name):
    before = x.clone()
    changed = augment(x, (name,))
    assert changed.shape == x.shape
    assert changed.dtype == x.dtype
    assert changed.isfinite().all()
    assert torch.equal(x, before)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_beats_change_but_stay_recognisable(x, name):
    changed = augment(x, (name,))
    assert not torch.equal(changed, x)
    cosine = torch.nn.functional.cosine_similarity(changed, x)
    assert cosine.median() > 0.8
    assert cosine.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_seed_decides(x, name):
    torch.manual_seed(5)
    first = augment(x, (name,))
    torch.manual_seed(5)
    assert torch.equal(first, augment(x, (name,)))
    assert not torch.equal(first, augment(x, (name,)))


def test_noise_has_its_standard_deviation(x):
    difference = augment(x, ("noise",)) - x
    assert difference.std().item() == pytest.approx(0.05, rel=0.02)
    assert difference.mean().item() == pytest.approx(0, abs=1e-3)


def test_amplitude_is_one_gain_a_beat_within_a_fifth(x):
    gain = augment(x, ("amplitude",)) / x
    gain = torch.where(x.abs() > 0.1, gain, torch.nan)
    one = gain.nanmedian(dim=1, keepdim=True).values
    assert (gain - one).abs().nan_to_num().max() < 1e-4
    assert 0.8 <= one.min() < 0.82
    assert 1.18 < one.max() <= 1.2


def test_shift_moves_a_beat_by_three_samples_at_most():
    """A ramp shows how far each sample moved: its value is its own position."""
    ramp = torch.arange(BEAT_LENGTH, dtype=torch.float32).repeat(500, 1)
    moved = (augment(ramp, ("shift",)) - ramp)[:, 5:-5]
    assert (moved - moved[:, :1]).abs().max() < 1e-3
    assert moved.abs().max() <= 3 + 1e-3
    assert moved.max() > 2.5
    assert moved.min() < -2.5


def test_warp_stretches_time_by_a_twentieth_at_most():
    ramp = torch.arange(BEAT_LENGTH, dtype=torch.float32).repeat(500, 1)
    stretch = (augment(ramp, ("warp",)) / ramp.clamp(min=1))[:, 100]
    assert 0.95 - 1e-3 <= stretch.min() < 0.96
    assert 1.04 < stretch.max() <= 1.05 + 1e-3


def test_nothing_is_changed_by_no_name(x):
    assert torch.equal(augment(x, ()), x)


def test_names_apply_in_their_order(x):
    both = augment(x, ("amplitude", "noise"))
    torch.manual_seed(0)
    step = augment(x, ("amplitude",))
    assert torch.equal(both, augment(step, ("noise",)))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'mixup' is unknown; choose from noise, amplitude"):
        check(("noise", "mixup"))
