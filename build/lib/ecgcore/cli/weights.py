"""`ecgcore weights`: which trained weights answer, and publishing others."""

from typing import Annotated

import typer

from ecgcore.cli.options import STYLE

app = typer.Typer(no_args_is_help=True, help="Trained weights.", **STYLE)


@app.command("list")
def list_() -> None:
    """Say which weights answer, what they learnt from, and what they reached."""
    from ecgcore.errors import DataError
    from ecgcore.inference import classifier, published

    for name in published.NAMES:
        try:
            path, origin = published.find(name)
            if name in (published.RHYTHM, published.CAUSAL):
                about = published.rhythm_model(causal=name == published.CAUSAL).about
            else:
                about = published.described(path, classifier.load(path).about, origin)
        except DataError:
            typer.echo(f"{name}: none")
            continue
        typer.echo(f"{name}: {path} ({about['weights_sha256'][:12]})")
        for sentence in published.sentences(about | {"origin": origin}):
            typer.echo(f"  {sentence}")


@app.command()
def publish(
    profile: Annotated[str, typer.Option(help="Whose trained weights.")] = "paper",
) -> None:
    """Copy what a profile has trained into the package, with where it comes from."""
    from ecgcore.workflow.weights import publish as copy

    for path in copy(profile):
        typer.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")
