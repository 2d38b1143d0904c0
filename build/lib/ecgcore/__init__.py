"""Heartbeats of the MIT-BIH Arrhythmia Database, classified. Research software, no medical device.

What most work needs, by stage; each name is loaded when it is first used:

    reading      read_record, Record
    beats        build_beats, Beats, make_split, Split
    models       train_config, TrainConfig, build_network, load_checkpoint
    training     fit, Fit
    evaluation   predict, Predictions, summarise
    your ECG     classify, classify_rhythm, load_classifier
    widgets      BeatInspector, BeatExplorer

    >>> import ecgcore
    >>> beats = ecgcore.build_beats(names=["208"])
    >>> beats.signal.shape[1]
    187

The rest lies in folders, each of which imports only from those above it: `data` (records, signals,
formats), `beats`, `models`, `evaluation`, `training`, `rhythm`, `inference`, `plots`, `widgets`,
`workflow` (profiles, notebooks, the book), `chapters` (what only the book computes: a module a
notebook), `cli`.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "read_record": "data.records",
    "Record": "data.records",
    "build_beats": "beats.cutting:build",
    "Beats": "beats.cutting",
    "make_split": "beats.splits",
    "Split": "beats.splits",
    "train_config": "models.config",
    "TrainConfig": "models.config",
    "build_network": "models.networks:build",
    "load_checkpoint": "models.checkpoints",
    "fit": "training.loop",
    "Fit": "training.loop",
    "predict": "evaluation.predictions",
    "Predictions": "evaluation.predictions",
    "summarise": "evaluation.metrics",
    "classify": "inference.classifying",
    "classify_rhythm": "inference.classifying",
    "load_classifier": "inference.classifier:load",
    "BeatInspector": "widgets.inspector",
    "BeatExplorer": "widgets.explorer",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'ecgcore' has no attribute {name!r}")
    module, _, original = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(f"ecgcore.{module}"), original or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
