"""Grad-CAM lights what decides, where that is known by construction."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ecgcore.beats.cutting import normalise
from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation import explain
from ecgcore.models import networks
from ecgcore.models.config import train_config

BUMP = CLASSES.index("V")  # beats with a bump are of this class, those without of class N
NEAR = 12  # samples around a bump that belong to it


def bumps(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, 187) beats in [0, 1], half of them with a narrow bump somewhere; classes; places."""
    rng = np.random.default_rng(seed)
    place = rng.integers(25, BEAT_LENGTH - 25, n)
    has = np.arange(n) % 2 == 1
    time = np.arange(BEAT_LENGTH)
    bump = np.exp(-0.5 * ((time - place[:, None]) / 3) ** 2)
    wave = 0.5 * np.sin(time / 30) + rng.normal(0, 0.05, (n, BEAT_LENGTH))
    signal = wave + has[:, None] * bump
    low = signal.min(axis=1, keepdims=True)
    signal = (signal - low) / np.ptp(signal, axis=1, keepdims=True)
    return signal.astype(np.float32), np.where(has, BUMP, 0), place


def share_near(cam: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Share of each beat's evidence that lies at its bump."""
    near = np.abs(np.arange(BEAT_LENGTH) - place[:, None]) <= NEAR
    return (cam * near).sum(axis=1) / cam.sum(axis=1)


class Detector(nn.Module):
    """A filter of the bump's own shape; its strongest answer decides for the class."""

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Conv1d(1, 1, 19, padding=9), nn.ReLU())
        shape = torch.exp(-0.5 * (torch.arange(-9, 10) / 3) ** 2)
        self.block[0].weight.data[:] = shape - shape.mean()
        self.block[0].bias.data[:] = -4.0  # deaf to the noise

    def forward(self, x):
        answer = self.block(x[:, None]).amax(dim=2)
        logits = torch.zeros(len(x), len(CLASSES))
        return logits + answer * functional.one_hot(torch.tensor(BUMP), len(CLASSES))


@pytest.fixture(scope="module")
def trained():
    """A small CNN-LSTM that tells beats with a bump from those without."""
    torch.manual_seed(0)
    narrow = {"filters": (16, 16, 16), "lstm_hidden": 16}
    model = networks.build(train_config(**narrow, conv_dropout=0.0, head_dropout=0.0))
    signal, classes, _ = bumps(1200, seed=0)
    x, y = torch.from_numpy(normalise(signal)), torch.from_numpy(classes)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(20):
        for index in torch.randperm(len(x)).split(64):
            loss = functional.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


def test_evidence_lies_where_the_filter_matches():
    signal, classes, place = bumps(200, seed=1)
    has = classes == BUMP
    cam = explain.grad_cam(Detector(), signal[has], classes[has])
    assert (np.abs(cam.argmax(axis=1) - place[has]) <= 3).all()
    assert share_near(cam, place[has]).min() > 0.9


def test_evidence_of_the_papers_network_gathers_at_the_bump(trained):
    signal, classes, place = bumps(400, seed=2)
    with torch.inference_mode():
        answers = trained(torch.from_numpy(normalise(signal))).argmax(dim=1).numpy()
    assert (answers == classes).mean() > 0.95, "the network has not learnt the bump"
    has = classes == BUMP
    cam = explain.grad_cam(trained, signal[has], classes[has])
    by_chance = (2 * NEAR + 1) / BEAT_LENGTH
    near = np.abs(cam.argmax(axis=1) - place[has]) <= NEAR
    assert near.mean() > 3 * by_chance
    assert share_near(cam, place[has]).mean() > by_chance


def test_shape_range_and_batches(trained):
    signal, _, _ = bumps(70, seed=3)
    cam = explain.grad_cam(trained, signal)
    assert cam.shape == signal.shape
    assert cam.dtype == np.float32
    assert cam.min() >= 0
    assert np.allclose(cam.max(axis=1)[cam.max(axis=1) > 0], 1)
    assert np.allclose(explain.grad_cam(trained, signal, batch=32), cam, atol=1e-5)


def test_explains_the_chosen_class_unless_told_another(trained):
    signal, _, _ = bumps(20, seed=4)
    with torch.inference_mode():
        chosen = trained(torch.from_numpy(normalise(signal))).argmax(dim=1).numpy()
    cam = explain.grad_cam(trained, signal)
    assert np.array_equal(cam, explain.grad_cam(trained, signal, chosen))
    other = np.where(chosen == 0, BUMP, 0)
    assert not np.allclose(cam, explain.grad_cam(trained, signal, other))


def test_no_beats_give_no_evidence(trained):
    assert explain.grad_cam(trained, np.empty((0, BEAT_LENGTH), np.float32)).shape == (
        0,
        BEAT_LENGTH,
    )


@pytest.mark.parametrize(
    ("signal", "target", "words"),
    [
        (np.zeros((2, 100)), None, r"must be \(n, 187\)"),
        (np.full((2, BEAT_LENGTH), np.nan), None, "beat 0 holds a value that is not finite"),
        (np.zeros((2, BEAT_LENGTH)), np.zeros(3, int), "2 beats but targets of shape"),
        (np.zeros((2, BEAT_LENGTH)), np.array([0, 7]), "a target is no class"),
    ],
)
def test_bad_input_is_named(trained, signal, target, words):
    with pytest.raises(DataError, match=words):
        explain.grad_cam(trained, signal, target)


def test_a_network_without_convolution_is_refused():
    with pytest.raises(DataError, match="Linear has no convolution"):
        explain.grad_cam(nn.Linear(BEAT_LENGTH, len(CLASSES)), np.zeros((1, BEAT_LENGTH)))
