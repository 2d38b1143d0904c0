"""Starved: no disk, memory, file handles, home, or folder to write.

Either it works, or it says in one sentence what is missing and leaves nothing half written; with
the cause removed, it goes on.
"""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from torture.common import LOST, REFUSED, RIGHT, SKIPPED, Case, Outcome
from torture.project import ACTIONS, NAME, Action, Copy, Done

NOWHERE = "/proc/nowhere"  # cannot be made, not even by root
HANDLES = (4, 8, 12, 16, 24, 32)
DISK_KB = (0, 4, 64, 256, 1024, 4096)
MEMORY_MB = (256, 512, 1024, 2048)
ENVIRONMENTS: dict[str, dict[str, str | None]] = {
    "no HOME": {"HOME": None},
    "HOME that cannot be made": {"HOME": NOWHERE},
    "TMPDIR that is gone": {"TMPDIR": NOWHERE},
    "locale C": {"LC_ALL": "C", "LANG": "C"},
    "locale POSIX": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "JUPYTER_PATH elsewhere": {"JUPYTER_PATH": NOWHERE, "JUPYTER_CONFIG_DIR": NOWHERE},
    "OMP_NUM_THREADS of 64": {"OMP_NUM_THREADS": "64"},
    "MPLBACKEND that is none": {"MPLBACKEND": "nothing"},
    "CUDA_VISIBLE_DEVICES of 7": {"CUDA_VISIBLE_DEVICES": "7"},
}  # fmt: skip


def cases(share: float, folder: Path) -> list[Case]:
    copy = Copy(folder)
    found = []
    for action in ACTIONS.values():

        def add(group: str, name: str, work: Callable, action: Action = action) -> None:
            found.append(Case(group, f"{action.name}/{name}", lambda: work(copy, action)))

        for name, changes in ENVIRONMENTS.items():
            if action.name == "training" and "OMP_NUM_THREADS" in changes:
                continue  # in which sums are split among as many, and rounded otherwise
            add("environment", name, lambda c, a, e=changes: _plain(c, a, e))
        for n in HANDLES:
            add("no file handles", f"{n} handles", lambda c, a, n=n: _limited(c, a, "NOFILE", n))
        for mb in MEMORY_MB:
            add("no memory", f"{mb} MB", lambda c, a, mb=mb: _limited(c, a, "AS", mb << 20))
        for kb in DISK_KB:
            add("disk full", f"{kb} kB", lambda c, a, kb=kb: _disk(c, a, kb))
        add("read-only runs/", "read-only", lambda c, a: _disk(c, a, -1))
        add("one core", "one core", _one_core)
        add("umask", "077", lambda c, a: _plain(c, a, {}, lambda: os.umask(0o77)))
    every = max(1, round(1 / share)) if share > 0 else len(found)
    return found[::every]


def judged(copy: Copy, action: Action, done: Done, restore: Callable = lambda: None) -> Outcome:
    """What a starved command came to; restore: removes the cause."""
    made = copy.content(action)
    restore()
    if done.traceback or done.code < 0:
        return Outcome(LOST, f"{action.name}: {done.last[:200]}", done.s)
    if made not in ("", copy.right[action.name]) and action.name != "training":
        return Outcome(LOST, f"{action.name}: half written", done.s)
    if done.code == 0:
        fine = made == copy.right[action.name]
        return Outcome(RIGHT if fine else LOST, "" if fine else "another result", done.s)
    after = copy.run(action.command)
    if after.code or copy.content(action) != copy.right[action.name]:
        return Outcome(LOST, f"{action.name} does not go on afterwards: {after.last[:200]}", done.s)
    if left := copy.left_behind():
        return Outcome(LOST, f"{action.name} left {left[0]} behind", done.s)
    return Outcome(REFUSED, done.last[:200], done.s)


def _ready(copy: Copy, action: Action) -> None:
    for each in ACTIONS.values():
        _released((copy.root / each.makes).parent)
    copy.prepare(action)
    copy.clear(action)
    for name in action.needs:
        if not copy.content(ACTIONS[name]):
            copy.run(ACTIONS[name].command)


def _plain(copy: Copy, action: Action, changes: dict, before: Callable | None = None) -> Outcome:
    _ready(copy, action)
    return judged(copy, action, copy.run(action.command, changes, before))


def _limited(copy: Copy, action: Action, kind: str, limit: int) -> Outcome:
    _ready(copy, action)
    which = getattr(resource, f"RLIMIT_{kind}")
    done = copy.run(action.command, {}, lambda: resource.setrlimit(which, (limit, limit)))
    if done.code and kind == "AS" and "ecgcore:" not in done.said:
        # Python or a library could not even be loaded: nothing of ours was running yet.
        return Outcome(SKIPPED, f"too little memory to start in: {done.last[:120]}", done.s)
    if done.code and kind == "NOFILE" and "ecgcore:" not in done.said:
        return Outcome(SKIPPED, f"too few handles to start with: {done.last[:120]}", done.s)
    return judged(copy, action, done)


def _released(folder: Path) -> None:
    """Take away the small disk that an interrupted suite has left there."""
    if folder.is_mount():
        subprocess.run(["umount", str(folder)], check=True)


def _disk(copy: Copy, action: Action, kb: int) -> Outcome:
    """Where the action writes lies a small disk, or one that is read-only (kb below 0)."""
    if os.getuid() or not shutil.which("mount"):
        return Outcome(SKIPPED, "only root may mount a small disk")
    _ready(copy, action)
    target = (copy.root / action.makes).parent
    if not action.needs:
        target = copy.root / "runs" / NAME
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    size = "64k,ro" if kb < 0 else f"{max(kb, 4)}k"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(target)], capture_output=True
    )
    if mounted.returncode:
        return Outcome(SKIPPED, "no small disk can be mounted here")
    if kb == 0:
        (target / "full").write_bytes(bytes(4096))

    def restore() -> None:
        subprocess.run(["umount", str(target)], check=True)

    return judged(copy, action, copy.run(action.command), restore)


def _one_core(copy: Copy, action: Action) -> Outcome:
    if not hasattr(os, "sched_setaffinity"):
        return Outcome(SKIPPED, "cores cannot be taken away here")
    _ready(copy, action)
    done = copy.run(action.command, {}, lambda: os.sched_setaffinity(0, {0}))
    return judged(copy, action, done)
