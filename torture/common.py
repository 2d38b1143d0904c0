"""What the parts share: cases, what became of each, where that is kept, and the table of it."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from ecgcore import paths, provenance
from ecgcore.errors import DataError
from ecgcore.files import read_json, write_json
from ecgcore.sources import PACKAGE

CODE = Path(__file__).resolve().parent.parent
RIGHT, REFUSED, LOST, SKIPPED = "right", "refused", "lost", "skipped"
TOLD = 5  # of what was lost, left out or measured, in the table


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    kind: `right` (it worked, or went on as if nothing had been), `refused` (in one sentence),
    `lost` (anything else: a traceback, a hang, another result, a file left behind), or `skipped`
    (this machine cannot do it); said: the sentence, or what was lost; s: seconds of the case;
    mb: the most memory it held (MB, 0: not measured).
    """

    kind: str
    said: str = ""
    s: float = 0.0
    mb: float = 0.0


@dataclass(frozen=True)
class Case:
    """group: its row in the table; name: unique in its part."""

    group: str
    name: str
    run: Callable[[], Outcome]


def code_sha256() -> str:
    """SHA-256 of the package and this suite: what was done to other code counts no more."""
    found = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *(CODE / "torture").glob("*.py")]):
        found.update(path.read_bytes())
    return found.hexdigest()


class Kept:
    """Outcomes of one part, a line each, so that an interruption costs one case."""

    def __init__(self, part: str, folder: Path):
        self.path = folder / f"{part}.jsonl"
        self.code = code_sha256()[:16]
        self.done: dict[str, dict] = {}
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self._take(line)
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def _take(self, line: str) -> None:
        try:
            row = json.loads(line)
        except ValueError:
            return  # the line at which the suite was interrupted
        if row["code"] == self.code:
            self.done[row["name"]] = row

    def add(self, case: Case, outcome: Outcome) -> None:
        row = {"name": case.name, "group": case.group, "code": self.code, **asdict(outcome)}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self.done[case.name] = row


def run_all(part: str, cases: Iterable[Case], folder: Path, end: float) -> dict:
    """Run the cases that are not done yet, until time.monotonic() is `end`; returns the table."""
    kept = Kept(part, folder)
    cases = list(cases)
    left = [case for case in cases if case.name not in kept.done]
    for case in tqdm(left, desc=part, unit="case", mininterval=1):
        if time.monotonic() > end:
            break
        start = time.perf_counter()
        try:
            outcome = case.run()
        except Exception as error:  # a fault of the suite's own
            outcome = Outcome(LOST, f"the case itself failed: {type(error).__name__}: {error}")
        if not outcome.s:
            outcome = Outcome(outcome.kind, outcome.said, time.perf_counter() - start, outcome.mb)
        kept.add(case, outcome)
        if outcome.kind == LOST:
            tqdm.write(f"{part}: {case.name}: LOST: {outcome.said}")
    names = {case.name for case in cases}
    return table([row for name, row in kept.done.items() if name in names], len(cases))


def table(rows: Sequence[dict], planned: int) -> dict:
    """A row a group: how often, what became of it, the worst time and memory."""
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    return {
        "planned": planned,
        "done": len(rows),
        "rows": [_row(group, found) for group, found in sorted(groups.items())],
    }


def _row(group: str, rows: Sequence[dict]) -> dict:
    count = {kind: sum(r["kind"] == kind for r in rows) for kind in (RIGHT, REFUSED, LOST, SKIPPED)}
    told = [r for r in rows if r["kind"] != REFUSED and r["said"]]
    said = dict.fromkeys(r["said"] for r in told)
    return {
        "what": group,
        "times": len(rows) - count[SKIPPED],
        **count,
        "worst_s": max(r["s"] for r in rows),
        "worst_mb": max(r["mb"] for r in rows),
        "said": list(said)[:TOLD],
    }


def source(share: float) -> dict:
    """Who did this, when, to which code, on what."""
    return {
        "commit": provenance.commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "hardware": provenance.hardware(),
        "versions": provenance.versions(),
        "share": share,
    }


def load(path: Path) -> dict:
    if not path.is_file():
        raise DataError(f"{path}: no such file; `make torture` writes it")
    return read_json(path)


def note(path: Path, part: str, found: dict, share: float) -> None:
    """Put the table of a part into the file of all."""
    with FileLock(scratch() / "table.lock"):  # another part may have ended just now
        whole = read_json(path) if path.is_file() else {"parts": {}}
        whole["parts"][part] = found | {"source": source(share)}
        write_json(path, whole)


def scratch() -> Path:
    """Where parts keep what they have done: in no profile's folder, so that no book reads it."""
    return paths.RUNS / "torture"
