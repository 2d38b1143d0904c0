"""A trained network as a function from beats to probabilities, from a checkpoint or an ONNX file.

Research software: what it says of an ECG is no diagnosis.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.errors import DataError
from ecgcore.files import weights_sha256
from ecgcore.inference import published
from ecgcore.models import onnx_files

PROTOCOL = published.RANDOM  # its network has seen all 48 patients and all five classes
INPUT, OUTPUT = "beats", "probabilities"  # names in the ONNX graph
BATCH = 512


@dataclass(frozen=True)
class Classifier:
    """about: what the file says of the network; run: (n, 187) float32 beats scaled as
    `beats.cut` or `csv_input.scale` do, to (n, 5) float32 probabilities, for any n above 0."""

    name: str
    about: dict
    run: Callable[[np.ndarray], np.ndarray]

    def probabilities(self, signal: np.ndarray) -> np.ndarray:
        """(n, 5) float32 class probabilities of (n, 187) beats, batch by batch."""
        parts = [self.run(signal[i : i + BATCH]) for i in range(0, len(signal), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, len(CLASSES)), np.float32)


def onnx_file(checkpoint: Path) -> Path:
    """Where the ONNX file of a checkpoint lies."""
    return Path(checkpoint).with_suffix(".onnx")


def trained_network(protocol: str = PROTOCOL) -> Path:
    """The network that was trained here, or else the published one. Raises DataError if there is
    neither."""
    return published.find(protocol)[0]


def load(path: Path | None = None) -> Classifier:
    """The network of a checkpoint (.safetensors) or an ONNX file; by default the project's own.

    The project's own is taken from its ONNX file where that holds the same weights: it starts
    without PyTorch. Raises DataError if the file is missing or not one of these.
    """
    origin = published.GIVEN
    if path is None:
        path, origin = published.find(PROTOCOL)
        if path.suffix != ".onnx" and _same_weights(onnx_file(path), path):
            path = onnx_file(path)
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; `ecgcore export` writes one from a checkpoint")
    found = _load_onnx(path) if path.suffix == ".onnx" else _load_checkpoint(path)
    return replace(found, about=published.described(path, found.about, origin))


def _same_weights(exported: Path, checkpoint: Path) -> bool:
    if not exported.is_file():
        return False
    try:
        return _load_onnx(exported).about["weights_sha256"] == weights_sha256(checkpoint)
    except DataError:
        return False


def _load_checkpoint(path: Path) -> Classifier:
    import torch

    from ecgcore.beats.cutting import normalise
    from ecgcore.models.checkpoints import load_checkpoint

    model, about = load_checkpoint(path)

    def run(signal: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.from_numpy(normalise(signal))).softmax(1).numpy()

    return Classifier(path.name, about | {"weights_sha256": weights_sha256(path)}, run)


def _load_onnx(path: Path) -> Classifier:
    import onnxruntime

    onnx_files.check(path)
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        about = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
        (entry,) = session.get_inputs()
        fits = entry.name == INPUT and entry.shape[1] == BEAT_LENGTH
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not an ONNX file of this project ({reason})") from None
    if not fits or tuple(about["classes"]) != CLASSES:
        raise DataError(f"{path}: not a network for beats of {BEAT_LENGTH} samples and {CLASSES}")

    def run(signal: np.ndarray) -> np.ndarray:
        beats = np.ascontiguousarray(signal, dtype=np.float32)
        return session.run([OUTPUT], {INPUT: beats})[0]

    return Classifier(path.name, about, run)
