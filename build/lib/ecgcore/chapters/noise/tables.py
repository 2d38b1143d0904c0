"""What the kept answers under noise and other harm say: tables, texts, entries for metrics.json."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ecgcore.chapters.noise.harm import CONDITIONS, SNR_DB
from ecgcore.chapters.noise.runs import RUNS, matrices
from ecgcore.constants import CLASSES
from ecgcore.data.noise import NOISES
from ecgcore.evaluation.metrics import f1_scores
from ecgcore.evaluation.uncertainty import RESAMPLES, SEED, interval, ratio
from ecgcore.workflow.reporting import percent, score

NUMBERS = {"accuracy": "accuracy", "f1_S": "F1 of S", "f1_V": "F1 of V"}
BEATS = slice(len(CLASSES))  # of the rows and columns of a matrix: all but `no beat`
OTHER = {
    "reversed": "lead reversed",
    "gain 0.5": "gain ×0.5",
    "gain 2": "gain ×2",
    "50 Hz 6": "hum, 50 Hz, 6 dB",
    "60 Hz 6": "hum, 60 Hz, 6 dB",
    "displaced": "R peaks up to 50 ms off",
    "found": "R peaks found",
    **{f"found, {kind} 6": f"R peaks found, {name}, 6 dB" for kind, name in NOISES.items()},
}


def numbers(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy, and the F1 of S and V, of (..., 6, 6) matrices as stress_study.matrices makes them.

    Accuracy is of annotated beats, so a missed one is an error; F1 counts it as a miss, and
    a beat that is none as a false one.
    """
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)[..., BEATS]
    f1 = f1_scores(matrix)
    found = {"accuracy": ratio(hits.sum(axis=-1), matrix[..., BEATS, :].sum(axis=(-2, -1)))}
    return found | {f"f1_{c}": f1[..., CLASSES.index(c)] for c in "SV"}


def drawn(counts: Mapping[str, Mapping], resamples: int = RESAMPLES) -> np.ndarray:
    """(resamples, 6, 6): a condition's matrix with its records drawn anew, as many as there are.

    The same draws for every condition and classifier of the same records, so that differences
    between them are those on the same patients.
    """
    names = sorted(counts)
    share = np.full(len(names), 1 / len(names))
    draws = np.random.default_rng(SEED).multinomial(len(names), share, resamples)
    return np.tensordot(draws, matrices(counts, names), axes=1)


def table(kept: Mapping[str, dict], resamples: int = RESAMPLES) -> pd.DataFrame:
    """A row a classifier and condition, with the numbers and how far they are from the clean ones.

    Columns: run, condition, noise, snr_db (NaN: no noise), and for accuracy, f1_S and f1_V:
    the number, `<number> low`, `<number> high`, `<number> lost`, `<number> lost low` and
    `<number> lost high`: 95 % intervals over records.
    """
    rows = []
    for run, document in kept.items():
        all_counts = document["conditions"]
        clean, clean_drawn = None, None
        for condition, counts in all_counts.items():
            one = numbers(matrices(counts, sorted(counts)).sum(axis=0))
            many = numbers(drawn(counts, resamples))
            if clean is None:  # the first condition
                clean, clean_drawn = one, many
            what = CONDITIONS[condition]
            row = {"run": run, "condition": condition, "noise": what.noise}
            row["snr_db"] = float(what.snr_db) if what.noise else np.nan
            for key, value in one.items():
                row |= _with_ends(key, float(value), many[key])
                lost = float(clean[key] - value)
                row |= _with_ends(f"{key} lost", lost, clean_drawn[key] - many[key])
            rows.append(row)
    return pd.DataFrame(rows)


def _with_ends(key: str, value: float, many: np.ndarray) -> dict[str, float]:
    low, high = interval(many)
    return {key: value, f"{key} low": low, f"{key} high": high}


def of(rows: pd.DataFrame, run: str, condition: str) -> pd.Series:
    """The row of a classifier under a condition."""
    return rows[(rows["run"] == run) & (rows["condition"] == condition)].iloc[0]


