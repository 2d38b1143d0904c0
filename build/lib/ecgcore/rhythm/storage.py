"""The fitted rhythm model in a file: trees as arrays, networks as weights, thresholds, origin.

Nothing is pickled: a safetensors file holds arrays, and a JSON document that says what they are.
Who writes one adds to the document what the model was made of.
"""

from dataclasses import fields
from pathlib import Path

import torch

from ecgcore import files
from ecgcore.errors import DataError
from ecgcore.models.checkpoints import open_tensors, save_tensors
from ecgcore.rhythm import trees
from ecgcore.rhythm.model import RhythmModel, ShapeNetwork
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.rhythm.trees import TreeArrays
from ecgcore.rhythm.whole import RhythmClassifier

FORMAT = 2  # of the arrays; a file of another is refused


def write(path: Path, fitted: RhythmClassifier, about: dict) -> Path:
    """Write a classifier. about: what else its document is to say of it, as plain values."""
    tensors = {}
    for part in fields(RhythmModel):
        for number, piece in enumerate(getattr(fitted.model, part.name)):
            tensors |= {f"{part.name}.{number}.{k}": v for k, v in _tensors(piece).items()}
    document = {
        "what": "rhythm model",
        "format": FORMAT,
        "thresholds": fitted.at.as_dict(),
        "causal": fitted.causal,
        **about,
    }
    save_tensors(path, tensors, document)
    return path


def read(path: Path) -> RhythmClassifier:
    """Read what `write` wrote. Raises DataError if the file is missing or is none of these."""
    try:
        tensors, about = open_tensors(path)
        if about["format"] != FORMAT:
            raise ValueError("written by another version")
        parts = {part.name: _part(part.name, tensors) for part in fields(RhythmModel)}
        at = Thresholds.from_dict(about["thresholds"])
    except FileNotFoundError:
        raise DataError(
            f"{path}: no rhythm model here; `ecgcore rhythm --teach` fits one"
        ) from None
    except Exception as error:  # damage shows in many ways
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a rhythm model of this version ({reason})") from error
    about = about | {"weights_sha256": files.weights_sha256(path)}
    return RhythmClassifier(RhythmModel(**parts), at, about["causal"], path.name, about)


def _tensors(piece) -> dict[str, torch.Tensor]:
    if isinstance(piece, ShapeNetwork):
        return {name: weights.contiguous() for name, weights in piece.state_dict().items()}
    made = piece if isinstance(piece, TreeArrays) else trees.arrays(piece)
    return {name: torch.from_numpy(getattr(made, name)) for name in trees.NAMES}


def _part(name: str, tensors: dict[str, torch.Tensor]) -> tuple:
    pieces: dict[int, dict] = {}
    for key, tensor in tensors.items():
        part, number, of_piece = key.split(".", 2)
        if part == name:
            pieces.setdefault(int(number), {})[of_piece] = tensor
    return tuple(_piece(pieces[number]) for number in sorted(pieces))


def _piece(tensors: dict[str, torch.Tensor]) -> TreeArrays | ShapeNetwork:
    if "roots" in tensors:
        return TreeArrays(**{name: tensors[name].numpy() for name in trees.NAMES})
    network = ShapeNetwork(len(tensors["centre"]))
    network.load_state_dict(tensors)
    return network.eval()
