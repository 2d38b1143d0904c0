"""`ecgcore status`, `check` and `publish`: what is up to date, what reproduced, what is shown."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def status(profile: ProfileOption = "paper") -> None:
    """List what is stale or missing, of a profile's run and of what is published, and why."""
    from ecgcore.workflow import status as states

    _show(f"Profile {profile}", states.of_run(profile))
    _show("Published", states.of_published())


def _show(title: str, table) -> None:
    typer.echo(f"{title}:")
    if table.empty:
        typer.echo("  nothing whose origin is known")
        return
    counts = table["state"].value_counts()
    typer.echo("  " + ", ".join(f"{n} {state}" for state, n in counts.items()))
    for row in table[table["state"] != "up to date"].itertuples():
        typer.echo(f"  {row.notebook}: {row.state}{': ' if row.why else ''}{row.why}")


def check(profile: ProfileOption = "paper") -> None:
    """Compare a run with what is published, number by number; exit code 1 if one is out.

    Writes runs/PROFILE/reproduction.json.
    """
    from ecgcore.workflow import claims, verdict
    from ecgcore.workflow.results import load_metrics

    document = verdict.check(profile)
    typer.echo(verdict.told(document))
    for claim in claims.broken(load_metrics(profile)):
        typer.echo(f"Not so in this run ({claim.page}): {claim.text}")
    if not document["reproduced"]:
        raise typer.Exit(1)


def publish(
    profile: ProfileOption = "full",
    accept: Annotated[
        bool, typer.Option("--accept", help="Also what differs from what is published now.")
    ] = False,
) -> None:
    """Make a finished run what is published: figures/, the weights and README's table.

    Refuses, and says why: a dirty tree, an incomplete profile, results that are not of today's
    code, data and parameters, numbers that differ from the published ones by more than they may.
    """
    from ecgcore.workflow.publication import publish as make_public

    for path in make_public(profile, accept):
        typer.echo(path)
