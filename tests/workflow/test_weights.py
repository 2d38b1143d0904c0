"""Publishing weights: what is trained is copied with its worth, and never a smoke model."""

import shutil

import pytest

from ecgcore import paths
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import weights_sha256
from ecgcore.inference import classifier, published
from ecgcore.workflow import weights

RESULT = {"accuracy": 0.8, "n_beats": 100, "counts": {"N": 90}}


@pytest.fixture
def trained(monkeypatch, tmp_path, checkpoint, rhythm_file):
    """A paper profile with a network and a rhythm model."""
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    models = paths.model_file("paper", "random").parent
    models.mkdir(parents=True)
    shutil.copy(checkpoint, models / "random.safetensors")
    shutil.copy(rhythm_file, models / "rhythm.safetensors")
    monkeypatch.setattr(weights, "load_metrics", lambda profile: {"random": RESULT})
    return tmp_path / "published"


def test_weights_travel_with_origin_and_worth(trained, checkpoint, monkeypatch, tmp_path):
    names = [path.name for path in weights.publish("paper", trained)]
    stems = ("random", "rhythm")
    assert names == [f"{n}{suffix}" for n in stems for suffix in (".safetensors", ".onnx")]
    assert weights_sha256(trained / "random.safetensors") == weights_sha256(checkpoint)
    monkeypatch.setattr(published, "FOLDER", trained)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "nothing")
    network = classifier.load()
    assert network.about["origin"] == published.PUBLISHED and network.name == "random.onnx"
    own = [each for each in network.about["reached"] if each["same"]]
    assert [(each["accuracy"], each["always_N"]) for each in own] == [(0.8, 0.9)]
    assert "80.0% of 100 beats" in " ".join(published.sentences(network.about))
    assert published.rhythm_model().about["answers"].keys() == set(weights.CHECKED)


def test_what_was_trained_here_comes_first(trained):
    assert published.find("random")[1] == "trained here (runs/paper)"


def test_what_is_not_to_be_published(trained, monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match="only weights of paper or full"):
        weights.publish("smoke", trained)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "nothing")
    with pytest.raises(DataError, match="no trained weights yet"):
        weights.publish("paper", trained)
    assert not trained.exists()


def test_a_flipped_bit_is_named_before_anything_is_classified(monkeypatch, tmp_path):
    folder = tmp_path / "published"
    shutil.copytree(published.FOLDER, folder)
    monkeypatch.setattr(published, "FOLDER", folder)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    for name in published.NAMES:
        assert published.find(name)[0].parent == folder
    for file in ("rhythm.onnx", "rhythm_causal.onnx", "random.safetensors", "inter_patient.onnx"):
        content = bytearray((folder / file).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(content)
        with pytest.raises(DataError, match=rf"{file}: damaged"):
            published.find(file.partition(".")[0])
