"""`ecgcore run`: a notebook, executed."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption, log_to_stderr


def run(
    notebook: Annotated[str, typer.Argument(help="For example 02_training.")],
    profile: ProfileOption = "paper",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE, the value as YAML; repeatable."),
    ] = None,
) -> None:
    """Execute a notebook with a profile's parameters, some of them changed."""
    from ecgcore.workflow.notebooks import parse_changes, run_notebook

    log_to_stderr()
    changes = parse_changes(parameter or [])
    typer.echo(f"{run_notebook(notebook, profile, changes)}: done")
