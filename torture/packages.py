"""The pinned packages: `python -m torture.packages` lists licences and known vulnerabilities,
and with `--hashes` writes requirements.hashes: the SHA-256 of every file of every pinned version,
as PyPI tells them, by which `make` refuses a package that is not what was pinned.

Vulnerabilities are asked of pip-audit, where it is installed and its data can be reached; else it
says so.
"""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, metadata

import requests
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from ecgcore.errors import DataError
from ecgcore.files import write_text
from torture.common import CODE

LOCK = CODE / "requirements.lock"
HASHES = CODE / "requirements.hashes"
INDEX = "https://pypi.org/simple/{}/"
AS_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}  # PEP 691
BY_HAND = ("torch",)  # each of its indexes, CPU and CUDA, has files of its own


def pinned() -> list[tuple[str, str]]:
    """(name, version) of every package in the lock."""
    lines = [line.partition("==") for line in LOCK.read_text("utf-8").splitlines()]
    return [(name, version) for name, _, version in lines if version]


def licences() -> list[tuple[str, str, str]]:
    """(name, version, licence) of every package in the lock."""
    return [(name, version, licence(name)) for name, version in pinned()]


def write_hashes() -> None:
    """Write requirements.hashes. Raises DataError if PyPI has no file of a pinned version."""
    wanted = [(name, version) for name, version in pinned() if name not in BY_HAND]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pin: hashes(*pin), wanted))
    head = "# requirements.lock, with the SHA-256 of every file. Made by `make lock`."
    lines = [
        " ".join([f"{name}=={version}", *(f"--hash=sha256:{h}" for h in each)])
        for (name, version), each in zip(wanted, found, strict=True)
    ]
    write_text(HASHES, "\n".join([head, *lines]) + "\n")


def hashes(name: str, version: str) -> list[str]:
    """SHA-256 of each file of a version, sorted."""
    answer = requests.get(INDEX.format(name), headers=AS_JSON, timeout=60)
    answer.raise_for_status()
    files = answer.json()["files"]
    found = {f["hashes"]["sha256"] for f in files if _version(f["filename"]) == Version(version)}
    if not found:
        raise DataError(f"{name}: PyPI has no file of version {version}")
    return sorted(found)


def _version(file: str) -> Version | None:
    """Of a wheel or source archive; None for other files of old."""
    parse = parse_wheel_filename if file.endswith(".whl") else parse_sdist_filename
    try:
        return parse(file)[1]
    except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
        return None


def licence(name: str) -> str:
    """What an installed package says of its licence, in a line."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return "not installed"
    classed = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if "License" in c]
    told = about.get("License-Expression") or ", ".join(classed) or about.get("License") or ""
    return told.strip().partition("\n")[0][:80] or "says nothing"


def main() -> None:
    if "--hashes" in sys.argv[1:]:
        return write_hashes()
    for name, version, told in licences():
        print(f"{name:36} {version:14} {told}")
    if shutil.which("pip-audit") is None:
        sys.exit("known vulnerabilities: not asked for, since pip-audit is not installed")
    sys.exit(subprocess.run(["pip-audit", "--no-deps", "-r", str(LOCK)]).returncode)


if __name__ == "__main__":
    main()
