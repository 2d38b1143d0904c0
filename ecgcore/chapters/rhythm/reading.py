"""The LSTM over RR intervals, pre-trained on the Long-Term AF Database: trained once, published.

Training takes half an hour on a core, so the runs of this chapter use the published weights,
unless the profile has trained its own.
"""

from pathlib import Path

from ecgcore import paths, provenance
from ecgcore.data import intervals
from ecgcore.inference import published
from ecgcore.rhythm import pretraining, recurrent
from ecgcore.rhythm.recurrent import RhythmReader


def own_file(profile: str, causal: bool = False) -> Path:
    return paths.model_file(profile, published.READERS[causal])


def pretrained(profile: str, causal: bool = False, seed: int = 0) -> Path:
    """Train the network now, or go on with a training that was interrupted; its file."""
    path = own_file(profile, causal)
    checkpoint = paths.checkpoint_dir(profile, path.stem) / "last.safetensors"
    found = pretraining.pretrain(intervals.read(), seed, causal, checkpoint=checkpoint)
    found.about["provenance"] = provenance.provenance(profile, intervals.default_database())
    return recurrent.write(path, found)


def load(profile: str, causal: bool = False) -> RhythmReader:
    """The profile's own network, or the published one. Raises DataError if there is neither."""
    path = own_file(profile, causal)
    return recurrent.read(path if path.is_file() else published.FOLDER / path.name)
