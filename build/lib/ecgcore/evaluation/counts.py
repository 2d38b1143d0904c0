"""Results from counts alone: each record's (5, 5) confusion matrix."""

import numpy as np

from ecgcore.beats.splits import SCORED_CLASSES
from ecgcore.constants import CLASSES
from ecgcore.evaluation.metrics import confusion_matrix, summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.uncertainty import RESAMPLES, UNITS, intervals, merged, resample


def by_record(p: Predictions) -> dict[str, list]:
    """Each record's (5, 5) confusion matrix."""
    return {
        name: confusion_matrix(p.true[p.record == name], p.predicted[p.record == name]).tolist()
        for name in np.unique(p.record).tolist()
    }


def predictions(entry: dict) -> Predictions:
    """A run's answers as its counts tell them: classes and records, without beats or
    probabilities (which are 1 for the answer). Whatever counts alone decide can be had of them."""
    counts = entry.get("records") or {"": entry["confusion"]}
    parts = []
    for name, confusion in counts.items():
        true, predicted = np.nonzero(confusion)
        number = np.asarray(confusion)[true, predicted]
        parts.append((np.repeat(true, number), np.repeat(predicted, number), name))
    true, predicted = (np.concatenate([p[i] for p in parts]).astype(np.int8) for i in (0, 1))
    record = np.concatenate([np.full(len(p[0]), p[2]) for p in parts])
    certain = np.eye(len(CLASSES), dtype=np.float32)[predicted]
    return Predictions(true, predicted, certain, record, np.full(len(true), -1))


def pooled(entries: list[dict]) -> dict:
    """The folds of a cross-validation as one result: each record as the fold tested it."""
    records = {name: counts for e in entries for name, counts in e["records"].items()}
    return {"protocol": entries[0]["protocol"], "records": dict(sorted(records.items()))}


def result(entry: dict, resamples: int = RESAMPLES) -> dict:
    """An entry for metrics.json from a run's counts: every headline number and its interval."""
    protocol = entry["protocol"]
    found = predictions(entry)
    scored = SCORED_CLASSES[protocol]
    drawn = resample(found, UNITS[protocol], resamples)
    return merged(summarise(found, scored), intervals(drawn, scored))
