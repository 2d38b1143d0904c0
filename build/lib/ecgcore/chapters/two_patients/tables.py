"""Single patients: their rhythms as annotated, and what their intervals say against what."""

from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

from ecgcore.constants import CLASSES
from ecgcore.data.records import Record
from ecgcore.errors import DataError
from ecgcore.evaluation.predictions import Predictions
from ecgcore.rhythm.features import IRREGULAR, MANY
from ecgcore.workflow.reporting import percent

EARLY = 0.9  # of what is usual: an RR interval below it is called early here
RHYTHMS = {  # PhysioNet's names of rhythm annotations, https://archive.physionet.org/physiobank
    "(N": "sinus rhythm",
    "(SBR": "sinus bradycardia",
    "(AFIB": "atrial fibrillation",
    "(AFL": "atrial flutter",
}


def episodes(database: Path, record: Record) -> pd.DataFrame:
    """A row a stretch of one rhythm, as annotated: start_s, stop_s, rhythm.

    Raises DataError if the annotations cannot be read.
    """
    path = Path(database) / record.name
    try:
        annotation = wfdb.rdann(str(path), "atr")
    except Exception as error:
        raise DataError(f"{path}.atr: cannot read the annotations ({error})") from error
    notes = [note.strip("\x00 ") for note in annotation.aux_note]
    found = [
        (at / record.fs, RHYTHMS.get(note, note.lstrip("(")))
        for at, note in zip(annotation.sample, notes, strict=True)
        if note.startswith("(")
    ]
    starts, names = [start for start, _ in found], [name for _, name in found]
    stops = [*starts[1:], len(record.signal) / record.fs]
    return pd.DataFrame({"start_s": starts, "stop_s": stops, "rhythm": names})


def rhythm_at(found: pd.DataFrame, seconds: np.ndarray) -> np.ndarray:
    """(n,) str, the annotated rhythm at each time (s)."""
    at = np.searchsorted(found["start_s"], seconds, side="right") - 1
    return found["rhythm"].to_numpy(str)[np.maximum(at, 0)]


def intervals(p: Predictions, fs: float) -> np.ndarray:
    """(n,) s, the RR interval before each beat of a record; NaN before the first."""
    return np.diff(p.sample / fs, prepend=np.nan)


def references(rr: np.ndarray) -> dict[str, float]:
    """What an interval may be called early against (s). rr: (n,) s, NaN where unknown."""
    known = rr[np.isfinite(rr)]
    return {
        "median": float(np.median(known)),
        "mean": float(known.mean()),
        "90th percentile": float(np.percentile(known, 90)),
    }


def early(p: Predictions, fs: float) -> pd.DataFrame:
    """A row a reference: its value (s), and how many of the N and of the S beats come before 0.9
    of it (shares)."""
    rr, rows = intervals(p, fs), []
    for name, value in references(rr).items():
        share = {
            letter: (rr[p.true == CLASSES.index(letter)] < EARLY * value).mean() for letter in "NS"
        }
        rows.append({"against the": name, "RR (s)": value} | share)
    table = pd.DataFrame(rows)
    return table.rename(columns={"N": "N beats that are early", "S": "S beats that are early"})


def irregularity(rr: np.ndarray) -> np.ndarray:
    """(n,) share of the 61 intervals about each that differ from the one before by a tenth."""
    change = np.abs(np.diff(np.log(rr), prepend=np.nan)) > IRREGULAR
    return (
        pd.Series(change, dtype=float).rolling(MANY, center=True, min_periods=1).mean().to_numpy()
    )


def by_rhythm(p: Predictions, fs: float, found: pd.DataFrame) -> pd.DataFrame:
    """A row an annotated rhythm: minutes, beats, irregular intervals (share), annotated S, those
    that were found, and S answered falsely."""
    seconds, s = p.sample / fs, CLASSES.index("S")
    name, wild = rhythm_at(found, seconds), irregularity(intervals(p, fs))
    length = (found["stop_s"] - found["start_s"]).groupby(found["rhythm"]).sum() / 60
    rows = []
    for rhythm in dict.fromkeys(found["rhythm"]):
        own = p[name == rhythm]
        rows.append(
            {
                "rhythm": rhythm,
                "minutes": length[rhythm],
                "beats": len(own),
                "irregular": wild[name == rhythm].mean(),
                "annotated S": int((own.true == s).sum()),
                "of them found": int(((own.true == s) & own.correct).sum()),
                "false S": int(((own.predicted == s) & ~own.correct).sum()),
            }
        )
    return pd.DataFrame(rows)


def counts(answers: dict[str, Predictions]) -> pd.DataFrame:
    """A row a model and annotated class: how many of its beats were answered with each class."""
    rows = []
    for model, p in answers.items():
        for number, letter in enumerate(CLASSES):
            said = np.bincount(p.predicted[p.true == number], minlength=len(CLASSES))
            if said.any():
                row = {"model": model, "annotated": letter, "beats": int(said.sum())}
                rows.append(row | {f"as {c}": int(n) for c, n in zip(CLASSES, said, strict=True)})
    return pd.DataFrame(rows)


