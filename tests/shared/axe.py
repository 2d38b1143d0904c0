"""axe-core, which finds what keeps people from reading a page; from npm, for tests alone."""

import subprocess
import tarfile
from pathlib import Path

import pytest
from project import built_once

from ecgcore.errors import DownloadError
from ecgcore.files import sha256
from ecgcore.workflow import try_it

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="session")
def axe(tmp_path_factory) -> str:
    """The script. Skips where npm or its registry cannot be reached."""
    script = built_once(tmp_path_factory, "axe", _fetch) / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core could not be had from npm")
    assert sha256(script) == SHA256
    return script.read_text(encoding="utf-8")


def _fetch(folder: Path) -> None:
    try:
        npm = [*try_it._npm(), "pack", f"axe-core@{VERSION}", "--silent"]
        subprocess.run(
            [*npm, "--pack-destination", str(folder)], check=True, capture_output=True, timeout=60
        )
    except (DownloadError, subprocess.SubprocessError):
        return
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as package:
        script = package.extractfile("package/axe.min.js").read()
    (folder / "axe.min.js").write_bytes(script)


def troubles(page, axe: str) -> list[tuple[str, str]]:
    """What is serious or critical: the rule, and where."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        (each["id"], str(node["target"]))
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
