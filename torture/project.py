"""A small copy of the project to be killed and starved, and commands that are run in it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgcore.files import read_json, sha256, weights_sha256
from torture.common import CODE

sys.path.append(str(CODE / "tests" / "shared"))
from project import copy_project

NAME = "small"
PROFILE = """
data: {database: data/mitdb, records: ["100", "119", "200", "208", "232"]}
notebooks:
  01_exploration: {examples: 3}
  02_training:
    protocols: [random]
    overrides: {random: {epochs: 3, filters: [4, 4, 4], lstm_hidden: 4, batch_size: 512}}
studies:
  short:
    part: validation
    base: {epochs: 2, filters: [4, 4, 4], lstm_hidden: 4, batch_size: 512}
    runs: {"1": {seed: 1}}
"""
CHAPTERS = ("01_exploration", "02_training")
TOC = "format: jb-book\nroot: book/index\nchapters:\n" + "".join(
    f"  - file: book/executed/{name}\n" for name in CHAPTERS
)
SERVED = "served"  # folder in the copy's, of a database that is downloaded
SCORES = ("accuracy", "macro_f1", "confusion", "run", "changes")  # of a study, not its times
STUCK_S = 240.0


@dataclass(frozen=True)
class Action:
    """A command, and the file that it is run for; needs: actions whose files must be there."""

    name: str
    command: Sequence[str]
    makes: str
    needs: tuple[str, ...] = ()


def child(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "torture.child", *words)


ECGCORE = (sys.executable, "-m", "ecgcore.cli")
ACTIONS = {
    action.name: action
    for action in (
        Action("beats", (*ECGCORE, "beats", "--profile", NAME), f"runs/{NAME}/beats.npz"),
        Action(
            "training",
            (*ECGCORE, "train", "--profile", NAME),
            f"runs/{NAME}/checkpoints/random/last.safetensors",
            ("beats",),
        ),
        Action(
            "classifying",
            (*ECGCORE, "predict", "data/mitdb/100", "--format", "csv", "--to",
             f"runs/{NAME}/beats.csv"),
            f"runs/{NAME}/beats.csv",
        ),
        Action(
            "a study",
            (*ECGCORE, "study", "short-1", "--profile", NAME),
            f"runs/{NAME}/studies/short-1/score.json",
            ("beats",),
        ),
        Action(
            "a download",
            child("download", SERVED, f"runs/{NAME}/download"),
            f"runs/{NAME}/download/SHA256SUMS.txt",
        ),
    )
}  # fmt: skip
BOOK = Action(
    "the book",
    (*ECGCORE, "book", "--profile", NAME, "--cores", "1"),
    f"runs/{NAME}/_build/html/index.html",
)
PUBLICATION = Action("publication", child("publish", NAME), "figures/published.json")


@dataclass(frozen=True)
class Done:
    code: int
    said: str
    s: float

    @property
    def traceback(self) -> bool:
        return "Traceback (most recent call last)" in self.said

    @property
    def last(self) -> str:
        return next((line for line in reversed(self.said.splitlines()) if line.strip()), "")


def _make_small(root: Path) -> None:
    """Make of a copy a book of two chapters, without the page Try it, and a database to fetch."""
    (root / "profiles" / f"{NAME}.yaml").write_text(PROFILE, encoding="utf-8")
    for notebook in (root / "notebooks").glob("*.ipynb"):
        if notebook.stem not in CHAPTERS:
            notebook.unlink()
    for page in (root / "book").glob("*.md"):
        page.unlink()
    (root / "book/index.md").write_text("# A small book\n", encoding="utf-8")
    (root / "_toc.yml").write_text(TOC, encoding="utf-8")
    lines = (root / "Snakefile").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.strip().startswith("assets=")]
    (root / "Snakefile").write_text("".join(kept).replace(" -W ", " "), encoding="utf-8")
    (root / SERVED).mkdir()
    for path in sorted((root / "data/mitdb").glob("10*.*")):
        shutil.copyfile(path, root / SERVED / path.name)


def _digests(folder: Path) -> str:
    """Every file of a folder, and what is in it."""
    return str({p.name: sha256(p) for p in sorted(folder.iterdir()) if p.is_file()})


def run_in(
    folder: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    before: Callable[[], None] | None = None,
) -> Done:
    """A command in a folder, to its end; before: called in its process before it starts."""
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=STUCK_S,
            preexec_fn=before,
        )
    except subprocess.TimeoutExpired:
        return Done(-1, f"stuck after {STUCK_S:.0f} s", STUCK_S)
    return Done(done.returncode, done.stdout + done.stderr, time.perf_counter() - start)


class Copy:
    """A copy of the project; what its actions make undisturbed is known by `right`."""

    def __init__(self, folder: Path):
        self.root = folder / "project"
        if not (self.root / "profiles" / f"{NAME}.yaml").is_file():
            shutil.rmtree(self.root, ignore_errors=True)
            copy_project(self.root)
            _make_small(self.root)
        self.right: dict[str, str] = {}
        self.took: dict[str, float] = {}

    def environment(self, changes: Mapping[str, str | None] = {}) -> dict[str, str]:
        own = os.environ | {
            "ECGCORE_ROOT": str(self.root),
            "PYTHONPATH": os.pathsep.join((str(self.root), str(CODE))),
            "OMP_NUM_THREADS": "1",
        }
        return {k: v for k, v in (own | changes).items() if v is not None}

    def run(
        self,
        command: Sequence[str],
        changes: Mapping[str, str | None] = {},
        before: Callable[[], None] | None = None,
    ) -> Done:
        """A command in the copy, to its end; before: called in its process before it starts."""
        return run_in(self.root, command, self.environment(changes), before)

    def prepare(self, action: Action) -> None:
        """Run an action and those it needs undisturbed, once."""
        if action.name in self.right:
            return
        if action is not PUBLICATION:  # which has a book to publish
            self.clear()
        for name in action.needs:
            self.run(ACTIONS[name].command)
        done = self.run(action.command)
        if done.code:
            raise OSError(f"{action.name} does not work undisturbed: {done.last}")
        self.right[action.name], self.took[action.name] = self.content(action), done.s
        self.clear(action)

    def clear(self, action: Action | None = None) -> None:
        """Remove all that was made, or what one action made."""
        if action is None:
            shutil.rmtree(self.root / "runs", ignore_errors=True)
        else:
            made = (self.root / action.makes).parent
            if action.needs:
                shutil.rmtree(made, ignore_errors=True)
            else:
                (self.root / action.makes).unlink(missing_ok=True)

    def kill(self, action: Action, rng: random.Random, span: tuple = (0.3, 1.0)) -> float:
        """Start an action, and kill it with all that it started at a random moment; returns it.

        span: between which shares of its time; before a third of it Python only starts.
        """
        process = subprocess.Popen(
            action.command,
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = rng.uniform(*span) * self.took[action.name]
        time.sleep(moment)
        with suppress(ProcessLookupError):  # it ended before
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return moment

    def content(self, action: Action) -> str:
        """What an action made, in short: equal where it is the same bit for bit."""
        path = self.root / action.makes
        if not path.is_file():
            return ""
        if path.suffix == ".safetensors":
            return weights_sha256(path)
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                return str([(n, hash(arrays[n].tobytes())) for n in sorted(arrays)])
        if action is BOOK:
            return self._of_book()
        if action is PUBLICATION:
            return _digests(path.parent)
        if action.name == "a download":
            return _digests(path.parent)
        if path.suffix == ".json":  # without what was measured
            return str({k: v for k, v in read_json(path).items() if k in SCORES})
        return path.read_text(encoding="utf-8")

    def _of_book(self) -> str:
        """Weights, figures and pages of a small book: all but the times that were measured."""
        run = self.root / "runs" / NAME
        weights = weights_sha256(run / "models/random.safetensors")
        pages = sorted(p.stem for p in (run / "_build/html/book").rglob("*.html"))
        drawn = {p.name: sha256(p) for p in sorted((run / "figures").glob("*.svg"))}
        return str((weights, pages, drawn))

    def left_behind(self) -> list[str]:
        """Temporary files in the folder of what is made."""
        runs = self.root / "runs"
        found = [p for p in runs.rglob(".[0-9]*") if p.is_file()]
        return [str(p.relative_to(runs)) for p in found]
