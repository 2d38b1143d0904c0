"""What the inspector shows, chosen and packed for the browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from torch import nn
from wfdb.io.annotation import ann_labels

from ecgcore.colours import COLOURS
from ecgcore.constants import BEAT_LENGTH, CLASS_NAMES, CLASSES, FS, PROTOCOL_TITLES
from ecgcore.data.records import AAMI_OF_SYMBOL
from ecgcore.errors import DataError
from ecgcore.evaluation.explain import grad_cam
from ecgcore.evaluation.predictions import Predictions
from ecgcore.widgets.comparing import NO_ANSWER, answers, others, relation_counts
from ecgcore.widgets.packing import pack
from ecgcore.widgets.traces import Trace, read_trace, unplaced

STEP_MV = 0.01  # a tenth of a millimetre on ECG paper
CAM_STRIDE = 4  # Grad-CAM has a value every 8 samples; every 4th of its 187 loses nothing
CAM_LEVELS = 15
WIDE_S = 10.0  # that a strip may be widened to, with the R peak in its middle
DRAWN = ("probabilities", "cam")  # columns that only drawing a beat needs


@dataclass(frozen=True)
class Preset:
    """Beats offered as one choice, in the given order.

    indices: positions in each protocol's predictions; note: a sentence shown above them.
    """

    indices: Mapping[str, np.ndarray]
    note: str = ""


@dataclass(frozen=True)
class Source:
    """Everything the inspector was given, keyed by protocol. See `BeatInspector`."""

    predictions: Mapping[str, Predictions]
    database: Path
    models: Mapping[str, nn.Module] = field(default_factory=dict)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    beside: Mapping[str, Predictions] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, np.ndarray] = field(default_factory=dict)
    right_per_class: int = 200
    seed: int = 0

    def __post_init__(self):
        if not self.predictions:
            raise DataError("the inspector got no predictions")
        for name, p in self.predictions.items():
            _check_predictions(name, p, self.signals.get(name))
        for kind in ("models", "signals"):
            for name in set(getattr(self, kind)) - set(self.predictions):
                raise DataError(f"the inspector got {kind} of {name!r}, but no predictions of it")
        for title, preset in self.presets.items():
            _check_preset(title, preset, self.predictions)


def _check_predictions(name: str, p: Predictions, signal: np.ndarray | None) -> None:
    if not len(p):
        raise DataError(f"predictions of {name!r} are empty: there is nothing to inspect")
    if len(np.unique(p.true)) < 2:
        only = CLASSES[p.true[0]]
        raise DataError(
            f"predictions of {name!r} hold beats of class {only} only; "
            "a confusion matrix needs at least two classes"
        )
    if (p.sample < 0).any() and signal is None:
        raise DataError(f"predictions of {name!r} name no place in a record; pass their signals")
    if signal is not None and np.shape(signal) != (len(p), BEAT_LENGTH):
        raise DataError(
            f"signals of {name!r} must be ({len(p)}, {BEAT_LENGTH}), not {np.shape(signal)}"
        )


def _check_preset(title: str, preset: Preset, predictions: Mapping[str, Predictions]) -> None:
    for name, indices in preset.indices.items():
        if name not in predictions:
            raise DataError(f"preset {title!r} names {name!r}, which has no predictions")
        n = len(predictions[name])
        if len(indices) and not 0 <= np.min(indices) <= np.max(indices) < n:
            raise DataError(f"preset {title!r}: an index is not among the {n} beats of {name!r}")


def choose(source: Source, name: str) -> np.ndarray:
    """Positions of the beats to embed: all wrong ones, a draw of right ones, those of presets.

    The draw takes as many right beats of each class, and of those that another has wrong, or all
    if there are fewer, seeded.
    """
    p = source.predictions[name]
    rng = np.random.default_rng(source.seed)
    chosen = [np.flatnonzero(~p.correct)]
    for number in range(len(CLASSES)):
        right = np.flatnonzero(p.correct & (p.true == number))
        chosen.append(rng.choice(right, min(source.right_per_class, len(right)), replace=False))
    for answered in others(p, answering(source)).values():
        only = np.flatnonzero(p.correct & (answered != NO_ANSWER) & (answered != p.true))
        most = len(CLASSES) * source.right_per_class
        chosen.append(rng.choice(only, min(most, len(only)), replace=False))
    chosen += [np.asarray(preset.indices.get(name, []), int) for preset in source.presets.values()]
    return np.unique(np.concatenate(chosen))


def build(source: Source) -> tuple[bytes, list[bytes], list[bytes]]:
    """The packed data of an inspector: what its table and filters need; a part a record, in the
    header's order, with what drawing a beat of it needs; likewise what its second lead shows, which
    is empty where there is none. Raises DataError for records that do not fit.
    """
    chosen = {name: choose(source, name) for name in source.predictions}
    traces = _read_traces(source, chosen)
    numbers = {trace.name: number for number, trace in enumerate(traces.values())}
    arrays: dict[str, np.ndarray] = {}
    drawn: dict[str, dict[str, np.ndarray]] = {}
    for name in source.predictions:
        table = _table(source, name, chosen[name], traces, numbers)
        drawn[name] = {key: table.pop(key) for key in DRAWN if key in table}
        arrays |= {f"{name}/{column}": values for column, values in table.items()}
    delta = [f"{name}/{c}" for name in chosen for c in ("index", "sample", "r", "start")]
    parts = [
        _part(number, trace, arrays, drawn, source) for number, trace in enumerate(traces.values())
    ]
    return pack(_about(source, traces), arrays, tuple(delta)), *map(list, zip(*parts, strict=True))


def _part(
    number: int,
    trace: Trace,
    arrays: Mapping[str, np.ndarray],
    drawn: Mapping[str, Mapping[str, np.ndarray]],
    source: Source,
) -> tuple[bytes, bytes]:
    """What drawing needs of one record: its stretches, what every model answered in them, all its
    beats' places and classes, the patient's usual beat, and by protocol `drawn`'s columns. Beside
    it, the second lead in the same stretches."""
    part, start, stop = {}, [], []
    for name, columns in drawn.items():
        here = np.flatnonzero(arrays[f"{name}/record"] == number)
        part |= {f"{name}/{key}": values[here] for key, values in columns.items()}
        first = arrays[f"{name}/start"][here].astype(int)
        last = first + arrays[f"{name}/width"][here]
        start.append(np.minimum(first, _wide(trace, arrays[f"{name}/r"][here], -1)))
        stop.append(np.maximum(last, _wide(trace, arrays[f"{name}/r"][here], 1)))
    pieces = _union(np.concatenate(start), np.concatenate(stop))
    stretches, annotated = _stretches(trace, pieces)
    for number, p in enumerate(answering(source).values()):
        part[f"ann_answer{number}"] = answers(p, trace.name, trace.sample[annotated])
    part["usual"] = _usual(trace)
    if trace.known:
        part |= {"beat_r": trace.r.astype(np.int32), "beat_class": trace.aami.astype(np.int8)}
    second = {"signal": _in_steps(trace.second, pieces)} if trace.second_lead else None
    return (
        pack({}, part | stretches, ("signal", "stretch_start", "ann_r", "beat_r")),
        pack({}, second, ("signal",)) if second else b"",
    )


def _wide(trace: Trace, r: np.ndarray, side: int) -> np.ndarray:
    """Where widened strips end, before (-1) or after (1) their R peaks, within the record."""
    if not trace.known:
        return r.astype(int)
    return np.clip(r.astype(int) + side * round(WIDE_S * FS / 2), 0, len(trace.signal))


def answering(source: Source) -> dict[str, Predictions]:
    """Everyone who answered, by title: the networks under their protocols, and those beside."""
    titles = {_title(name): p for name, p in source.predictions.items()}
    return titles | dict(source.beside)


def _title(protocol: str) -> str:
    return PROTOCOL_TITLES.get(protocol, protocol.replace("_", " "))


def _read_traces(source: Source, chosen: Mapping[str, np.ndarray]) -> dict[tuple, Trace]:
    """Every record that a prediction is of, keyed ("", name); Kaggle's by (protocol, name)."""
    placed = [p.record[p.sample >= 0] for p in source.predictions.values()]
    names = np.unique(np.concatenate(placed)).tolist()
    traces = {("", name): read_trace(source.database, name) for name in names}
    for name, p in source.predictions.items():
        rows = chosen[name]
        for record in np.unique(p.record[p.sample < 0]).tolist():
            of = rows[p.record[rows] == record]
            traces[name, record] = unplaced(record, source.signals[name][of], p.true[of])
    return traces