def always_n(kept: Mapping[str, dict]) -> float:
    """The accuracy of who calls every beat N: the share of N among the annotated beats."""
    counts = next(iter(kept.values()))["conditions"]["clean"]
    total = matrices(counts, sorted(counts)).sum(axis=(0, 2))
    return float(total[CLASSES.index("N")] / total[BEATS].sum())


def aim(rows: pd.DataFrame, snr_db: float, points: float) -> pd.DataFrame:
    """A row a classifier and recorded noise at one ratio: what it costs, and if that is little.

    Columns: classifier, noise, clean, noisy, lost (points of accuracy, with the interval), within.
    """
    found = []
    for run in dict.fromkeys(rows["run"]):
        for kind, name in NOISES.items():
            row = of(rows, run, f"{kind} {snr_db:g}")
            lost, low, high = (100 * row[f"accuracy lost{end}"] for end in ("", " low", " high"))
            found.append(
                {
                    "classifier": RUNS[run],
                    "noise": name,
                    "clean": percent(of(rows, run, "clean")["accuracy"]),
                    f"at {snr_db:g} dB": percent(row["accuracy"]),
                    "points lost": f"{lost:.1f} ({low:.1f} to {high:.1f})",
                    f"within {points:g}": "yes" if lost <= points else "no",
                }
            )
    return pd.DataFrame(found)


def detection(kept: Mapping[str, dict]) -> pd.DataFrame:
    """A row a condition in which R peaks were found: sensitivity and positive predictivity.

    They do not depend on the classifier, so those of the first are shown.
    """
    conditions = next(iter(kept.values()))["conditions"]
    rows = []
    for name in (n for n in conditions if CONDITIONS[n].peaks == "found"):
        total = matrices(conditions[name], sorted(conditions[name])).sum(axis=0)
        matched = total[BEATS, BEATS].sum()
        rows.append(
            {
                "condition": name,
                "sensitivity": matched / total[BEATS].sum(),
                "positive predictivity": matched / total[:, BEATS].sum(),
            }
        )
    return pd.DataFrame(rows)


def _key(*words: str) -> str:
    """Words as the name of a text: `noise_rhythm_em_6`; below zero, `noise_rhythm_em_minus_6`."""
    spoken = " ".join(words).replace(" -", " minus ")
    return "_".join(["noise", *re.findall(r"[a-zA-Z0-9]+", spoken)])


def texts(rows: pd.DataFrame, found: pd.DataFrame, snr_db: float) -> dict[str, str]:
    """The numbers that the book's prose names, as text; a dash for a classifier without answers.

    `noise_rhythm_em_6_accuracy` and so on, with `_lost` for points of accuracy less than the same
    classifier's clean ones; `noise_rhythm_most_lost`, the most that a recorded noise takes at
    `snr_db`; and of `detection` `noise_found_em_6_sensitivity` and `_predictivity`.
    """
    told = {_key(run, "most lost"): "–" for run in RUNS}
    for number in ("accuracy", "accuracy_lost", "f1_S", "f1_V"):
        told |= {f"{_key(run, c)}_{number}": "–" for run in RUNS for c in CONDITIONS}
    for row in rows.to_dict("records"):
        key = _key(row["run"], row["condition"])
        told |= {
            f"{key}_accuracy": percent(row["accuracy"]),
            f"{key}_accuracy_lost": f"{100 * row['accuracy lost']:z.1f}",
            **{f"{key}_f1_{c}": score(row[f"f1_{c}"]) for c in "SV"},
        }
    for run in dict.fromkeys(rows["run"]):
        told[_key(run, "most lost")] = f"{most_lost(rows, run, snr_db):.1f}"
    for row in found.to_dict("records"):
        told[_key(row["condition"], "sensitivity")] = percent(row["sensitivity"])
        told[_key(row["condition"], "predictivity")] = percent(row["positive predictivity"])
    return told


def most_lost(rows: pd.DataFrame, run: str, snr_db: float) -> float:
    """Points of accuracy that the worst of the recorded noises takes from a classifier."""
    lost = [of(rows, run, f"{kind} {snr_db:g}")["accuracy lost"] for kind in NOISES]
    return 100 * max(lost)


