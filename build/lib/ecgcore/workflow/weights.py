"""Trained weights become those that come with the package."""

from pathlib import Path

from ecgcore import paths
from ecgcore.constants import CHECKSUMS, CLASSES
from ecgcore.data.formats import wfdb_record
from ecgcore.data.records import default_database
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import sha256, write_text
from ecgcore.inference import classifying, onnx_export, published
from ecgcore.models.checkpoints import load_checkpoint, read_tensors, save_weights
from ecgcore.rhythm import onnx_graph, portable, storage
from ecgcore.workflow.results import load_metrics, published_metrics

CHECKED = ("119", "232")  # records whose answers are kept, so that changed features are noticed


def publish(profile: str, folder: Path = published.FOLDER) -> list[Path]:
    """Copy what a profile has trained into the package, with what its metrics say of it.

    Returns the files written. Raises ConfigError for a profile whose weights are for trying out
    only, DataError if nothing is trained or a file is damaged.
    """
    if profile not in published.PROFILES:
        known = " or ".join(published.PROFILES)
        raise ConfigError(f"profile {profile!r}: only weights of {known} are published")
    there = [name for name in published.NAMES if paths.model_file(profile, name).is_file()]
    if not there:
        raise DataError(f"{paths.run_dir(profile)}: no trained weights yet; run `make book` first")
    try:
        own = load_metrics(profile)
    except DataError:
        own = {}  # trained, and not evaluated yet
    others = published_metrics() if (paths.FIGURES / "metrics.json").is_file() else {}
    written = []
    for name in there:
        source = paths.model_file(profile, name)
        reached = {"reached": published.worth(name, own, others)}
        of_rhythm = name in (published.RHYTHM, published.CAUSAL)
        write = _rhythm if of_rhythm else _network
        written += write(source, Path(folder) / source.name, reached)
    _list(Path(folder))
    return written


def _list(folder: Path) -> None:
    """Checksums of all weights in a folder, which are compared before any of them answers."""
    files = sorted(p for p in folder.iterdir() if p.suffix in (".safetensors", ".onnx"))
    write_text(folder / CHECKSUMS, "".join(f"{sha256(p)}  {p.name}\n" for p in files))


def _network(source: Path, target: Path, more: dict) -> list[Path]:
    load_checkpoint(source)  # or it is none
    tensors, about = read_tensors(source)
    save_weights(target, tensors, about | more)
    return [target, onnx_export.export(target)]


def _rhythm(source: Path, target: Path, more: dict) -> list[Path]:
    """The causal model as ONNX alone, which is the smaller half."""
    found = storage.read(source)
    about = {k: v for k, v in found.about.items() if k != "weights_sha256"}
    storage.write(target, found, about | more | {"answers": answers(found)})
    exported = onnx_graph.export(storage.read(target), portable.onnx_file(target))
    if found.causal:
        target.unlink()
        return [exported]
    return [target, exported]


def answers(rhythm) -> dict[str, dict[str, int]]:
    """Beats of each class that a rhythm model finds in the records CHECKED."""
    found = {}
    for name in CHECKED:
        signal = wfdb_record.from_record(default_database() / name)
        beats = classifying.classify_in_context(signal, rhythm).beats
        found[name] = {c: int((beats.predicted == i).sum()) for i, c in enumerate(CLASSES)}
    return found
