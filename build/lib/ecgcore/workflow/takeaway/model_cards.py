"""A card for each model, after Mitchell et al., "Model cards for model reporting" (2019)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecgcore import paths, provenance
from ecgcore.beats.splits import SCORED_CLASSES
from ecgcore.data.records import overview
from ecgcore.evaluation.counts import predictions
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.uncertainty import UNITS, intervals, merged, resample
from ecgcore.files import read_json
from ecgcore.workflow import reporting
from ecgcore.workflow.profiles import RHYTHM, load_profile
from ecgcore.workflow.results import load_metrics

OLD = 65  # years, at which patients are told apart
PACED = ("102", "104", "107", "217")  # that mitdb's own description calls paced


@dataclass(frozen=True)
class About:
    """What no number tells of a model."""

    title: str
    sees: str
    learnt: str
    use: str
    limits: str


MODELS = {
    "inter_patient": About(
        "One beat, new patients",
        "One beat of one lead, from its R peak on, at 125 Hz, scaled to its own range.",
        "DS1, the usual training half of the MIT-BIH Arrhythmia Database.",
        "To show what the shape of a single beat tells of a patient whom the model has not met.",
        "It sees no rhythm: an early beat of normal shape cannot be told from a normal one.",
    ),
    "random": About(
        "One beat, known patients",
        "One beat of one lead, from its R peak on, at 125 Hz, scaled to its own range.",
        "Beats drawn at random from all 48 records of the MIT-BIH Arrhythmia Database.",
        "To compare with published figures under a random split, and for teaching.",
        "Its test beats are of patients it has learnt from. Its figures say nothing of new ones.",
    ),
    "rhythm": About(
        "Beats in their rhythm, new patients",
        "A record of one lead and its R peaks: timing, P wave, QRS, the patient's usual beat.",
        "DS1, the usual training half of the MIT-BIH Arrhythmia Database, for the scores below; "
        "the published weights learnt from all 44 records without pacemaker.",
        "To annotate recordings for research, where someone reads the result.",
        "In atrial fibrillation it gives false S beats, and F is hardly found. One record holds "
        "most S beats of the test half.",
    ),
}
CARD = """# {title}

Model card of `{name}`, of *Heartbeats, honestly classified*, commit {commit}.

- **Reads:** {sees}
- **Answers:** one of the AAMI classes N, S, V, F, Q for each beat, with probabilities.
- **Learnt from:** {learnt}
- **Meant for:** {use}
- **Not meant for:** diagnosis or treatment of anyone. This is research software, no medical device.
- **Limits:** {limits}
- **Licence:** MIT; the records it learnt from are under ODC-By 1.0.

## On test beats

{scores}

In brackets: 95 % intervals, by bootstrap over {unit}s.

## By group of patients

{groups}

Groups of few records say little; a dash stands where a group has no beat of the class. Age and sex
are those of the records' headers. {paced}
"""


def cards(profile: str) -> dict[str, str]:
    """Name of a model to its card, in Markdown, for each that the profile has answers of.

    Raises DataError if the profile has no numbers yet.
    """
    answers = {}
    for name in ("inter_patient", "random"):
        file = paths.predictions_file(profile, name)
        if file.is_file():
            answers[name] = (Predictions.load(file), name)
    answers["rhythm"] = (_of_rhythm(profile), "inter_patient")
    patients = overview(load_profile(profile).data.database_path).set_index("record")
    return {name: card(name, p, protocol, patients) for name, (p, protocol) in answers.items()}


def _of_rhythm(profile: str) -> Predictions:
    """The rhythm model's answers on DS2, of the seed that the book shows."""
    seed = load_metrics(profile)["inter_patient_rhythm"]["training"]["seed"]
    entries = read_json(load_profile(profile).kept_file(RHYTHM))["results"]["ds2-mitdb"]
    return predictions(next(entry for entry in entries if entry["seed"] == seed))


def card(name: str, p: Predictions, protocol: str, patients: pd.DataFrame) -> str:
    """A model's card. p: its answers to the test beats of a protocol; patients: `overview`, by
    record."""
    about, scored = MODELS[name], SCORED_CLASSES[protocol]
    found = merged(summarise(p, scored), intervals(resample(p, UNITS[protocol]), scored))
    paced = sorted(set(PACED) & set(p.record))
    return CARD.format(
        **vars(about),
        name=name,
        commit=provenance.commit(),
        scores=_table(score_rows(found)),
        unit=UNITS[protocol],
        groups=_table(group_rows(p, scored, patients)),
        paced=f"Paced: records {', '.join(paced)}." if paced else "No record is paced.",
    )


def score_rows(found: dict) -> pd.DataFrame:
    """Accuracy, macro-F1 and F1 of each scored class, with their intervals, as text."""
    rows = [
        ("accuracy", reporting.percent(found["accuracy"]),
         reporting.percent_span(found["accuracy_ci95"])),
        ("macro-F1", reporting.score(found["macro_f1"]), reporting.span(found["macro_f1_ci95"])),
    ]  # fmt: skip
    for letter in found["scored_classes"]:
        of = found["per_class"][letter]
        rows.append((f"F1 of {letter}", reporting.score(of["f1"]), reporting.span(of["f1_ci95"])))
    return pd.DataFrame([(n, f"{v} ({ends})") for n, v, ends in rows], columns=["", "test beats"])


def group_rows(p: Predictions, scored: tuple[str, ...], patients: pd.DataFrame) -> pd.DataFrame:
    """Records, beats, accuracy, sensitivity and positive predictivity of S and V, by group."""
    age, sex = (patients[column].reindex(p.record).to_numpy() for column in ("age", "sex"))
    groups = {
        "women": sex == "F",
        "men": sex == "M",
        f"younger than {OLD}": age < OLD,
        f"{OLD} and older": age >= OLD,
        "paced": np.isin(p.record, PACED),
        "not paced": ~np.isin(p.record, PACED),
    }
    rows = []
    for title, here in groups.items():
        if not here.any():
            continue
        part = summarise(p[here], scored)
        row = {
            "group": title,
            "records": str(len(np.unique(p.record[here]))),
            "beats": f"{int(here.sum()):,}",
            "accuracy": reporting.percent(part["accuracy"]),
        }
        for letter in "SV":
            of = part["per_class"][letter]
            known = of["support"] > 0
            row[f"Se of {letter}"] = reporting.percent(of["sensitivity"]) if known else "–"
            row[f"+P of {letter}"] = reporting.percent(of["precision"]) if known else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def _table(frame: pd.DataFrame) -> str:
    """A table of text in Markdown."""
    lines = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
