"""Elsewhere: odd folders, links, line ends of Windows, another Python, an installed wheel."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ecgcore import paths
from torture.common import CODE, LOST, RIGHT, SKIPPED, Case, Outcome
from torture.project import ACTIONS, ECGCORE, Action, Copy, run_in
from torture.starved import judged

PLACES = ("with blanks", "ümläute", "quote's", "hash#", "100%", "x" * 120)
PYTHONS = ("3.11", "3.12", "3.13")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
RECORD = "data/mitdb/100"
USED = (  # of the command line: records verified, classified, cut into beats, a notebook executed
    ("data", "verify", "data/mitdb"),
    ("predict", RECORD, "--format", "csv", "--to", "runs/beats.csv"),
    ("beats", "--profile", "smoke"),
    ("run", "01_exploration", "--profile", "smoke"),
)


def cases(share: float, folder: Path) -> list[Case]:
    copy = Copy(folder)
    found = [
        Case("other folders", f"folder/{place[:20]}", lambda p=place: _moved(copy, p))
        for place in PLACES
    ]
    found += [
        Case("a link to the checkout", "link", lambda: _linked(copy)),
        Case("line ends of Windows", "CRLF", lambda: _crlf(folder / "crlf")),
        Case("a wheel, no checkout", "wheel", lambda: _wheel(folder / "wheel")),
        Case("names in one case", "case", _one_case),
        Case("a clock set back", "clock", _set_back),
    ]
    found += [
        Case("another Python", f"Python {v}", lambda v=v: _python(v)) for v in PYTHONS if v != HERE
    ]
    every = max(1, round(1 / share)) if share > 0 else len(found)
    return found[::every]


def _moved(copy: Copy, place: str, action: Action = ACTIONS["beats"]) -> Outcome:
    """The project in a folder of another name, and what it had made there moved along."""
    copy.prepare(action)
    other = Copy(copy.root.parent / place)
    other.right, other.took = copy.right, copy.took
    try:
        return judged(other, action, other.run(action.command))
    finally:
        shutil.rmtree(other.root.parent)


def _linked(copy: Copy, action: Action = ACTIONS["beats"]) -> Outcome:
    copy.prepare(action)
    link = copy.root.parent / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(copy.root)
    try:
        names = {"ECGCORE_ROOT": str(link), "PYTHONPATH": str(link)}
        return judged(copy, action, copy.run(action.command, names))
    finally:
        link.unlink()


def _crlf(folder: Path) -> Outcome:
    """A clone as Git makes it on Windows, in which the records are verified and one classified."""
    shutil.rmtree(folder, ignore_errors=True)
    clone = ["git", "clone", "-q", "-c", "core.autocrlf=true", str(CODE), str(folder)]
    if subprocess.run(clone, capture_output=True).returncode:
        return Outcome(SKIPPED, "this is no checkout of Git, which could be cloned")
    if b"\r\n" not in (folder / "ecgcore/paths.py").read_bytes():
        return Outcome(LOST, "Git made no line ends of Windows")
    names = {"ECGCORE_ROOT": str(folder), "PYTHONPATH": str(folder)}
    outcome = _all_work([(*ECGCORE, *words) for words in USED], folder, names)
    shutil.rmtree(folder)
    return outcome


def _wheel(folder: Path) -> Outcome:
    """The package alone, installed: a record is classified and told of, the service starts."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    code = folder / "code"  # a copy, since building writes into it
    code.mkdir()
    shutil.copytree(CODE / "ecgcore", code / "ecgcore")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(CODE / name, code / name)
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(code)]
    done = subprocess.run(wheel, capture_output=True, text=True)
    if done.returncode:
        return Outcome(LOST, f"no wheel: {done.stderr.strip()[-200:]}")
    found = next(folder.glob("*.whl"))
    target = ["install", "--no-deps", "--no-compile", "--target", str(folder / "site"), str(found)]
    subprocess.run([*pip, *target], check=True, capture_output=True)
    for path in sorted((paths.DATA / "mitdb").glob("100.*")):
        shutil.copyfile(path, folder / path.name)
    names = {"ECGCORE_ROOT": None, "PYTHONPATH": str(folder / "site")}
    commands = (
        (*ECGCORE, "predict", "100", "--format", "csv", "--to", "beats.csv"),
        (*ECGCORE, "report", "100", "--to", "report.html"),
        (*ECGCORE, "serve", "--help"),
        (*ECGCORE, "data", "--help"),
    )
    outcome = _all_work(commands, folder, names)
    shutil.rmtree(folder)
    return outcome


def _all_work(commands: Sequence[Sequence[str]], folder: Path, changes: dict) -> Outcome:
    environment = {k: v for k, v in (os.environ | changes).items() if v is not None}
    s = 0.0
    for command in commands:
        done = run_in(folder, command, environment)
        s += done.s
        if done.code:
            return Outcome(LOST, f"{' '.join(command[3:])}: {done.last[:200]}", s)
    return Outcome(RIGHT, s=s)


def _one_case() -> Outcome:
    there = CODE / "readme.md"
    if not there.is_file():
        return Outcome(SKIPPED, "this file system tells README.md from readme.md")
    return Outcome(RIGHT)


def _set_back() -> Outcome:
    if shutil.which("faketime") is None:
        return Outcome(SKIPPED, "faketime, which sets a clock back, is not installed")
    command = ["faketime", "2001-01-01", *ECGCORE, "predict", RECORD, "--format", "json"]
    done = subprocess.run(command, cwd=CODE, capture_output=True, text=True)
    return Outcome(LOST if done.returncode else RIGHT, done.stderr[-200:])


def _python(version: str) -> Outcome:
    """A clone with the pinned packages under another Python, kept for the next time."""
    python = _interpreter(version)
    if python is None:
        return Outcome(SKIPPED, f"Python {version} is not installed, nor in the package index")
    folder = paths.RUNS / "torture" / f"python{version}"
    if not folder.is_dir():
        subprocess.run(["git", "clone", "-q", str(CODE), str(folder)], check=True)
    for step in (["fetch", "-q", str(CODE), "HEAD"], ["reset", "-q", "--hard", "FETCH_HEAD"]):
        subprocess.run(["git", "-C", str(folder), *step], check=True)
    made = subprocess.run(
        ["make", ".venv/.ready", f"PYTHON={python}"], cwd=folder, capture_output=True, text=True
    )
    if made.returncode:
        return Outcome(LOST, f"not installed: {made.stderr.strip()[-200:]}")
    ecgcore = (str(folder / ".venv/bin/python"), "-m", "ecgcore.cli")
    names = {"ECGCORE_ROOT": None, "PYTHONPATH": None}
    return _all_work([(*ecgcore, *words) for words in USED], folder, names)


def _interpreter(version: str) -> str | None:
    """Path of a Python of this version that starts: on PATH, or one that pyenv has built."""
    built = Path.home() / ".pyenv/versions"
    found = [shutil.which(f"python{version}"), *sorted(built.glob(f"{version}.*/bin/python"))]
    for each in map(str, filter(None, found)):
        if subprocess.run([each, "--version"], capture_output=True).returncode == 0:
            return each
    return None
