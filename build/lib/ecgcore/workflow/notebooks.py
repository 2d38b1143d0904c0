"""Running notebooks."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ecgcore import paths
from ecgcore.errors import ConfigError, EcgError
from ecgcore.workflow.experiments import destination
from ecgcore.workflow.parameters import fitted
from ecgcore.workflow.profiles import load_profile
from ecgcore.workflow.results import end_part
from ecgcore.workflow.session import NAME
from ecgcore.workflow.site import publish, site_dir

TRACEBACK_LINES = 12  # of a failing cell, shown in the terminal


class NotebookError(EcgError):
    """A cell failed: the message names notebook and cell and ends with the traceback."""


def run_notebook(
    notebook: str, profile: str, changes: dict[str, Any] | None = None, experiment: str = ""
) -> Path:
    """Execute a notebook with its profile's parameters and `changes`; publish it to the site.

    Where the parameters are not the profile's, or `experiment` names one, everything goes to an
    experiment's folder, and nothing of the profile's own run is touched. The executed notebook is
    written cell by cell, and stays there if a cell fails. Returns the finished one. Raises
    ConfigError before any kernel starts, NotebookError if a cell fails.
    """
    import papermill  # slow to import, and not needed to list dependencies

    chosen = load_profile(profile)
    values = fitted(notebook, chosen.all_parameters(notebook) | (changes or {}))
    del values["profile"]
    name, _ = destination(notebook, chosen, values, experiment)
    parameters = {"profile": name} | values
    executed = paths.run_dir(name) / "notebooks" / f"{notebook}.ipynb"
    executed.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    try:
        with own_kernel():
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
        raise NotebookError(_told(notebook, executed, error)) from None
    end_part(name, notebook, time.perf_counter() - started)
    if name != profile:
        return executed
    return publish(executed, site_dir(name) / "book" / "executed" / executed.name)


def _told(notebook: str, executed: Path, error) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
    tail = "\n".join(plain.splitlines()[-TRACEBACK_LINES:])
    shown = os.path.relpath(executed, paths.ROOT)
    return f"{notebook}.ipynb: cell {error.cell_index} failed; see {shown}\n{tail}"


@contextmanager
def own_kernel() -> Iterator[None]:
    """The kernel `python3` is this very Python, and what Jupyter, IPython and matplotlib keep lies
    in a folder of their own, whatever the environment names: another kernel of that name, a home
    that is not there, a backend for figures that belong in the notebook."""
    with tempfile.TemporaryDirectory(prefix="ecgcore-") as folder:
        own = {
            "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter")),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_DATA_DIR": folder,
            "JUPYTER_RUNTIME_DIR": folder,
            "JUPYTER_CONFIG_DIR": folder,
            "IPYTHONDIR": folder,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        if not os.access(os.path.expanduser("~"), os.W_OK):
            own["MPLCONFIGDIR"] = folder
        own[NAME] = ""  # the parameter `profile` says it all
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def parse_changes(assignments: list[str]) -> dict[str, Any]:
    """NAME=VALUE texts, each value read as YAML. Raises ConfigError for what is no such thing."""
    changes = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigError(f"parameter {assignment!r}: write NAME=VALUE")
        try:
            changes[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise ConfigError(f"parameter {assignment!r}: not valid YAML ({reason})") from None
    return changes
