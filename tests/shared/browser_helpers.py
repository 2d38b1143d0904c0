"""What the browser tests share: invented answers for real beats, a small book, a web server."""

import functools
import http.server
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
import yaml

from ecgcore import paths
from ecgcore.beats.cutting import Beats
from ecgcore.constants import CLASSES
from ecgcore.evaluation.predictions import Predictions
from ecgcore.workflow.site import publish


def guesses(beats: Beats, wrong: float = 0.05, seed: int = 0) -> Predictions:
    """Answers no network gave: right but for a share of beats, at all degrees of confidence."""
    rng = np.random.default_rng(seed)
    n, k = len(beats), len(CLASSES)
    predicted = np.where(rng.random(n) < wrong, rng.integers(0, k, n), beats.aami).astype(np.int8)
    rest = rng.dirichlet(np.ones(k), n)
    share = rng.uniform(0.5, 1, n)[:, None]  # of the predicted class: always the most probable
    probabilities = (1 - share) * rest + share * np.eye(k)[predicted]
    return Predictions(
        beats.aami, predicted, probabilities.astype(np.float32), beats.record, beats.sample
    )


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook of code cells, after a heading and a `parameters` cell."""
    document = nbformat.v4.new_notebook()
    document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    parameters = nbformat.v4.new_code_cell("profile: str = 'test'")
    parameters.metadata["tags"] = ["parameters"]
    document.cells = [
        nbformat.v4.new_markdown_cell("# Beats\n\nA page with an inspector."),
        parameters,
        *map(nbformat.v4.new_code_cell, cells),
    ]
    nbformat.write(document, path)
    return path


def build_book(folder: Path, executed: Path) -> Path:
    """A book of one executed notebook, with the project's own configuration; its HTML page."""
    source = folder / "book"
    shutil.copytree(paths.BOOK / "_static", source / "_static")
    shutil.copy(paths.BOOK / "references.bib", source)
    shutil.copy(paths.ROOT / "_config.yml", folder)
    publish(executed, source / "executed" / "beats.ipynb")
    (source / "index.md").write_text("# Small book\n\nOne page follows.\n")
    chapters = [{"file": "book/executed/beats"}]
    toc = {"format": "jb-book", "root": "book/index", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc))
    tool = str(Path(sys.executable).with_name("jupyter-book"))
    command = [tool, "build", str(folder), "-W", "--keep-going"]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return folder / "_build" / "html" / "book" / "executed" / "beats.html"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def serving(folder: Path):
    """The address of a web server over a folder, on this machine only."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
