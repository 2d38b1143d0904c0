"""The README's table of results."""

from ecgcore.constants import CLASSES
from ecgcore.workflow.reporting import score, told_over_seeds

README_NAMES = {
    "random": "other beats of the same patients (random split)",
    "random_context": "the same, the network reading also RR intervals and the beat before",
    "inter_patient": "new patients (inter-patient split, DS2)",
    "inter_patient_rhythm": "the same, by the rhythm model, which sees each beat in its record",
    "patients": "new patients (each of 44 records tested once)",
    "crossval_records": "the same, by the rhythm model",
}

README_MARKS = ("<!-- results: written by `make publish` -->", "<!-- end of results -->")


def readme_results(metrics: dict) -> str:
    """The README's table of results, in Markdown."""
    shown = {name: metrics[key] for key, name in README_NAMES.items() if key in metrics}
    head = ["test on", "beats", "accuracy", "macro-F1", *(f"F1 {c}" for c in CLASSES)]
    lines = [
        f"| {' | '.join(head)} |",
        "|---|" + "---:|" * (len(head) - 1),
        *(f"| {name} | {' | '.join(_numbers(entry))} |" for name, entry in shown.items()),
        "",
        f"Where a range stands, the number is the median of {_counts(shown)} seeds; "
        "every other one is of one seed.",
        "",
        *_sources(shown),
    ]
    return "\n".join(lines)


def _numbers(entry: dict) -> list[str]:
    told = [told_over_seeds(entry, "accuracy", 2), told_over_seeds(entry, "macro_f1")]
    scored = entry["scored_classes"]
    f1 = [score(entry["per_class"][c]["f1"]) if c in scored else "–" for c in CLASSES]
    return [f"{entry['n_beats']:,}", *told, *f1]


def _counts(shown: dict) -> str:
    """How many seeds the medians are of."""
    counts = sorted({len(entry["seeds"]) for entry in shown.values() if "seeds" in entry})
    return " or ".join(map(str, counts)) or "several"


def _sources(shown: dict) -> list[str]:
    """One line for all rows of one run, else a line a row."""
    sources = {name: _source(entry["provenance"]) for name, entry in shown.items()}
    if len(set(sources.values())) == 1:
        return [f"All rows: {next(iter(sources.values()))}; from `figures/metrics.json`."]
    return [
        "Rows, in order, from `figures/metrics.json`:",
        "",
        *(f"- {name}: {source}" for name, source in sources.items()),
    ]


def _source(provenance: dict) -> str:
    processor = provenance["hardware"]["processor"]
    return f"profile `{provenance['profile']}`, commit `{provenance['commit']}`, {processor}"


def fill_readme(text: str, metrics: dict) -> str:
    """The README with its table of results brought up to date."""
    start, end = README_MARKS
    before, rest = text.split(start)
    _, after = rest.split(end)
    return f"{before}{start}\n{readme_results(metrics)}\n{end}{after}"
