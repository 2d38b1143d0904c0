"""Two databases side by side: how their records were made, and what a model makes of each."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from ecgcore.beats.splits import PACED
from ecgcore.chapters.rhythm.runs import SCORED
from ecgcore.chapters.rhythm.tables import NUMBERS
from ecgcore.constants import CLASSES, FS
from ecgcore.data.records import HEADERS, Record, read_record, record_names
from ecgcore.evaluation.counts import predictions
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.uncertainty import RESAMPLES, interval, ratio, resample, scores
from ecgcore.rhythm.sequence import QRS, filtered, realigned, windows, with_template
from ecgcore.workflow.reporting import percent

# What may make a record hard, and its name on an axis.
PROPERTIES = {
    "unlike": "unlike the usual beat (% of its height)",
    "height_mv": "QRS height (mV)",
    "share_S": "annotated S (% of the beats)",
    "in_runs": "S beats after another S (%)",
    "rr_S": "RR before an S beat (% of the usual)",
}


def describe(database: Path, names: Iterable[str] = ()) -> pd.DataFrame:
    """A row a record: how it was sampled and annotated, and what its first lead looks like.

    Columns: record, fs (Hz), gain (steps a mV; NaN: the original header gives none), beats, N, S,
    V, F, Q, and those of `measures`. All records without a pacemaker if none is named.
    """
    database = Path(database)
    chosen = list(names) or [name for name in record_names(database) if name not in PACED]
    rows = []
    for name in chosen:
        record = read_record(database, name)
        counts = {c: int((record.aami == c).sum()) for c in CLASSES}
        row = {"record": name, "fs": record.fs, "gain": stated_gain(database, name)}
        rows.append(row | {"beats": len(record.sample)} | counts | measures(record))
    return pd.DataFrame(rows)


def stated_gain(database: Path, name: str) -> float:
    """Steps a mV of the first lead, as the original header states it; NaN where it states 0.

    Which means that nobody calibrated the record; whoever reads it then takes 200, header(5).
    """
    originals = database / HEADERS if (database / HEADERS).is_dir() else database
    lead = (originals / f"{name}.hea").read_text().splitlines()[1]
    return float(re.match(r"[\d.]+", lead.split()[2])[0]) or float("nan")


def offsets(record: Record) -> np.ndarray:
    """(n,) ms, how far each annotation lies before the point where its QRS complex is highest."""
    peaks = realigned(record.signal, record.fs, record.sample)
    return 1000 * (peaks - record.sample) / record.fs


def measures(record: Record) -> dict[str, float]:
    """What may make a record hard.

    offset_ms: median of `offsets` over its N beats; height_mv: median QRS height; unlike: median
    over the N beats of the standard deviation of what is left when the record's usual beat is
    taken away, in % of the QRS height, so noise and changing shapes; share_S: %; in_runs: % of the
    S beats that follow another one; rr_S: median RR interval before an S beat, in % of that before
    an N beat. NaN where a record lacks such beats.
    """
    offset, is_n, is_s = offsets(record), record.aami == "N", record.aami == "S"
    seconds = record.sample / record.fs + offset / 1000
    shape = windows(filtered(record.signal, record.fs), np.round(seconds * FS).astype(int))
    height = float(np.median(np.ptp(shape[:, QRS], axis=1)))
    made = with_template(seconds, shape / height)
    left = (made.window - made.template).std(axis=1)
    return {
        "offset_ms": _median(offset[is_n]),
        "height_mv": height,
        "unlike": 100 * _median(left[is_n]),
        "share_S": 100 * float(is_s.mean()),
        "in_runs": 100 * float(is_s[:-1][is_s[1:]].mean()) if is_s[1:].any() else np.nan,
        "rr_S": 100 * _median(made.rr[is_s]) / _median(made.rr[is_n]),
    }


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def by_record(entry: dict, fewest: int) -> pd.DataFrame:
    """A row a record of a kept result: record, beats, wrong (share of them), and of S and V each:
    n (annotated), missed (share of those), false (beats wrongly called so, share of all), f1.

    missed and f1 are NaN where fewer than `fewest` beats are annotated so.
    """
    counts = np.array(list(entry["records"].values()))
    found = scores(counts, SCORED)
    table = pd.DataFrame({"record": list(entry["records"]), "beats": counts.sum(axis=(1, 2))})
    table["wrong"] = 1 - found["accuracy"]
    for letter in "SV":
        at = CLASSES.index(letter)
        held = counts[:, at].sum(axis=1)
        false = counts[:, :, at].sum(axis=1) - counts[:, at, at]
        table[f"n_{letter}"] = held
        table[f"false_{letter}"] = false / table["beats"]
        for name, values in (("missed", 1 - found["sensitivity"]), ("f1", found["f1"])):
            table[f"{name}_{letter}"] = np.where(held >= fewest, values[:, at], np.nan)
    return table


def difference(one: Predictions, other: Predictions, resamples: int = RESAMPLES) -> dict:
    """What `other` gains over `one` on the same records: accuracy, f1_S, f1_V, and `<number> low`
    and `high`, the 95 % interval over records, the same ones drawn for both."""
    headline = [_numbers(resample(p, "record", resamples).confusions()) for p in (one, other)]
    whole = [_numbers(resample(p, "record", 1).confusion.sum(axis=0)[None]) for p in (one, other)]
    row = {}
    for key in NUMBERS:
        row[key] = float(whole[1][key][0] - whole[0][key][0])
        row[f"{key} low"], row[f"{key} high"] = interval(headline[1][key] - headline[0][key])
    return row


def _numbers(confusions: np.ndarray) -> dict[str, np.ndarray]:
    found = scores(confusions, SCORED)
    per_class = {f"f1_{c}": found["f1"][:, CLASSES.index(c)] for c in "SV"}
    return {"accuracy": found["accuracy"]} | per_class


def differences(pairs: dict[str, tuple[dict, dict]]) -> pd.DataFrame:
    """A row a comparison of two kept results of the same records: columns as in `difference`."""
    return pd.DataFrame(
        [
            {"instead of": name} | difference(*(predictions(entry) for entry in pair))
            for name, pair in pairs.items()
        ]
    )


def associations(table: pd.DataFrame, target: str, seed: int = 0) -> pd.DataFrame:
    """A row a property: its rank correlation with a column, and the 95 % interval over records.

    Columns: property, records, correlation (Spearman), `correlation low`, `correlation high`.
    """
    rng, rows = np.random.default_rng(seed), []
    for key, title in PROPERTIES.items():
        pairs = table[[key, target]].dropna().to_numpy()
        drawn = [pairs[rng.integers(len(pairs), size=len(pairs))] for _ in range(RESAMPLES // 4)]
        low, high = interval(np.array([spearmanr(*each.T).statistic for each in drawn]))
        row = {"property": title, "records": len(pairs)}
        row["correlation"] = float(spearmanr(*pairs.T).statistic)
        rows.append(row | {"correlation low": low, "correlation high": high})
    return pd.DataFrame(rows)


def shares(described: pd.DataFrame) -> np.ndarray:
    """(5,) share of each class among all beats of some records."""
    counts = described[list(CLASSES)].sum().to_numpy()
    return ratio(counts, counts.sum())


def summary(described: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a database: records, fs, how many state no gain, beats, and `measures` by record.

    The measures as text: the median over records and, in brackets, their middle half.
    """
    titles = {"offset_ms": "R peak after annotation (ms)"} | PROPERTIES
    rows = []
    for name, table in described.items():
        row = {"database": name, "records": len(table), "fs (Hz)": f"{table['fs'].iloc[0]:g}"}
        row["without gain"] = int(table["gain"].isna().sum())
        for key, title in titles.items():
            low, middle, high = table[key].quantile([0.25, 0.5, 0.75])
            row[title] = f"{middle:.1f} ({low:.1f} to {high:.1f})"
        rows.append(row)
    return pd.DataFrame(rows).set_index("database").T.rename_axis("").reset_index()


