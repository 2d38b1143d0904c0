"""Figures that the reader steers: which records are counted, and where a threshold stands.

Each is a piece of a page, with its data and its script in it; it needs neither Python nor another
file, works by keyboard, and says its numbers in tables that a screen reader reads.
"""

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.constants import CLASS_NAMES, CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.counts import by_record
from ecgcore.evaluation.operating import detection_curve
from ecgcore.evaluation.predictions import Predictions

HERE = Path(__file__).parent
STEPS = 161  # thresholds that one can choose, evenly spaced in log odds
LOG_ODDS = 8.0  # from minus to plus
RESAMPLES = 1000  # for an interval that is computed while the reader waits


class Steered:
    """A figure for the page. kind: the script that draws it; about: its data, as JSON has them."""

    def __init__(self, kind: str, label: str, about: dict):
        self.kind, self.label, self.about = kind, label, about

    def _repr_html_(self) -> str:
        """The figure as HTML; where scripts are off, it says so."""
        style, common, script = (
            (HERE / name).read_text(encoding="utf-8")
            for name in ("steered.css", "steered.js", f"{self.kind}.js")
        )
        data = html.escape(json.dumps(self.about, separators=(",", ":")))
        return (
            f'<section class="steered" data-kind="{self.kind}" data-about="{data}" '
            f'aria-label="{html.escape(self.label)}"><style>{style}</style>'
            "<noscript>This figure is steered by JavaScript, which is off here. What it shows for "
            "the choices of this book stands in the tables beside it.</noscript>"
            '<div class="steered-body"></div></section>\n'
            f'<script type="module">\n{common}\n{script}</script>\n'
        )


def which_record(
    models: Mapping[str, Predictions],
    presets: Mapping[str, Sequence[str]],
    scored: Sequence[str],
    seed: int = 0,
) -> Steered:
    """Records that one ticks in and out; accuracy, F1, their intervals and confusions follow.

    models: what each is called, and its answers; presets: what a choice is called, and the records
    that it counts; scored: the classes of the macro-F1. Intervals are the percentile bootstrap over
    the records that are ticked. Raises DataError without answers, or for a preset of no record.
    """
    if not models:
        raise DataError("which record decides? There are no answers to count")
    counts = {title: by_record(p) for title, p in models.items()}
    names = sorted({name for of in counts.values() for name in of})
    for title, records in presets.items():
        if not set(records) & set(names):
            raise DataError(f"preset {title!r} counts none of the records {', '.join(names)}")
    nothing = np.zeros((len(CLASSES), len(CLASSES)), int).tolist()
    about = {
        "classes": list(CLASSES),
        "names": CLASS_NAMES,
        "scored": list(scored),
        "records": names,
        "models": [
            {"title": title, "counts": [np.ravel(of.get(n, nothing)).tolist() for n in names]}
            for title, of in counts.items()
        ],
        "presets": [
            {"title": title, "records": [names.index(n) for n in records if n in names]}
            for title, records in presets.items()
        ],
        "resamples": RESAMPLES,
        "seed": seed,
    }
    return Steered("which_record", "Which record decides? Choose the records to count", about)


def move_threshold(
    validation: Predictions, test: Predictions, points: pd.DataFrame, letters: Sequence[str] = "SV"
) -> Steered:
    """A threshold for each of some classes, and what it gives on validation and on test beats.

    points: from `operating.operating_points` of the same answers; its thresholds are marked as the
    honest choices. A class of which validation or test beats lack examples is left out. Raises
    DataError if none remains.
    """
    detectors = []
    for letter in letters:
        rules = points[(points["class"] == letter) & points["threshold"].notna()]
        if any(detection_curve(p, letter).empty for p in (validation, test)) or rules.empty:
            continue
        marks = dict(zip(rules["rule"], rules["threshold"].astype(float), strict=True))
        steps = 1 / (1 + np.exp(-np.linspace(-LOG_ODDS, LOG_ODDS, STEPS)))
        thresholds = np.unique([*steps, *marks.values()])
        detectors.append(
            {
                "letter": letter,
                "name": CLASS_NAMES[letter],
                "thresholds": thresholds.tolist(),
                "marks": [{"rule": r, "at": int(np.searchsorted(thresholds, t))}
                          for r, t in marks.items()],
                "sides": [
                    {"title": title, **_detections(p, letter, thresholds)}
                    for title, p in (("validation beats", validation), ("test beats", test))
                ],
            }
        )  # fmt: skip
    if not detectors:
        raise DataError("no class has beats in validation and test: there is no threshold to move")
    return Steered("move_threshold", "Move the threshold", {"detectors": detectors})


def _detections(p: Predictions, letter: str, thresholds: np.ndarray) -> dict:
    """Beats of the class, and at each threshold those found (hits) and those called so (said)."""
    number = CLASSES.index(letter)
    value = p.probabilities[:, number].astype(float)
    positive = p.true == number
    reached = [np.sort(v) for v in (value[positive], value)]
    hits, said = ((len(v) - np.searchsorted(v, thresholds)).tolist() for v in reached)
    return {"beats": int(positive.sum()), "hits": hits, "said": said}
