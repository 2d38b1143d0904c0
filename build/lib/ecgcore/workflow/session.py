"""How a notebook begins, in whatever way it is executed."""

import os
from typing import Any

from ecgcore import paths
from ecgcore.errors import EcgError
from ecgcore.workflow.experiments import destination
from ecgcore.workflow.parameters import declared_parameters, fitted
from ecgcore.workflow.profiles import load_profile
from ecgcore.workflow.results import start_part

NAME = "ECGCORE_EXPERIMENT"  # environment variable: the name of the experiment that is run


def begin(notebook: str, given: dict[str, Any]) -> str:
    """Check a notebook's parameters before anything is computed, and say where its results go.

    given: the notebook's globals, right after its parameters cell; values are put into the types
    that the cell declares (`strip_record = 232` becomes a text). Returns the profile's name, or
    that of an experiment where a parameter is not the profile's. Raises ConfigError that names
    the parameter.
    """
    _tell_in_one_line()
    values = fitted(notebook, {name: given[name] for name in declared_parameters(notebook)})
    given.update(values)
    profile = load_profile(values.pop("profile"))
    name, changes = destination(notebook, profile, values, os.environ.get(NAME, ""))
    start_part(name, notebook, values, profile.data.database_path)
    if changes:
        told = ", ".join(f"{key}={value!r}" for key, value in changes.items())
        print(
            f"Not the parameters of profile {profile.base} ({told}): what this notebook computes "
            f"goes to {os.path.relpath(paths.run_dir(name), paths.ROOT)}."
        )
    return name


def _tell_in_one_line() -> None:
    """What a user can mend is told in one sentence here too, without a traceback."""
    try:
        shell = get_ipython()
    except NameError:
        return  # no notebook, but a program that calls `begin`

    def tell(shell, kind, error, traceback, tb_offset=None):
        shell._showtraceback(kind, error, [f"{kind.__name__}: {error}"])

    shell.set_custom_exc((EcgError,), tell)
