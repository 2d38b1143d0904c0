"""`ecgcore beats`: a profile's beats, cut and kept."""

import sys

import typer

from ecgcore.cli.options import ProfileOption


def beats(profile: ProfileOption = "paper") -> None:
    """Cut the profile's beats out of its records, once, and keep them."""
    from tqdm import tqdm

    from ecgcore.beats import dataset
    from ecgcore.data import records
    from ecgcore.workflow.profiles import load_profile

    data = load_profile(profile).data
    with tqdm(unit="record", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        folders = data.database_path, data.records, data.kaggle_path
        dataset.prepare(profile, *folders, data.halves, progress)
    if not data.records:
        cut = set(dataset.load(profile).record.tolist())
        if left := [name for name in records.record_names(data.database_path) if name not in cut]:
            typer.echo(f"Without annotations, and so left out: {', '.join(left)}")
    typer.echo(f"{dataset.beats_file(profile)}: {len(dataset.load(profile)):,} beats")
