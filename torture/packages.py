"""Licences of the pinned packages, and their known vulnerabilities: `python -m torture.packages`.

Vulnerabilities are asked of pip-audit, where it is installed and its data can be reached; else it
says so.
"""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata

from torture.common import CODE

LOCK = CODE / "requirements.lock"


def licences() -> list[tuple[str, str, str]]:
    """(name, version, licence) of every package in the lock."""
    lines = [line.partition("==") for line in LOCK.read_text("utf-8").splitlines()]
    return [(name, version, licence(name)) for name, _, version in lines if version]


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
    for name, version, told in licences():
        print(f"{name:36} {version:14} {told}")
    if shutil.which("pip-audit") is None:
        sys.exit("known vulnerabilities: not asked for, since pip-audit is not installed")
    sys.exit(subprocess.run(["pip-audit", "--no-deps", "-r", str(LOCK)]).returncode)


if __name__ == "__main__":
    main()