def _table(
    source: Source,
    name: str,
    rows: np.ndarray,
    traces: Mapping[tuple, Trace],
    numbers: Mapping[str, int],
) -> dict[str, np.ndarray]:
    """The columns of one protocol's embedded beats, and its counts and mean beats."""
    p = source.predictions[name]
    columns = {
        key: np.zeros(len(rows), dtype)
        for key, dtype in {
            "record": "int16", "r": "int32", "length": "uint8", "start": "int32",
            "width": "uint16", "rr_pre_ms": "uint16", "rr_post_ms": "uint16", "symbol": "uint8",
        }.items()
    }  # fmt: skip
    signal = np.zeros((len(rows), BEAT_LENGTH), np.float32)
    for record in np.unique(p.record[rows]).tolist():
        here = np.flatnonzero(p.record[rows] == record)
        placed = p.sample[rows[here[0]]] >= 0
        trace = traces["" if placed else name, record]
        at = trace.find(p.sample[rows[here]]) if placed else np.arange(len(here))
        signal[here] = trace.beats(at)
        for key, values in _columns(trace, at).items():
            columns[key][here] = values
        columns["record"][here] = numbers[record]
    table = columns | {
        "index": rows.astype(np.int32),
        "true": p.true[rows].astype(np.int8),
        "predicted": p.predicted[rows].astype(np.int8),
        "confidence": p.confidence[rows].astype(np.float32),
        "loss": _loss(p, rows),
        "probabilities": p.probabilities[rows].astype(np.float32),
        "sample": p.sample[rows].astype(np.int32),
        "counts": _counts(p, numbers),
    }
    number_of = np.array([numbers[record] for record in p.record.tolist()])
    for number, answered in others(p, answering(source)).items():
        table[f"other{number}"] = answered[rows]
        table[f"relations{number}"] = relation_counts(p, answered, number_of, len(numbers))
    if name in source.models:
        table["cam"] = _evidence(source.models[name], signal)
    for number, preset in enumerate(source.presets.values()):
        wanted = np.asarray(preset.indices.get(name, []), dtype=int)
        table[f"preset{number}"] = np.searchsorted(rows, wanted).astype(np.int32)
    return table


