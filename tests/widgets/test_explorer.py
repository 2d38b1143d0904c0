"""The live explorer: what the controls do to the signal and to the network's answer."""

import numpy as np
import pytest
import torch

from ecgcore.constants import FS
from ecgcore.errors import DataError
from ecgcore.evaluation.predictions import probabilities
from ecgcore.models import networks
from ecgcore.models.config import train_config
from ecgcore.widgets import BeatExplorer
from ecgcore.widgets.explorer import Disturbance, cut_disturbed, disturb
from ecgcore.widgets.traces import read_trace

RECORDS = ["208", "223"]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return networks.build(train_config(filters=(8, 8, 8), lstm_hidden=8)).eval()


@pytest.fixture
def explorer(model, database):
    return BeatExplorer(model, database, RECORDS)


def test_undisturbed_beats_are_those_of_the_data_set(database, beats):
    trace = read_trace(database, "208")
    wanted = beats[beats.record == "208"]
    cut = cut_disturbed(trace, np.arange(len(wanted)), Disturbance())
    assert np.array_equal(cut, wanted.signal)


def test_it_opens_on_the_networks_own_answer(explorer, model, beats):
    wanted = beats[beats.record == explorer.record.value][[explorer.beat]]
    assert np.allclose(explorer.probabilities, probabilities(model, wanted.signal)[0], atol=1e-6)
    assert np.allclose(explorer.probabilities, explorer.undisturbed, atol=1e-6)


def test_amplitude_alone_changes_nothing(explorer):
    explorer.gain.value = 0.3
    assert np.allclose(explorer.probabilities, explorer.undisturbed, atol=1e-4)


@pytest.mark.parametrize(("control", "value"), [("noise", 0.5), ("shift", 80)])
def test_noise_and_shift_move_the_probabilities_until_reset(explorer, control, value):
    picture = explorer.picture.value
    getattr(explorer, control).value = value
    assert not np.allclose(explorer.probabilities, explorer.undisturbed, atol=1e-4)
    assert explorer.picture.value != picture
    explorer.reset.click()
    assert np.allclose(explorer.probabilities, explorer.undisturbed, atol=1e-6)


def test_noise_has_the_size_asked_for_and_repeats():
    flat = np.zeros(20_000, np.float32)
    noisy = disturb(flat, Disturbance(noise_mv=0.2))
    assert noisy.std() == pytest.approx(0.2, rel=0.05)
    assert np.array_equal(noisy, disturb(flat, Disturbance(noise_mv=0.2)))


def test_buttons_walk_from_beat_to_beat_and_stop_at_the_ends(explorer, database):
    explorer.record.value = "223"
    trace = read_trace(database, "223")
    start = explorer.beat
    explorer.after.click()
    assert explorer.beat == start + 1
    assert explorer.time.value == pytest.approx(trace.r[start + 1] / FS, abs=0.05)
    explorer.step(-len(trace.r))
    assert explorer.beat == 0
    explorer.before.click()
    assert explorer.beat == 0
    explorer.step(len(trace.r))
    assert explorer.beat == len(trace.r) - 1


def test_the_picture_is_told_in_words(explorer):
    assert explorer.describe().startswith("Record 208, beat at")
    assert 'role="img"' in explorer.picture.value
    assert "<svg" in explorer.picture.value


def test_pages_without_a_kernel_get_a_picture(explorer):
    content = explorer._repr_mimebundle_()
    assert "the controls work in JupyterLab" in content["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in content


def test_unknown_records_are_named(model, database):
    with pytest.raises(DataError, match="no record 999"):
        BeatExplorer(model, database, ["999"])