def texts(described: dict[str, pd.DataFrame], whole: pd.DataFrame, gains: pd.DataFrame) -> dict:
    """The numbers that the chapter's prose names, as text.

    described: tables of mitdb and svdb; whole: by_record and describe, merged; gains: of svdb,
    of mitdb, and of DS2 learnt from both, in this order.
    """
    mitdb, svdb = described["mitdb"], described["svdb"]
    top = whole.loc[whole["n_S"].idxmax()]
    found = {
        "db_records": str(len(svdb)),
        "db_fs": f"{svdb['fs'].iloc[0]:g}",
        "db_fs_mitdb": f"{mitdb['fs'].iloc[0]:g}",
        "db_gain_mitdb": f"{mitdb['gain'].median():g}",
        "db_uncalibrated": str(int(svdb["gain"].isna().sum())),
        "db_offset": f"{svdb['offset_ms'].median():.0f}",
        "db_share_S": percent(shares(svdb)[CLASSES.index("S")]),
        "db_share_S_mitdb": percent(shares(mitdb)[CLASSES.index("S")]),
        "db_top": top["record"],
        "db_top_S": f"{top['n_S']:,}",
        "db_top_runs": percent(top["in_runs"] / 100, 0),
    }
    for name, (_, row) in zip(("svdb", "mitdb", "both"), gains.iterrows(), strict=True):
        found |= {f"db_{name}_{key}": _change(row, key) for key in NUMBERS}
    return found


