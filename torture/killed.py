"""Killed: SIGKILL at a random moment. What is there is whole, and the same command just goes on."""

import random
from pathlib import Path

from torture.common import LOST, RIGHT, Case, Outcome
from torture.project import ACTIONS, Action, Copy

TIMES = 20  # each action


def cases(share: float, folder: Path) -> list[Case]:
    copy = Copy(folder)
    each = max(1, round(share * TIMES))
    return [
        Case(
            action.name,
            f"{action.name}/{number}",
            lambda action=action, number=number: _kill(copy, action, number),
        )
        for action in ACTIONS.values()
        for number in range(each)
    ]


def _kill(copy: Copy, action: Action, number: int) -> Outcome:
    copy.prepare(action)
    copy.clear(action)
    moment = copy.kill(action, random.Random(f"{action.name}/{number}"))
    there = copy.content(action)
    if there not in ("", copy.right[action.name]) and action.name != "training":
        return Outcome(LOST, f"killed after {moment:.1f} s, it left another result")
    done = copy.run(action.command)
    if done.code:
        return Outcome(LOST, f"killed after {moment:.1f} s, it does not go on: {done.last}")
    if copy.content(action) != copy.right[action.name]:
        return Outcome(LOST, f"killed after {moment:.1f} s, it ended with another result")
    if left := copy.left_behind():
        return Outcome(LOST, f"killed after {moment:.1f} s, it left {left[0]} behind")
    return Outcome(RIGHT)
