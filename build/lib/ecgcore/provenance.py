"""Where a number comes from: commit, versions, hardware, data."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

from ecgcore import paths
from ecgcore.constants import CHECKSUMS
from ecgcore.files import sha256

PACKAGES = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "wfdb")


@cache
def commit() -> str:
    """Short hash of the checked-out commit, with `+` if files differ from it; else "unknown"."""
    try:
        git = ["git", "-C", str(paths.ROOT)]
        revision = _output([*git, "rev-parse", "--short=12", "HEAD"])
        changed = _output(
            [*git, "status", "--porcelain", "--untracked-files=no", "--", ":!figures"]
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return revision.strip() + ("+" if changed.strip() else "")


def _output(command: list[str]) -> str:
    return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)


def versions() -> dict[str, str]:
    """Of Python and of the packages that numbers depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def cpu_name() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def hardware(device: str = "cpu") -> dict:
    """What ran the computation: device, processor, number of usable cores."""
    if device.startswith("cuda"):
        import torch  # slow, and not needed to say which commit this is

        device = torch.cuda.get_device_name(device)
    return {"device": device, "processor": cpu_name(), "cores": os.cpu_count()}


def data_sha256(database: Path) -> str:
    """SHA-256 of a database's own list of checksums, which stands for all its files.

    Where there is no such list, of the names and contents of its files.
    """
    known = Path(database) / CHECKSUMS
    if known.is_file():
        return sha256(known)
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(database).rglob("*") if p.is_file()):
        digest.update(f"{sha256(path)}  {path.relative_to(database)}\n".encode())
    return digest.hexdigest()


_current: dict = {}


def begin(source: dict) -> None:
    """Say what runs from now on in this process: what is written belongs to it."""
    _current.clear()
    _current.update(source)


def current() -> dict:
    """What runs in this process, as `begin` was told; empty if it was told nothing."""
    return dict(_current)


def provenance(profile: str, database: Path, device: str = "cpu") -> dict:
    return {
        "commit": commit(),
        "profile": profile,
        "hardware": hardware(device),
        "versions": versions(),
        "data_sha256": data_sha256(database),
    }
