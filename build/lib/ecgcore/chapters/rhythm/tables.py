"""What the kept results of the rhythm model say: tables, and entries for metrics.json."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ecgcore.chapters.rhythm.runs import SCORED
from ecgcore.chapters.studies import runs as studies_runs
from ecgcore.constants import CLASSES
from ecgcore.evaluation.counts import predictions
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.scoring import without_records
from ecgcore.evaluation.uncertainty import RESAMPLES, intervals, merged, resample
from ecgcore.workflow.reporting import join_spans, percent, percent_span, score, span

TITLES = {
    "ds1-mitdb": "DS1, leave-records-out",
    "ds1-both": "DS1, leave-records-out, svdb too",
    "ds1-causal": "DS1, leave-records-out, causal",
    "ds2-mitdb": "DS2",
    "ds2-both": "DS2, learnt from svdb too",
    "ds2-causal": "DS2, causal",
    "mitdb": "all 44 records of mitdb, five folds",
    "svdb": "all 78 records of svdb, five folds",
    "external-svdb": "svdb, learnt from mitdb",
    "external-mitdb": "mitdb, learnt from svdb",
}
CROSSING = ("external-svdb", "svdb", "external-mitdb", "mitdb")  # databases, both ways
NUMBERS = {"accuracy": "accuracy", "f1_S": "F1 of S", "f1_V": "F1 of V"}
# What the last of the trials before this chapter had reached on DS2, without its third digit: the
# first line of the log of DS2.
AIMS = {"accuracy": 0.97, "f1_S": 0.77, "f1_V": 0.94}


def result(p: Predictions, resamples: int = RESAMPLES) -> dict:
    """Every headline number of some answers and its 95 % interval over records."""
    return merged(summarise(p, SCORED), intervals(resample(p, "record", resamples), SCORED))


def numbers(p: Predictions) -> dict[str, float]:
    """Accuracy, and the F1 of S and of V."""
    told = summarise(p, SCORED)
    return {"accuracy": told["accuracy"]} | {f"f1_{c}": told["per_class"][c]["f1"] for c in "SV"}


def seeds(entries: Sequence[dict], leave_out: Sequence[str] = ()) -> pd.DataFrame:
    """A row a seed: seed, accuracy, f1_S, f1_V, without the records named."""
    rows = [
        {"seed": e.get("seed", 0)} | numbers(without_records(predictions(e), leave_out))
        for e in entries
    ]
    return pd.DataFrame(rows)


def shown(entries: Sequence[dict]) -> dict:
    """The entry whose seed is nearest the median in the mean F1 of S and V; lowest of equals."""
    table = seeds(entries)
    mean = table[["f1_S", "f1_V"]].mean(axis=1)
    order = np.lexsort([table["seed"], (mean - mean.median()).abs()])
    return entries[order[0]]


def paired_seeds(results: dict[str, list[dict]], name: str, other: str) -> tuple[dict, dict]:
    """The entry of `name` that is shown, and the entry of `other` with the same seed."""
    one = shown(results[name])
    return one, next(entry for entry in results[other] if entry["seed"] == one["seed"])


def table(results: dict[str, list[dict]], leave_out: Sequence[str] = ()) -> pd.DataFrame:
    """A row a result with all its records, then one without each of `leave_out` that it holds.

    Columns: tested on, records, seeds, accuracy, f1_S, f1_V (medians over the seeds), and
    `<number> low`, `<number> high`: the 95 % interval over records of the seed that is shown.
    """
    rows = []
    for name, title in TITLES.items():
        entries = results.get(name, [])
        held = [r for r in leave_out if entries and r in entries[0]["records"]]
        for gone in [[], *([r] for r in held)] if entries else []:
            p = without_records(predictions(shown(entries)), gone)
            ends = result(p)
            per_class = {f"f1_{c}": ends["per_class"][c]["f1_ci95"] for c in "SV"}
            row = {
                "tested on": title,
                "records": f"without {gone[0]}" if gone else "all",
                "seeds": len(entries),
                **seeds(entries, gone)[list(NUMBERS)].median().to_dict(),
            }
            for key, (low, high) in {"accuracy": ends["accuracy_ci95"], **per_class}.items():
                row |= {f"{key} low": low, f"{key} high": high}
            rows.append(row)
    return pd.DataFrame(rows)


def texts(results: dict[str, list[dict]]) -> dict[str, str]:
    """The numbers that the book's prose names, as text: `rhythm_ds2_f1_S` and so on.

    Medians over the seeds; `_ci95` the interval over records of the seed shown.
    """
    found = {}
    for name, entries in results.items():
        key = f"rhythm_{name.replace('-', '_')}"
        median = seeds(entries)[list(NUMBERS)].median()
        ends = result(predictions(shown(entries)))
        found |= {
            f"{key}_accuracy": percent(median["accuracy"]),
            f"{key}_accuracy_ci95": percent_span(ends["accuracy_ci95"]),
            f"{key}_macro_f1": score(ends["macro_f1"]),
            f"{key}_macro_f1_ci95": span(ends["macro_f1_ci95"]),
        }
        for c in "SV":
            found[f"{key}_f1_{c}"] = score(median[f"f1_{c}"])
            found[f"{key}_f1_{c}_ci95"] = span(ends["per_class"][c]["f1_ci95"])
    return found


def aims(results: dict[str, list[dict]]) -> pd.DataFrame:
    """A row an aim and a result on DS2: `aim`, `median` of the seeds, `seeds` that reach it."""
    rows = []
    for name in ("ds2-mitdb", "ds2-both"):
        table = seeds(results[name]) if name in results else pd.DataFrame()
        for key, aim in AIMS.items() if len(table) else ():
            reached = int((table[key] >= aim).sum())
            row = {"tested on": TITLES[name], "number": NUMBERS[key], "aim": aim}
            row |= {"median": table[key].median(), "seeds": f"{reached} of {len(table)}"}
            rows.append(row)
    return pd.DataFrame(rows)


def aim_facts(results: dict[str, list[dict]], log: pd.DataFrame) -> dict[str, dict]:
    """Accuracy, f1_S and f1_V to what is told of the aims: aim; trial, what the last trial before
    the chapter reached (the first line of the log); median of the seeds; width of the interval."""
    entries = results["ds2-mitdb"]
    median, ends = seeds(entries)[list(NUMBERS)].median(), result(predictions(shown(entries)))
    spans = {"accuracy": ends["accuracy_ci95"]}
    spans |= {f"f1_{c}": ends["per_class"][c]["f1_ci95"] for c in "SV"}
    return {
        key: {
            "aim": aim,
            "trial": float(log.iloc[0][key]),
            "median": float(median[key]),
            "width": spans[key][1] - spans[key][0],
        }
        for key, aim in AIMS.items()
    }


def trial_texts(log: pd.DataFrame) -> dict[str, str]:
    """The trials before the chapter, as text: how many, and what the last of them reached."""
    first = log.iloc[0]
    return {"rhythm_trials": str(first["scorings"])} | {
        f"rhythm_trial_{key}": str(first[key]) for key in AIMS
    }


def missed(results: dict[str, list[dict]], name: str) -> str:
    """A clause that says which aims a result on DS2 misses, and by how much."""
    rows = aims(results)
    rows = rows[(rows["tested on"] == TITLES[name]) & (rows["median"] < rows["aim"])]
    short = [f"{r['number']} by {r['aim'] - r['median']:.3f}" for _, r in rows.iterrows()]
    return f"misses {join(short)}" if short else "reaches all three aims"


def join(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def pending(results: dict) -> str:
    """A sentence that names what has not been computed yet; nothing if all has."""
    absent = [title for name, title in TITLES.items() if name not in results]
    return f" Not computed yet: {'; '.join(absent)}." if absent else ""


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `table` as they are printed, each number with its interval."""
    joined = join_spans(rows, list(NUMBERS)).rename(columns=NUMBERS)
    return joined[["tested on", "records", "seeds", *NUMBERS.values()]]


