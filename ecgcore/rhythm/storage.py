"""The fitted rhythm model in a file: forests as arrays, networks as weights, thresholds, origin.

Nothing is pickled: a safetensors file holds arrays, and a JSON document that says what they are.
Its fingerprint is of code, data and thresholds, so a file that no longer fits them is noticed.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save

from ecgcore import classifier, paths, provenance
from ecgcore.errors import DataError
from ecgcore.files import replacing
from ecgcore.pipeline import modules_used
from ecgcore.rhythm import whole
from ecgcore.rhythm.model import RhythmModel, ShapeNetwork, Thresholds
from ecgcore.rhythm.whole import RhythmClassifier

FITTED_BY = "ecgcore.rhythm.model"  # what it and its imports say decides the model
FOREST = ("roots", "left", "right", "feature", "threshold", "share", "classes")
BEATS_AT_ONCE = 512


@dataclass(frozen=True)
class Forest:
    """A random forest as arrays, its trees' nodes one after the other.

    roots: (n_trees,) int32; left, right: (n_nodes,) int32, children (-1: a leaf); feature:
    (n_nodes,) int16; threshold: (n_nodes,) float64; share: (n_nodes, n_classes) float64, of the
    classes; classes: (n_classes,) int64, class numbers.
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    share: np.ndarray
    classes: np.ndarray

    @classmethod
    def of(cls, fitted) -> "Forest":
        """That of a fitted scikit-learn RandomForestClassifier."""
        trees = [estimator.tree_ for estimator in fitted.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])

        def joined(name: str, kind: type) -> np.ndarray:
            return np.concatenate([getattr(tree, name) for tree in trees]).astype(kind)

        offset = np.repeat(roots, [tree.node_count for tree in trees])
        left, right = (joined(f"children_{side}", np.int64) for side in ("left", "right"))
        leaf = left < 0
        return cls(
            roots=roots.astype(np.int32),
            left=np.where(leaf, -1, left + offset).astype(np.int32),
            right=np.where(leaf, -1, right + offset).astype(np.int32),
            feature=np.where(leaf, 0, joined("feature", np.int16)).astype(np.int16),
            threshold=joined("threshold", np.float64),
            share=np.concatenate([tree.value[:, 0] for tree in trees]),
            classes=np.asarray(fitted.classes_, dtype=np.int64),
        )

    @property
    def classes_(self) -> np.ndarray:
        """As scikit-learn calls it, which the rhythm model asks for."""
        return self.classes

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """(n, n_classes) float64, the mean over the trees. features: (n, n_features) float32."""
        starts = range(0, len(features), BEATS_AT_ONCE)
        parts = [self._of_some(features[start : start + BEATS_AT_ONCE]) for start in starts]
        return np.concatenate(parts) if parts else np.empty((0, len(self.classes)))

    def _of_some(self, features: np.ndarray) -> np.ndarray:
        """All trees side by side, from node to node, until each has come to a leaf."""
        n = len(features)
        node = np.repeat(self.roots, n)
        going = np.arange(len(node))
        while len(going):
            at = node[going]
            low = features[going % n, self.feature[at]] <= self.threshold[at]
            node[going] = np.where(low, self.left[at], self.right[at])
            going = going[self.left[node[going]] >= 0]
        return self.share[node].reshape(len(self.roots), n, -1).mean(axis=0)


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
    tensors, networks = {}, {}
    for part in fields(RhythmModel):
        value = getattr(fitted.model, part.name)
        if hasattr(value, "estimators_"):
            value = Forest.of(value)
        if isinstance(value, Forest):
            arrays = {f"{part.name}.{k}": torch.from_numpy(getattr(value, k)) for k in FOREST}
            tensors |= arrays
            continue
        several = value if isinstance(value, tuple) else (value,)
        networks[part.name] = len(several) if isinstance(value, tuple) else 0
        for number, network in enumerate(several):
            weights = network.state_dict().items()
            tensors |= {f"{part.name}.{number}.{k}": v.contiguous() for k, v in weights}
    about = {
        "what": "rhythm model",
        "protocol": f"all of {whole.DATABASE} but the records with a pacemaker",
        "networks": networks,  # how many of each name; 0: one, not a tuple
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
        parts = {part.name: _part(part.name, tensors, about) for part in fields(RhythmModel)}
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


def _part(name: str, tensors: dict, about: dict) -> Forest | ShapeNetwork | tuple:
    if name not in about["networks"]:
        return Forest(**{key: tensors[f"{name}.{key}"].numpy() for key in FOREST})
    count, made = about["networks"][name], []
    for number in range(max(count, 1)):
        start = f"{name}.{number}."
        weights = {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
        network = ShapeNetwork(len(weights["centre"]))
        network.load_state_dict(weights)
        made.append(network.eval())
    return tuple(made) if count else made[0]


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
