"""Did it reproduce? A run's numbers beside the published ones, one by one.

Three kinds of number. *Exact*: what no training and no processor changes, such as counts, splits
and configurations, and whatever a profile reads instead of computing. *Statistical*: what depends
on training; it may differ by a tolerance that was computed when the numbers were published, from
the same number in runs with other seeds. *Not compared*: times and machines.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np

from ecgcore import paths, provenance
from ecgcore.errors import DataError
from ecgcore.files import read_json, write_json
from ecgcore.workflow.profiles import Profile, load_profile
from ecgcore.workflow.results import load_metrics, published_metrics

EXACT, STATISTICAL, NOT_COMPARED = "exact", "statistical", "not compared"
TOLERANCES = "tolerances.json"  # beside the published numbers
# Parts of a number's address.
MACHINE = {
    "beats_per_s", "commit", "hardware", "inference", "latency_p50_ms", "latency_p99_ms",
    "long_record", "minutes", "provenance", "seconds", "speed",
}  # fmt: skip
FIXED = {
    "beats", "bootstrap", "config", "counts", "folds", "n_beats", "parameters", "scored_classes",
    "seed", "split", "support",
}  # fmt: skip
TRAINED = ("random", "inter_patient", "kaggle", "uncertainty", "own_ecg", "errors")  # every time
RANGES = 2  # a tolerance is so many times the range over seeds
LARGEST = 10


@dataclass(frozen=True)
class Compared:
    """A number, or a short text, of a run beside the published one; tolerance: NaN if none is
    known; deviation: |found - published| over the tolerance, infinite where it should be equal and
    is not."""

    address: str
    kind: str
    published: object
    found: object
    tolerance: float
    deviation: float

    @property
    def holds(self) -> bool:
        return self.kind == NOT_COMPARED or self.deviation <= 1


def leaves(document, address: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every number and text of a JSON document, with its address."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, (*address, str(key)))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from leaves(value, (*address, str(number)))
    else:
        yield address, document


def kind(address: tuple[str, ...], trained: Iterable[str]) -> str:
    """Which of the three kinds a number is. trained: the entries that depend on training here."""
    if MACHINE & set(address):
        return NOT_COMPARED
    if address[0] not in trained or FIXED & set(address):
        return EXACT
    return STATISTICAL


def trained_entries(profile: Profile, metrics: dict) -> list[str]:
    """Entries of metrics.json that a profile computes anew from training: where it computes its
    studies, all of them."""
    return list(metrics) if profile.studies else [name for name in metrics if name in TRAINED]


def compare(found: dict, published: dict, trained: list[str], tolerances: dict) -> list[Compared]:
    """Every published number, in order, beside that of a run; and what only the run has."""
    own = dict(leaves(found))
    known = dict(leaves(published))
    rows = [
        _row(address, kind(address, trained), value, own.get(address, MISSING), tolerances)
        for address, value in known.items()
    ]
    new = [a for a in own if a not in known and kind(a, trained) != NOT_COMPARED]
    return rows + [_row(a, kind(a, trained), MISSING, own[a], tolerances) for a in new]


MISSING = "(missing)"


def _row(address, what: str, published, found, tolerances: dict) -> Compared:
    name = "/".join(address)
    tolerance = float(tolerances.get(name, np.nan)) if what == STATISTICAL else 0.0
    deviation = _deviation(published, found, tolerance)
    return Compared(name, what, published, found, tolerance, deviation)


def _deviation(published, found, tolerance: float) -> float:
    if published == found:
        return 0.0
    if not (_is_number(published) and _is_number(found) and tolerance > 0):
        return float("inf")
    return abs(found - published) / tolerance


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def tolerances(runs: list[dict]) -> dict[str, float]:
    """What each statistical number may differ by, from the same number in runs with other seeds.

    RANGES times the range over the runs: for five draws from a normal distribution, some 4.7
    standard deviations. At least the smallest step of a share of the numbers' own resolution, so
    that a number which happened not to move may move a little: the median of all ranges.
    """
    if len(runs) < 2:
        raise DataError("tolerances need runs with two seeds or more")
    each = [dict(leaves(run)) for run in runs]
    shared = [a for a in each[0] if all(a in other for other in each[1:])]
    ranges = {}
    for address in shared:
        values = [run[address] for run in each]
        if all(map(_is_number, values)):
            ranges["/".join(address)] = float(np.ptp(values))
    moved = [r for r in ranges.values() if r > 0]
    least = float(np.median(moved)) if moved else 0.0
    return {name: RANGES * max(r, min(least, 0.01)) for name, r in ranges.items()}


def check(profile: str) -> dict:
    """A run's verdict, as it is kept in reproduction.json: how many numbers of each kind, which
    are out of tolerance, the largest deviations, and what was different about the machine."""
    chosen = load_profile(profile)
    found, known = load_metrics(profile), published_metrics()
    path = paths.FIGURES / TOLERANCES
    allowed = read_json(path) if path.is_file() else {}
    rows = compare(found, known, trained_entries(chosen, known), allowed)
    # What was published without tolerances can be judged by its exact numbers alone.
    unjudged = 0 if allowed else sum(row.kind == STATISTICAL for row in rows)
    judged = [r for r in rows if r.kind == EXACT or (r.kind == STATISTICAL and allowed)]
    largest = sorted(judged, key=lambda r: -r.deviation)[:LARGEST]
    document = {
        "profile": profile,
        "commit": provenance.commit(),
        "reproduced": all(row.holds for row in judged),
        "unjudged": unjudged,
        "numbers": {k: sum(r.kind == k for r in rows) for k in (EXACT, STATISTICAL, NOT_COMPARED)},
        "out_of_tolerance": [asdict(row) for row in judged if not row.holds],
        "largest": [asdict(row) for row in largest],
        "machine": {"here": provenance.hardware(), "published": _published_machine(known)},
        "rows": [asdict(row) for row in rows],
    }
    write_json(paths.run_dir(profile) / "reproduction.json", _plain(document))
    return document


def _published_machine(known: dict) -> dict:
    entry = known.get("random", {})
    return entry.get("provenance", {}).get("hardware", {})


def _plain(value):
    """JSON knows no infinity and no NaN."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def told(document: dict) -> str:
    """The verdict as text for a terminal."""
    lines = [f"{n:6,} numbers {kind}" for kind, n in document["numbers"].items()]
    wrong = document["out_of_tolerance"]
    if document["unjudged"]:
        lines.append(
            f"{document['unjudged']:,} statistical numbers are not judged: what is published came "
            "without tolerances."
        )
    if document["reproduced"]:
        lines.append("Reproduced: every number that is judged is equal, or within its tolerance.")
    else:
        lines.append(f"NOT reproduced: {len(wrong):,} numbers differ by more than they may.")
    lines.append("The largest deviations, in tolerances:")
    for row in document["largest"]:
        lines.append(
            f"  {row['deviation']:8.2f}  {row['address']}: {row['found']} "
            f"(published {row['published']})"
        )
    return "\n".join(lines)
