"""How good the rhythm model is: every run by name, and what becomes of all runs together.

A run fits the model on some records and leaves its scores of others, and nothing else: no
threshold, no class. `collect` turns scores into classes. The thresholds always come from
records other than those they are used on:

- DS2, and its causal and two-database variants: from leave-records-out inside DS1;
- each fold of all 44 records: from the other folds (whose models did learn from this fold's
  records; a second cross-validation inside each fold would cost five times as much);
- svdb, learnt from mitdb: from the folds of mitdb; and the other way round.

Each time DS2 is scored a line is added to a log, which the book prints.
"""

import csv
import time
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from ecgcore import paths, provenance
from ecgcore.beats.splits import DS1, DS2, patients
from ecgcore.errors import ConfigError, DataError
from ecgcore.evaluation.counts import by_record
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.files import load_arrays, read_json, replacing, sha256, write_json, write_text
from ecgcore.rhythm import cases, model
from ecgcore.rhythm.cases import Cases
from ecgcore.rhythm.thresholds import Thresholds, choose
from ecgcore.workflow.profiles import RHYTHM, load_profile

FOLDS, FOLD_SEED = 5, 2004
SEEDS = range(5)
VARIANTS = ("mitdb", "both", "causal")  # learnt from mitdb; from svdb too; without the future
SCORED = tuple("NSVF")
FIELDS = ("scores", "aami", "record", "sample")


@dataclass(frozen=True)
class Run:
    """learn, test: databases; part: their records; fold: 1 to 5, or 0 where there is none."""

    learn: str
    test: str
    part: str
    fold: int = 0
    seed: int = 0
    causal: bool = False
    also_svdb: bool = False


def _runs() -> dict[str, Run]:
    found = {}
    for variant in VARIANTS:
        how = {"causal": variant == "causal", "also_svdb": variant == "both"}
        for fold in range(1, FOLDS + 1):
            found[f"ds1-{variant}-{fold}"] = Run("mitdb", "mitdb", "ds1", fold, **how)
        for seed in SEEDS:
            found[f"ds2-{variant}-{seed}"] = Run("mitdb", "mitdb", "ds2", seed=seed, **how)
    for database in ("mitdb", "svdb"):
        for fold in range(1, FOLDS + 1):
            found[f"{database}-{fold}"] = Run(database, database, "all", fold)
    found["external-svdb"] = Run("mitdb", "svdb", "all")
    found["external-mitdb"] = Run("svdb", "mitdb", "all")
    return found


RUNS = _runs()


@cache
def _cases(database: str, causal: bool = False) -> Cases:
    return cases.build(paths.DATA / database, causal=causal)


def fold(beats: Cases, number: int) -> np.ndarray:
    """(n,) bool, the beats of a fold: whole patients, classes shared out evenly."""
    dealer = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=FOLD_SEED)
    groups = patients(beats.record)
    tested = np.zeros(len(beats), dtype=bool)
    tested[list(dealer.split(groups, beats.aami, groups))[number - 1][1]] = True
    return tested


def parts(run: Run) -> tuple[Cases, Cases]:
    """The beats that a run learns from, and those that it scores."""
    learnt, tested = _cases(run.learn, run.causal), _cases(run.test, run.causal)
    if run.part == "ds2":
        return learnt[np.isin(learnt.record, DS1)], tested[np.isin(tested.record, DS2)]
    if run.part == "ds1":
        learnt = learnt[np.isin(learnt.record, DS1)]
    if run.fold:
        out = fold(learnt, run.fold)
        return learnt[~out], learnt[out]
    return learnt, tested


def folder(profile: str) -> Path:
    return paths.run_dir(profile) / "rhythm"


def scores_file(profile: str, name: str) -> Path:
    return folder(profile) / f"{name}.npz"


def run(profile: str, name: str) -> Path:
    """Fit, score, and keep the scores. Raises ConfigError for a name that RUNS does not hold."""
    if name not in RUNS:
        raise ConfigError(f"rhythm: no run {name!r}; for example {', '.join(list(RUNS)[:3])}")
    this = RUNS[name]
    learnt, tested = parts(this)
    also = _cases("svdb", this.causal) if this.also_svdb else None
    start = time.perf_counter()
    fitted = model.fit(learnt, this.seed, this.causal, also)
    seconds = time.perf_counter() - start
    found = model.scores(fitted, tested).astype(np.float32)
    path = scores_file(profile, name)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(
            file, scores=found, aami=tested.aami, record=tested.record, sample=tested.sample
        )
    about = {
        "run": name,
        "seconds": seconds,
        "beats_learnt": len(learnt) + (len(also) if also else 0),
        "beats_scored": len(tested),
        "provenance": provenance.provenance(profile, paths.DATA / this.learn),
    }
    write_json(path.with_suffix(".json"), about)
    return path


def _pooled(profile: str, names: list[str]) -> dict[str, np.ndarray]:
    """Scores and classes of several runs, one after the other, and which run each beat is of."""
    loaded = [load_arrays(scores_file(profile, name), FIELDS) for name in names]
    pooled = {field: np.concatenate([part[field] for part in loaded]) for field in FIELDS}
    return pooled | {"run": np.repeat(names, [len(part["aami"]) for part in loaded])}


