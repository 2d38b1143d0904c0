"""Studies: several runs that differ in one thing, each scored, and all kept in one file.

A profile's `studies` say what is run. A run trains one network with 02_training (or fits one of
the baselines) and leaves a score; `collect` gathers the scores of a profile with its figures, where
the book's chapters read them, and from where they are published.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore import paths, provenance
from ecgcore.beats import dataset
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import BY_RECORD, SCORED_CLASSES, Split
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.counts import by_record
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions, predict
from ecgcore.files import read_json, write_json
from ecgcore.models import baselines
from ecgcore.models.checkpoints import load_checkpoint
from ecgcore.models.config import train_config
from ecgcore.workflow.notebooks import run_notebook
from ecgcore.workflow.profiles import STUDIES, load_profile
from ecgcore.workflow.reporting import percent_span, span
from ecgcore.workflow.results import nearest_median, training_summary

SEEDS = {"random": "seeds", "inter_patient": "inter_patient_seeds"}  # the study of a split


def run(profile: str, name: str) -> dict:
    """Do one run of a study, from training to score, and write the score.

    Raises ConfigError for a run that the profile does not have.
    """
    chosen = load_profile(profile)
    study, settings, label = chosen.study_of(name)
    protocol, changes = settings.of_run(label)
    beats = dataset.load(profile, protocol)
    if settings.kind == "network":
        run_notebook("02_training", f"{profile}/{name}")
        predictions, details = _score_network(profile, name, protocol, settings.part, beats)
    else:
        predictions, details = _score_baseline(profile, label, protocol, settings.part, beats)
    entry = {
        "study": study,
        "run": label,
        "protocol": protocol,
        "part": settings.part,
        "changes": changes,
        **summarise(predictions, SCORED_CLASSES[protocol]),
        **details,
    }
    if protocol in BY_RECORD:
        entry["records"] = by_record(predictions)
    entry["provenance"] |= {"profile": profile, "versions": provenance.versions()}
    write_json(paths.score_file(profile, name), entry)
    return entry


def _part(split: Split, part: str) -> np.ndarray:
    return {"test": split.test, "validation": split.val}[part]


def _score_network(profile: str, name: str, protocol: str, part: str, beats: Beats) -> tuple:
    model, about = load_checkpoint(paths.model_file(f"{profile}/{name}", protocol))
    config = about["config"]
    split = dataset.split(profile, protocol, beats, config["val_share"], about["seed"])
    start = time.perf_counter()
    predictions = predict(model, beats, part=_part(split, part))
    rate = len(predictions) / (time.perf_counter() - start)
    source = {"commit": about["commit"], "hardware": about["hardware"]}
    return predictions, _details(training_summary(about), rate, source)


def _score_baseline(profile: str, label: str, protocol: str, part: str, beats: Beats) -> tuple:
    config = train_config()
    split = dataset.split(profile, protocol, beats, config.val_share, config.seed)
    tested = _part(split, part)
    found = baselines.fit_predict(label, beats, split.train, tested)
    certain = np.eye(len(CLASSES), dtype=np.float32)[found.predicted]
    part_beats = beats[tested]
    predictions = Predictions(
        part_beats.aami, found.predicted, certain, part_beats.record, part_beats.sample
    )
    training = {"seconds": found.seconds, "parameters": found.parameters}
    source = {"commit": provenance.commit(), "hardware": provenance.hardware()}
    return predictions, _details(training, found.beats_per_s, source)


def _details(training: dict, rate: float, source: dict) -> dict:
    return {"training": training, "inference": {"beats_per_s": rate}, "provenance": source}


def kept_file(profile: str) -> Path:
    """The file that holds a profile's studies: its own, or where it has none the published one."""
    return load_profile(profile).kept_file(STUDIES)


def collect(profile: str) -> None:
    """Gather the scores of all runs. Raises DataError that names those that are missing."""
    chosen = load_profile(profile)
    names = chosen.run_names()
    missing = [name for name in names if not paths.score_file(profile, name).is_file()]
    if missing:
        raise DataError(f"profile {profile!r}: no score yet of {', '.join(missing)}")
    entries = [read_json(paths.score_file(profile, name)) for name in names]
    for entry in entries:
        entry["provenance"]["data_sha256"] = provenance.data_sha256(chosen.data.database_path)
    write_json(kept_file(profile), entries)


def kept(profile: str) -> dict[str, list[dict]]:
    """Study to the scores of its runs. Raises DataError if none are kept."""
    path = kept_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no studies here; run `make book PROFILE=full` first")
    found: dict[str, list[dict]] = {}
    for entry in read_json(path):
        found.setdefault(entry["study"], []).append(entry)
    return found


def table(entries: list[dict]) -> pd.DataFrame:
    """A row a run: its name, accuracy, macro-F1, and the F1 of each class."""
    return pd.DataFrame(
        {
            "run": e["run"],
            "accuracy": e["accuracy"],
            "macro_f1": e["macro_f1"],
            **{f"f1_{c}": e["per_class"][c]["f1"] for c in CLASSES},
        }
        for e in entries
    )


