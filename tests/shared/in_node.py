"""The page's modules for whole recordings, run in Node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ecgcore import paths
from ecgcore.inference.published import FOLDER
from ecgcore.workflow import browser_chain

PUBLISHED = FOLDER / "rhythm.onnx"
MODULES = paths.ROOT / "book" / "_static" / "recording"
SCRIPT = Path(__file__).with_suffix(".mjs")


def node() -> str:
    """Node of the system, or the one that comes with playwright."""
    found = shutil.which("node")
    if found is None:
        driver = pytest.importorskip("playwright._impl._driver")
        found = driver.compute_driver_executable()[0]
    return str(found)


@pytest.fixture(scope="session")
def in_javascript(tmp_path_factory):
    """A function: what the page's modules make, in one of the ways of SCRIPT, of some things."""
    folder = tmp_path_factory.mktemp("chain")
    modules, script, graph = folder / "modules", folder / "chain.mjs", folder / "rhythm.bin"
    shutil.copytree(MODULES, modules)
    (modules / "package.json").write_text('{"type": "module"}')
    shutil.copy(SCRIPT, script)
    graph.write_bytes(browser_chain.pack(PUBLISHED))

    def run(way, of, **more):
        command = [node(), str(script), str(modules)]
        job = {"way": way, "of": of, "graph": str(graph), "how": browser_chain.numbers(), **more}
        given = json.dumps(job, default=str)
        said = subprocess.run(command, input=given, capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        return json.loads(said.stdout)

    return run
