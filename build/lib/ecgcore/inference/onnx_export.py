"""The trained network as an ONNX file that says how to feed it.

Z-scoring and softmax are part of the graph, so that a program in any language gives it beats and
gets probabilities. The rest of the contract is in the file's metadata, under `contract`.
"""

import json
import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, quantize_dynamic, quantize_static
from onnxscript.optimizer import fold_constants, remove_unused_nodes
from torch import Tensor, nn

from ecgcore import files
from ecgcore.beats.cutting import Beats
from ecgcore.constants import BEAT_LENGTH, CLASS_NAMES, CLASSES, FS
from ecgcore.errors import DataError
from ecgcore.files import replacing
from ecgcore.inference import classifier
from ecgcore.models import onnx_files
from ecgcore.models.checkpoints import load_checkpoint

FOLD = 2**24  # values; more than any weight matrix has
TOLERANCE = 1e-4  # between the probabilities of the file and the network's own


class Deployed(nn.Module):
    """From beats to probabilities: `beats.normalise`, the network, softmax."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, beats: Tensor) -> Tensor:  # (B, 187) -> (B, 5)
        centred = beats - beats.mean(dim=1, keepdim=True)
        std = centred.square().mean(dim=1, keepdim=True).sqrt()
        return self.network(centred / std.clamp_min(1e-6)).softmax(dim=1)


def contract(checkpoint: Path, about: dict) -> dict:
    """What a program has to know to use the network. about: the checkpoint's document."""
    return {
        "input": {
            "name": classifier.INPUT,
            "shape": ["n", BEAT_LENGTH],
            "type": "float32",
            "fs_hz": FS,
            "unit": "any: the graph subtracts the mean and divides by the standard deviation",
            "beat": "starts at its R peak, lasts 1.2 median RR intervals (of the 10 s around), at "
            "most 187 samples; scaled to [0, 1] by its own range, then padded with zeros",
        },
        "output": {"name": classifier.OUTPUT, "shape": ["n", len(CLASSES)], "type": "float32"},
        "classes": list(CLASSES),
        "class_names": CLASS_NAMES,
        "normalisation": "z-score over the 187 samples, padding included; inside the graph",
        "weights_sha256": files.weights_sha256(checkpoint),
        "protocol": about["protocol"],
        "seed": about["seed"],
        "commit": about["commit"],
        "config": about["config"],
        **{key: about[key] for key in ("reached",) if key in about},
        "notice": "Research software, no medical device.",
    }


def export(checkpoint: Path, target: Path | None = None) -> Path:
    """Write a checkpoint's network as ONNX, by default beside it, and compare it with PyTorch.

    Raises DataError if the checkpoint is missing, or if the probabilities differ by more than
    TOLERANCE on a batch and on a single beat.
    """
    checkpoint = Path(checkpoint)
    model, about = load_checkpoint(checkpoint)
    target = Path(target or classifier.onnx_file(checkpoint))
    document = json.dumps(contract(checkpoint, about))
    with replacing(target) as temporary:
        # With the suffix that onnxruntime and `classifier.load` go by.
        unfinished = temporary.with_suffix(".onnx")
        _write(Deployed(model).eval(), unfinished, document)
        _check(checkpoint, unfinished)
        unfinished.rename(temporary)
    return target


def _write(network: nn.Module, path: Path, document: str) -> None:
    example = (torch.zeros(2, BEAT_LENGTH),)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it lists absent optional packages
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            input_names=[classifier.INPUT],
            output_names=[classifier.OUTPUT],
            external_data=False,
            verbose=False,
        )
    # The order of the LSTM's gates differs; PyTorch leaves it to the graph to swap the weights.
    fold_constants(program.model, input_size_limit=FOLD, output_size_limit=FOLD)
    remove_unused_nodes(program.model)
    model = program.model_proto
    del model.graph.value_info[:]  # PyTorch's contradict the shapes that its optimiser changed
    for part in (*model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]  # stack traces with this machine's paths
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {"contract": document})
    onnx_files.save(model, path)


def _check(checkpoint: Path, exported: Path) -> None:
    rng = np.random.default_rng(0)
    beats = rng.random((33, BEAT_LENGTH), dtype=np.float32)
    beats[0] = 0.5  # a constant beat must not become a division by zero
    expected = classifier.load(checkpoint).probabilities(beats)
    found = classifier.load(exported)
    for part in (slice(None), slice(0, 1)):
        difference = float(np.abs(found.probabilities(beats[part]) - expected[part]).max())
        if not difference < TOLERANCE:
            raise DataError(
                f"{exported}: its probabilities differ by {difference:g} from PyTorch's"
            )


def calibration_beats(beats: Beats, train: np.ndarray, n: int = 2048) -> np.ndarray:
    """(n, 187) float32 beats spread over those at the positions `train`."""
    return beats.signal[train[:: max(1, len(train) // n)]]


class _Calibration(CalibrationDataReader):
    """Beats for onnxruntime, which notes the range of every activation."""

    def __init__(self, signal: np.ndarray):
        self.batches = iter(np.array_split(signal, max(1, len(signal) // 64)))

    def get_next(self) -> dict | None:
        batch = next(self.batches, None)
        return None if batch is None else {classifier.INPUT: batch}


def quantise(source: Path, target: Path, signal: np.ndarray) -> Path:
    """Write an ONNX file with 8-bit integers inside: smaller and faster, and less exact.

    The convolutions are quantised for the ranges that they take on the given beats, (n, 187)
    float32 from the training part; the LSTM and the dense layers at run time.
    """
    with replacing(Path(target)) as temporary, tempfile.TemporaryDirectory() as folder:
        convolutions, everything = (Path(folder) / name for name in ("a.onnx", "b.onnx"))
        logging.disable(logging.WARNING)  # it advises a step that changes nothing here
        try:
            quantize_static(
                source,
                convolutions,
                _Calibration(signal),
                per_channel=True,
                op_types_to_quantize=["Conv"],
            )
            quantize_dynamic(convolutions, everything, ["LSTM", "MatMul", "Gemm"])
        finally:
            logging.disable(logging.NOTSET)
        onnx_files.save(onnx.load(everything), temporary)
    return Path(target)
