"""The fitted rhythm model in a file: trees as arrays, networks as weights, thresholds, origin.

Nothing is pickled: a safetensors file holds arrays, and a JSON document that says what they are.
Its fingerprint is of code, data and thresholds, so a file that no longer fits them is noticed.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save

from ecgcore import classifier, paths, provenance
from ecgcore.errors import DataError
from ecgcore.files import replacing
from ecgcore.pipeline import modules_used
from ecgcore.rhythm import trees, whole
from ecgcore.rhythm.model import RhythmModel, ShapeNetwork, Thresholds
from ecgcore.rhythm.trees import TreeArrays
from ecgcore.rhythm.whole import RhythmClassifier

FITTED_BY = "ecgcore.rhythm.model"  # what it and its imports say decides the model


def model_file(profile: str) -> Path:
    return paths.model_file(profile, "rhythm")


def fingerprint(at: Thresholds) -> str:
    """Of what a fitted model depends on: code, records, thresholds."""
    digest = hashlib.sha256()
    for path in modules_used(f"import {FITTED_BY}"):
        digest.update(path.read_bytes())
    digest.update(provenance.data_sha256(paths.DATA / whole.DATABASE).encode())
    digest.update(json.dumps(vars(at)).encode())
    return digest.hexdigest()


def write(path: Path, fitted: RhythmClassifier, profile: str) -> Path:
    """Write a classifier with where it comes from."""
    tensors = {}
    for part in fields(RhythmModel):
        for number, piece in enumerate(getattr(fitted.model, part.name)):
            tensors |= {f"{part.name}.{number}.{k}": v for k, v in _tensors(piece).items()}
    about = {
        "what": "rhythm model",
        "protocol": f"all of {whole.DATABASE} but the records with a pacemaker",
        "thresholds": {k: v if np.isfinite(v) else None for k, v in vars(fitted.at).items()},
        "causal": fitted.causal,
        "fingerprint": fingerprint(fitted.at),
        "provenance": provenance.provenance(profile, paths.DATA / whole.DATABASE),
    }
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, metadata={"about": json.dumps(about)}))
    return path


def read(path: Path) -> RhythmClassifier:
    """Read what `write` wrote. Raises DataError if the file is missing or is none of these."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["about"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        parts = {part.name: _part(part.name, tensors) for part in fields(RhythmModel)}
        at = Thresholds(**{k: np.inf if v is None else v for k, v in about["thresholds"].items()})
    except FileNotFoundError:
        raise DataError(
            f"{path}: no rhythm model here; `ecgcore rhythm --teach` fits one"
        ) from None
    except Exception as error:  # damage shows in many ways
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a rhythm model of this version ({reason})") from error
    about = about | {"weights_sha256": classifier.weights_sha256(path)}
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


def load(profile: str, say: Callable[[str], None] = lambda sentence: None) -> RhythmClassifier:
    """The profile's rhythm model: from its file, or fitted now and kept if that is missing or old.

    say: is told before it is fitted, which takes a while. Raises DataError as whole.taught does.
    """
    path = model_file(profile)
    try:
        found = read(path)
        if found.about["fingerprint"] == fingerprint(whole.published_thresholds(profile)):
            return found
        reason = "is of other code, records or thresholds"
    except DataError:
        reason = "is missing" if not path.is_file() else "cannot be read"
    say(f"{path.name} {reason}: fitting the rhythm model, which takes about a minute, once")
    return read(write(path, whole.taught(profile), profile))


def project_model(say: Callable[[str], None] = lambda sentence: None) -> RhythmClassifier:
    """That of the best profile which has one; `paper`'s, fitted now, if none has."""
    there = [profile for profile in classifier.PROFILES if model_file(profile).is_file()]
    return load(there[0] if there else classifier.PROFILES[0], say)
