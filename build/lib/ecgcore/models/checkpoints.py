"""Trained weights in a safetensors file, with the document that says what they are."""

import hashlib
import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ecgcore.errors import ConfigError, DataError
from ecgcore.files import replacing
from ecgcore.models import networks
from ecgcore.models.config import train_config

DIGEST = "sha256"  # in the header, of tensors and document
OPTIMIZER = "optimizer."  # starts the names of its tensors in a file to resume from


def save_tensors(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write named tensors with a JSON document in the header of one safetensors file."""
    document = json.dumps(about)
    header = {"about": document, DIGEST: _digest(tensors, document)}
    with replacing(path) as temporary:
        # Not save_file, whose files none but their owner can read.
        temporary.write_bytes(save(tensors, metadata=header))


def _digest(tensors: dict[str, Tensor], document: str) -> str:
    return hashlib.sha256(save(tensors) + document.encode()).hexdigest()


def save_weights(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write weights, and the document that says what they are, as one safetensors file."""
    save_tensors(path, {name: t.detach().cpu().contiguous() for name, t in tensors.items()}, about)


def open_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """What `save_tensors` wrote. Raises FileNotFoundError, and for damage whatever comes.

    Files of former versions hold no digest, and damage of their weights goes unseen.
    """
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if DIGEST in header and header[DIGEST] != _digest(tensors, header["about"]):
        raise ValueError("damaged: its SHA-256 is not the one in its header")
    return tensors, json.loads(header["about"])


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the document of a checkpoint. Raises DataError if it is none."""
    try:
        tensors, about = open_tensors(path)
        if not {"config", "fingerprint"} <= about.keys():
            raise ValueError("its header holds no config and fingerprint")
    except FileNotFoundError:
        raise DataError(f"{path}: no checkpoint here; run 02_training first") from None
    except Exception as error:
        raise DataError(f"{path}: not a checkpoint of this project ({error})") from error
    return tensors, about


def load_checkpoint(path: Path) -> tuple[nn.Module, dict]:
    """The network of a checkpoint, ready to predict, and the document that describes it.

    Raises DataError if the file is missing or no checkpoint.
    """
    tensors, about = read_tensors(Path(path))
    try:
        model = networks.build(train_config(**about["config"]))
        model.load_state_dict(network_tensors(tensors))
    except (ConfigError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a checkpoint of this version ({reason})") from error
    return model.eval(), about


def network_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The network's tensors among a checkpoint's."""
    return {name: value for name, value in tensors.items() if not name.startswith(OPTIMIZER)}
