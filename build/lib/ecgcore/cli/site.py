"""`ecgcore book`, `site`, `try-it`, `pdf` and `release`: from source to archive."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def book(
    profile: ProfileOption = "paper",
    cores: Annotated[str, typer.Option(help="How many to use: a number, or all.")] = "all",
    cluster: Annotated[str, typer.Option(help="A folder of profiles/, such as slurm: jobs.")] = "",
) -> None:
    """Make a profile's book: every step that is missing or stale, by Snakemake.

    After an interruption, of whatever kind, the same command goes on where that one ended.
    """
    from ecgcore.workflow.build import become_snakemake

    jobs = ["--profile", f"profiles/{cluster}"] if cluster else ["--cores", cores]
    become_snakemake(profile, jobs)


def site(profile: ProfileOption = "paper") -> None:
    """Bring pages, figures and executed notebooks together for Jupyter Book."""
    from ecgcore.workflow.site import stage_site

    typer.echo(stage_site(profile))


def start_page(profile: ProfileOption = "paper") -> None:
    """Write the page that JupyterLab opens with: what each notebook is for, and what it needs."""
    from ecgcore.workflow import graph

    typer.echo(graph.start_page(profile))


def pdf(
    profile: ProfileOption = "paper",
    pages: Annotated[int | None, typer.Option(help="Print only so many pages.")] = None,
) -> None:
    """Print a profile's book, once it is built, as one PDF. Needs Chromium."""
    from ecgcore.workflow.takeaway import pdf as printing

    typer.echo(printing.write(profile, shown=pages))


def release(profile: ProfileOption = "paper") -> None:
    """Put a profile's book, its PDF, weights, answers, numbers and cards into one archive."""
    from ecgcore.workflow.takeaway import release as archive

    target = archive.make(profile)
    typer.echo(f"{target}: {target.stat().st_size / 1e6:.0f} MB")


def try_it(
    profile: Annotated[str, typer.Option(help="Whose network, exported before.")] = "paper",
) -> None:
    """Give the book's page "Try it" its models, runtime, records and beats.

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