def _answers(scored: dict, at: Thresholds) -> Predictions:
    nothing = np.empty((len(scored["aami"]), 0), dtype=np.float32)
    beats = Cases(nothing, nothing, nothing, scored["aami"], scored["record"], scored["sample"])
    return model.predictions(beats, scored["scores"].astype(float), at)


def answers(profile: str, name: str, at: Thresholds) -> Predictions:
    """What thresholds make of the scores that a run left. Raises DataError if it left none."""
    return _answers(_pooled(profile, [name]), at)


def _chosen(scored: dict) -> Thresholds:
    return choose(scored["scores"].astype(float), scored["aami"])


def _cross_validated(profile: str, names: list[str]) -> Predictions:
    """Each fold decided by thresholds from the others."""
    pooled = _pooled(profile, names)
    decided = []
    for name in names:
        own = pooled["run"] == name
        others = {field: values[~own] for field, values in pooled.items()}
        decided.append(_answers({k: v[own] for k, v in pooled.items()}, _chosen(others)))
    return Predictions(
        *(
            np.concatenate([getattr(p, field) for p in decided])
            for field in ("true", "predicted", "probabilities", "record", "sample")
        )
    )


def _names(prefix: str) -> list[str]:
    return [name for name in RUNS if name.rpartition("-")[0] == prefix]


def _entry(p: Predictions, at: Thresholds | None = None, **more) -> dict:
    """What is kept of a result: counts a record, as studies.predictions reads them, and how."""
    return {**more, "thresholds": at.as_dict(4) if at else {}, "records": by_record(p)}


def missing(profile: str) -> list[str]:
    return [name for name in RUNS if not scores_file(profile, name).is_file()]


def collect(profile: str, partial: bool = False) -> Path:
    """Turn the scores of all runs into one file of results; log every scoring of DS2.

    partial: keep what there is. Raises DataError that names the runs that are missing.
    """
    absent = missing(profile)
    if absent and not partial:
        raise DataError(f"rhythm: no scores yet of {', '.join(absent)}")
    there = set(RUNS) - set(absent)
    results: dict[str, list[dict]] = {}
    for variant in VARIANTS:
        inside = _names(f"ds1-{variant}")
        if not there.issuperset(inside):
            continue
        at = _chosen(_pooled(profile, inside))
        results[f"ds1-{variant}"] = [_entry(_cross_validated(profile, inside))]
        for name in (n for n in _names(f"ds2-{variant}") if n in there):
            found = _answers(_pooled(profile, [name]), at)
            log_scoring(profile, name, found)
            more = {"seed": RUNS[name].seed}
            results.setdefault(f"ds2-{variant}", []).append(_entry(found, at, **more))
    for database, other in (("mitdb", "svdb"), ("svdb", "mitdb")):
        if not there.issuperset(_names(database)):
            continue
        results[database] = [_entry(_cross_validated(profile, _names(database)))]
        if (name := f"external-{other}") in there:
            at = _chosen(_pooled(profile, _names(database)))
            results[name] = [_entry(_answers(_pooled(profile, [name]), at), at)]
    runs = [read_json(scores_file(profile, n).with_suffix(".json")) for n in RUNS if n in there]
    path = kept_file(profile)
    write_json(path, {"results": results, "runs": runs})
    return path


# Where the results are kept


def kept_file(profile: str) -> Path:
    """A profile's own results, or where it computes none the published ones."""
    return load_profile(profile).kept_file(RHYTHM)


def kept(profile: str) -> dict:
    """`results`: name to entries, one a seed; `runs`: where they come from.

    Raises DataError if none are kept.
    """
    path = kept_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no results here; run `make book PROFILE=full` first")
    return read_json(path)


# Every scoring of DS2


LOG = ("date", "commit", "scorings", "what", "accuracy", "f1_S", "f1_V", "scores_sha256")


def log_file(profile: str) -> Path:
    return kept_file(profile).with_name("11_ds2_log.csv")


def read_log(profile: str) -> list[dict]:
    """A dict a line, all text; empty if nothing was ever logged.

    A profile's own log goes on from the published one: what was scored once stays scored.
    """
    path = log_file(profile)
    if not path.is_file():
        path = paths.FIGURES / path.name
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def log_scoring(profile: str, name: str, found: Predictions) -> None:
    """Add a line for a run's scores of DS2, unless these very scores have one."""
    about = read_json(scores_file(profile, name).with_suffix(".json"))
    digest = sha256(scores_file(profile, name))
    add_to_log(profile, name, found, digest, about["provenance"]["commit"])


def add_to_log(
    profile: str, what: str, found: Predictions, digest: str, commit: str, scorings: int = 1
) -> None:
    """Add a line to the log of DS2, unless one has the same digest (SHA-256 of what was scored)."""
    lines = read_log(profile)
    if any(line["scores_sha256"] == digest[:12] for line in lines):
        return
    told = summarise(found, SCORED)
    lines.append(
        {
            "date": date.today().isoformat(),
            "commit": commit,
            "scorings": str(scorings),
            "what": what,
            "accuracy": f"{told['accuracy']:.4f}",
            **{f"f1_{c}": f"{told['per_class'][c]['f1']:.4f}" for c in "SV"},
            "scores_sha256": digest[:12],
        }
    )
    text = [",".join(LOG), *(",".join(_quoted(line[k]) for k in LOG) for line in lines)]
    write_text(log_file(profile), "\n".join(text) + "\n")


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text
