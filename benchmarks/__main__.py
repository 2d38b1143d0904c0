"""Measure, and write figures/benchmarks.json: `make bench`, or `python -m benchmarks --help`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmarks import (
    alternatives,
    book,
    data,
    gpu,
    growth,
    inference,
    ladder,
    machine,
    race,
    recordings,
)
from benchmarks.common import QUICK, Sizes, source
from ecgcore import paths
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import Split, make_split
from ecgcore.chapters.cost import tables
from ecgcore.errors import EcgError
from ecgcore.files import write_json
from ecgcore.inference import classifier, onnx_export
from ecgcore.models.config import train_config


@dataclass
class Task:
    """What the parts work on. cache: file of the beats; network: a trained checkpoint."""

    sizes: Sizes
    cache: Path
    beats: Beats
    split: Split
    network: Path

    @cached_property
    def exported(self) -> Path:
        return onnx_export.export(self.network, self.cache.with_name("network.onnx"))


PARTS: dict[str, Callable[[Task], dict]] = {
    "machine": lambda task: machine.measure(task.sizes),
    "training": lambda task: ladder.measure(task.beats, task.split, task.sizes),
    "race": lambda task: race.measure(task.beats, task.split, task.sizes),
    "alternatives": lambda task: alternatives.measure(task.beats, task.split, task.sizes),
    "memory": lambda task: data.training_memory(task.cache, task.sizes),
    "inference": lambda task: inference.measure(
        task.beats, task.split, task.network, task.exported, task.sizes
    ),
    "growth": lambda task: growth.measure(task.exported, task.sizes),
    "rebuild": lambda task: book.rebuild(),
    "pages": lambda task: book.pages(),
    "recordings": lambda task: recordings.measure(task.sizes),
    "gpu": lambda task: gpu.measure(task.beats, task.split, task.sizes),
}
ALL = ("data", *PARTS)


def measure(
    sizes: Sizes,
    parts: Sequence[str],
    network: Path,
    before: dict | None = None,
    kept: Path | None = None,
    say: Callable[[str], object] = print,
) -> dict:
    """What the named parts measure, after what was measured `before`.

    A part that cannot be measured here is null, and `missing` says why. kept: where the results go
    after each part, lest a long run end in nothing.
    """
    results = before or dict.fromkeys(ALL) | {"missing": {}, "sources": {}}

    def note(part: str, work: Callable[[], dict]) -> None:
        say(f"{part} …")
        results["missing"].pop(part, None)
        start = time.perf_counter()
        try:
            results[part] = work()
            say(f"{part}: {time.perf_counter() - start:,.0f} s")
        except EcgError as error:
            results[part] = None
            results["missing"][part] = str(error).replace(f"{paths.ROOT}/", "")
            say(f"{part}: not measured, {results['missing'][part]}")
        results["sources"][part] = source(sizes)
        if kept:
            write_json(kept, results)

    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "beats.npz"
        # First, while this process is small: it is copied for every worker.
        note("data", lambda: data.measure(cache, sizes))
        beats = Beats.load(cache)
        split = make_split("random", beats, train_config().val_share)
        task = Task(sizes, cache, beats, split, network)
        for part in parts:
            note(part, lambda part=part: PARTS[part](task))
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that all works")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure these parts anew")
    parser.add_argument("--budget", type=float, help="seconds for the original recipe in the race")
    parser.add_argument("--growth", type=int, nargs="+", help="sizes, in records")
    parser.add_argument("--network", type=Path, help="checkpoint; default: the project's own")
    parser.add_argument(
        "--out", type=Path, help=f"default: figures/{tables.FILE}, or runs/{tables.FILE} if quick"
    )
    given = parser.parse_args(arguments)
    sizes = QUICK if given.quick else Sizes()
    sizes = replace(sizes, budget_s=given.budget or sizes.budget_s)
    sizes = replace(sizes, growth=tuple(given.growth or sizes.growth))
    kept = paths.RUNS / tables.FILE
    out = given.out or (kept if given.quick else paths.FIGURES / tables.FILE)
    try:
        network = given.network or classifier.trained_network()
        before = tables.load(out) if given.only else None
        results = measure(sizes, given.only or list(PARTS), network, before, kept)
    except EcgError as error:
        sys.exit(f"benchmarks: {error}")
    # Only now, when all is measured: the book depends on this file, and is measured too.
    write_json(out, results)
    print(f"\n{tables.bars(results).round(1).to_string(index=False)}\n\n{out}")


if __name__ == "__main__":
    main()
