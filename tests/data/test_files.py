"""Files are complete or absent, and what killed processes left of them goes."""

import os
import subprocess
import sys

import pytest

from ecgcore.errors import DataError
from ecgcore.files import read_json, replacing, write_text


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_what_a_killed_process_left_of_the_same_file_goes(tmp_path, dead):
    with replacing(tmp_path / "a[1].csv") as ours:
        ours.write_text("x")
    number = str(os.getpid())
    left, living = (ours.name.replace(number, str(n)) for n in (dead, os.getppid()))
    elsewhere, other = f".{dead}@another-machine.a[1].csv", left.replace("a[1]", "b")
    for name in (left, living, elsewhere, other):
        (tmp_path / name).touch()
    write_text(tmp_path / "a[1].csv", "y")
    kept = {"a[1].csv", living, elsewhere, other}
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_a_failure_leaves_what_was_there(tmp_path):
    write_text(tmp_path / "a", "before")
    with pytest.raises(OSError), replacing(tmp_path / "a") as temporary:
        temporary.write_text("half")
        raise OSError
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and (
        tmp_path / "a"
    ).read_text() == "before"


@pytest.mark.parametrize("content", [b"{", b"\xe8", b"[" * 100_000, b""])
def test_damaged_json_is_named(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json: damaged"):
        read_json(tmp_path / "a.json")
