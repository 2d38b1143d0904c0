"""`ecgcore report`: a recording on one HTML page, or as PDF."""

from pathlib import Path
from typing import Annotated

import typer

from ecgcore.cli.predict import AloneOption, FsOption, LeadOption, ModelOption, OwnPeaksOption


def report(
    path: Annotated[Path, typer.Argument(help="A recording, of any format that can be read.")],
    to: Annotated[
        Path | None, typer.Option(help="HTML file to write; else NAME.html in this folder.")
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option(help="PDF file to write besides, where Chromium is installed.")
    ] = None,
    pause: Annotated[float, typer.Option(help="Seconds from which on an RR is a pause.")] = 3.0,
    fs: FsOption = None,
    lead: LeadOption = "",
    own_peaks: OwnPeaksOption = False,
    model: ModelOption = None,
    alone: AloneOption = False,
) -> None:
    """Write what a recording adds up to: totals, timeline, strips. Research software."""
    from ecgcore.files import write_text
    from ecgcore.inference import pdf as pdf_file
    from ecgcore.inference import recording, report
    from ecgcore.progress import Progress

    browser = pdf_file.browser() if pdf else None  # before the work, if there is none
    with Progress(path.name) as progress:
        found = recording.read(path, model, fs, lead, own_peaks, alone, progress.update)
        for sentence in (*found.problems, *found.warnings):
            progress.say(f"ecgcore: {sentence}")
    page = report.html(found, pause)
    target = to or Path(f"{path.name}.html")
    if to or not pdf:
        write_text(target, page)
        typer.echo(target)
    if pdf:
        pdf_file.write(pdf, page, browser)
        typer.echo(pdf)