def header(record: Record) -> pd.DataFrame:
    """What a record's header says of the patient: a row a line of comments."""
    (first, medication, *notes) = (*record.comments, "", "")
    age, sex, *_ = first.split()
    sex = {"F": "woman", "M": "man"}.get(sex, sex)
    rows = {"patient": f"{sex}, {age}", "medication": medication}
    rows["notes"] = " ".join(" ".join(notes).split())
    return pd.DataFrame({"": rows.keys(), f"record {record.name}": rows.values()})


def texts(said: dict, whole: Predictions, found: dict[str, pd.DataFrame], fs: float) -> dict:
    """The numbers that the page's prose names, as text.

    said: record to title to answers; whole: the rhythm model's answers of all of DS2; found: record
    to `episodes`.
    """
    s = CLASSES.index("S")
    false = (whole.predicted == s) & ~whole.correct
    texts = {
        "patient_first": "232",
        "patient_first_share": percent((whole.record[whole.true == s] == "232").mean(), 0),
        "patient_second": "202",
        "patient_second_false": percent((whole.record[false] == "202").mean(), 0),
    }
    for name, models in said.items():
        for key, title in (("alone", "one beat alone"), ("rhythm", "in its rhythm")):
            p = models[title]
            texts[f"p{name}_S"] = f"{(p.true == s).sum():,}"
            texts[f"p{name}_{key}_found"] = f"{((p.true == s) & p.correct).sum():,}"
    against = early(said["232"]["annotated"], fs).set_index("against the")
    alone = said["202"]["one beat alone"]
    rhythm = rhythm_at(found["202"], alone.sample / fs)
    for key, name in (("af", "atrial fibrillation"), ("sinus", "sinus rhythm")):
        fusion = alone.predicted[rhythm == name] == CLASSES.index("F")
        texts[f"p202_alone_{key}_F"] = percent(fusion.mean() if len(fusion) else np.nan, 0)
    for reference in ("median", "mean"):
        texts[f"p232_{reference}_S"] = percent(against.loc[reference, "S beats that are early"])
    return texts | _fibrillation(said["202"]["in its rhythm"], fs, found["202"])


def _fibrillation(p: Predictions, fs: float, found: pd.DataFrame) -> dict[str, str]:
    s, rr = CLASSES.index("S"), intervals(p, fs)
    rhythm = rhythm_at(found, p.sample / fs)
    false = (p.predicted == s) & ~p.correct
    fibrillating = rhythm == "atrial fibrillation"
    soon = rr[fibrillating] < EARLY * references(rr)["mean"]
    return {
        "p202_af_false": percent(false[fibrillating].mean(), 0),
        "p202_af_early": percent(soon.mean(), 0),
        "p202_flutter_false": percent(false[rhythm == "atrial flutter"].mean(), 0),
    }


def facts(said: dict, whole: Predictions, found: dict[str, pd.DataFrame], fs: float) -> dict:
    """What the page's text rests on, for metrics.json. Arguments as for `texts`.

    S, false_S: the share of the S beats of DS2, and of the rhythm model's false ones, that a record
    has; alone, rhythm: the share of its S beats that either model finds; early: of its S and N
    beats, those that come early against each reference; and of record 202 by annotated rhythm:
    irregular, false_S, and `alone_F`, the share that the single-beat network calls F.
    """
    s = CLASSES.index("S")
    false = (whole.predicted == s) & ~whole.correct
    told = {}
    for name, models in said.items():
        alone, rhythm = models["one beat alone"], models["in its rhythm"]
        against = early(models["annotated"], fs).set_index("against the")
        told[name] = {
            "S": float((whole.record[whole.true == s] == name).mean()),
            "false_S": float((whole.record[false] == name).mean()),
            "alone": float(alone.correct[alone.true == s].mean()),
            "rhythm": float(rhythm.correct[rhythm.true == s].mean()),
            "early": {
                reference: {c: float(row[f"{c} beats that are early"]) for c in "NS"}
                for reference, row in against.iterrows()
            },
        }
    told["202"]["rhythms"] = _by_rhythm(said["202"], fs, found["202"])
    return told


def _by_rhythm(models: dict[str, Predictions], fs: float, found: pd.DataFrame) -> dict[str, dict]:
    alone, rows = models["one beat alone"], by_rhythm(models["in its rhythm"], fs, found)
    at = rhythm_at(found, alone.sample / fs)
    return {
        row["rhythm"]: {
            "irregular": float(row["irregular"]),
            "false_S": row["false S"] / row["beats"],
            "alone_F": float((alone.predicted[at == row["rhythm"]] == CLASSES.index("F")).mean()),
        }
        for row in rows.to_dict("records")
    }
