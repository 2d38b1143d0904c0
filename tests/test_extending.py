"""What the book's page "How it is built" says of adding a model and a format is enough."""

import json

import numpy as np
import pytest
import wfdb
from torch import nn

from ecgcore.beats.splits import make_split
from ecgcore.data.formats import opening
from ecgcore.data.formats.content import Content
from ecgcore.data.signals import from_array
from ecgcore.evaluation.predictions import predict
from ecgcore.inference import classifier, classifying, onnx_export
from ecgcore.models import networks
from ecgcore.models.checkpoints import load_checkpoint
from ecgcore.models.config import train_config
from ecgcore.training.loop import BEST, fit


class Toy(nn.Module):
    """One dense layer."""

    contexts: tuple[str, ...] = ()

    def __init__(self, config):
        super().__init__()
        self.layer = nn.Linear(187, 5)

    def forward(self, x):
        return self.layer(x)


def test_a_model_is_trained_evaluated_and_exported(small_beats, tmp_path, monkeypatch):
    monkeypatch.setitem(networks.MODELS, "toy", Toy)
    beats = small_beats[::8]
    split = make_split("random", beats)
    config = train_config(model="toy", epochs=2, device="cpu", precision="fp32")
    fit(beats, split, config, tmp_path, lambda line: None)
    model, about = load_checkpoint(tmp_path / BEST)
    assert isinstance(model, Toy) and about["config"]["model"] == "toy"
    tested = predict(model, beats, part=split.test)
    assert tested.correct.mean() > (beats.aami[split.test] == 0).mean() / 2
    exported = classifier.load(onnx_export.export(tmp_path / BEST))
    signal = beats.signal[split.test]
    np.testing.assert_allclose(exported.probabilities(signal), tested.probabilities, atol=1e-4)


def claims(path, start):
    return start.startswith(b'{"toy ecg"')


def read(path, lead="", fs=None):
    told = json.loads(path.read_text())["toy ecg"]
    return Content(from_array(np.array(told["mV"]), told["Hz"], str(path)))


def test_a_format_is_read_by_whoever_reads(database, network, tmp_path, monkeypatch):
    record = wfdb.rdrecord(str(database / "100"), sampto=360 * 30, channels=[0])
    signal = record.p_signal[:, 0]
    path = tmp_path / "mine.toy"
    path.write_text(json.dumps({"toy ecg": {"Hz": 360, "mV": signal.tolist()}}))
    with pytest.raises(Exception, match=r"mine\.toy"):
        list(classifying.classify(path, network))
    monkeypatch.setattr(opening, "FORMATS", [opening.Format("toy", claims, read), *opening.FORMATS])
    found = classifying.collect(classifying.classify(path, network)).beats
    same = classifying.collect(
        classifying.classify_signal(from_array(signal, 360.0, "same"), network)
    ).beats
    assert len(found) > 25
    np.testing.assert_array_equal(found.probabilities, same.probabilities)
