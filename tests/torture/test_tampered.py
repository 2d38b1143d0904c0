"""One flipped bit is named before a result is computed from it; short form of `make torture`."""

import shutil

import numpy as np
import pytest
import torch

from ecgcore import paths
from ecgcore.constants import CHECKSUMS
from ecgcore.data import records
from ecgcore.errors import DataError
from ecgcore.models import onnx_files
from ecgcore.models.checkpoints import open_tensors, save_tensors
from ecgcore.workflow import results


def flipped(content, at):
    """Bytes of which one bit is another."""
    found = bytearray(content)
    found[at // 8] ^= 1 << at % 8
    return bytes(found)


def positions(content, times=25):
    return np.random.default_rng(0).integers(8 * len(content), size=times).tolist()


@pytest.mark.parametrize("suffix", ["hea", "dat", "atr"])
def test_of_a_record(tmp_path, suffix):
    for file in (*(f"100.{s}" for s in ("hea", "dat", "atr")), CHECKSUMS):
        shutil.copy(paths.DATA / "mitdb" / file, tmp_path / file)
    records.read_record(tmp_path, "100")
    path = tmp_path / f"100.{suffix}"
    content = path.read_bytes()
    for at in positions(content, 5):
        path.write_bytes(flipped(content, at))
        with pytest.raises(DataError, match=rf"100\.{suffix}: damaged"):
            records.read_record(tmp_path, "100")
    (tmp_path / CHECKSUMS).unlink()  # then nothing is known of it
    path.write_bytes(content)
    records.read_record(tmp_path, "100")


def test_of_a_checkpoint(tmp_path):
    path = tmp_path / "x.safetensors"
    tensors = {"a.weight": torch.arange(12.0).reshape(3, 4), "b": torch.ones(2, dtype=torch.int64)}
    save_tensors(path, tensors, {"epochs": 3})
    content = path.read_bytes()
    for at in [*positions(content), 8 * len(content) - 1]:
        path.write_bytes(flipped(content, at))
        try:
            found, about = open_tensors(path)
        except Exception:
            continue
        assert about == {"epochs": 3}  # the bit was of no account
        assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    with pytest.raises(ValueError, match="damaged"):  # the last one: of a weight
        open_tensors(path)


def test_of_an_onnx_file(tmp_path):
    onnx = pytest.importorskip("onnx")
    weights = onnx.numpy_helper.from_array(np.arange(50, dtype=np.float32), "w")
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], [weights]))
    onnx.helper.set_model_props(model, {"contract": "{}"})
    path = tmp_path / "x.onnx"
    onnx_files.save(model, path)
    content = path.read_bytes()
    onnx_files.check(path)
    told = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert told["contract"] == "{}" and len(told[onnx_files.KEY]) == 64
    for at in positions(content[: -onnx_files.LENGTH]):
        path.write_bytes(flipped(content, at))
        with pytest.raises(DataError, match=r"x\.onnx: damaged"):
            onnx_files.check(path)
    path.write_bytes(content)
    onnx_files.save(onnx.load(path), path)  # anew, not twice
    assert path.read_bytes() == content


def test_of_a_notebooks_numbers(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    results.write_metrics("small", {"random": {"accuracy": 0.9}})
    results.write_metrics("small", {"inter_patient": {"accuracy": 0.8}})
    assert results.load_metrics("small")["random"]["accuracy"] == 0.9
    (path,) = (tmp_path / "small/results").iterdir()
    path.write_text(path.read_text().replace("0.9", "0.7"))
    with pytest.raises(DataError, match=rf"{path.name}: damaged"):
        results.load_metrics("small")
