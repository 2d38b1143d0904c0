"""ONNX files that know their own SHA-256, so that one flipped bit in a weight is seen.

The digest of all that is before it is the last thing in the file: one more entry of the model's
metadata, in the encoding of protocol buffers, in which what is appended to a message is part of it
(https://protobuf.dev/programming-guides/encoding).
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcore.errors import DataError

if TYPE_CHECKING:
    import onnx

KEY = "sha256"
# Field 14 of ModelProto (metadata_props), an entry of 74 bytes: a key of 6, a value of 64.
MARK = b"\x72\x4a\x0a\x06" + KEY.encode() + b"\x12\x40"
LENGTH = len(MARK) + 64


def save(model: "onnx.ModelProto", path: Path) -> None:
    """Write a model, and last its digest."""
    kept = [entry for entry in model.metadata_props if entry.key != KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    content = model.SerializeToString()
    digest = hashlib.sha256(content).hexdigest().encode()
    Path(path).write_bytes(content + MARK + digest)


def check(path: Path) -> None:
    """Raise DataError if a file is not what its digest says. One without a digest passes."""
    content = Path(path).read_bytes()
    body, end = content[:-LENGTH], content[-LENGTH:]
    if not end.startswith(MARK):
        return
    if hashlib.sha256(body).hexdigest().encode() != end[len(MARK) :]:
        raise DataError(f"{path}: damaged (its SHA-256 is not the one in it)")