def _evidence(model: nn.Module, signal: np.ndarray) -> np.ndarray:
    """(n, 5, 47) uint8 from 0 to CAM_LEVELS: Grad-CAM for each class of each beat."""
    classes = [np.full(len(signal), number) for number in range(len(CLASSES))]
    found = np.stack([grad_cam(model, signal, k)[:, ::CAM_STRIDE] for k in classes], axis=1)
    return np.round(found * CAM_LEVELS).astype(np.uint8)


def _loss(p: Predictions, rows: np.ndarray) -> np.ndarray:
    """(n,) float32: cross-entropy of the annotated class."""
    return -np.log(np.maximum(p.probabilities[rows, p.true[rows]], 1e-12)).astype(np.float32)


def _columns(trace: Trace, at: np.ndarray) -> dict[str, np.ndarray]:
    start, stop = trace.strips(at)
    return {
        "r": trace.r[at],
        "length": trace.length[at],
        "start": start,
        "width": stop - start,
        "rr_pre_ms": np.nan_to_num(trace.rr_pre_s[at] * 1000).clip(0, 65_535).round(),
        "rr_post_ms": np.nan_to_num(trace.rr_post_s[at] * 1000).clip(0, 65_535).round(),
        "symbol": [ord(s) for s in trace.symbol[at]],
    }