def sensitivity(entry: dict, fewest: int) -> pd.DataFrame:
    """A row a record, a column a class of N, S, V, F; NaN where a record has too few such beats."""
    rows = {}
    for name, confusion in entry["records"].items():
        counts = np.asarray(confusion)
        held = counts.sum(axis=1)
        rows[name] = np.where(held >= fewest, np.diag(counts) / np.maximum(held, 1), np.nan)
    return pd.DataFrame(rows, index=list(CLASSES)).T[list(SCORED)]


def origin(kept: dict) -> pd.DataFrame:
    """A row a kind of run: how many, minutes to fit, commit and processor."""
    rows = pd.DataFrame(
        {
            "runs of": run["run"].rpartition("-")[0],
            "minutes": run["seconds"] / 60,
            "commit": run["provenance"]["commit"],
            "on": run["provenance"]["hardware"]["processor"],
        }
        for run in kept["runs"]
    )
    by = rows.groupby("runs of", sort=False)
    found = by.agg(
        {"minutes": "sum", "commit": studies_runs.each_once, "on": studies_runs.each_once}
    )
    return found.assign(runs=by.size()).reset_index()


def metrics(kept: dict) -> dict:
    """Entries for metrics.json: `inter_patient_rhythm`, `crossval_records`, `external_svdb`.

    Each like `inter_patient`; the first also has its seeds, `without_232`, `without_202`,
    `causal` and `with_svdb`. Only what there are results of.
    """
    results, found = kept["results"], {}
    for key, name in (
        ("inter_patient_rhythm", "ds2-mitdb"),
        ("crossval_records", "mitdb"),
        ("external_svdb", "external-svdb"),
    ):
        if name in results:
            entry = shown(results[name])
            found[key] = result(predictions(entry)) | _source(kept, name, entry)
    if "inter_patient_rhythm" in found:
        found["inter_patient_rhythm"] |= _variants(results)
    if "external_svdb" in found and "external-mitdb" in results:
        back = predictions(results["external-mitdb"][0])
        found["external_svdb"]["learnt_from_svdb"] = result(back)
    return found


def _variants(results: dict) -> dict:
    own = results["ds2-mitdb"]
    p = predictions(shown(own))
    found = {"seeds": seeds(own).to_dict("records")}
    for record in ("232", "202"):
        found[f"without_{record}"] = result(without_records(p, [record]))
    for key, name in (("causal", "ds2-causal"), ("with_svdb", "ds2-both")):
        if name in results:
            found[key] = result(predictions(shown(results[name])))
            found[key]["seeds"] = seeds(results[name]).to_dict("records")
    return found


def _source(kept: dict, name: str, entry: dict) -> dict:
    runs = [run for run in kept["runs"] if run["run"].rpartition("-")[0] == name]
    runs = runs or [run for run in kept["runs"] if run["run"] == name]
    return {
        "training": {"seconds": sum(run["seconds"] for run in runs), "seed": entry.get("seed", 0)},
        "thresholds": entry["thresholds"],
        "provenance": runs[0]["provenance"],
    }
