"""Kill, starve, fuzz and tamper, and write figures/torture.json: `make torture`."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ecgcore import paths
from ecgcore.errors import EcgError
from torture import common

# Each is a module with cases(share, folder). What is at work together, and the most minutes that
# each may take: load alone, since it is timed, then the others in two rows, on two cores.
ROWS: tuple[dict[str, float], ...] = (
    {"load": 5.0},
    {"fuzz": 4.0, "tampered": 5.5, "starved": 12.0, "elsewhere": 3.5},
    {"killed": 21.0, "repeated": 4.0},
)
PARTS = {part: minutes for row in ROWS for part, minutes in row.items()}
FILE = "torture.json"


def run(parts: Sequence[str], share: float, out: Path, folder: Path) -> int:
    """Run parts, and write their tables one by one; returns how many cases were lost."""
    lost = 0
    for part in parts:
        cases = import_module(f"torture.{part}").cases(share, folder / part)
        end = time.monotonic() + 60 * PARTS[part]
        found = common.run_all(part, cases, folder, end)
        common.note(out, part, found, share)
        for row in found["rows"]:
            print(
                f"  {row['what']:32} {row['times']:6,} times: {row['right']:6,} right, "
                f"{row['refused']:6,} refused, {row['lost']:3} lost, {row['skipped']:3} skipped; "
                f"{row['worst_s']:6.1f} s, {row['worst_mb']:5.0f} MB at worst"
            )
        lost += sum(row["lost"] for row in found["rows"])
    return lost


def _in_rows(arguments: Sequence[str]) -> int:
    """All parts, each row in a process of its own; the worst of their exit codes."""
    first, *together = (
        [sys.executable, "-m", "torture", *arguments, "--only", *row] for row in ROWS
    )
    codes = [subprocess.run(first).returncode]
    started = [subprocess.Popen(command) for command in together]
    return max(*codes, *(process.wait() for process in started))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("torture", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these parts")
    parser.add_argument("--share", type=float, default=1.0, help="of the cases, 0 to 1")
    parser.add_argument("--out", type=Path, help=f"default: figures/{FILE}, or runs/ for a share")
    parser.add_argument("--anew", action="store_true", help="forget what was done before")
    given = parser.parse_args(arguments)
    whole = paths.FIGURES / FILE if given.share >= 1 else common.scratch() / FILE
    if given.only is None:
        sys.exit(_in_rows(sys.argv[1:] if arguments is None else list(arguments)))
    if given.anew:
        for part in given.only:
            (common.scratch() / f"{part}.jsonl").unlink(missing_ok=True)
    try:
        lost = run(given.only, given.share, given.out or whole, common.scratch())
    except EcgError as error:
        sys.exit(f"torture: {error}")
    print(f"{given.out or whole}: {lost} lost")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