def of_split(profile: str, protocol: str, counts: dict[str, int]) -> list[dict]:
    """The kept runs of the published recipe on a split, one a seed; none where they are of others.

    counts: test beats of each class. Seeds of other test beats, as where a few records or another
    database take part, say nothing of these.
    """
    study = SEEDS.get(protocol)
    entries = kept(profile).get(study, []) if study and kept_file(profile).is_file() else []
    return [entry for entry in entries if entry["counts"] == counts]


def seeds(entries: list[dict]) -> list[dict]:
    """What metrics.json keeps of each seed."""
    return [
        {"seed": e["training"]["seed"], **{k: e[k] for k in ("accuracy", "macro_f1")}}
        for e in entries
    ]


def seed_table(entries: list[dict]) -> pd.DataFrame:
    """A row a seed: the epoch chosen, what it reached on validation beats, and on the others.

    Empty where there are no entries.
    """
    return pd.DataFrame(
        {
            "seed": e["training"]["seed"],
            "epoch": e["training"]["best_epoch"],
            "validation macro-F1": e["training"]["val_macro_f1"],
            "accuracy": e["accuracy"],
            "macro-F1": e["macro_f1"],
            **{f"F1 {c}": e["per_class"][c]["f1"] for c in "SV"},
        }
        for e in entries
    )


def seeds_told(entries: list[dict]) -> str:
    """What the seeds of one split span, in a sentence; or that none were run."""
    if not entries:
        return "The results that this build reads hold no such runs yet."
    found = seed_table(entries)
    accuracy, macro = (found[name] for name in ("accuracy", "macro-F1"))
    first, last = found["epoch"].min(), found["epoch"].max()
    epochs = f"after epoch {first}" if first == last else f"between epochs {first} and {last}"
    return (
        f"Accuracy is {percent_span((accuracy.min(), accuracy.max()))}, macro-F1 "
        f"{span((macro.min(), macro.max()))}; the epoch that validated best came {epochs}."
    )


def median_seed(entries: list[dict]) -> int:
    """The seed nearest the median in macro-F1 (the lowest of equals): the one to show."""
    return nearest_median(seeds(entries))


def shown_text(shown: dict | None, entries: list[dict]) -> str:
    """Which of the seeds the book shows, or where a network trained anew lies among them.

    shown: the entry of metrics.json of the network that the book shows. Another processor rounds
    otherwise, and then the same seed gives another network, which is none of these.
    """
    if shown is None:
        return "not computed in this profile"
    seed, reached = shown["training"]["seed"], shown["macro_f1"]
    scores = {e["training"]["seed"]: e["macro_f1"] for e in entries}
    if scores.get(seed) == reached:
        nearest = "the one nearest the median" if seed == median_seed(entries) else "not the median"
        return f"seed {seed} of these, {nearest}"
    low, high = min(scores.values()), max(scores.values())
    where = "below all of them" if reached < low else "above all of them"
    where = "within their range" if low <= reached <= high else where
    return (
        f"none of these but one trained anew for this build, with seed {seed}; its macro-F1, "
        f"{reached:.3f}, is {where}"
    )


def origin(entries: list[dict]) -> pd.DataFrame:
    """A row a study: its runs, what was scored, epochs, and which commit and hardware made it."""
    table = pd.DataFrame(
        {
            "study": e["study"].replace("_", " "),
            "scored on": f"{e['part']} beats",
            "epochs": str(e["training"].get("epochs", "–")),
            "minutes": e["training"]["seconds"] / 60,
            "commit": e["provenance"]["commit"],
            "on": e["provenance"]["hardware"]["processor"],
        }
        for e in entries
    )
    by_study = table.groupby(["study", "scored on"], sort=False)
    found = by_study.agg(
        {
            "epochs": each_once,
            "minutes": "sum",
            "commit": each_once,
            "on": each_once,
        }
    )
    return found.assign(runs=by_study.size()).reset_index()


def well_found(sensitivity: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Of each class, the records that hold enough of it, and those in which at least half of its
    beats are found. sensitivity: a row a record, a column a class, NaN: too few."""
    return {
        letter: {"records": int(of.notna().sum()), "found": int((of >= 0.5).sum())}
        for letter, of in sensitivity.items()
    }


def quiet(sweep: pd.DataFrame, chosen: float, units: int) -> dict[str, float]:
    """How far batch size, dropout and more LSTM units than the chosen `units` move macro-F1.

    sweep: setting, value, macro_f1; chosen: macro-F1 of the published values. `others`: the most
    that one of them differs from it; `ends`: the most that two values of a setting differ.
    """
    is_lstm = sweep["setting"] == "LSTM units"
    fewer = is_lstm & (pd.to_numeric(sweep["value"], errors="coerce") < units)
    few = sweep[sweep["setting"].isin(["batch size", "dropout", "LSTM units"]) & ~fewer]
    spans = few.groupby("setting")["macro_f1"].agg(lambda values: values.max() - values.min())
    return {"others": float((few["macro_f1"] - chosen).abs().max()), "ends": float(spans.max())}


def each_once(texts: pd.Series) -> str:
    """The different texts of a column, in order, as one text."""
    return ", ".join(dict.fromkeys(texts))


def setting(value) -> str:
    """A configuration's value as a short text."""
    if isinstance(value, list | tuple):
        return "-".join(map(str, value))
    return (
        f"{value:.0e}".replace("e-0", "e-")
        if isinstance(value, float) and value < 0.1
        else str(value)
    )
