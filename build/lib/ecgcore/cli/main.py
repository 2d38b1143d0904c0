"""The command line: a thin layer over the modules, which each verb imports only when it runs.

A new verb is a function in a module of this folder, added to VERBS. What a user can mend is
raised as EcgError and told by `main` in one line; nothing is caught in a verb.
"""

import errno
import os
import sys
from typing import Annotated

import typer

from ecgcore import __version__
from ecgcore.cli import (
    beats,
    check,
    data,
    detectors,
    export,
    noise,
    predict,
    report,
    rhythm,
    run,
    serve,
    site,
    studies,
    train,
    weights,
)
from ecgcore.cli.options import STYLE
from ecgcore.errors import DownloadError, EcgError

REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE,
    errno.EIO, errno.ENOMEM,
}  # fmt: skip
VERBS = {
    "predict": predict.predict,
    "report": report.report,
    "serve": serve.serve,
    "export": export.export,
    "beats": beats.beats,
    "train": train.train,
    "run": run.run,
    "experiments": run.experiments,
    "study": studies.study,
    "collect": studies.collect,
    "rhythm": rhythm.rhythm,
    "noise": noise.noise,
    "status": check.status,
    "check": check.check,
    "publish": check.publish,
    "detectors": detectors.detectors,
    "book": site.book,
    "start-page": site.start_page,
    "pdf": site.pdf,
    "release": site.release,
    "site": site.site,
    "try-it": site.try_it,
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Heartbeats of the MIT-BIH Arrhythmia Database, classified. No medical device.",
    **STYLE,
)
app.add_typer(data.app, name="data")
app.add_typer(weights.app, name="weights")
for name, verb in VERBS.items():
    # `run` has a --help of its own, which takes the name of a notebook.
    own_help = {"help_option_names": []} if verb is run.run else {}
    app.command(name, context_settings=own_help)(verb)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ecgcore {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point: an EcgError becomes one line, exit code 2, or 1 for a broken-off download; so
    does what the machine refuses: no disk, memory or file handles left, a folder to read only."""
    try:
        if "ECGCORE_STEP_OF" in os.environ:
            from ecgcore.workflow import build

            step = build.be_a_step(os.environ[build.OF_A_RUN])  # noqa: F841 (kept to the end)
        app()
    except EcgError as error:
        typer.echo(f"ecgcore: {error}", err=True)
        sys.exit(1 if isinstance(error, DownloadError) else 2)
    except (OSError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno not in REFUSALS:
            raise
        typer.echo(f"ecgcore: {_refusal(error)}", err=True)
        sys.exit(2)


def _refusal(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "no memory left"
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{os.strerror(error.errno).lower()}"
