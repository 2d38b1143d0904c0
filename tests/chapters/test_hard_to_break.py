"""The chapter says what the torture suite found, and what it could not try."""

import json

import pytest

from ecgcore.chapters import hard_to_break as chapter
from ecgcore.errors import DataError


def row(what, lost=0, skipped=0, said=()):
    return {
        "what": what, "times": 10, "right": 9 - lost, "refused": 1, "lost": lost,
        "skipped": skipped, "worst_s": 1.5, "worst_mb": 0.0, "said": list(said),
    }  # fmt: skip


SOURCE = {
    "commit": "abc", "date": "today", "hardware": {"processor": "P", "cores": 2},
    "versions": {"torch": "2"},
}  # fmt: skip


@pytest.fixture
def found():
    part = {"planned": 30, "done": 20, "source": SOURCE}
    rows = [row("EDF", lost=2, said=["a traceback"]), row("WAV", skipped=1, said=["no root"])]
    return {"parts": {"fuzz": part | {"rows": rows}}}


def test_what_was_lost_and_left_is_told(found):
    texts = chapter.texts(found)
    assert texts["torture_lost"] == "2 times something" and texts["torture_left"] == "10"
    assert texts["torture_times"] == "20" and texts["torture_refused"] == "2"
    (line,) = chapter.overview(found).to_dict("records")
    assert line["part"] == "fuzzed" and line["done"] == "20 of 30" and line["lost"] == 2
    assert chapter.said(found, "lost")["said"].tolist() == ["a traceback"]
    assert chapter.said(found, "skipped")["said"].tolist() == ["no root"]
    assert "most memory (MB)" not in chapter.details(found["parts"]["fuzz"])  # not measured
    assert chapter.sources(found)["commit"].tolist() == ["abc"]


def test_where_nothing_was_lost_it_says_so(found):
    found["parts"]["fuzz"] |= {"planned": 20, "rows": [row("EDF"), row("WAV")]}
    assert chapter.texts(found)["torture_lost"] == "nothing"
    assert chapter.texts(found)["torture_left"] == "none"


@pytest.mark.parametrize("content", [None, "{", "[]", '{"parts": 3}'])
def test_a_file_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "torture.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"torture\.json: "):
        chapter.load(path)


def test_the_published_table_can_be_shown():
    found = chapter.load()
    assert len(chapter.overview(found)) == len(chapter.sources(found)) == len(found["parts"])


def run(weights, **others):
    fit = {
        "epoch_s": [3.0, 1.0, 1.0],
        "seconds": 5.0,
        "beats_per_s": [1, 2, 3],
        "precision": "bf16",
    }
    return fit | {"weights": weights, "memory_mb": 9.0, "accuracy": 0.9, "macro_f1": 0.8} | others


def test_the_gpu_is_told_with_what_was_not_done():
    gpu = {
        "hardware": {"device": "a GPU"},
        "commit": "0123456789ab",
        "limit_mb": 900,
        "sizes": {"large": 1024},
        "runs": {
            "random_0": run("a"),
            "random_0_again": run("a"),
            "random_0_killed": run("b"),
            "random_3": run("c"),
            "random_graph": {"failed": "RuntimeError: no"},
            "exhaust": {"said": "no memory left"},
        },
    }
    timed = chapter.gpu_runs(json.loads(json.dumps(gpu)))
    assert timed["s an epoch"][0] == 1.0  # the median, as the first warms up
    assert timed["said"].tolist()[2] == "RuntimeError: no" and "not done" in timed["said"][3]
    same = chapter.gpu_repeats(gpu)["same weights bit for bit"].tolist()
    assert same == ["yes", "not done", "no", "not done"]
    assert chapter.gpu_seeds(gpu)["seed"].tolist() == [0, 3]
    story = chapter.gpu_texts(gpu)["gpu_story"]
    assert "a GPU" in story and "0123456789ab" in story and "900 MB" in story
    assert "no memory left" in chapter.gpu_texts(gpu)["gpu_memory"]
    assert "untried" in chapter.gpu_texts(None)["gpu_story"]
