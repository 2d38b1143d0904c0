"""Chapter 16, did it reproduce?: the verdict of the run that built the page."""

import numpy as np
import pandas as pd

from ecgcore.colours import FIRST, MUTED, SECOND
from ecgcore.plots.style import Figure, canvas
from ecgcore.workflow import verdict

KINDS = {
    verdict.EXACT: "counts, splits, configurations, what was read and not computed",
    verdict.STATISTICAL: "what depends on training",
    verdict.NOT_COMPARED: "times and machines",
}
FARTHEST = 3.0  # tolerances; what deviates by more is drawn there


def kinds(document: dict) -> pd.DataFrame:
    """A row a kind of number: what it is, how many there are, how many are out of tolerance."""
    wrong = [row["kind"] for row in document["out_of_tolerance"]]
    return pd.DataFrame(
        {
            "kind": name,
            "what it is": what,
            "numbers": document["numbers"][name],
            "out of tolerance": wrong.count(name),
        }
        for name, what in KINDS.items()
    )


def largest(document: dict) -> pd.DataFrame:
    """The numbers that deviate most, in tolerances; infinite where they should be equal."""
    rows = [row for row in document["largest"] if row["deviation"] > 0]
    return pd.DataFrame(
        {
            "number": [row["address"] for row in rows],
            "kind": [row["kind"] for row in rows],
            "published": [_short(row["published"]) for row in rows],
            "in this run": [_short(row["found"]) for row in rows],
            "tolerances": [row["deviation"] for row in rows],
        }
    )


def _short(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def deviations(document: dict) -> Figure:
    """How far the statistical numbers are from the published ones, in their tolerances."""
    found = [r["deviation"] for r in document["rows"] if r["kind"] == verdict.STATISTICAL]
    values = np.minimum(np.array(found, dtype=float), FARTHEST)
    figure, ax = canvas(size=(7.2, 2.8))
    ax.hist(values, bins=np.linspace(0, FARTHEST, 61), color=FIRST)
    ax.axvline(1, color=SECOND, linewidth=1.2)
    ax.text(1.02, 0.95, "tolerance", color=SECOND, transform=ax.get_xaxis_transform(), va="top")
    ax.set(xlabel="deviation from the published number (in its tolerance)", ylabel="numbers")
    ax.set_xlim(0, FARTHEST)
    if not len(values):
        ax.text(0.5, 0.5, "no tolerances are published", color=MUTED, transform=ax.transAxes)
    return figure


def machines(document: dict) -> pd.DataFrame:
    """What computed the published numbers, and this run."""
    machine = document["machine"]
    keys = sorted(machine["here"].keys() | machine["published"].keys())
    return pd.DataFrame(
        {
            "": keys,
            "published": [str(machine["published"].get(k, "–")) for k in keys],
            "this run": [str(machine["here"].get(k, "–")) for k in keys],
        }
    )


def texts(document: dict) -> dict[str, str]:
    """What the prose of the chapter, and the badge on the first page, say."""
    numbers, wrong = document["numbers"], len(document["out_of_tolerance"])
    judged = numbers[verdict.EXACT] + numbers[verdict.STATISTICAL] - document["unjudged"]
    if document["reproduced"]:
        said = f"all {judged:,} numbers that could be judged are equal or within their tolerance"
    else:
        said = f"{wrong:,} of {judged:,} numbers differ by more than they may"
    return {
        "verdict": "reproduced" if document["reproduced"] else "not reproduced",
        "verdict_said": said,
        "verdict_unjudged": f"{document['unjudged']:,}",
        "verdict_commit": document["commit"],
    }
