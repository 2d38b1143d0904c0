"""The LSTM over RR intervals, pre-trained on the Long-Term AF Database.

It takes half an hour on a core. No run of this chapter uses it yet.
"""

from pathlib import Path

from ecgcore import paths, provenance
from ecgcore.data import intervals
from ecgcore.rhythm import pretraining, recurrent

NAMES = ("rhythm_reader", "rhythm_reader_causal")  # of whole records, and of live signals


def pretrained(profile: str, causal: bool = False, seed: int = 0) -> Path:
    """Train the network now, or go on with a training that was interrupted; its file."""
    path = paths.model_file(profile, NAMES[causal])
    checkpoint = paths.checkpoint_dir(profile, path.stem) / "last.safetensors"
    found = pretraining.pretrain(intervals.read(), seed, causal, checkpoint=checkpoint)
    found.about["provenance"] = provenance.provenance(profile, intervals.default_database())
    return recurrent.write(path, found)
