"""The rhythm model from its ONNX file, which starts without PyTorch and scikit-learn."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.files import weights_sha256
from ecgcore.models import onnx_files
from ecgcore.rhythm.features import NAMES
from ecgcore.rhythm.sequence import WINDOW
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.rhythm.whole import RhythmClassifier

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from ecgcore.rhythm.cases import Cases

FEATURES, PAIR, SCORES, ABOUT = "features", "pair", "scores", "about"  # names in the graph
BATCH = 512  # beats at once


@dataclass(frozen=True)
class Graph:
    """session: from features (n, 24) and window and template (n, 2, 128) to scores (n, 3)."""

    session: "InferenceSession"

    def scores(self, cases: "Cases") -> np.ndarray:
        """(n, 3) float64: log odds of S, V and F, as model.scores."""
        found = np.empty((len(cases), 3))
        for start in range(0, len(cases), BATCH):
            at = slice(start, start + BATCH)
            pair = np.stack([cases.window[at], cases.template[at]], axis=1, dtype=np.float32)
            given = {FEATURES: cases.features[at], PAIR: pair}
            found[at] = self.session.run([SCORES], given)[0]
        return found


def onnx_file(path: Path) -> Path:
    """Where the ONNX file of a rhythm model's safetensors file lies."""
    return Path(path).with_suffix(".onnx")


def load(path: Path) -> RhythmClassifier:
    """The rhythm model of a file (.onnx or .safetensors), taken from its ONNX file where there is
    one of the same weights beside it. Raises DataError if it is missing or no rhythm model."""
    path = Path(path)
    if path.suffix == ".onnx":
        return _load_graph(path)
    if path.is_file() and onnx_file(path).is_file():
        try:
            found = _load_graph(onnx_file(path))
            if found.about["weights_sha256"] == weights_sha256(path):
                return found
        except DataError:
            pass  # an unusable copy; the file itself will do
    from ecgcore.rhythm import storage

    return storage.read(path)


def _load_graph(path: Path) -> RhythmClassifier:
    import onnxruntime

    if not path.is_file():
        raise DataError(f"{path}: no such file")
    onnx_files.check(path)
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        about = json.loads(session.get_modelmeta().custom_metadata_map[ABOUT])
        features, pair = session.get_inputs()
        fits = features.shape[1] == len(NAMES) and pair.shape[1:] == [2, WINDOW]
        at = Thresholds.from_dict(about["thresholds"])
    except Exception as error:  # damage shows in many ways
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a rhythm model of this version ({reason})") from None
    if not fits:
        raise DataError(f"{path}: not a rhythm model for these features and {CLASSES}")
    return RhythmClassifier(Graph(session), at, about["causal"], path.name, about)
