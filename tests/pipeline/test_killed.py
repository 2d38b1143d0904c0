"""A run that was killed, beside the same trainings undisturbed."""

import numpy as np
import pytest
import torch

from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import make_split
from ecgcore.evaluation.predictions import Predictions, predict
from ecgcore.files import weights_sha256
from ecgcore.models.checkpoints import read_tensors
from ecgcore.models.config import train_config
from ecgcore.training import loop
from ecgcore.workflow.profiles import load_profile


@pytest.mark.parametrize("protocol", ["random", "inter_patient"])
def test_killed_three_times_a_run_ends_with_what_an_undisturbed_one_has(
    beats, protocol, tmp_path, smoke
):
    weights = smoke.root / f"runs/smoke/models/{protocol}.safetensors"
    torch.set_num_threads(read_tensors(weights)[1]["threads"])  # sums are split among them
    profile = load_profile("smoke")
    calm = beats[np.isin(beats.record, profile.data.records)]
    config = train_config(**profile.notebooks["02_training"]["overrides"][protocol])
    split = make_split(protocol, calm, config.val_share, config.seed)
    fitted = loop.fit(calm, split, config, tmp_path / "run", log=lambda line: None)
    loop.publish(fitted, tmp_path / "calm.safetensors")
    said = predict(fitted.model, calm[split.test])

    run = smoke.root / "runs/smoke"
    assert_same(Beats.load(run / "beats.npz"), calm)
    assert weights_sha256(weights) == weights_sha256(tmp_path / "calm.safetensors")
    assert_same(Predictions.load(run / "predictions" / f"{protocol}.npz"), said)


def assert_same(found, wanted):
    """Every array of two data classes."""
    for name, value in vars(wanted).items():
        np.testing.assert_array_equal(getattr(found, name), value, err_msg=name)
