"""What the bench measures in a process of its own: `python -m benchmarks.child NAME JSON`.

Prints one line of JSON: what the named function returned, and the peak memory of the process. Each
function imports what it needs itself, so that only that is in memory.
"""

import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecgcore.beats.cutting import Beats


def peak_mb() -> float:
    """The most memory that this process has held, in MB."""
    try:
        # Unlike getrusage, this forgets the process that a child was forked from.
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest / 1e6 if sys.platform == "darwin" else largest * 1024 / 1e6


def train(cache: str, batches: int) -> dict:
    """Load the beats, train on some batches, validate, and take down the state for a checkpoint."""
    from benchmarks.ladder import train_for
    from ecgcore.beats.cutting import Beats
    from ecgcore.beats.splits import make_split
    from ecgcore.models.config import train_config
    from ecgcore.training.loop import Trainer

    config = train_config(device="cpu")
    beats = Beats.load(Path(cache))
    trainer = Trainer(beats, make_split("random", beats, config.val_share), config)
    train_for(trainer.train_epoch, batches * config.batch_size)
    trainer.validate()
    return {"beats": len(beats), "batches": batches, "tensors": len(trainer.state())}


def repeated(records: int, names: Sequence[str] = ()) -> dict[str, Path]:
    """That many records under names of their own, such as 100-0, to where each is a file.

    Those named of the default database; if none is named, all of it and then all of svdb, so that
    the data grow first by other patients; then the same over and over.
    """
    from ecgcore.data.records import default_database, record_names
    from ecgcore.paths import DATA

    databases = (default_database(),) if names else (default_database(), DATA / "svdb")
    known = [folder / name for folder in databases for name in names or record_names(folder)]
    return {
        f"{known[i % len(known)].name}-{i // len(known)}": known[i % len(known)]
        for i in range(records)
    }


def grow(folder: str, network: str, records: int, names: list[str]) -> dict:
    """Cut `repeated` records into shards and classify them, shard by shard."""
    import numpy as np

    from ecgcore.beats.cutting import segment_file
    from ecgcore.inference import classifier, shards

    files = repeated(records, names)
    beats, answers = Path(folder) / "beats", Path(folder) / "answers"

    def cut(shard: str) -> "Beats":
        return segment_file(files[shard].name, files[shard].parent)

    start = time.perf_counter()
    built = shards.build(beats, list(files), cut, "repeated")
    built_at = time.perf_counter()
    shards.classify(built, classifier.load(Path(network)), answers)
    done = time.perf_counter()
    right = sum(
        np.count_nonzero(probabilities.argmax(axis=1) == part.aami)
        for part, probabilities in shards.answers(built, answers)
    )
    return {
        "records": records,
        "distinct": len(set(files.values())),
        "beats": len(built),
        "cut_s": built_at - start,
        "classify_s": done - built_at,
        "seconds": done - start,
        "shards_bytes": _size(beats),
        "answers_bytes": _size(answers),
        "files": sum(path.is_file() for path in Path(folder).rglob("*")),
        "accuracy": right / len(built),
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    _, name, arguments = sys.argv
    result = {"train": train, "grow": grow}[name](**json.loads(arguments))
    print(json.dumps(result | {"peak_mb": peak_mb()}))
