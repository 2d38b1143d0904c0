"""Killed: SIGKILL at a random moment. What is there is whole, and the same command just goes on."""

import random
from pathlib import Path

from torture.common import LOST, RIGHT, Case, Outcome
from torture.project import ACTIONS, BOOK, PUBLICATION, Action, Copy

TIMES = 20  # each action


def cases(share: float, folder: Path) -> list[Case]:
    copy = Copy(folder)
    each = max(1, round(share * TIMES))
    found = [
        Case(BOOK.name, f"{BOOK.name}/{number}", lambda n=number: _kill_book(copy, n, each))
        for number in range(each)
    ]
    found += [
        Case(
            PUBLICATION.name,
            f"{PUBLICATION.name}/{number}",
            lambda n=number: _kill_publication(copy, n),
        )
        for number in range(each)
    ]
    found += [
        Case(
            action.name,
            f"{action.name}/{number}",
            lambda action=action, number=number: _kill(copy, action, number),
        )
        for number in range(each)  # in turns, so that none is left out where time is short
        for action in ACTIONS.values()
    ]
    return found


def _kill_book(copy: Copy, number: int, of: int) -> Outcome:
    """One of the kills of one book, which goes on each time where it was, and ends at the last."""
    if BOOK.name not in copy.right:
        copy.prepare(BOOK)
        copy.clear()
    moment = copy.kill(BOOK, random.Random(f"book/{number}"), (0.05, 0.25))
    if number + 1 < of:
        return Outcome(RIGHT)
    return _ended(copy, BOOK, moment)


def _kill_publication(copy: Copy, number: int) -> Outcome:
    """All that is published is of one run, whole, after the next publication."""
    if PUBLICATION.name not in copy.right:
        copy.run(BOOK.command)
        copy.prepare(PUBLICATION)
    for path in (copy.root / "figures").glob("*.svg"):  # as if another run had been published
        path.write_text("of another run", encoding="utf-8")
    (copy.root / PUBLICATION.makes).unlink(missing_ok=True)
    moment = copy.kill(PUBLICATION, random.Random(f"publication/{number}"), (0.6, 1.0))
    return _ended(copy, PUBLICATION, moment)


def _kill(copy: Copy, action: Action, number: int) -> Outcome:
    copy.prepare(action)
    copy.clear(action)
    moment = copy.kill(action, random.Random(f"{action.name}/{number}"))
    there = copy.content(action)
    if there not in ("", copy.right[action.name]) and action.name != "training":
        return Outcome(LOST, f"killed after {moment:.1f} s, it left another result")
    return _ended(copy, action, moment)


def _ended(copy: Copy, action: Action, moment: float) -> Outcome:
    """What the same command comes to afterwards."""
    done = copy.run(action.command)
    if done.code:
        return Outcome(LOST, f"killed after {moment:.1f} s, it does not go on: {done.last}")
    if copy.content(action) != copy.right[action.name]:
        return Outcome(LOST, f"killed after {moment:.1f} s, it ended with another result")
    if left := copy.left_behind():
        return Outcome(LOST, f"killed after {moment:.1f} s, it left {left[0]} behind")
    return Outcome(RIGHT)
