"""Numbers that notebooks compute and the published run, which is older, does not have yet.

To go once a later run is published.
"""

import copy

CURVES = ("loss", "val_loss", "val_loss_rise")

# Entries that the published run has not computed yet, since it is older than they are. Delete what
# a later run has published: then the conditions that read it must hold.
PENDING = {
    ("exploration",),
    ("learning",),
    ("errors",),
    ("two_patients",),
    ("another_database",),
    ("rhythm_aims",),
    ("noise_facts",),
    ("noise", "single", "conditions", "clean", "n_as_v"),
    ("inter_patient", "best_f1"),
    ("inter_patient", "seeds"),
    ("patients", "well_found"),
    ("patients", "ds2"),
    ("uncertainty", "units"),
    ("uncertainty", "reliability"),
    ("uncertainty", "surest"),
    ("uncertainty", "ec57", "spread"),
}


PENDING_STUDIES = {"inter_patient_seeds"}  # of which the published run has none yet


def filled(published: dict) -> dict:
    """The published numbers, and where one is pending a made-up one in its place."""
    found = copy.deepcopy(published)
    splits = ("random", "inter_patient")
    letter = dict.fromkeys(
        ("beats", "rr_before", "rr_after", "distance", "band", "DS1", "DS2"), 0.5
    )
    spread = {"gross": 0.5, "records": 10, "near": 1, "lowest": 0.1, "highest": 0.9}
    errors = {"three": 0.5, "with_n": 0.5, "median": 0.5, "hard": 2, "records": 22, "auc": 0.5}
    errors |= {"wrong": 20, "sure": {"0.9": 5, "0.99": 1}, "resembling": 0.5}
    worst = [{"record": "232", "wrong": 0.5, "kind": "N taken for V", "of_wrong": 0.5}]
    patient = {"S": 0.5, "false_S": 0.5, "alone": 0.5, "rhythm": 0.5}
    early = {name: {"N": 0.5, "S": 0.5} for name in ("median", "mean", "90th percentile")}
    rhythms = {
        name: {"irregular": 0.5, "false_S": 0.5, "alone_F": 0.5}
        for name in ("sinus rhythm", "atrial fibrillation", "atrial flutter")
    }
    ranked = {"lowest": 0.1, "highest": 0.9, "above_0.8": 0.5, "as_well": 0.5, "correlation": 0.5}
    gain = {"accuracy": 0.1, "f1_S": 0.1, "f1_V": 0.1}
    shares = dict.fromkeys("NSVFQ", 0.2)
    peaks = {"sensitivity": 0.9, "positive predictivity": 0.9}
    made = {
        "exploration": {c: dict(letter) for c in "NSVFQ"},
        "learning": {s: dict.fromkeys(CURVES, 0.5) for s in splits},
        "errors": {s: errors | {"worst": worst} for s in splits},
        "two_patients": {r: patient | {"early": early, "rhythms": rhythms} for r in ("232", "202")},
        "another_database": {
            "ranked": {c: dict(ranked) for c in "SV"},
            "gains": [dict(gain) for _ in range(3)],
            "related": dict.fromkeys(("unlike", "height_mv", "share_S"), 0.5),
            "offset_ms": dict.fromkeys(("mitdb_largest", "svdb_median", "svdb_range"), 5.0),
            "shares": {"mitdb": shares, "svdb": shares},
            "shown": {"822": {"missed": 0.1, "in_runs": 5.0, "rr_S": 90.0}},
        },
        "rhythm_aims": {
            n: {"aim": 0.5, "trial": 0.5, "median": 0.5, "width": 0.5}
            for n in ("accuracy", "f1_S", "f1_V")
        },
        "noise_facts": {"always_n": 0.9, "peaks": {"found": peaks, "found, bw 6": dict(peaks)}},
    }
    for key, entry in made.items():
        found.setdefault(key, entry)
    for run in found["noise"].values():
        for condition in run.get("conditions", {}).values():
            condition.setdefault("n_as_v", {"value": 0.1})
    for split in splits:
        found[split].setdefault("best_f1", dict.fromkeys("NSVF", 0.5))
    made_up = [{"seed": n, "accuracy": n / 9, "macro_f1": n / 9} for n in range(5)]
    found["inter_patient"].setdefault("seeds", made_up)
    found["patients"].setdefault("well_found", {c: {"records": 9, "found": 3} for c in "NSVF"})
    found["patients"].setdefault("ds2", {"per_class": found["inter_patient"]["per_class"]})
    of = found["uncertainty"]
    of.setdefault("units", {s: {u: [0.1, 0.9, 0.5] for u in ("beat", "record")} for s in splits})
    bins = [{"beats": 9, "accuracy": 0.5, "confidence": 0.6}]
    of.setdefault("reliability", {s: bins for s in splits})
    of.setdefault("surest", {s: {"all": 0.5, "half": 0.5, "quarter": 0.5} for s in splits})
    of["ec57"].setdefault("spread", {"VEB +P": spread})
    return found
