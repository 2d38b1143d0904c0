"""The fitted rhythm model as one ONNX graph: trees and networks, from features to scores.

It answers many times faster than the trees as arrays, and starts without PyTorch. The graph is put
together from the fitted numbers themselves; a test compares the two.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ecgcore.errors import ConfigError, DataError
from ecgcore.files import replacing
from ecgcore.models import onnx_files
from ecgcore.rhythm import portable, trees
from ecgcore.rhythm.cases import Cases
from ecgcore.rhythm.features import NAMES
from ecgcore.rhythm.model import F, RhythmModel, S, ShapeNetwork, V
from ecgcore.rhythm.sequence import WINDOW
from ecgcore.rhythm.thresholds import FLOOR
from ecgcore.rhythm.trees import TreeArrays
from ecgcore.rhythm.whole import RhythmClassifier

TOLERANCE = 2e-3  # between scores, which are logarithms; the graph counts in 32 bits
OPSET, ML_OPSET, IR = 20, 5, 10
SUM, AT_MOST = 1, 0  # codes of TreeEnsemble: how trees are added, when a node goes left


class _Graph:
    """Nodes and constants, as they are added; a tensor is its name."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.constants: list = []

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, domain: str = "", **how) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **how))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def column(self, rows: str, number: int) -> str:
        return self.add("Gather", rows, self.constant(np.array([number])), axis=1)

    def log_odds(self, p: str) -> str:
        """As thresholds.log_odds."""
        both = (p, self.add("Sub", self.number(1), p))
        logs = [self.add("Log", self.add("Max", each, self.number(FLOOR))) for each in both]
        return self.add("Sub", *logs)

    def mean(self, parts: list[str]) -> str:
        return self.add("Mean", *parts)

    def tree_sum(self, made: TreeArrays, columns: list[int], features: str) -> str:
        """(n, len(columns)) sums over trees whose leaves each add to some columns of `value`.

        An ensemble of this kind knows one number a leaf, so a forest takes one a column.
        """
        if (np.count_nonzero(made.value, axis=1) <= 1).all():
            return self._ensemble(made, columns, features)
        return self.add("Concat", *(self._ensemble(made, [c], features) for c in columns), axis=1)

    def _ensemble(self, made: TreeArrays, columns: list[int], features: str) -> str:
        leaf = made.left < 0
        inner, inner_number = np.flatnonzero(~leaf), np.cumsum(~leaf) - 1

        def child(side: np.ndarray) -> dict[str, np.ndarray]:
            to = side[inner]
            number = np.where(leaf[to], made.right[to], inner_number[to])
            return {"ids": number.astype(np.int64), "leafs": leaf[to].astype(np.int64)}

        left, right = child(made.left), child(made.right)
        value = made.value[:, columns]
        target = np.abs(value).argmax(axis=1)
        roots = np.where(leaf[made.roots], -1, inner_number[made.roots])
        if (roots < 0).any():
            raise DataError("a tree of a single leaf has no place in an ONNX graph")
        tensor = numpy_helper.from_array
        return self.add(
            "TreeEnsemble",
            features,
            domain="ai.onnx.ml",
            aggregate_function=SUM,
            post_transform=0,
            n_targets=len(columns),
            tree_roots=roots.tolist(),
            nodes_featureids=made.feature[inner].astype(np.int64).tolist(),
            nodes_splits=tensor(made.threshold[inner], "splits"),
            nodes_modes=tensor(np.full(len(inner), AT_MOST, np.uint8), "modes"),
            nodes_truenodeids=left["ids"].tolist(),
            nodes_trueleafs=left["leafs"].tolist(),
            nodes_falsenodeids=right["ids"].tolist(),
            nodes_falseleafs=right["leafs"].tolist(),
            leaf_targetids=target.astype(np.int64).tolist(),
            leaf_weights=tensor(value[np.arange(len(value)), target], "weights"),
        )

    def probabilities(self, made: TreeArrays, wanted: list[int], features: str) -> str:
        """(n, len(wanted)) class probabilities; wanted: class numbers."""
        at = [int(np.flatnonzero(made.classes == c)[0]) for c in wanted]
        if not len(made.start):
            return self.tree_sum(made, at, features)
        total = self.tree_sum(made, list(range(len(made.classes))), features)
        moved = self.add("Add", total, self.constant(made.start.astype(np.float32)[None]))
        chosen = self.constant(np.array(at))
        return self.add("Gather", self.add("Softmax", moved, axis=1), chosen, axis=1)

    def network(self, made: ShapeNetwork, pair: str, features: str) -> str:
        """(n, 4) probabilities of model.ShapeNetwork, its dropout left out."""
        weights = {k: v.detach().numpy() for k, v in made.state_dict().items()}
        x = pair
        for number in (0, 3, 6):
            convolution, normal = made.shape[number], made.shape[number + 1]
            scale = weights[f"shape.{number + 1}.weight"] / np.sqrt(
                weights[f"shape.{number + 1}.running_var"] + normal.eps
            )
            kernel = weights[f"shape.{number}.weight"] * scale[:, None, None]
            mean = weights[f"shape.{number + 1}.running_mean"]
            bias = (weights[f"shape.{number}.bias"] - mean) * scale
            bias += weights[f"shape.{number + 1}.bias"]
            pads = list(convolution.padding) * 2
            x = self.add(
                "Conv", x, self.constant(kernel), self.constant(bias), strides=[2], pads=pads
            )
            x = self.add("Relu", x)
        x = self.add("Relu", self._dense(self.add("Flatten", x), weights, "shape.11"))
        centred = self.add("Sub", features, self.constant(weights["centre"][None]))
        scaled = self.add("Div", centred, self.constant(weights["spread"][None]))
        scaled = self.add("Clip", scaled, self.number(-5), self.number(5))
        context = self.add("Relu", self._dense(scaled, weights, "context.0"))
        both = self.add("Concat", x, context, axis=1)
        return self.add("Softmax", self._dense(both, weights, "head"), axis=1)

    def _dense(self, x: str, weights: dict[str, np.ndarray], name: str) -> str:
        kernel, bias = (self.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("Gemm", x, kernel, bias, transB=1)


def _made(fitted: RhythmModel) -> onnx.ModelProto:
    graph = _Graph()
    as_arrays = [t if isinstance(t, TreeArrays) else trees.arrays(t) for t in fitted.early]
    early = [graph.log_odds(graph.probabilities(t, [S], portable.FEATURES)) for t in as_arrays]
    (wide,) = (t if isinstance(t, TreeArrays) else trees.arrays(t) for t in fitted.wide)
    shape = graph.mean([graph.network(n, portable.PAIR, portable.FEATURES) for n in fitted.shapes])
    shape = graph.add("Gather", shape, graph.constant(np.array([V, F])), axis=1)
    wide_and_shape = [
        graph.log_odds(p) for p in (graph.probabilities(wide, [V, F], portable.FEATURES), shape)
    ]
    graph.add("Concat", graph.mean(early), graph.mean(wide_and_shape), axis=1)
    graph.nodes[-1].output[0] = portable.SCORES
    inputs = [
        helper.make_tensor_value_info(portable.FEATURES, TensorProto.FLOAT, ["n", len(NAMES)]),
        helper.make_tensor_value_info(portable.PAIR, TensorProto.FLOAT, ["n", 2, WINDOW]),
    ]
    outputs = [helper.make_tensor_value_info(portable.SCORES, TensorProto.FLOAT, ["n", 3])]
    whole = helper.make_graph(graph.nodes, "rhythm", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    return helper.make_model(whole, opset_imports=opsets, ir_version=IR)


def export(fitted: RhythmClassifier, target: Path) -> Path:
    """Write a classifier that `storage.read` gave as ONNX, and compare it with the original.

    Its metadata hold what the classifier's file says of it. Raises DataError if scores differ by
    more than TOLERANCE, ConfigError for a target that is not called .onnx.
    """
    made = _made(fitted.model)
    helper.set_model_props(made, {portable.ABOUT: json.dumps(fitted.about)})
    target = Path(target)
    if target.suffix != ".onnx":
        raise ConfigError(f"{target}: the name of an ONNX file ends in .onnx")
    with replacing(target) as temporary:
        onnx_files.save(made, temporary)
        _check(fitted, temporary)
    return target


def _check(fitted: RhythmClassifier, exported: Path) -> None:
    """Numbers of every size, so that each tree comes to many of its leaves."""
    rng = np.random.default_rng(0)
    n = 257
    window, template = rng.normal(0, 0.3, (2, n, WINDOW)).astype(np.float32)
    drawn = rng.normal(0, 1, (n, len(NAMES))) * 10.0 ** rng.uniform(-2, 0.5, (n, 1))
    nothing = np.zeros(n, dtype=np.int8)
    beats = Cases(drawn.astype(np.float32), window, template, nothing, nothing, nothing)
    difference = np.abs(
        portable.load(exported).model.scores(beats) - fitted.model.scores(beats)
    ).max()
    if not difference < TOLERANCE:
        raise DataError(f"{exported}: its scores differ by {difference:g} from the model's own")
