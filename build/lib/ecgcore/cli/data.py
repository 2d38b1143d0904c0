"""`ecgcore data`: databases of WFDB records."""

from pathlib import Path
from typing import Annotated

import typer

from ecgcore.cli.options import STYLE

app = typer.Typer(no_args_is_help=True, help="Databases of WFDB records.", **STYLE)


@app.command()
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="Database to check; all embedded ones if none is named.")
    ] = None,
) -> None:
    """Check every file of a database against its SHA256SUMS.txt; exit code 1 if one differs."""
    from ecgcore.constants import CHECKSUMS
    from ecgcore.data import checksums, intervals, records

    sound = True
    embedded = [*records.embedded_databases(), intervals.default_database()]
    for database in [folder] if folder else embedded:
        problems = checksums.verify(database)
        for problem in problems:
            typer.echo(problem)
        if problems:
            sound = False
        else:
            count = len(checksums.read_checksums(database / CHECKSUMS))
            typer.echo(f"{database}: all {count} files are as they should be")
    if not sound:
        raise typer.Exit(1)


@app.command()
def download(
    name: Annotated[str, typer.Argument(help="Database: mitdb, svdb or nstdb.")],
    to: Annotated[
        Path | None, typer.Option(help="Folder to fill; ./NAME if none is named.")
    ] = None,
) -> None:
    """Fetch a database from PhysioNet; run it again after a break, and it goes on."""
    from ecgcore.data.download import download as fetch

    folder = to or Path(name)
    count = fetch(name, folder)
    typer.echo(f"{folder}: {count} files, each with PhysioNet's SHA-256")


@app.command()
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
    from ecgcore.data import packing, records

    packing.pack(source, target, record or (), first_signal)
    typer.echo(f"{target}: {len(records.record_names(target))} records packed, none changed")


@app.command("pack-intervals")
def pack_intervals(
    source: Annotated[Path, typer.Argument(help="Folder of .atr and .hea files.")],
    target: Annotated[Path, typer.Argument(help="New folder for the packed annotations.")],
) -> None:
    """Keep a database's annotations without its signals: RR intervals, beat symbols, rhythms."""
    from ecgcore.data import intervals

    typer.echo(f"{target}: {intervals.pack(source, target):,} beats packed")
