"""Fuzzed: every reader, given damaged files and files made to do harm.

A process reads them, one after the other; another watches it. Lost is a traceback, more than
5 s of computing, more than 500 MB of memory, a file written elsewhere or left behind.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from torture.common import CODE, LOST, REFUSED, Case, Outcome

TIMES = 10_000  # damaged files in all
MOST_S, MOST_MB = 5.0, 500.0
HANGS_S = 60.0  # after which the process is killed, however busy the machine is
WHOLE = "whole"  # the seed of a file that is left as it is
CASES_A_PROCESS = 400  # cases after which a process is replaced


# The process that reads


def serve() -> None:
    """Read what each line of the input names, and answer with a line; both JSON."""
    import warnings

    from ecgcore import inference  # noqa: F401
    from torture.bombs import BOMBS
    from torture.files import KINDS, damaged, damaged_file

    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries that print
    own = _virtual_mb()
    limit = int((own + 8 * MOST_MB) * 1e6)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    root = Path(tempfile.mkdtemp(prefix="torture-"))
    good: dict[str, Path] = {}
    watch = Watch()
    try:
        for line in sys.stdin:
            task = json.loads(line)
            folder = root / "case"
            shutil.rmtree(folder, ignore_errors=True)
            if task["bomb"]:
                folder.mkdir()
                make, read = BOMBS[task["bomb"]]
                path = make(folder)
                answer = _read(read, path, None, folder, watch)
            else:
                name = task["kind"]
                kind, rng = KINDS[name], random.Random(f"{name}/{task['seed']}")
                if name not in good:
                    (root / f"good{len(good)}").mkdir()
                    good[name] = kind.make(root / f"good{len(good)}")
                shutil.copytree(good[name].parent, folder)
                path = folder / good[name].name
                file = damaged_file(kind, path)
                if whole := task["seed"] == WHOLE:
                    fs = kind.fs
                else:
                    file.write_bytes(damaged(file.read_bytes(), rng))
                    fs = rng.choice([None, 360.0])
                answer = _read(kind.read, path, fs, folder, watch)
                if whole and answer["kind"] == REFUSED:
                    answer |= {"kind": LOST, "said": f"a good file: {answer['said']}"}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _read(read, path: Path, fs: float | None, folder: Path, watch: "Watch") -> dict:
    from torture.files import Kind, tell

    before = {p for p in folder.parent.rglob("*") if p.is_file()}
    temporary = folder.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    tempfile.tempdir = str(temporary)
    _forget_peak()
    held, start = _resident_mb(), time.process_time()
    with watch.over(folder.parent):
        kind, said = tell(Kind(None, read), path, fs)
    took, most = time.process_time() - start, _peak_mb() - held
    after = {p for p in folder.parent.rglob("*") if p.is_file()}
    if kind != LOST:
        if watch.outside:
            kind, said = LOST, f"wrote {watch.outside[0]}"
        elif left := after - before:
            kind, said = LOST, f"left {min(left).relative_to(folder.parent)} behind"
        elif took > MOST_S:
            kind, said = LOST, f"took {took:.1f} s ({said})"
        elif most > MOST_MB:
            kind, said = LOST, f"held {most:.0f} MB ({said})"
    return {"kind": kind, "said": said.replace(str(folder), ""), "s": took, "mb": most}


class Watch:
    """Notes what this process writes outside a folder, by Python's audit events."""

    WRITES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink",
              "os.truncate", "shutil.rmtree", "subprocess.Popen", "os.system")  # fmt: skip

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.outside: list[str] = []
        sys.addaudithook(self._hear)

    def over(self, folder: Path) -> "Watch":
        self.folder, self.outside = folder, []
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *args) -> None:
        self.folder = None

    def _hear(self, event: str, args: tuple) -> None:
        if self.folder is None or (event != "open" and event not in self.WRITES):
            return
        if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        place = args[0] if isinstance(args[0], str | bytes | os.PathLike) else ""
        named = os.fsdecode(place)
        fine = named.startswith((str(self.folder), "/dev/")) or "__pycache__" in named
        if os.path.isabs(named) and not fine:
            self.outside.append(f"{named} ({event})")


def _virtual_mb() -> float:
    return _status("VmSize")


def _resident_mb() -> float:
    return _status("VmRSS")


def _peak_mb() -> float:
    return _status("VmHWM")


def _status(key: str) -> float:
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(key))
    return int(line.split()[1]) * 1024 / 1e6


def _forget_peak() -> None:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


# Who asks


class Reader:
    """The process that reads, started anew where it died."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None
        self.asked = 0

    def ask(self, task: dict) -> Outcome:
        if self.process is None or self.asked % CASES_A_PROCESS == 0:
            self.close()
            self._start()
        self.asked += 1
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        timer = threading.Timer(HANGS_S, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if line:
            return Outcome(**json.loads(line))
        code = self.process.wait()
        self.process = None
        return Outcome(LOST, f"the process died ({code}), of a hang of {HANGS_S:.0f} s or a crash")

    def _start(self) -> None:
        search = os.pathsep.join([str(CODE), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from torture.fuzz import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"PYTHONPATH": search, "OMP_NUM_THREADS": "1"},
        )

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def cases(share: float, folder: Path) -> list[Case]:
    from torture.bombs import BOMBS
    from torture.files import KINDS

    reader = Reader()
    each = max(1, round(share * TIMES / len(KINDS)))
    found = [
        Case("made to do harm", name, lambda name=name: reader.ask({"bomb": name}))
        for name in BOMBS
    ]
    for kind in KINDS:
        found += [
            Case(
                kind,
                f"{kind}/{seed}",
                lambda kind=kind, seed=seed: reader.ask({"bomb": "", "kind": kind, "seed": seed}),
            )
            for seed in (WHOLE, *range(each))
        ]
    return found
