"""A small network, trained on real beats in seconds, exported and given to page and app."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from project import Project, built_once, copy_project

from ecgcore import paths
from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import make_split
from ecgcore.chapters.rhythm import offered
from ecgcore.inference import classifier as inference_classifier
from ecgcore.models.config import TrainConfig
from ecgcore.rhythm import cases, model
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.rhythm.whole import RhythmClassifier
from ecgcore.training.loop import BEST, fit
from ecgcore.workflow import try_it

PROFILE = "smoke"


@pytest.fixture(scope="session")
def deployed(tmp_path_factory, small_beats):
    """A copy of the project with a trained and exported network in its smoke profile."""

    def build(folder: Path) -> None:
        _deploy(folder, tmp_path_factory.mktemp("training"), small_beats)

    return Project(built_once(tmp_path_factory, "deployed", build))


def _deploy(target: Path, folder: Path, small_beats: Beats) -> None:
    project = copy_project(target)
    run = project.root / "runs" / PROFILE
    small_beats.save(run / "beats.npz")
    config = TrainConfig(epochs=2, batch_size=128, seed=1)
    some = small_beats[::3]
    fit(some, make_split("random", some), config, folder, log=lambda line: None)
    (run / "models").mkdir()
    shutil.copy(folder / BEST, run / "models" / "random.safetensors")
    for name in ("app", ".streamlit"):
        shutil.copytree(paths.ROOT / name, project.root / name, dirs_exist_ok=True)
    project.run("ecgcore", "export", "--profile", PROFILE, "--int8")
    shutil.copytree(run / "models", project.root / "runs" / "paper" / "models")  # what answers


@pytest.fixture(scope="session")
def checkpoint(deployed):
    return deployed.root / "runs" / PROFILE / "models" / "random.safetensors"


@pytest.fixture(scope="session")
def network(checkpoint):
    """The exported network."""
    return inference_classifier.load(inference_classifier.onnx_file(checkpoint))


@pytest.fixture(scope="session")
def thousand(small_beats):
    """1,000 real beats of every class."""
    return small_beats[:: len(small_beats) // 1000][:1000]


@pytest.fixture(scope="session")
def thousand_csv(thousand, tmp_path_factory):
    """The same as a file, with labels."""
    path = tmp_path_factory.mktemp("csv") / "thousand.csv"
    lines = [
        ",".join([*map(repr, map(float, beat)), str(label)])
        for beat, label in zip(thousand.signal, thousand.aami, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def html(deployed, tmp_path_factory):
    """Folder of the built book, of one page, with what the page needs."""
    built_once(tmp_path_factory, "page", lambda folder: _build_page(deployed))
    return deployed.root / "runs" / PROFILE / "site/_build/html"


def _build_page(deployed):
    cached = paths.RUNS / f"onnxruntime-web-{try_it.RUNTIME_VERSION}"
    if cached.is_dir():  # a book was built here: the page's runtime need not be fetched again
        shutil.copytree(cached, deployed.root / "runs" / cached.name, dirs_exist_ok=True)
    site = deployed.root / "runs" / PROFILE / "site"
    said = deployed.run("ecgcore", "try-it", "--profile", PROFILE)
    if "will not run" in said:
        pytest.skip(said.strip().splitlines()[-1])
    shutil.copytree(deployed.root / "book" / "_static", site / "book/_static", dirs_exist_ok=True)
    for name in ("try_it.md", "references.bib"):
        shutil.copy(deployed.root / "book" / name, site / "book" / name)
    shutil.copy(deployed.root / "_config.yml", site)
    (site / "_toc.yml").write_text("format: jb-book\nroot: book/try_it\n")
    deployed.run("jupyter-book", "build", str(site), "-W", "--keep-going", "-q")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(command: list[str], port: int, **options):
    """Start a server and wait until it answers."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1).close()
            return process
        except OSError:
            time.sleep(0.1)
    process.terminate()
    raise RuntimeError(f"no answer from {command}")


@pytest.fixture(scope="session")
def book_url(html):
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = serve(command, port, cwd=html)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def huge(tmp_path_factory):
    """500 MB of rubbish, which takes no room on the disk."""
    path = tmp_path_factory.mktemp("huge") / "huge.csv"
    with open(path, "wb") as file:
        file.truncate(500_000_000)
    return path


@pytest.fixture(scope="session")
def rhythm_file(database, tmp_path_factory):
    """A small rhythm model, taught on three records in seconds, as its file."""
    training = model.Training(steps=5, batch=32)
    fitted = model.fit(cases.build(database, ["208", "223", "209"]), training=training)
    made = RhythmClassifier(fitted, Thresholds(v=0.0, f=np.inf, s=-1.0))
    return offered.write(tmp_path_factory.mktemp("rhythm") / "rhythm.safetensors", made, "smoke")
