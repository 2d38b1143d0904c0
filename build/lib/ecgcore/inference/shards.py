"""Beats in shards on disk: any number of them, in the memory that one shard takes.

A folder of shards holds an index, and for each shard a folder with one file a field of `Beats`:

    index.json                 what the beats were cut from, and how many each shard has
    100/signal.npy, 100/aami.npy, …

A shard is written under another name and then renamed, so it is complete or absent, and a build or
a classification that was interrupted goes on where it stopped. The files are memory-mapped: of a
shard, only what is looked at is read. Nothing is pickled. One process at a time may write.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ecgcore.beats.cutting import Beats
from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import read_json, replacing, write_json
from ecgcore.inference.classifier import Classifier

INDEX = "index.json"
FORMAT = "ecgcore shards, version 1"
FIELDS = tuple(field.name for field in fields(Beats))
KINDS = {"signal": "f4", "aami": "i1", "sample": "i8"} | dict.fromkeys(
    ("rr_pre_s", "rr_post_s", "amplitude_mv"), "f4"
)  # the other fields are text of some length


@dataclass(frozen=True)
class Shards:
    """A finished folder of shards.

    counts: name of each shard to its number of beats; source: what the beats were cut from.
    """

    folder: Path
    source: str
    counts: dict[str, int]

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __iter__(self) -> Iterator[Beats]:
        """Shard by shard, memory-mapped. Raises DataError at one that is missing or damaged."""
        return map(self.read, self.counts)

    def read(self, name: str) -> Beats:
        """One shard, memory-mapped. Raises DataError if it is missing or damaged."""
        beats = _read(self.folder / name)
        if len(beats) != self.counts[name]:
            raise DataError(
                f"{self.folder / name}: {len(beats)} beats, but {INDEX} says {self.counts[name]}"
            )
        return beats


def load(folder: Path) -> Shards:
    """The shards that `build` wrote. Raises DataError if there are none or not all of them."""
    folder = Path(folder)
    index = _read_index(folder)
    if None in index["shards"].values():
        raise DataError(f"{folder}: unfinished; build it again, and it goes on where it stopped")
    return Shards(folder, index["source"], index["shards"])


def build(
    folder: Path,
    names: Sequence[str],
    make: Callable[[str], Beats],
    source: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Shards:
    """Write the shards that are not there yet, each from `make(name)`.

    names: of the shards, in order; source: anything that tells one set of beats from another,
    such as the SHA-256 of the records; progress: is told after each shard.
    Raises DataError if the folder holds shards of another source or other names, ConfigError for
    a name that is no folder's.
    """
    folder = Path(folder)
    for name in names:
        if Path(name).name != name or name.startswith(".") or name in ("", INDEX):
            raise ConfigError(f"shard {name!r}: not a name for a folder")
    _claim(folder, {"format": FORMAT, "source": source, "shards": dict.fromkeys(names)})
    counts = {}
    for name in names:
        if not (folder / name).is_dir():
            _write(folder / name, make(name))
        counts[name] = len(_read(folder / name))
        progress(len(counts), len(names))
    write_json(folder / INDEX, {"format": FORMAT, "source": source, "shards": counts})
    return Shards(folder, source, counts)


def classify(
    shards: Shards,
    classifier: Classifier,
    target: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write each shard's probabilities, (n_beats, 5) float32, to `target`/<name>.npy.

    Shards that have been classified are left alone. Raises DataError if `target` holds the
    answers of another network or to other beats.
    """
    target = Path(target)
    question = {"source": shards.source, "shards": shards.counts}
    _claim(target, {"format": FORMAT, "network": classifier.about["weights_sha256"]} | question)
    for done, name in enumerate(shards.counts, start=1):
        path = target / f"{name}.npy"
        if not path.is_file():
            found = classifier.probabilities(shards.read(name).signal)
            with replacing(path) as temporary, open(temporary, "wb") as file:
                np.save(file, found, allow_pickle=False)
        progress(done, len(shards.counts))


def answers(shards: Shards, target: Path) -> Iterator[tuple[Beats, np.ndarray]]:
    """Each shard with the probabilities that `classify` wrote for it, both memory-mapped."""
    for name in shards.counts:
        beats, path = shards.read(name), Path(target) / f"{name}.npy"
        found = _map(path)
        if found.dtype != np.float32 or found.shape != (len(beats), len(CLASSES)):
            raise DataError(f"{path}: not the probabilities of {len(beats)} beats")
        yield beats, found


def _read_index(folder: Path) -> dict:
    path = folder / INDEX
    try:
        index = read_json(path)
        if index["format"] != FORMAT or not isinstance(index["shards"], dict):
            raise ValueError("another format")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file, so there are no shards here") from None
    except (DataError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged, or no index of shards ({error})") from None
    return index


def _claim(folder: Path, index: dict) -> None:
    """Begin a folder with its index, or make sure that the one there is about the same."""
    if not (folder / INDEX).is_file():
        write_json(folder / INDEX, index)
        return
    found = _read_index(folder)
    # A build that is under way knows the names of its shards, but not yet their numbers of beats.
    if found | {"shards": list(found["shards"])} != index | {"shards": list(index["shards"])}:
        raise DataError(f"{folder}: holds something else already; choose another folder")


def _write(folder: Path, beats: Beats) -> None:
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # left by a run that was killed
    unfinished.mkdir(parents=True)
    for name in FIELDS:
        np.save(unfinished / f"{name}.npy", getattr(beats, name), allow_pickle=False)
    os.replace(unfinished, folder)


def _map(path: Path) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except Exception as error:  # damage shows in many ways: NumPy's header, the length of the file
        raise DataError(f"{path}: damaged, or no .npy file ({error})") from None
    return array


def _read(folder: Path) -> Beats:
    found = {name: _map(folder / f"{name}.npy") for name in FIELDS}
    n = len(found["aami"]) if found["aami"].ndim else 0
    for name, array in found.items():
        shape = (n, BEAT_LENGTH) if name == "signal" else (n,)
        kind = array.dtype == KINDS[name] if name in KINDS else array.dtype.kind == "U"
        if array.shape != shape or not kind:
            raise DataError(f"{folder / name}.npy: not the {name} of {n} beats")
    return Beats(**found)
