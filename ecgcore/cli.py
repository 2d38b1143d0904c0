"""The command line: a thin layer over the modules, which each command imports only when it runs.

A new command is a function under `@app.command()`, or under a sub-app such as `data_app`. What
a user can mend is raised as EcgError and told by `main` in one line; nothing is caught here.
"""

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecgcore import __version__
from ecgcore.errors import DownloadError, EcgError

if TYPE_CHECKING:
    from ecgcore.rhythm.whole import RhythmClassifier

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
        Path | None, typer.Argument(help="Database to check; all embedded ones if none is named.")
    ] = None,
) -> None:
    """Check every file of a database against its SHA256SUMS.txt; exit code 1 if one differs."""
    from ecgcore import records

    sound = True
    for database in [folder] if folder else records.embedded_databases():
        problems = records.verify(database)
        for problem in problems:
            typer.echo(problem)
        if problems:
            sound = False
        else:
            count = len(records.read_checksums(database / records.CHECKSUMS))
            typer.echo(f"{database}: all {count} files are as they should be")
    if not sound:
        raise typer.Exit(1)


@data_app.command()
def download(
    name: Annotated[str, typer.Argument(help="Database: mitdb, svdb or nstdb.")],
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
    record: Annotated[
        list[str] | None, typer.Option(help="Record to pack, repeatable; all if none is named.")
    ] = None,
    first_signal: Annotated[
        bool, typer.Option("--first-signal", help="Leave out all signals but the first.")
    ] = False,
) -> None:
    """Copy a database with its signals as lossless FLAC, each record compared sample by sample."""
    from ecgcore import records

    records.pack(source, target, record or (), first_signal)
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
    rhythm: Annotated[
        bool, typer.Option("--rhythm", help="See each beat among the others, not alone.")
    ] = False,
) -> None:
    """Classify the beats of a file or a record. Research software, no medical device.

    A CSV holds a beat a row: 187 values, or 188 with the label. Exit codes: 0, every beat was
    classified; 2, nothing could be; 3, some rows could not (named on standard error).
    """
    from ecgcore import classifier, inference, writers
    from ecgcore.progress import Progress

    with Progress(path.name) as progress:
        if rhythm:
            chosen = _rhythm_model(model, progress.say)
            parts = inference.classify_rhythm(path, chosen, fs, lead, own_peaks)
        else:
            chosen = classifier.load(model)
            parts = inference.classify(path, chosen, fs, lead, own_peaks)
        writer = writers.WRITERS[output](sys.stdout, str(path), chosen)
        for part in parts:
            writer.add(part)
            progress.update(part.done)
            for sentence in (*part.problems, *part.warnings):
                progress.say(f"ecgcore: {sentence}")
    writer.finish()
    if writer.bad:
        raise typer.Exit(3)


def _rhythm_model(model: Path | None, say: Callable[[str], None]) -> "RhythmClassifier":
    from ecgcore.rhythm import storage

    return storage.read(model) if model else storage.project_model(lambda s: say(f"ecgcore: {s}"))


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
def train(
    profile: ProfileOption = "paper",
    protocol: Annotated[
        list[str] | None, typer.Option(help="Split, repeatable; the profile's if none is named.")
    ] = None,
) -> None:
    """Train a profile's networks as 02_training does, which then reads them instead.

    On N GPUs: torchrun --nproc-per-node N -m ecgcore.cli train
    """
    from ecgcore import dataset, distributed, paths, training
    from ecgcore.profiles import load_profile
    from ecgcore.splits import make_split

    chosen = load_profile(profile)
    for name in protocol or chosen.protocols:
        beats, config = dataset.load(profile, name), chosen.train_config(name)
        split = make_split(name, beats, config.val_share, config.seed)
        folder = paths.checkpoint_dir(profile, name)
        fit = training.fit(beats, split, config, folder, typer.echo)
        if distributed.team().leads:
            training.publish(fit, paths.model_file(profile, name))
            typer.echo(f"{folder}: best epoch {fit.about['best_epoch']}")
    distributed.leave()


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
def study(
    name: Annotated[str, typer.Argument(metavar="RUN", help="As STUDY-RUN, for example seeds-1.")],
    profile: ProfileOption = "full",
) -> None:
    """Do one run of a profile's studies, and score it."""
    import logging

    from ecgcore import studies

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    entry = studies.run(profile, name)
    scores = f"accuracy {entry['accuracy']:.4f}, macro-F1 {entry['macro_f1']:.4f}"
    typer.echo(f"{name}: {scores} on the {entry['part']} beats")


@app.command()
def collect(profile: ProfileOption = "full") -> None:
    """Gather the scores of a profile's studies with its figures."""
    from ecgcore import studies

    studies.collect(profile)
    typer.echo(studies.kept_file(profile))


@app.command()
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
        bool, typer.Option("--teach", help="Fit the model of `predict --rhythm`, instead.")
    ] = False,
) -> None:
    """Fit and score the rhythm model in the named runs, or in all that have no scores yet."""
    from ecgcore.rhythm import answers, storage, study

    if teach:
        storage.load(profile, lambda sentence: typer.echo(sentence, err=True))
        typer.echo(storage.model_file(profile))
        return
    if gather or partial:
        typer.echo(study.collect(profile, partial))
        if answers.OF in study.kept(profile)["results"]:
            typer.echo(answers.keep(profile))
        return
    for name in names or study.missing(profile):
        typer.echo(study.run(profile, name))


@app.command()
def noise(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="RUN", help="For example single-noise.")
    ] = None,
    profile: ProfileOption = "full",
    gather: Annotated[
        bool, typer.Option(help="Turn the answers of all runs into results, instead.")
    ] = False,
    partial: Annotated[bool, typer.Option(help="Gather what there is.")] = False,
) -> None:
    """Answer for DS2 under noise and other harm, in the named runs or all that are missing."""
    from ecgcore import stress_study

    if gather or partial:
        typer.echo(stress_study.collect(profile, partial))
        return
    for name in names or stress_study.missing(profile):
        typer.echo(stress_study.run(profile, name, typer.echo))


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


if __name__ == "__main__":  # torchrun starts modules, not console scripts
    main()
