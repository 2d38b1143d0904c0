"""What of a run, or of what is published, is missing or no longer made of today's code and data."""

from pathlib import Path

import pandas as pd

from ecgcore import paths, provenance
from ecgcore.files import read_json
from ecgcore.workflow.dependencies import code_sha256
from ecgcore.workflow.profiles import KEPT, STUDIES, Profile, load_profile
from ecgcore.workflow.results import parts

PUBLISHED = "provenance.json"  # beside what is published: notebook to where it came from


def stale(source: dict, profile: Profile) -> list[str]:
    """Why a notebook's numbers are not what it would compute now; empty if they are.

    source: its provenance, as results.start_part wrote it; profile: that it belongs to.
    """
    notebook = source["notebook"]
    if not (paths.NOTEBOOKS / f"{notebook}.ipynb").is_file():
        return ["its notebook is gone"]
    parameters = {k: v for k, v in profile.all_parameters(notebook).items() if k != "profile"}
    reasons = {
        "its code has changed": source["code_sha256"] != code_sha256(notebook),
        "its parameters have changed": source["parameters"] != parameters,
        "the records have changed": source["data_sha256"]
        != provenance.data_sha256(profile.data.database_path),
    }
    return [reason for reason, holds in reasons.items() if holds]


def of_run(name: str) -> pd.DataFrame:
    """A row a notebook of a profile: its state, and why."""
    profile, found = load_profile(name), parts(name)
    rows = []
    for notebook in profile.notebook_names:
        part = found.get(notebook)
        if part is None or not part.get("finished"):
            state = "missing" if part is None else "unfinished"
            rows.append({"notebook": notebook, "state": state, "why": "", "commit": ""})
            continue
        source = part["provenance"]
        reasons = stale(source, profile)
        rows.append(
            {
                "notebook": notebook,
                "state": "stale" if reasons else "up to date",
                "why": ", ".join(reasons),
                "commit": source["commit"],
            }
        )
    return pd.DataFrame(rows)


def missing_results(profile: Profile) -> list[str]:
    """Names of the results that take long and that the profile does not compute itself."""
    own = {name: profile.recomputes(notebook) for name, notebook in KEPT.items()}
    own[STUDIES] = bool(profile.studies)
    return [name for name, computed in own.items() if not computed]


def published(folder: Path | None = None) -> dict[str, dict]:
    """Notebook to provenance of what is published; empty if that was published without."""
    path = (folder or paths.FIGURES) / PUBLISHED
    return read_json(path) if path.is_file() else {}


def of_published() -> pd.DataFrame:
    """A row a published notebook: its state, and why."""
    rows = []
    for notebook, source in published().items():
        reasons = stale(source, load_profile(source["profile"]))
        rows.append(
            {
                "notebook": notebook,
                "state": "stale" if reasons else "up to date",
                "why": ", ".join(reasons),
                "commit": source["commit"],
            }
        )
    return pd.DataFrame(rows, columns=["notebook", "state", "why", "commit"])
