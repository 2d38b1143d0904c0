"""What the book costs those who change it and those who read it is measured rightly."""

import numpy as np
import pytest

from benchmarks import book
from ecgcore import paths
from ecgcore.errors import DataError


def test_a_page_weighs_what_it_loads(browser, tmp_path):
    text = "<!doctype html><link rel=icon href=data:,><link rel=stylesheet href=a.css><p>Beats"
    (tmp_path / "book").mkdir()
    (tmp_path / "index.html").write_text("")
    (tmp_path / "book/one.html").write_text(text)
    (tmp_path / "book/two.html").write_text(text + "<img src=b.png>")
    (tmp_path / "book/a.css").write_text("p { color: black }\n" * 1000)
    (tmp_path / "book/b.png").write_bytes(np.random.default_rng(0).bytes(5000))
    found = book.pages(tmp_path, browser)
    one, two = found["rows"]
    style = 19_000
    assert (one["page"], one["requests"], two["requests"]) == ("one", 2, 3)
    assert one["raw_mb"] == pytest.approx((len(text) + style) / 1e6)
    assert two["raw_mb"] == pytest.approx((len(text) + len("<img src=b.png>") + style + 5000) / 1e6)
    assert one["gzip_mb"] < 0.001 and two["gzip_mb"] > 0.005  # text shrinks, images do not
    assert found["raw_mb"] == two["raw_mb"] and found["usable_s"] > 0


def test_without_a_book_there_are_no_pages(tmp_path):
    with pytest.raises(DataError, match="the book is not built"):
        book.pages(tmp_path)


SNAKEFILE = """
rule book:
    input: "runs/paper/06.txt", "runs/paper/07.txt", "data/record"
    output: "_build/html/index.html"
    shell: "cat {input} > {output}"

rule uncertainty:
    input: "ecgcore/chapters/uncertainty.py"
    output: "runs/paper/06.txt"
    shell: "cat {input} > {output}"

rule own_ecg:
    input: "ecgcore/other.py"
    output: "runs/paper/07.txt"
    shell: "cat {input} > {output}"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of three steps, with the names of the real one, not yet built."""
    for name in ("book", "ecgcore", "figures", "notebooks", "profiles", "data"):
        (tmp_path / name).mkdir()
    files = (
        "_config.yml",
        "_toc.yml",
        "README.md",
        "CITATION.cff",
        "ecgcore/other.py",
        "data/record",
    )
    for name in (*files, book.CHANGED):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "Makefile").write_text(
        ".PHONY: book\nbook:\n\tsnakemake --cores 1 --config profile=paper\n"
    )
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    return tmp_path


def test_a_changed_figure_is_measured_in_a_copy(project):
    with pytest.raises(DataError, match="the book is not built"):
        book.rebuild()
    book._run(["make", "book"], project)
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}
    found = book.rebuild()
    assert sorted(found["steps"]) == ["book", "uncertainty"]
    assert found["unchanged_s"] > 0 and found["changed_s"] > 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    (project / "ecgcore/other.py").write_text("something else\n")
    with pytest.raises(DataError, match=r"not up to date \(.*own_ecg"):
        book.rebuild()
