"""What the parts of the bench share: how much is measured, where, and in which process."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from ecgcore import paths, provenance

CODE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Sizes:
    """How much is measured. The quick ones show that everything works, and no more."""

    records: tuple[str, ...] = ()  # none: all of the database
    rounds: int = 3  # in which what is compared takes turns
    beats: int = 2560  # that each step of the ladder trains on in a round
    compiled: bool = True  # try torch.compile too, where there is a compiler
    matrix: int = 2048  # rows and columns of the matrices whose product sets the limit
    epochs: int = 2  # of our shortened recipe in the race
    every: int = 15_000  # beats of training between two evaluations in the race
    budget_s: float = 360.0  # s, that the original recipe gets in the race
    alternatives: tuple[str, ...] = ("boosted", "minirocket")  # what one would take instead
    single: int = 2000  # beats that are classified one at a time
    growth: tuple[int, ...] = (12, 24, 48, 126, 504, 2268)  # records; 126: mitdb and svdb
    holter_h: float = 24.0  # h, of the record whose R peaks are found
    recordings_h: tuple[float, ...] = (0.5, 24.0)  # h, that are classified in a browser


QUICK = Sizes(
    records=("208",),
    rounds=1,
    beats=128,
    compiled=False,
    matrix=256,
    epochs=1,
    every=1000,
    budget_s=1.0,
    alternatives=("boosted",),
    single=50,
    growth=(1, 2),
    holter_h=0.05,
    recordings_h=(0.02,),
)


def source(sizes: Sizes) -> dict:
    """What was measured, when, by what, on what, and how busy the machine was."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "commit": provenance.commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "hardware": provenance.hardware() | {"memory_gb": round(gigabytes, 1)},
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),  # processes that wanted a core in the minute before
        "versions": provenance.versions() | {"onnxruntime": version("onnxruntime")},
        "sizes": asdict(sizes),
    }


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(above: Sequence[float], below: Sequence[float]) -> dict:
    """The median of the rounds' ratios, with the smallest and the largest."""
    each = [a / b for a, b in zip(above, below, strict=True)]
    return {"ratio": statistics.median(each), "smallest": min(each), "largest": max(each)}


def in_child(function: str, **arguments) -> dict:
    """What a function of `benchmarks.child` returns, and the peak memory of its own process."""
    search = os.pathsep.join([str(CODE), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", function, json.dumps(arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": search, "ECGCORE_ROOT": str(paths.ROOT)},
    )
    return json.loads(done.stdout.splitlines()[-1])