def same_network(kept: Mapping[str, dict], scored: dict | None) -> str:
    """Whether the single-beat network here answers clean records as that of the evaluation does.

    scored: the entry `inter_patient` of metrics.json.
    """
    if "single" not in kept or scored is None:
        return "one of the two was not computed"
    counts = kept["single"]["conditions"]["clean"]
    clean = numbers(matrices(counts, sorted(counts)).sum(axis=0))
    if np.isclose(clean["accuracy"], scored["accuracy"], rtol=0, atol=1e-12):
        return "they are the same network"
    return (
        "two trainings of one recipe, and on new patients another processor's rounding is enough "
        "to move such a network by so much"
    )


def pending(kept: Mapping[str, dict]) -> str:
    """A sentence that names the classifiers without answers; nothing if all have some."""
    absent = [title for run, title in RUNS.items() if run not in kept]
    return f" Not computed yet: {'; '.join(absent)}." if absent else ""


def origin(kept: Mapping[str, dict]) -> pd.DataFrame:
    """A row a classifier: minutes to learn and to answer, commit and processor."""
    return pd.DataFrame(
        {
            "classifier": RUNS[run],
            "minutes to learn": document["training"]["seconds"] / 60,
            "minutes to answer": document["seconds_answering"] / 60,
            "commit": document["provenance"]["commit"],
            "on": document["provenance"]["hardware"]["processor"],
        }
        for run, document in kept.items()
    )


def false_v(kept: Mapping[str, dict], run: str, condition: str) -> float:
    """The share of the annotated N beats that a classifier calls V under a condition."""
    counts = kept[run]["conditions"][condition]
    total = matrices(counts, sorted(counts)).sum(axis=0)[CLASSES.index("N")]
    return float(total[CLASSES.index("V")] / total.sum())


def false_v_texts(kept: Mapping[str, dict], run: str = "single") -> dict[str, str]:
    """`false_v` of a classifier without and with hum, as text; a dash without answers."""
    at = ("clean", "50 Hz 6", "60 Hz 6")
    return {
        f"{_key(run, c)}_n_as_v": percent(false_v(kept, run, c)) if run in kept else "–" for c in at
    }


def metrics(kept: Mapping[str, dict], rows: pd.DataFrame) -> dict:
    """The entries `noise` and `noise_facts` of metrics.json: of each classifier every condition's
    numbers, and of each condition in which R peaks are found how well that goes."""
    entries = {}
    for run, document in kept.items():
        own = rows[rows["run"] == run].to_dict("records")
        about = {k: v for k, v in document.items() if k not in ("run", "conditions")}
        conditions = {row["condition"]: _entry(row) for row in own}
        for condition in conditions:
            conditions[condition]["n_as_v"] = {"value": false_v(kept, run, condition)}
        entries[run] = about | {"conditions": conditions}
    peaks = {row["condition"]: row for row in detection(kept).to_dict("records")}
    return {"noise": entries, "noise_facts": {"always_n": always_n(kept), "peaks": peaks}}


def _entry(row: dict) -> dict:
    names = {key: key for key in NUMBERS} | {"accuracy_lost": "accuracy lost"}
    return {
        name: {"value": row[key], "ci95": [row[f"{key} low"], row[f"{key} high"]]}
        for name, key in names.items()
    }


def curve(rows: pd.DataFrame, run: str, kind: str, number: str) -> np.ndarray:
    """(7, 3) a number without noise, then at 24 to -6 dB, each with the ends of its interval."""
    at = ["clean", *(f"{kind} {db}" for db in SNR_DB)]
    columns = [number, f"{number} low", f"{number} high"]
    return np.array([of(rows, run, condition)[columns].to_numpy(float) for condition in at])


def others(rows: pd.DataFrame, number: str) -> pd.DataFrame:
    """A row a kind of harm that is no recorded noise, a column a classifier: what a number lost."""
    runs = list(dict.fromkeys(rows["run"]))
    found = {
        name: [of(rows, run, condition)[f"{number} lost"] for run in runs]
        for condition, name in OTHER.items()
    }
    return pd.DataFrame(found, index=runs).T
