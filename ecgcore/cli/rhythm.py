"""`ecgcore rhythm`: the rhythm model's runs, their results, the model itself."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def rhythm(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="RUN", help="For example ds2-mitdb-0.")
    ] = None,
    profile: ProfileOption = "full",
    gather: Annotated[
        bool, typer.Option(help="Turn the scores of all runs into results, instead.")
    ] = False,
    partial: Annotated[bool, typer.Option(help="Gather what there is.")] = False,
    teach: Annotated[
        bool, typer.Option("--teach", help="Fit the model that `predict` uses, instead.")
    ] = False,
    pretrain: Annotated[
        bool, typer.Option("--pretrain", help="Train the LSTM over RR intervals, instead.")
    ] = False,
    causal: Annotated[
        bool,
        typer.Option("--causal", help="With --teach or --pretrain: that of live signals."),
    ] = False,
) -> None:
    """Fit and score the rhythm model in the named runs, or in all that have no scores yet."""
    from ecgcore.chapters.rhythm import answers, offered, reading, runs

    if pretrain:
        typer.echo(reading.pretrained(profile, causal))
        return
    if teach:
        offered.load(profile, lambda sentence: typer.echo(sentence, err=True), causal)
        typer.echo(offered.model_file(profile, causal))
        return
    if gather or partial:
        typer.echo(runs.collect(profile, partial))
        if answers.OF in runs.kept(profile)["results"]:
            typer.echo(answers.keep(profile))
            typer.echo(answers.keep_everywhere(profile))
        return
    for name in names or runs.missing(profile):
        typer.echo(runs.run(profile, name))
