"""`ecgcore export`: a trained network as ONNX."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    profile: Annotated[str, typer.Option(help="Whose trained network.")] = "paper",
    protocol: Annotated[str, typer.Option(help="Split it was trained under.")] = "random",
    to: Annotated[Path | None, typer.Option(help="ONNX file; else beside the network.")] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also one with 8-bit integers: NAME.int8.onnx.")
    ] = False,
) -> None:
    """Write a trained network as ONNX, with what a program must know to feed it."""
    from ecgcore import paths
    from ecgcore.beats import dataset
    from ecgcore.inference import onnx_export

    written = [onnx_export.export(paths.model_file(profile, protocol), to)]
    if int8:
        beats = dataset.load(profile, protocol)
        train = dataset.split(profile, protocol, beats).train
        signal = onnx_export.calibration_beats(beats, train)
        target = written[0].with_suffix(".int8.onnx")
        written.append(onnx_export.quantise(written[0], target, signal))
    for path in written:
        typer.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")
