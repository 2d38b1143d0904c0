"""`ecgcore predict`: the beats of a file or a record, classified."""

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ecgcore.rhythm.whole import RhythmClassifier


class OutputFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


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
    from ecgcore.inference import classifier, classifying, writers
    from ecgcore.progress import Progress

    with Progress(path.name) as progress:
        if rhythm:
            chosen = _rhythm_model(model, progress.say)
            parts = classifying.classify_rhythm(path, chosen, fs, lead, own_peaks)
        else:
            chosen = classifier.load(model)
            parts = classifying.classify(path, chosen, fs, lead, own_peaks)
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
    from ecgcore.chapters.rhythm import offered
    from ecgcore.rhythm import storage

    return storage.read(model) if model else offered.project_model(lambda s: say(f"ecgcore: {s}"))
