"""The trained network at work: in bulk and one beat at a time, in 32 bits and in 8."""

import statistics
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import machine
from benchmarks.common import Sizes, seconds
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import Split
from ecgcore.inference import classifier, onnx_export
from ecgcore.inference.classifier import Classifier
from ecgcore.models.checkpoints import load_checkpoint

CALIBRATION = 2048  # training beats that the 8-bit network's ranges are taken from
WARM_UP = 10  # beats


def measure(beats: Beats, split: Split, checkpoint: Path, exported: Path, sizes: Sizes) -> dict:
    """Speed on the test beats, share of the machine's 32-bit rate, and what 8 bits change."""
    test = beats[split.test]
    calibration = beats.signal[split.train[:: max(1, len(split.train) // CALIBRATION)]]
    with tempfile.TemporaryDirectory() as folder:
        small = onnx_export.quantise(exported, Path(folder) / "network.int8.onnx", calibration)
        files = {"pytorch": checkpoint, "onnx": exported, "onnx_int8": small}
        networks = {name: classifier.load(path) for name, path in files.items()}
        size_kb = {name: path.stat().st_size / 1000 for name, path in files.items()}
    answers = {name: network.probabilities(test.signal) for name, network in networks.items()}
    speeds, limits = _take_turns(networks, test.signal, sizes)
    adds = machine.multiply_adds(load_checkpoint(checkpoint)[0])
    result = {"beats": len(test), "multiply_adds": adds, "limit_fp32": statistics.median(limits)}
    for name in networks:
        share = [adds * s / limit for s, limit in zip(speeds[name], limits, strict=True)]
        predicted = answers[name].argmax(axis=1)
        result[name] = {
            "size_kb": size_kb[name],
            "beats_per_s": statistics.median(speeds[name]),
            # 8-bit products are faster than the 32-bit ones that the limit counts.
            "share": None if name == "onnx_int8" else statistics.median(share),
            "accuracy": float((predicted == test.aami).mean()),
            "changed": int((predicted != answers["pytorch"].argmax(axis=1)).sum()),
        }
    result["accuracy_change"] = result["onnx_int8"]["accuracy"] - result["onnx"]["accuracy"]
    result["one_beat"] = _one_at_a_time(networks["onnx"], test.signal[: sizes.single])
    return result


def _take_turns(
    networks: dict[str, Classifier], signal: np.ndarray, sizes: Sizes
) -> tuple[dict[str, list[float]], list[float]]:
    """Beats a second of each network in each round, and the machine's limit in each round."""
    speeds, limits = {name: [] for name in networks}, []
    for _ in range(sizes.rounds):
        limits.append(machine.rates(sizes)["fp32"])
        for name, network in networks.items():
            speeds[name].append(len(signal) / seconds(partial(network.probabilities, signal)))
    return speeds, limits


def _one_at_a_time(network: Classifier, signal: np.ndarray) -> dict[str, float]:
    for beat in signal[:WARM_UP]:
        network.probabilities(beat[None])
    took = [1000 * seconds(partial(network.probabilities, beat[None])) for beat in signal]
    p50, p99 = np.percentile(took, [50, 99])
    return {"beats": len(signal), "p50_ms": float(p50), "p99_ms": float(p99)}
