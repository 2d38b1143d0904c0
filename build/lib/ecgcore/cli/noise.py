"""`ecgcore noise`: answers under noise."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def noise(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="RUN", help="For example single-noise.")
    ] = None,
    profile: ProfileOption = "full",
    gather: Annotated[
        bool, typer.Option(help="Turn the answers of all runs into results, instead.")
    ] = False,
    partial: Annotated[bool, typer.Option(help="Gather what there is.")] = False,
) -> None:
    """Answer for DS2 under noise and other harm, in the named runs or all that are missing."""
    from ecgcore.chapters.noise import runs

    if gather or partial:
        typer.echo(runs.collect(profile, partial))
        return
    for name in names or runs.missing(profile):
        typer.echo(runs.run(profile, name, typer.echo))
