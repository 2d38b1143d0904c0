"""`ecgcore run` and `experiments`: notebooks, executed as their profile says or otherwise."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption, log_to_stderr

TRAINS, SCORES = "02_training", "03_evaluation"


def run(
    context: typer.Context,
    notebook: Annotated[str, typer.Argument(help="For example 02_training.")] = "",
    profile: ProfileOption = "paper",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE, the value as YAML; repeatable."),
    ] = None,
    experiment: Annotated[
        str, typer.Option("--experiment", "-e", help="Name of the folder for results.")
    ] = "",
    show_list: Annotated[bool, typer.Option("--list", help="Show all notebooks.")] = False,
    show_help: Annotated[
        bool, typer.Option("--help", help="Show this, or with a NAME its parameters.")
    ] = False,
) -> None:
    """Execute a notebook with a profile's parameters, some of them changed.

    With changed parameters, or --experiment, all results go to a folder of their own below
    runs/PROFILE/experiments; the profile's run stays what it is. See `ecgcore experiments`.
    """
    from ecgcore import paths
    from ecgcore.workflow import parameters
    from ecgcore.workflow.notebooks import parse_changes, run_notebook

    if show_list:
        for name, title in parameters.notebook_titles().items():
            typer.echo(f"{name:22} {title}")
        return
    if show_help or not notebook:
        _explain(notebook, context)
        return
    log_to_stderr()
    changes = parse_changes(parameter or [])
    finished = run_notebook(notebook, profile, changes, experiment)
    typer.echo(f"{finished}: done")
    name = paths.experiment_of(finished)
    if not name:
        return
    if notebook == TRAINS:
        typer.echo(f"{run_notebook(SCORES, f'{profile}/experiments/{name}')}: done")
    typer.echo(
        f"{paths.run_dir(f'{profile}/experiments/{name}')} has all results; the run of profile "
        f"{profile} is as it was. `ecgcore experiments --profile {profile}` compares."
    )


def _explain(notebook: str, context: typer.Context) -> None:
    from ecgcore.workflow import parameters

    if not notebook:
        typer.echo(context.get_help())
        return
    explained = parameters.explained_parameters(notebook)
    typer.echo(f"{notebook}: {parameters.notebook_titles()[notebook]}")
    for declared, default, comment in explained:
        typer.echo(f"  {declared} = {default}\n      {comment}")


def experiments(profile: ProfileOption = "paper") -> None:
    """List a profile's experiments: what differs in each, and what it reached."""
    from ecgcore.workflow.experiments import table

    found = table(profile)
    typer.echo(found.to_string(index=False, na_rep="–", float_format="{:.4f}".format))
