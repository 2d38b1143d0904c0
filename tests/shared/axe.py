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
def axe_script(tmp_path_factory) -> str:
    """The script, or nothing where npm or its registry cannot be reached."""
    script = built_once(tmp_path_factory, "axe", _fetch) / "axe.min.js"
    if not script.is_file():
        return ""
    assert sha256(script) == SHA256
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def axe(axe_script) -> str:
    """The script. Skips where it could not be had."""
    if not axe_script:
        pytest.skip("axe-core could not be had from npm")
    return axe_script


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


def troubles(page, axe: str, rules: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """What is serious or critical, by all rules or those given: the rule, and where."""
    page.evaluate(axe)
    # Not `preload`: a page that was opened as a file may not read its own style sheets anew.
    options = {"resultTypes": ["violations"], "preload": False} | (
        {"runOnly": list(rules)} if rules else {}
    )
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        (each["id"], str(node["target"]))
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
