"""One run at a time in a folder: what `make book` starts Snakemake with.

Snakemake's own lock is a file that a killed run leaves behind, and at which the next one stops.
The locks here belong to processes, and end with them, however they end: one to the run, the other
to all of its steps that are at work, which may outlive it.
"""

import fcntl
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ecgcore import paths
from ecgcore.errors import ConfigError
from ecgcore.files import remove_unfinished

RUN, STEPS = ".run.lock", ".steps.lock"  # in the folder of all runs
OF_A_RUN = "ECGCORE_STEP_OF"  # what tells a step the folder; `ecgcore.cli.main` looks at it


def hold(folder: Path, profile: str) -> IO:
    """Be the one run at work in a folder, until the file returned is closed, or the process ends.

    Where a run was killed and one of its steps is still at work, waits until that has ended.
    Raises ConfigError if another run is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = open(folder / RUN, "a+", encoding="utf-8")  # noqa: SIM115 (open as long as it is held)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise ConfigError(
            f"{folder}: a book is being made here already ({lock.read().strip()}); wait until it "
            "has ended, or stop it"
        ) from None
    with open(folder / STEPS, "a", encoding="utf-8") as steps:
        try:
            fcntl.flock(steps, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("A step of a run that was killed is still at work: waiting for it", flush=True)
            fcntl.flock(steps, fcntl.LOCK_EX)
    lock.truncate(0)
    lock.write(f"profile {profile}, process {os.getpid()}")
    lock.flush()
    return lock


def be_a_step(folder: str) -> IO | None:
    """Let the next run in a folder wait for this process, while it keeps what is returned.

    None on another machine's disk that knows no locks.
    """
    try:
        steps = open(Path(folder) / STEPS, "a", encoding="utf-8")  # noqa: SIM115 (likewise)
        fcntl.flock(steps, fcntl.LOCK_SH)
    except OSError:
        return None
    return steps


def become_snakemake(profile: str, options: Sequence[str]) -> None:
    """Replace this process by Snakemake, at work on a profile's book. Never returns.

    Raises ConfigError if a book is being made in this checkout already.
    """
    lock = hold(paths.RUNS, profile)
    remove_unfinished(paths.RUNS / profile)
    os.set_inheritable(lock.fileno(), True)  # past the next program's start
    os.environ[OF_A_RUN] = str(paths.RUNS)
    os.chdir(paths.ROOT)
    command = [sys.executable, "-m", "snakemake", *options, "--config", f"profile={profile}"]
    os.execv(sys.executable, [*command, "--quiet", "host", "--rerun-incomplete", "--nolock"])
