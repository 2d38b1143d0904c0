"""`ecgcore train`: a profile's networks, on one processor or several."""

from typing import Annotated

import typer

from ecgcore.cli.options import ProfileOption


def train(
    profile: ProfileOption = "paper",
    protocol: Annotated[
        list[str] | None, typer.Option(help="Split, repeatable; the profile's if none is named.")
    ] = None,
) -> None:
    """Train a profile's networks as 02_training does, which then reads them instead.

    On N GPUs: torchrun --nproc-per-node N -m ecgcore.cli train
    """
    from ecgcore import paths
    from ecgcore.beats import dataset
    from ecgcore.training import distributed, loop
    from ecgcore.workflow.profiles import load_profile

    chosen = load_profile(profile)
    for name in protocol or chosen.protocols:
        beats, config = dataset.load(profile, name), chosen.train_config(name)
        split = dataset.split(profile, name, beats, config.val_share, config.seed)
        folder = paths.checkpoint_dir(profile, name)
        fit = loop.fit(beats, split, config, folder, typer.echo)
        if distributed.team().leads:
            loop.publish(fit, paths.model_file(profile, name))
            typer.echo(f"{folder}: best epoch {fit.about['best_epoch']}")
    distributed.leave()
