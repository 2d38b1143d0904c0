"""The command line: a thin layer over the modules, which each command imports only when it runs.

A new command is a function under `@app.command()`, or under a sub-app such as `data_app`. What
a user can mend is raised as EcgError and told by `main` in one line; nothing is caught here.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ecgcore import __version__
from ecgcore.errors import DownloadError, EcgError

# Plain text, so that a log reads as well as a terminal.
STYLE = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Heartbeats of the MIT-BIH Arrhythmia Database, classified. No medical device.",
    **STYLE,
)
data_app = typer.Typer(no_args_is_help=True, help="Databases of WFDB records.", **STYLE)
app.add_typer(data_app, name="data")


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


@data_app.command()
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="Database to check; the embedded one if none is named.")
    ] = None,
) -> None:
    """Check every file of a database against its SHA256SUMS.txt; exit code 1 if one differs."""
    from ecgcore import records

    folder = folder or records.default_database()
    problems = records.verify(folder)
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    count = len(records.read_checksums(folder / records.CHECKSUMS))
    typer.echo(f"{folder}: all {count} files are as they should be")


@data_app.command()
def download(
    name: Annotated[str, typer.Argument(help="Database, for example mitdb.")],
    to: Annotated[
        Path | None, typer.Option(help="Folder to fill; ./NAME if none is named.")
    ] = None,
) -> None:
    """Fetch a database from PhysioNet; run it again after a break, and it goes on."""
    from ecgcore.download import download as fetch

    folder = to or Path(name)
    count = fetch(name, folder)
    typer.echo(f"{folder}: {count} files, each with PhysioNet's SHA-256")


@data_app.command()
def pack(
    source: Annotated[Path, typer.Argument(help="Database in any WFDB format.")],
    target: Annotated[Path, typer.Argument(help="New folder for the packed database.")],
) -> None:
    """Copy a database with its signals as lossless FLAC, each record compared sample by sample."""
    from ecgcore import records

    records.pack(source, target)
    typer.echo(f"{target}: {len(records.record_names(target))} records packed, none changed")


class OutputFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def predict(
    path: Annotated[Path, typer.Argument(help="CSV of beats or of a signal, or a WFDB record.")],
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print.")] = "table",
    fs: Annotated[
        float | None, typer.Option(help="Sampling rate in Hz, of a CSV with one column.")
    ] = None,
    lead: Annotated[str, typer.Option(help="Lead of a record; MLII or the first.")] = "",
    own_peaks: Annotated[
        bool, typer.Option("--own-peaks", help="Find the R peaks even where there is an .atr.")
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="A .safetensors or .onnx file; else the project's own.")
    ] = None,
) -> None:
    """Classify the beats of a file or a record. Research software, no medical device.

    A CSV holds a beat a row: 187 values, or 188 with the label. Exit codes: 0, every beat was
    classified; 2, nothing could be; 3, some rows could not (named on standard error).
    """
    from ecgcore import classifier, inference, writers
    from ecgcore.progress import Progress

    network = classifier.load(model)
    writer = writers.WRITERS[output](sys.stdout, str(path), network)
    with Progress(path.name) as progress:
        for part in inference.classify(path, network, fs, lead, own_peaks):
            writer.add(part)
            progress.update(part.done)
            for sentence in (*part.problems, *part.warnings):
                progress.say(f"ecgcore: {sentence}")
    writer.finish()
    if writer.bad:
        raise typer.Exit(3)


@app.command()
def export(
    profile: Annotated[str, typer.Option(help="Whose trained network.")] = "paper",
    protocol: Annotated[str, typer.Option(help="Split it was trained under.")] = "random",
    to: Annotated[Path | None, typer.Option(help="ONNX file; else beside the network.")] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also one with 8-bit integers: NAME.int8.onnx.")
    ] = False,
) -> None:
    """Write a trained network as ONNX, with what a program must know to feed it."""
    from ecgcore import onnx_export, paths

    written = [onnx_export.export(paths.model_file(profile, protocol), to)]
    if int8:
        signal = onnx_export.calibration_beats(profile, protocol)
        target = written[0].with_suffix(".int8.onnx")
        written.append(onnx_export.quantise(written[0], target, signal))
    for path in written:
        typer.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")


ProfileOption = Annotated[str, typer.Option(help="Name of a file in profiles/, without .yaml.")]


@app.command()
def beats(profile: ProfileOption = "paper") -> None:
    """Cut the profile's beats out of its records, once, and keep them."""
    from tqdm import tqdm

    from ecgcore import dataset
    from ecgcore.profiles import load_profile

    chosen = load_profile(profile)
    with tqdm(unit="record", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        dataset.prepare(chosen, progress)
    typer.echo(f"{dataset.beats_file(profile)}: {len(dataset.load(profile)):,} beats")


@app.command()
def run(
    notebook: Annotated[str, typer.Argument(help="For example 02_training.")],
    profile: ProfileOption = "paper",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE, the value as YAML; repeatable."),
    ] = None,
) -> None:
    """Execute a notebook with a profile's parameters, some of them changed."""
    import logging

    from ecgcore.pipeline import parse_changes, run_notebook

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    changes = parse_changes(parameter or [])
    typer.echo(f"{run_notebook(notebook, profile, changes)}: done")


@app.command()
def site(profile: ProfileOption = "paper") -> None:
    """Bring pages, figures and executed notebooks together for Jupyter Book."""
    from ecgcore.pipeline import stage_site

    typer.echo(stage_site(profile))


@app.command()
def readme() -> None:
    """Write the results of figures/metrics.json into README.md."""
    from ecgcore import paths, reporting
    from ecgcore.files import write_text

    path = paths.ROOT / "README.md"
    filled = reporting.fill_readme(path.read_text("utf-8"), reporting.load_metrics("paper"))
    write_text(path, filled)
    typer.echo(path)


@app.command("try-it")
def try_it(
    profile: Annotated[str, typer.Option(help="Whose network, exported before.")] = "paper",
) -> None:
    """Give the book's page "Try it" its network, runtime and beats.

    The runtime comes from npm's registry. Where that cannot be reached, the command says so, and
    the page will too.
    """
    from ecgcore import pipeline, try_it

    folder = pipeline.site_dir(profile) / try_it.ASSETS
    reason = try_it.publish(profile, folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    typer.echo(f"{folder}: {size / 1e6:.1f} MB")
    if reason:
        typer.echo(f"ecgcore: {reason}; the page will not run the network", err=True)


def main() -> None:
    """Entry point: an EcgError becomes one line, exit code 2, or 1 for a broken-off download."""
    try:
        app()
    except EcgError as error:
        typer.echo(f"ecgcore: {error}", err=True)
        sys.exit(1 if isinstance(error, DownloadError) else 2)
