"""Fitted trees of scikit-learn as arrays, which can be kept in a file without pickle."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

if TYPE_CHECKING:  # slow, and not needed to read what was fitted
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

BEATS_AT_ONCE = 512


@dataclass(frozen=True)
class TreeArrays:
    """Trees that answer together, their nodes one after the other.

    roots: (n_trees,) int32; left, right: (n_nodes,) int32, children; of a leaf, -1 and its row of
    `value`; feature: (n_nodes,) int16; threshold: (n_nodes,) float32, up to which it goes left;
    value: (n_leaves, n_classes) float32, what a leaf adds; classes: (n_classes,) int64, class
    numbers; start: (n_classes,) float64, what boosted trees add to, before the softmax; (0,) of a
    forest.
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    value: np.ndarray
    classes: np.ndarray
    start: np.ndarray

    @property
    def classes_(self) -> np.ndarray:
        """As scikit-learn calls it, which the rhythm model asks for."""
        return self.classes

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """(n, n_classes) float64. features: (n, n_features) float32."""
        starts = range(0, len(features), BEATS_AT_ONCE)
        parts = [self._of_some(features[start : start + BEATS_AT_ONCE]) for start in starts]
        total = np.concatenate(parts) if parts else np.empty((0, len(self.classes)))
        return softmax(total + self.start, axis=1) if len(self.start) else total

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
        leaves = self.value[self.right[node]].reshape(len(self.roots), n, -1)
        return leaves.sum(axis=0, dtype=np.float64)


NAMES = tuple(field.name for field in fields(TreeArrays))


def arrays(fitted: "RandomForestClassifier | HistGradientBoostingClassifier") -> TreeArrays:
    """Those of a fitted forest, or of trees boosted for three classes or more."""
    found = _boosted(fitted) if hasattr(fitted, "n_iter_") else _forest(fitted)
    sizes = [len(tree["left"]) for tree in found["trees"]]
    roots = np.cumsum([0, *sizes[:-1]])
    nodes = {key: np.concatenate([t[key] for t in found["trees"]]) for key in found["trees"][0]}
    leaf, offset = nodes["leaf"], np.repeat(roots, sizes)
    return TreeArrays(
        roots=roots.astype(np.int32),
        left=np.where(leaf, -1, nodes["left"] + offset).astype(np.int32),
        right=np.where(leaf, np.cumsum(leaf) - 1, nodes["right"] + offset).astype(np.int32),
        feature=np.where(leaf, 0, nodes["feature"]).astype(np.int16),
        threshold=_float32_below(np.where(leaf, 0, nodes["threshold"])),
        value=nodes["value"][leaf].astype(np.float32),
        classes=np.asarray(fitted.classes_, dtype=np.int64),
        start=found["start"],
    )


def _float32_below(limits: np.ndarray) -> np.ndarray:
    """float32 not above limits (n,) float64: a float32 feature is below both, or neither."""
    found = limits.astype(np.float32)
    return np.where(found > limits, np.nextafter(found, np.float32(-np.inf)), found)


def _forest(fitted: "RandomForestClassifier") -> dict:
    trees = [
        {
            "left": tree.children_left.astype(np.int64),
            "right": tree.children_right.astype(np.int64),
            "leaf": tree.children_left < 0,
            "feature": tree.feature,
            "threshold": tree.threshold,
            "value": tree.value[:, 0] / len(fitted.estimators_),
        }
        for tree in (estimator.tree_ for estimator in fitted.estimators_)
    ]
    return {"trees": trees, "start": np.empty(0)}


def _boosted(fitted: "HistGradientBoostingClassifier") -> dict:
    """scikit-learn does not publish these arrays; a test compares what is read from them."""
    trees = []
    for round_ in fitted._predictors:
        for number, tree in enumerate(round_):
            nodes, leaf = tree.nodes, tree.nodes["is_leaf"].astype(bool)
            value = np.zeros((len(nodes), len(round_)))
            value[leaf, number] = nodes["value"][leaf]
            trees.append(
                {
                    "left": nodes["left"].astype(np.int64),
                    "right": nodes["right"].astype(np.int64),
                    "leaf": leaf,
                    "feature": nodes["feature_idx"].astype(np.int64),
                    "threshold": nodes["num_threshold"],
                    "value": value,
                }
            )
    return {"trees": trees, "start": np.ravel(fitted._baseline_prediction).astype(np.float64)}
