"""A small copy of the project to be killed and starved, and commands that are run in it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgcore.files import weights_sha256
from torture.common import CODE

sys.path.append(str(CODE / "tests" / "shared"))
from project import copy_project

NAME = "small"
PROFILE = """
data: {database: data/mitdb, records: ["100", "119", "200", "208", "232"]}
notebooks:
  02_training:
    protocols: [random]
    overrides: {random: {epochs: 3, filters: [4, 4, 4], lstm_hidden: 4, batch_size: 512}}
"""
STUCK_S = 120.0


@dataclass(frozen=True)
class Action:
    """A command, and the file that it is run for; needs: actions whose files must be there."""

    name: str
    command: Sequence[str]
    makes: str
    needs: tuple[str, ...] = ()


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
    )
}  # fmt: skip


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


class Copy:
    """A copy of the project; what its actions make undisturbed is known by `right`."""

    def __init__(self, folder: Path):
        self.root = folder / "project"
        if not (self.root / "profiles" / f"{NAME}.yaml").is_file():
            shutil.rmtree(self.root, ignore_errors=True)
            copy_project(self.root)
            (self.root / "profiles" / f"{NAME}.yaml").write_text(PROFILE, encoding="utf-8")
        self.right: dict[str, str] = {}
        self.took: dict[str, float] = {}

    def environment(self, changes: Mapping[str, str | None] = {}) -> dict[str, str]:
        own = os.environ | {
            "ECGCORE_ROOT": str(self.root),
            "PYTHONPATH": str(self.root),
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
        start = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=self.environment(changes),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=STUCK_S,
                preexec_fn=before,
            )
        except subprocess.TimeoutExpired:
            return Done(-1, f"stuck after {STUCK_S:.0f} s", STUCK_S)
        return Done(done.returncode, done.stdout + done.stderr, time.perf_counter() - start)

    def prepare(self, action: Action) -> None:
        """Run an action and those it needs undisturbed, once."""
        if action.name in self.right:
            return
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

    def kill(self, action: Action, rng: random.Random) -> float:
        """Start an action, and kill it with all that it started at a random moment; returns it."""
        process = subprocess.Popen(
            action.command,
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = rng.uniform(0.3, 1.0) * self.took[action.name]  # before, Python only starts
        time.sleep(moment)
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
        return path.read_text(encoding="utf-8")

    def left_behind(self) -> list[str]:
        """Temporary files in the folder of what is made."""
        runs = self.root / "runs"
        found = [p for p in runs.rglob(".[0-9]*") if p.is_file()]
        return [str(p.relative_to(runs)) for p in found]
