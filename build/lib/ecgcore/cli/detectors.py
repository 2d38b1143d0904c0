"""`ecgcore detectors`: detectors of R peaks compared."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def detectors(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="DETECTOR", help="For example xqrs.")
    ] = None,
    profile: ProfileOption = "full",
    gather: Annotated[
        bool, typer.Option(help="Turn what all found into results, instead.")
    ] = False,
) -> None:
    """Have the named detectors of R peaks, or all, look at every record, clean and in noise."""
    from ecgcore.chapters.own_ecg import detectors as compared

    if gather:
        typer.echo(compared.collect(profile))
        return
    for name in names or compared.COMPARED:
        compared.run(profile, name, typer.echo)
