"""Which model answers: by what a file holds, and by what the user asks for."""

import json
from pathlib import Path

from safetensors import safe_open

from ecgcore.data.formats.content import Content
from ecgcore.errors import ConfigError
from ecgcore.inference import classifier
from ecgcore.inference.classifier import Classifier
from ecgcore.inference.published import rhythm_model
from ecgcore.rhythm import portable
from ecgcore.rhythm.whole import RhythmClassifier

__all__ = ["model", "named", "rhythm_model"]

Model = Classifier | RhythmClassifier


def model(content: Content, given: Model | Path | None = None, alone: bool = False) -> Model:
    """The model for what was read from a file: `given`, or else the project's own, which is the
    rhythm model for a recording and the network for single beats. given: a file is loaded.

    Raises ConfigError where `alone` and `given` contradict each other, DataError as
    classifier.load does.
    """
    if isinstance(given, (str, Path)):
        given = named(Path(given))
    if given is None:
        return classifier.load() if alone or content.rows is not None else rhythm_model()
    if alone and isinstance(given, RhythmClassifier):
        raise ConfigError(f"{given.name}: a rhythm model does not see beats alone")
    return given


def named(path: Path) -> Model:
    """The model of a file, whichever kind it is. Raises DataError if it is neither."""
    return rhythm_model(path) if _holds_rhythm(path) else classifier.load(path)


def _holds_rhythm(path: Path) -> bool:
    """By what the file says; whoever loads it finds out whether that is so."""
    try:
        if path.suffix == ".onnx":
            import onnxruntime

            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            return portable.ABOUT in session.get_modelmeta().custom_metadata_map
        with safe_open(path, framework="np") as file:
            return json.loads(file.metadata()["about"]).get("what") == "rhythm model"
    except Exception:  # no file of ours, which loading it will tell
        return False