def _counts(p: Predictions, numbers: Mapping[str, int]) -> np.ndarray:
    """(n_records, 5, 5) int32: each record's confusion matrix, over all its beats."""
    counts = np.zeros((len(numbers), len(CLASSES), len(CLASSES)), np.int32)
    names, record = np.unique(p.record, return_inverse=True)
    at = np.array([numbers[str(name)] for name in names])
    np.add.at(counts, (at[record], p.true, p.predicted), 1)
    return counts


def _usual(trace: Trace) -> np.ndarray:
    """(187,) uint8, 255 = 1: the median of the record's beats annotated N; empty if there is none
    or its beats are of no known record."""
    normal = np.flatnonzero(trace.aami == 0) if trace.known else []
    if not len(normal):
        return np.empty(0, np.uint8)
    return np.round(255 * np.median(trace.beats(normal), axis=0)).astype(np.uint8)


def _stretches(
    trace: Trace, pieces: list[tuple[int, int]]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The parts of a record that some strip shows, each once, with their annotations, and the
    numbers of the annotated beats in them."""
    inside = [np.flatnonzero((trace.r >= a) & (trace.r < b)) for a, b in pieces if trace.known]
    at = np.concatenate([np.empty(0, int), *inside])
    columns = {
        "signal": _in_steps(trace.signal, pieces),
        "stretch_start": np.array([a for a, _ in pieces], np.int32),
        "stretch_length": np.array([b - a for a, b in pieces], np.int32),
        "ann_r": trace.r[at].astype(np.int32),
        "ann_class": trace.aami[at].astype(np.int8),
        "ann_symbol": np.array([ord(s) for s in trace.symbol[at]], np.uint8),
    }
    return columns, at


def _in_steps(signal: np.ndarray, pieces: list[tuple[int, int]]) -> np.ndarray:
    """int16: some pieces of a signal, end to end, in steps of STEP_MV."""
    steps = [np.round(signal[a:b] / STEP_MV).astype(np.int16) for a, b in pieces]
    return np.concatenate([np.empty(0, np.int16), *steps])


def _union(start: np.ndarray, stop: np.ndarray) -> list[tuple[int, int]]:
    """Disjoint intervals that cover the same samples, in order."""
    if not len(start):
        return []
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(stop[order])
    first = np.flatnonzero(np.concatenate([[True], start[1:] > reach[:-1]]))
    last = np.concatenate([first[1:], [len(start)]]) - 1
    return list(zip(start[first].tolist(), reach[last].tolist(), strict=True))


def _about(source: Source, traces: Mapping[tuple, Trace]) -> dict:
    """The header: names, units and conventions."""
    symbols = {a.symbol: a.description for a in ann_labels if a.symbol in AAMI_OF_SYMBOL}
    return {
        "classes": list(CLASSES),
        "class_names": CLASS_NAMES,
        "colours": COLOURS,
        "symbols": symbols,
        "fs": FS,
        "beat_length": BEAT_LENGTH,
        "step_mv": STEP_MV,
        "wide_s": WIDE_S,
        "cam_stride": CAM_STRIDE,
        "cam_levels": CAM_LEVELS,
        "protocols": [
            {
                "name": name,
                "title": _title(name),
                "explained": name in source.models,
                "note": source.notes.get(name, ""),
            }
            for name in source.predictions
        ],
        "answering": list(answering(source)),
        "presets": [{"name": title, "note": p.note} for title, p in source.presets.items()],
        "records": [
            {"name": t.name, "lead": t.lead, "second": t.second_lead, "fs": t.fs, "known": t.known}
            for t in traces.values()
        ],
    }
