"""Files that are either complete or absent."""

import glob
import hashlib
import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ecgcore.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` once the block has succeeded.

    Its name tells process and machine, as several machines may share a disk.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    here = f"@{socket.gethostname().partition('.')[0]}.{path.name}"
    for left in path.parent.glob(f".[0-9]*{glob.escape(here)}"):  # by a process long killed
        if not _is_alive(left.name.removeprefix(".").partition("@")[0]):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f".{os.getpid()}{here}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _is_alive(process: str) -> bool:
    """Whether a process is at work; in doubt, it is."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes left half written below a folder, where none writes now."""
    for path in Path(folder).rglob(".[0-9]*.*"):
        if path.name.split(".")[1].partition("@")[0].isdigit() and path.is_file():
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value) -> None:
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path):
    """What a JSON file holds. Raises DataError if it is damaged, FileNotFoundError if missing."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or nested without end
        raise DataError(f"{path}: damaged, or no JSON file ({error})") from None


def load_arrays(path: Path, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Named arrays of an NPZ file. Raises DataError if it is missing or damaged, or lacks one."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except KeyError as error:
        raise DataError(f"{path}: {error.args[0]}") from None
    except Exception as error:  # damage shows in many ways: zip, zlib, NumPy's header
        raise DataError(f"{path}: damaged, or no NPZ file ({error})") from error


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_sha256(checkpoint: Path) -> str:
    """SHA-256 of the weights alone: a safetensors file without its header.

    The header is as long as its first eight bytes say (little-endian).
    """
    import hashlib

    content = Path(checkpoint).read_bytes()
    return hashlib.sha256(content[8 + int.from_bytes(content[:8], "little") :]).hexdigest()
