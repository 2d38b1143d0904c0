"""Damage anywhere in a file of any kind: a sentence or what it holds, never anything else.

The short form of `make torture`: few of its cases, in this process.
"""

import random
import shutil

import pytest
from torture_cases import NEEDS

from ecgcore.errors import ConfigError, DataError
from torture.bombs import BOMBS
from torture.common import LOST, REFUSED, RIGHT, Case, Kept, Outcome, run_all
from torture.files import KINDS, damaged, damaged_file, tell

TIMES = 12
SLOW = {  # seconds each, or a gigabyte; the whole suite has them
    "a gzip file that swells to 2 GB", "a ZIP file that swells to 2 GB",
    "a CSV of one line of 20 MB", "a CSV of one line of 9 MB", "10^6 corrections",
    "a CSV of 10^6 columns' names", "an array of 10^6 leads",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"ONNX"}))  # whose writing takes seconds
def test_damage_is_told_in_one_sentence(tmp_path, name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    kind, rng = KINDS[name], random.Random(name)
    (tmp_path / "whole").mkdir()
    path = kind.make(tmp_path / "whole")
    assert tell(kind, path, kind.fs) == (RIGHT, "")
    content = damaged_file(kind, path).read_bytes()
    for attempt in range(TIMES):
        folder = tmp_path / str(attempt)
        shutil.copytree(path.parent, folder)
        damaged_file(kind, folder / path.name).write_bytes(damaged(content, rng))
        found, said = tell(kind, folder / path.name, rng.choice([None, 360.0]))
        assert found != LOST, said
        shutil.rmtree(folder)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(BOMBS.keys() - SLOW))
def test_a_file_made_to_do_harm_does_none(tmp_path, name):
    folder = tmp_path / "case"
    folder.mkdir()
    make, read = BOMBS[name]
    try:
        read(make(folder), None)
    except (DataError, ConfigError) as error:
        assert "\n" not in str(error)
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_what_was_done_is_kept_and_not_done_again(tmp_path):
    """An interruption costs one case; what was done to other code does not count."""
    done = []

    def case(name, outcome):
        return Case("a kind", name, lambda: done.append(name) or outcome)

    cases = [case("1", Outcome(RIGHT, s=1)), case("2", Outcome(LOST, "a traceback", s=3, mb=7))]
    run_all("some", cases[:1], tmp_path, float("inf"))
    with open(tmp_path / "some.jsonl", "a") as file:
        file.write('{"name": "2", "kind": "ri')  # where it was interrupted
    with open(tmp_path / "some.jsonl", "a") as file:
        file.write("\n")
    found = run_all(
        "some", [*cases, case("3", Outcome(REFUSED, "no", s=1))], tmp_path, float("inf")
    )
    assert done == ["1", "2", "3"] and (found["planned"], found["done"]) == (3, 3)
    (row,) = found["rows"]
    assert (row["times"], row[RIGHT], row[REFUSED], row[LOST]) == (3, 1, 1, 1)
    assert (row["worst_s"], row["worst_mb"], row["said"]) == (3, 7, ["a traceback"])
    kept = Kept("some", tmp_path)
    kept.path.write_text(kept.path.read_text().replace(kept.code, "0" * 16))
    assert not Kept("some", tmp_path).done


def test_a_case_that_fails_itself_counts_as_lost(tmp_path):
    def fails():
        raise OSError("no such machine")

    found = run_all("some", [Case("a", "a", fails)], tmp_path, float("inf"))
    assert found["rows"][0][LOST] == 1 and "no such machine" in found["rows"][0]["said"][0]


def test_where_time_is_up_the_table_says_what_was_left(tmp_path):
    found = run_all("some", [Case("a", "a", lambda: Outcome(RIGHT))], tmp_path, end=0)
    assert (found["planned"], found["done"], found["rows"]) == (1, 0, [])