def shown_texts(whole: pd.DataFrame, shown: Sequence[str]) -> dict[str, str]:
    """Of the records that are looked at: their names, their share of all missed S beats, and the
    usual RR interval before an S beat of each."""
    by = whole.set_index("record")
    missed = by["missed_S"] * by["n_S"]  # not of records with hardly an S beat
    found = {
        "db_shown": f"{', '.join(shown[:-1])} and {shown[-1]}",
        "db_shown_missed": percent(missed[shown].sum() / missed.sum(), 0),
    }
    return found | {f"db_{name}_rr": percent(by.loc[name, "rr_S"] / 100, 0) for name in shown}


def facts(
    described: dict[str, pd.DataFrame],
    tables: dict[str, pd.DataFrame],
    gains: pd.DataFrame,
    related: pd.DataFrame,
    whole: pd.DataFrame,
    shown: Sequence[str],
) -> dict:
    """What the chapter's text rests on, for metrics.json.

    tables: by_record of the model learnt from mitdb, then of that learnt from svdb; gains: from
    `differences`; related: from `associations`; whole: by_record and describe, merged.
    """
    mitdb, svdb = described["mitdb"], described["svdb"]
    missed = (whole["missed_S"] * whole["n_S"]).groupby(whole["record"]).sum()
    by = whole.set_index("record")
    return {
        "ranked": {letter: _both(*tables.values(), f"f1_{letter}") for letter in "SV"},
        "gains": gains.to_dict("records"),
        "related": dict(zip(PROPERTIES, related["correlation"], strict=True)),
        "offset_ms": {
            "mitdb_largest": float(mitdb["offset_ms"].abs().quantile(0.9)),
            "svdb_median": float(svdb["offset_ms"].median()),
            "svdb_range": float(svdb["offset_ms"].max() - svdb["offset_ms"].min()),
        },
        "shares": {
            name: dict(zip(CLASSES, shares(each).tolist(), strict=True))
            for name, each in described.items()
        },
        "shown": {
            name: {
                "missed": float(missed[name] / missed.sum()),
                "in_runs": float(by.loc[name, "in_runs"]),
                "rr_S": float(by.loc[name, "rr_S"]),
            }
            for name in shown
            if name in by.index
        },
    }


def _both(abroad: pd.DataFrame, home: pd.DataFrame, column: str) -> dict[str, float]:
    """How a number of single records differs between two models: of the first the lowest, the
    highest and the share of records above 0.8; the share of records in which it is at most 0.05
    lower than the other's; and the rank correlation of the two."""
    pairs = pd.DataFrame({"abroad": abroad[column], "home": home[column]}).dropna()
    return {
        "records": len(pairs),
        "lowest": float(pairs["abroad"].min()),
        "highest": float(pairs["abroad"].max()),
        "above_0.8": float((pairs["abroad"] > 0.8).mean()),
        "as_well": float((pairs["abroad"] >= pairs["home"] - 0.05).mean()),
        "correlation": float(spearmanr(pairs["abroad"], pairs["home"]).statistic),
    }


def _change(row: pd.Series, key: str) -> str:
    return f"{row[key]:+.3f} ({row[f'{key} low']:+.3f} to {row[f'{key} high']:+.3f})"
