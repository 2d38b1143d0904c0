"""`ecgcore study` and `collect`: runs that differ in one thing, and their scores."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption, log_to_stderr


def study(
    name: Annotated[str, typer.Argument(metavar="RUN", help="As STUDY-RUN, for example seeds-1.")],
    profile: ProfileOption = "full",
) -> None:
    """Do one run of a profile's studies, and score it."""
    from ecgcore.chapters.studies import runs

    log_to_stderr()
    entry = runs.run(profile, name)
    scores = f"accuracy {entry['accuracy']:.4f}, macro-F1 {entry['macro_f1']:.4f}"
    typer.echo(f"{name}: {scores} on the {entry['part']} beats")


def collect(profile: ProfileOption = "full") -> None:
    """Gather the scores of a profile's studies with its figures."""
    from ecgcore.chapters.studies import runs

    runs.collect(profile)
    typer.echo(runs.kept_file(profile))
