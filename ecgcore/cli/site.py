"""`ecgcore site` and `try-it`: what the book is built from."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def site(profile: ProfileOption = "paper") -> None:
    """Bring pages, figures and executed notebooks together for Jupyter Book."""
    from ecgcore.workflow.site import stage_site

    typer.echo(stage_site(profile))


def try_it(
    profile: Annotated[str, typer.Option(help="Whose network, exported before.")] = "paper",
) -> None:
    """Give the book's page "Try it" its network, runtime and beats.

    The runtime comes from npm's registry. Where that cannot be reached, the command says so, and
    the page will too.
    """
    from ecgcore.workflow import try_it as page
    from ecgcore.workflow.site import site_dir

    folder = site_dir(profile) / page.ASSETS
    reason = page.publish(profile, folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    typer.echo(f"{folder}: {size / 1e6:.1f} MB")
    if reason:
        typer.echo(f"ecgcore: {reason}; the page will not run the network", err=True)
