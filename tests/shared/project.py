"""A copy of the project that tests may change: code and pages copied, records linked."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from ecgcore import paths

FOLDERS = ("book", "ecgcore", "notebooks", "profiles", "figures")
FILES = ("Snakefile", "_config.yml", "_toc.yml", "README.md", "CITATION.cff")


@dataclass(frozen=True)
class Project:
    """root: the copy's folder."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a command use the copy's code."""
        scripts = Path(sys.executable).parent
        return os.environ | {
            "ECGCORE_ROOT": str(self.root),
            # Two processes that train on two threads each wait for each other most of the time, and
            # a thread that waits should not keep a core from the others.
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONPATH": str(self.root),
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        }

    def run(self, *command: str, ok: bool = True) -> str:
        """A command inside the copy, with its code; returns what it printed."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert (done.returncode == 0) == ok, done.stdout[-6000:]
        return done.stdout

    def killed_at(self, sign: str, *command: str) -> None:
        """A command that is killed with all that it started, as soon as a file is there."""
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not any(self.root.glob(sign)):
            assert process.poll() is None, f"{command[0]} ended before there was {sign}"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def book(self) -> tuple[str, ...]:
        """What `make book PROFILE=smoke` runs."""
        return ("ecgcore", "book", "--profile", "smoke", "--cores", "2")

    def snakemake(self, *options: str) -> str:
        return self.run("snakemake", "--cores", "2", "--config", "profile=smoke", *options)

    def planned(self) -> set[str]:
        """Names of the rules that would run now."""
        plan = self.snakemake("--dry-run", "--quiet", "host")
        table = [line.split() for line in plan.splitlines()]
        rows = {row[0] for row in table if len(row) == 2 and row[1].isdigit()}
        return {name for name in rows if name.isidentifier()} - {"total"}

    def text(self, name: str) -> list[str]:
        return (self.root / name).read_text(encoding="utf-8").splitlines()

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a text in a file; it must be there."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def copy_project(target: Path) -> Project:
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in FOLDERS:
        shutil.copytree(paths.ROOT / name, target / name, ignore=ignore)
    for name in FILES:
        shutil.copy(paths.ROOT / name, target / name)
    (target / "data").symlink_to(paths.DATA)
    return Project(target)


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """A folder that the first of the processes which run the tests builds, for all of them."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, done = root / name, root / f"{name}.done"
    with FileLock(root / f"{name}.lock"):
        if not done.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
