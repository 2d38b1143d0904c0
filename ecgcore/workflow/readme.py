"""The README's table of results."""

from ecgcore.constants import CLASSES
from ecgcore.workflow.reporting import percent

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
    lines = [
        "| test on | beats | accuracy | macro-F1 | "
        + " | ".join(f"F1 {c}" for c in CLASSES)
        + " |",
        "|---|" + "---:|" * (3 + len(CLASSES)),
    ]
    for protocol, name in README_NAMES.items():
        if protocol not in metrics:
            continue
        m = metrics[protocol]
        f1 = [
            f"{m['per_class'][c]['f1']:.3f}" if c in m["scored_classes"] else "–" for c in CLASSES
        ]
        numbers = [f"{m['n_beats']:,}", percent(m["accuracy"], 2), f"{m['macro_f1']:.3f}", *f1]
        lines.append(f"| {name} | " + " | ".join(numbers) + " |")
    source = metrics["random"]["provenance"]
    lines += [
        "",
        f"Profile `{source['profile']}`, commit `{source['commit']}`, "
        f"{source['hardware']['processor']}; from `figures/metrics.json`.",
    ]
    return "\n".join(lines)


def fill_readme(text: str, metrics: dict) -> str:
    """The README with its table of results brought up to date."""
    start, end = README_MARKS
    before, rest = text.split(start)
    _, after = rest.split(end)
    return f"{before}{start}\n{readme_results(metrics)}\n{end}{after}"
