"""`ecgcore predict`: the beats of a file or a record, classified."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import typer


class OutputFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


FsOption = Annotated[
    float | None, typer.Option(help="Sampling rate in Hz, of a file that does not tell.")
]
LeadOption = Annotated[str, typer.Option(help="Lead of a recording; MLII or the first.")]
OwnPeaksOption = Annotated[
    bool, typer.Option("--own-peaks", help="Find the R peaks even where there is an .atr.")
]
ModelOption = Annotated[
    Path | None, typer.Option(help="A .safetensors or .onnx file; else the project's own.")
]
AloneOption = Annotated[bool, typer.Option("--alone", help="See each beat alone.")]


def predict(
    path: Annotated[Path, typer.Argument(help="CSV of beats or of a signal, or a recording.")],
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print.")] = "table",
    to: Annotated[Path | None, typer.Option(help="File to write, instead of printing.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="WFDB annotation file to write besides.")
    ] = None,
    fs: FsOption = None,
    lead: LeadOption = "",
    own_peaks: OwnPeaksOption = False,
    model: ModelOption = None,
    alone: AloneOption = False,
    rhythm: Annotated[
        bool, typer.Option("--rhythm", help="See each beat among the others: as recordings are.")
    ] = False,
) -> None:
    """Classify the beats of a file or a record. Research software, no medical device.

    A recording's beats are seen in their rhythm. A CSV may hold a beat a row, 187 values, or 188
    with the label; such beats are seen alone. Exit codes: 0, every beat was classified; 2, nothing
    could be; 3, some rows could not (named on standard error).
    """
    from ecgcore.data.formats.opening import open_file
    from ecgcore.errors import ConfigError
    from ecgcore.inference import choosing, classifying, writers
    from ecgcore.progress import Progress

    kind = writers.WRITERS[output]
    if kind.binary and to is None:
        raise ConfigError(f"{output.value} is no text to print; name a file with --to")
    if alone and rhythm:
        raise ConfigError("--alone and --rhythm contradict each other")
    with Progress(path.name) as progress, _opened(to, kind.binary) as out:
        content = open_file(path, lead, fs)
        if annotations and content.signal is None:
            raise ConfigError(f"{path}: beats without a recording cannot be annotated")
        if rhythm and content.signal is None:
            raise ConfigError(
                f"{path}: single beats have no rhythm; give a record or a signal, or drop --rhythm"
            )
        chosen = choosing.model(content, model, alone)
        writer = kind(out, str(path), chosen)
        kept = _Kept()
        for part in classifying.classify_content(content, chosen, own_peaks):
            writer.add(part)
            kept.add(part)
            progress.update(part.done)
            for sentence in (*part.problems, *part.warnings):
                progress.say(f"ecgcore: {sentence}")
        writer.finish()
    if annotations:
        kept.write(annotations, content.signal.fs, chosen.name)
    if output != OutputFormat.table or to:
        for sentence in (*writers.about_sentences(chosen), writers.NOTICE):
            typer.echo(f"ecgcore: {sentence}", err=True)
    if writer.bad:
        raise typer.Exit(3)


@contextmanager
def _opened(to: Path | None, binary: bool) -> Iterator[IO]:
    """Standard output, or a file that is complete or absent."""
    from ecgcore.files import replacing

    if to is None:
        yield sys.stdout
        return
    how = {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8", "newline": ""}
    with replacing(to) as temporary, open(temporary, **how) as out:
        yield out


class _Kept:
    """What annotations are made of."""

    def __init__(self) -> None:
        self.seconds, self.predicted, self.unusable = [], [], []

    def add(self, part) -> None:
        self.seconds.append(part.beats.time_s)
        self.predicted.append(part.beats.predicted)
        self.unusable += part.unusable

    def write(self, path: Path, fs: float, model: str) -> None:
        import numpy as np

        from ecgcore.inference import annotations

        annotations.write(
            path,
            fs,
            np.concatenate(self.seconds),
            np.concatenate(self.predicted),
            self.unusable,
            f"ecgcore {model}: research software, no medical device",
        )
