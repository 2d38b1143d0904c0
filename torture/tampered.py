"""Tampered: one flipped bit in a file that a result is computed from.

Either the file is named before anything is computed from it, or the bit changes nothing that is
read, and the result is that of the whole file. Files of former versions have no digest of their
own; those that this project writes and publishes have.
"""

import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ecgcore.constants import CHECKSUMS
from torture.common import LOST, REFUSED, RIGHT, Case, Outcome
from torture.project import ACTIONS, ECGCORE, NAME, Action, Copy, Done

TIMES = 12  # each kind of file
RECORD = "100"
# Prints all that a checkpoint says, in short.
READ = """
import hashlib, sys
from safetensors.torch import save
from ecgcore.models import checkpoints
tensors, about = checkpoints.read_tensors(sys.argv[1])
print(hashlib.sha256(save(tensors) + repr(about).encode()).hexdigest())
"""


@dataclass(frozen=True)
class Kind:
    """A file, relative to the project, and the action whose result is computed from it."""

    file: str
    action: Action


def _predicting(name: str) -> Action:
    made = f"runs/{NAME}/{name}.csv"
    record = f"data/mitdb/{RECORD}"
    return Action(name, (*ECGCORE, "predict", record, "--format", "csv", "--to", made), made)


LAST = ACTIONS["training"].makes
KINDS = {
    **{
        f"a record's .{suffix}": Kind(f"data/mitdb/{RECORD}.{suffix}", ACTIONS["beats"])
        for suffix in ("hea", "dat", "atr")
    },
    "the list of checksums": Kind(f"data/mitdb/{CHECKSUMS}", ACTIONS["beats"]),
    "beats": Kind(ACTIONS["beats"].makes, ACTIONS["training"]),
    "a checkpoint": Kind(LAST, Action("reading", (sys.executable, "-c", READ, LAST), LAST)),
    "published weights": Kind("ecgcore/published/rhythm.onnx", _predicting("published")),
}


def cases(share: float, folder: Path) -> list[Case]:
    copy = Tampered(folder)
    return [
        Case(name, f"{name}/{number}", lambda name=name, number=number: copy.try_bit(name, number))
        for name in KINDS
        for number in range(max(1, round(share * TIMES)))
    ]


class Tampered(Copy):
    """A copy of the project with records of its own."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        data = self.root / "data"
        if data.is_symlink():
            real = data.resolve()
            data.unlink()
            for database in real.iterdir():
                (data / database.name).parent.mkdir(exist_ok=True)
                (data / database.name).symlink_to(database)
            (data / "mitdb").unlink()
            shutil.copytree(real / "mitdb", data / "mitdb")

    def try_bit(self, name: str, number: int) -> Outcome:
        kind = KINDS[name]
        self._whole(kind)
        path = self.root / kind.file
        content = path.read_bytes()
        at = random.Random(f"{name}/{number}").randrange(8 * len(content))
        flipped = bytearray(content)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        try:
            return self._judged(kind, path)
        finally:
            path.write_bytes(content)

    def _whole(self, kind: Kind) -> None:
        """What the action needs is there, and what it makes is known and gone."""
        needed = [ACTIONS["beats"]] if kind.file == ACTIONS["beats"].makes else []
        needed += [ACTIONS["beats"], ACTIONS["training"]] if kind.file == LAST else []
        for action in needed:
            if not self.content(action):
                self.run(action.command)
        if kind.file == LAST:
            if kind.action.name not in self.right:
                self.right[kind.action.name] = self.run(kind.action.command).said
            return
        self.prepare(kind.action)
        for action in needed:
            if not self.content(action):
                self.run(action.command)
        self.clear(kind.action)

    def _said(self, kind: Kind, done: Done) -> str:
        """What was made of a file: of a checkpoint, what reading it printed."""
        return done.said if kind.file == LAST else self.content(kind.action)

    def _judged(self, kind: Kind, path: Path) -> Outcome:
        done = self.run(kind.action.command)
        named = path.name in done.said or path.stem in done.said
        if done.code and (kind.file == LAST or not done.traceback) and named:
            return Outcome(REFUSED, done.last[:200], done.s)
        if done.code:
            return Outcome(LOST, f"{path.name} is not named: {done.last[:200]}", done.s)
        if self._said(kind, done) != self.right[kind.action.name]:
            return Outcome(LOST, f"{path.name}: another result", done.s)
        return Outcome(RIGHT, "", done.s)
