"""Running notebooks, and what each depends on."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from ecgcore import paths
from ecgcore.errors import ConfigError, EcgError
from ecgcore.workflow.parameters import check_parameters
from ecgcore.workflow.profiles import load_profile
from ecgcore.workflow.site import publish, site_dir

TRACEBACK_LINES = 12  # of a failing cell, shown in the terminal


class NotebookError(EcgError):
    """A cell failed: the message names notebook and cell and ends with the traceback."""


def run_notebook(notebook: str, profile: str, changes: dict[str, Any] | None = None) -> Path:
    """Execute a notebook with its profile's parameters and `changes`; publish it to the site.

    The executed notebook is written to runs/<profile>/notebooks cell by cell, and stays there if
    a cell fails. Returns the published copy. Raises ConfigError before any kernel starts,
    NotebookError if a cell fails.
    """
    import papermill  # slow to import, and not needed to list dependencies

    parameters = load_profile(profile).parameters(notebook) | (changes or {})
    check_parameters(notebook, parameters)
    executed = paths.run_dir(profile) / "notebooks" / f"{notebook}.ipynb"
    executed.parent.mkdir(parents=True, exist_ok=True)
    # Whatever backend the caller's environment asks for, figures belong in the notebook.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    try:
        papermill.execute_notebook(
            paths.NOTEBOOKS / f"{notebook}.ipynb",
            executed,
            parameters=parameters,
            cwd=paths.ROOT,
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
        )
    except papermill.PapermillExecutionError as error:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
        tail = "\n".join(plain.splitlines()[-TRACEBACK_LINES:])
        shown = os.path.relpath(executed, paths.ROOT)
        raise NotebookError(
            f"{notebook}.ipynb: cell {error.cell_index} failed; see {shown}\n{tail}"
        ) from None
    return publish(executed, site_dir(profile) / "book" / "executed" / executed.name)


def parse_changes(assignments: list[str]) -> dict[str, Any]:
    """NAME=VALUE texts, each value read as YAML. Raises ConfigError for one without `=`."""
    changes = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigError(f"parameter {assignment!r}: write NAME=VALUE")
        changes[name] = yaml.safe_load(value)
    return changes
