"""Beats whose annotation may be wrong: candidates for a second look, never corrections."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_self_confidence_for_each_label
from sklearn.model_selection import StratifiedKFold

from ecgcore import paths
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import Split, make_split
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.predictions import Predictions, predict
from ecgcore.models.config import TrainConfig
from ecgcore.provenance import provenance
from ecgcore.training.loop import fit
from ecgcore.workflow.profiles import OUT_OF_SAMPLE, load_profile
from ecgcore.workflow.results import load_metrics, published_metrics, write_metrics

MIN_CONFIDENCE = 0.9  # below this a contradiction is a doubt, not an objection


def out_of_sample(
    beats: Beats,
    config: TrainConfig,
    folder: Path,
    folds: int = 5,
    device: str = "cpu",
    log: Callable[[str], None] = print,
) -> Predictions:
    """Every beat, classified by a network that was trained without it.

    Beats, not records, are dealt to the folds, stratified by class: what is normal for a
    patient may then be learnt from the patient's other beats, and an odd label stands out.
    One run of `training.fit` a fold, in `folder/fold-0`, `folder/fold-1`, …; finished ones are
    read again. Raises ConfigError for fewer than 2 folds, DataError if a class has fewer beats
    than there are folds.
    """
    if folds < 2:
        raise ConfigError(f"cross-validation needs at least 2 folds, not {folds}")
    present = [(n, c) for c, n in beats.class_counts().items() if n]
    if not present or min(present)[0] < folds:
        fewest = min(present, default=(0, "N"))
        raise DataError(f"{folds} folds, but only {fewest[0]} beats of class {fewest[1]}")
    probabilities = np.empty((len(beats), len(CLASSES)), np.float32)
    dealer = StratifiedKFold(folds, shuffle=True, random_state=config.seed)
    for number, (rest, test) in enumerate(dealer.split(beats.signal, beats.aami)):
        log(f"fold {number + 1} of {folds}: {len(test):,} beats set aside")
        split = _fold(beats, rest, test, config)
        model = fit(beats, split, config, Path(folder) / f"fold-{number}", log).model
        probabilities[test] = predict(model, beats[test], device).probabilities
    predicted = probabilities.argmax(axis=1).astype(np.int8)
    return Predictions(beats.aami, predicted, probabilities, beats.record, beats.sample)


def _fold(beats: Beats, rest: np.ndarray, test: np.ndarray, config: TrainConfig) -> Split:
    """The fold's test beats; of the rest, a share of each class validates."""
    inner = make_split("random", beats[rest], config.val_share, config.seed)
    train = np.sort(np.concatenate([inner.train, inner.test]))
    return Split("random", rest[train], rest[inner.val], test)


def kept_file(profile: str) -> Path:
    """A profile's own probabilities, or where it computes none the published ones."""
    return load_profile(profile).kept_file(OUT_OF_SAMPLE)


def source(profile: str) -> dict:
    """Where the kept probabilities come from: folds, epochs, accuracy, provenance."""
    own = kept_file(profile).parent == paths.figures_dir(profile)
    return (load_metrics(profile) if own else published_metrics())["label_errors"]


def keep(p: Predictions, profile: str, database: Path, folds: int, epochs: int) -> None:
    """Store out-of-sample probabilities with the profile's figures, and where they come from."""
    rounded = replace(p, probabilities=p.probabilities.round(4))  # a tenth of a per mille will do
    rounded.save(kept_file(profile))
    entry = {
        "folds": folds,
        "epochs": epochs,
        "accuracy": float(p.correct.mean()),
        "provenance": provenance(profile, database),
    }
    write_metrics(profile, {"label_errors": entry})


def kept(profile: str, beats: Beats) -> Predictions:
    """The stored probabilities. Raises DataError if there are none, or they are of other beats."""
    path = kept_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no probabilities here; run 08_label_errors with recompute=true")
    p = Predictions.load(path)
    if not (np.array_equal(p.record, beats.record) and np.array_equal(p.sample, beats.sample)):
        raise DataError(f"{path}: not the beats of this profile; recompute 08_label_errors")
    return p


def candidates(
    true: np.ndarray, probabilities: np.ndarray, min_confidence: float = MIN_CONFIDENCE
) -> np.ndarray:
    """Positions of beats that confident learning doubts, the most doubtful annotation first.

    true: (n,) annotated class numbers; probabilities: (n, 5), out of sample. A beat is listed
    if cleanlab's confident learning (Northcutt et al. 2021) takes its label for wrong, and the
    network gives another class at least `min_confidence`. Order: rising probability of the
    annotated class. Raises DataError if lengths differ, a probability is not finite, or fewer
    than two classes occur.
    """
    true, probabilities = np.asarray(true), np.asarray(probabilities, dtype=np.float64)
    _check(true, probabilities)
    present = np.unique(true)  # cleanlab wants every class to occur
    labels = np.searchsorted(present, true)
    given = probabilities[:, present]
    total = given.sum(axis=1, keepdims=True)
    given = np.divide(given, total, out=np.full(given.shape, 1 / len(present)), where=total > 0)
    doubted = find_label_issues(labels, given, n_jobs=1)
    contradicted = probabilities.argmax(axis=1) != true
    chosen = np.flatnonzero(doubted & contradicted & (probabilities.max(axis=1) >= min_confidence))
    score = get_self_confidence_for_each_label(labels, given)
    return chosen[np.argsort(score[chosen], kind="stable")]


def _check(true: np.ndarray, probabilities: np.ndarray) -> None:
    if probabilities.shape != (len(true), len(CLASSES)):
        raise DataError(
            f"label errors: {len(true)} annotated beats need probabilities of shape "
            f"({len(true)}, {len(CLASSES)}), not {probabilities.shape}"
        )
    if not np.isfinite(probabilities).all():
        row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        raise DataError(f"label errors: the probabilities of row {row} are not finite")
    if not np.isin(true, range(len(CLASSES))).all():
        raise DataError("label errors: an annotated class is no class (0 to 4)")
    if len(np.unique(true)) < 2:
        raise DataError("label errors: fewer than two annotated classes, so none can be doubted")


def table(predictions: Predictions, positions: np.ndarray) -> pd.DataFrame:
    """A row a candidate: record, sample, annotated and predicted class, both probabilities."""
    p = predictions[positions]
    rows = np.arange(len(p))
    letters = np.array(CLASSES)
    return pd.DataFrame(
        {
            "record": p.record,
            "sample": p.sample,
            "annotated": letters[p.true],
            "predicted": letters[p.predicted],
            "probability_annotated": p.probabilities[rows, p.true],
            "probability_predicted": p.confidence,
        },
        index=pd.Index(positions, name="beat"),
    )
