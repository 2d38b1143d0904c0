"""What the chain in the reader's browser (book/_static/recording) works with: numbers, and a model.

The numbers are Python's own, handed over as JSON, so that none stands in two places; a test holds
that both come to the same R peaks and the same classes.

The rhythm model's ONNX graph is packed for `graph.js`, which computes the few operators that it has
and needs no runtime: onnxruntime-web has 14 MB. A packed graph is the length of a JSON document
(uint32), the document, and the arrays that it names, each from a multiple of 4 bytes on. Trees are
laid out in preorder, so that their nodes need no addresses: a left child follows its parent, and a
right one the whole of its left sibling's branch. Reference of the operators: the ONNX specification
(TreeEnsemble of ai.onnx.ml version 5, all others of version 20).
"""

import gzip
import json
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt_zi

from ecgcore.constants import FS
from ecgcore.data import qrs, quality
from ecgcore.errors import ConfigError
from ecgcore.rhythm import features, portable, sequence

QRS_NUMBERS = (
    *("SHORTEST_S", "QRS_S", "REFRACTORY_S", "PART_S", "AROUND", "FAR", "FALL", "TOO_HIGH"),
    *("NOISE", "BEAT", "STEEP", "CONTRAST", "IRREGULAR", "USUAL", "UNKNOWN_RR_S", "REACH_S"),
    *("PEAK_S", "BASELINE_S", "DOWNWARD"),
)
QUALITY_NUMBERS = (
    *("MISSING_S", "FLAT_S", "RAILED_S", "SPIKE_S", "OFTEN", "STEADY_S", "WINDOW_S"),
    *("STANDING_OUT", "ROUNDING", "BLOCK_S", "CONTEXT_S"),
)
SEQUENCE_NUMBERS = ("BEFORE", "WINDOW", "USUAL_RR", "ALIKE")
FEATURE_NUMBERS = (
    *("MINUTES_S", "RECENT", "UPPER", "STEADY", "MANY", "NEARBY", "FASTEST_S", "SLOWEST_S"),
)
PARTS = {"P_WAVE": sequence.P_WAVE, "QRS": sequence.QRS}


def numbers() -> dict:
    """Constants and filters of R peaks, quality and rhythm, as plain values for JSON."""
    found = {name: getattr(qrs, name) for name in QRS_NUMBERS}
    bands = [_filter(2, band) for band in qrs.BANDS_HZ]
    found |= {"FS": FS, "bands": bands, "peak": _filter(1, qrs.PEAK_HZ)}
    found |= {name: getattr(quality, name) for name in QUALITY_NUMBERS}
    found |= {name: getattr(sequence, name) for name in SEQUENCE_NUMBERS}
    found |= {name: getattr(features, name) for name in FEATURE_NUMBERS}
    parts = {name: [part.start, part.stop] for name, part in PARTS.items()}
    rhythm = {"IRREGULAR_RR": features.IRREGULAR, "rhythm": _filter(2, sequence.BAND_HZ)}
    return found | parts | rhythm


def _filter(order: int, band: tuple[float, float]) -> dict:
    """A band-pass filter at 125 Hz: its sections, and their state at rest at 1."""
    sos = butter(order, band, "bandpass", fs=FS, output="sos")
    return {"sos": np.asarray(sos).tolist(), "zi": sosfilt_zi(sos).tolist()}


LEAF = 255  # stands for the feature of a node that has none
TYPES = {"float": np.float32, "int": np.int32, "byte": np.uint8}
PLAIN = (
    *("Concat", "Gather", "Softmax", "Gemm", "Mean", "Add", "Sub", "Div", "Max", "Log", "Relu"),
    *("Clip", "Flatten"),
)


class _Packed:
    """Arrays one after the other, equal ones once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.arrays: list[tuple[str, int, int]] = []  # type, offset, length
        self.known: dict[tuple[str, bytes], int] = {}

    def add(self, values: np.ndarray, kind: str) -> int:
        """The number by which an array goes."""
        stored = np.ascontiguousarray(values, dtype=TYPES[kind]).tobytes()
        if (kind, stored) not in self.known:
            self.known[kind, stored] = len(self.arrays)
            self.arrays.append((kind, len(self.data), values.size))
            self.data += stored.ljust(-(-len(stored) // 4) * 4, b"\0")
        return self.known[kind, stored]


def pack(path: Path) -> bytes:
    """A rhythm model's ONNX file as `graph.js` reads it.

    Raises ConfigError for an operator that the browser does not know.
    """
    import onnx

    model, packed = onnx.load(path), _Packed()
    about = {p.key: p.value for p in model.metadata_props}[portable.ABOUT]
    document = {
        "about": json.loads(about),
        "nodes": [_node(node, packed) for node in model.graph.node],
        "constants": {c.name: _constant(c, packed) for c in model.graph.initializer},
        "arrays": packed.arrays,
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    head = len(text).to_bytes(4, "little") + text
    return head.ljust(-(-len(head) // 4) * 4, b"\0") + packed.data


def compressed(path: Path) -> bytes:
    """The same as the page loads it: packed once more by gzip, which servers do not do for data.

    Raises ConfigError likewise.
    """
    return gzip.compress(pack(path), 9, mtime=0)


def _constant(tensor, packed: _Packed) -> tuple[int, list[int]]:
    from onnx import numpy_helper

    values = numpy_helper.to_array(tensor)
    kind = "int" if np.issubdtype(values.dtype, np.integer) else "float"
    return packed.add(values, kind), list(values.shape)


def _node(node, packed: _Packed) -> dict:
    from onnx import helper

    how = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    found = {"kind": node.op_type, "inputs": list(node.input), "output": node.output[0]}
    if node.op_type == "TreeEnsemble":
        return found | _trees(how, packed)
    if node.op_type == "Conv":
        return found | {"stride": how["strides"][0], "pads": list(how["pads"])}
    if node.op_type not in PLAIN or how.get("axis", 1) != 1:
        raise ConfigError(f"{node.op_type}: an operator that the book's page does not know")
    return found


def _trees(how: dict, packed: _Packed) -> dict:
    """Trees whose nodes stand in preorder. how: attributes of a TreeEnsemble."""
    from onnx import numpy_helper

    split, weight = (numpy_helper.to_array(how[k]) for k in ("nodes_splits", "leaf_weights"))
    feature, inner, leaves = [], [], []
    waiting = [(root, False) for root in reversed(how["tree_roots"])]
    while waiting:
        at, is_leaf = waiting.pop()
        if is_leaf:
            feature.append(LEAF)
            leaves.append(at)
            continue
        feature.append(how["nodes_featureids"][at])
        inner.append(at)
        waiting.append((how["nodes_falsenodeids"][at], bool(how["nodes_falseleafs"][at])))
        waiting.append((how["nodes_truenodeids"][at], bool(how["nodes_trueleafs"][at])))
    target = np.array(how["leaf_targetids"])[leaves]
    return {
        "feature": packed.add(np.array(feature), "byte"),
        "split": packed.add(split[inner], "float"),
        "leaf": packed.add(weight[leaves], "float"),
        "target": packed.add(target, "byte") if how["n_targets"] > 1 else None,
        "targets": how["n_targets"],
    }
