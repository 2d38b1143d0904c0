"""From records to beats and back from the cache, and the memory that training takes."""

from functools import partial
from pathlib import Path

from benchmarks.common import Sizes, in_child, seconds
from ecgcore.beats.cutting import Beats, build
from ecgcore.data import records


def measure(cache: Path, sizes: Sizes) -> dict:
    """Build the beats, keep them in `cache`, and load them from there."""
    database = records.default_database()
    names = sizes.records or tuple(records.record_names(database))
    built = []
    took = seconds(lambda: built.append(build(database, names)))
    built[0].save(cache)
    loads = [seconds(partial(Beats.load, cache)) for _ in range(sizes.rounds)]
    return {
        "records": len(names),
        "beats": len(built[0]),
        "build_s": took,
        "load_s": min(loads),  # from memory: the file has just been written
        "cache_mb": cache.stat().st_size / 1e6,
    }


def training_memory(cache: Path, sizes: Sizes) -> dict:
    """Peak memory of a process that loads the beats, trains on some and validates.

    A batch needs what the batch before it needed, so a few dozen of them show it.
    """
    return in_child("train", cache=str(cache), batches=max(2, sizes.beats // 40))
