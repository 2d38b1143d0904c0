"""One run at a time in a folder, and what one that was killed leaves."""

import os

import pytest

from ecgcore.errors import ConfigError
from ecgcore.files import remove_unfinished
from ecgcore.workflow import build


def test_a_second_run_is_told_of_the_first_until_that_ends(tmp_path):
    first = build.hold(tmp_path, "paper")
    with pytest.raises(ConfigError, match=f"profile paper, process {os.getpid()}"):
        build.hold(tmp_path, "smoke")
    first.close()
    build.hold(tmp_path, "smoke").close()


def test_a_step_that_outlives_its_run_is_waited_for(tmp_path, monkeypatch):
    step = build.be_a_step(str(tmp_path))
    told = []

    def tell(sentence, **options):
        told.append(sentence)
        step.close()  # the step ends

    monkeypatch.setattr(build, "print", tell, raising=False)
    build.hold(tmp_path, "paper").close()
    assert "still at work" in told[0]


def test_steps_do_not_keep_each_other_waiting(tmp_path):
    steps = [build.be_a_step(str(tmp_path)) for _ in range(2)]
    for step in steps:
        step.close()


def test_only_what_is_half_written_is_removed(tmp_path):
    for name in (".4711.beats.npz", ".run.lock", "beats.npz", ".nojekyll"):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".run.lock", "beats.npz", ".nojekyll"}
