"""The page of the workflow and the start page are made from what Snakemake says."""

import json
import xml.etree.ElementTree as ET

import pytest

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.workflow import graph

DOT = """digraph snakemake_dag {
    0[label = "book", color = "0.07 0.6 0.85"];
    1[label = "beats", color = "0.21 0.6 0.85"];
    2[label = "training", color = "0.2 0.6 0.85"];
    3[label = "evaluation", color = "0.2 0.6 0.85"];
    1 -> 2
    2 -> 3
    1 -> 3
    3 -> 0
    1 -> 0
}"""


def test_what_comes_before_and_after_is_read_from_the_graph():
    found = graph.read_dot(DOT)
    assert graph.before(found, "evaluation") == {"training", "beats"}
    assert graph.after(found, "training") == {"evaluation", "book"}
    root = ET.fromstring(graph.drawn(found))
    words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["beats", "training", "evaluation", "book"]
    arrows = list(root.iter("{http://www.w3.org/2000/svg}path"))
    assert len(arrows) == 3  # what the others imply is left out


def test_every_notebook_stands_on_the_start_page(tmp_path, monkeypatch):
    steps = {path.stem.partition("_")[2]: set() for path in paths.NOTEBOOKS.glob("*.ipynb")}
    steps |= {"beats": set(), "training": {"beats"}}
    monkeypatch.setattr(graph, "steps", lambda profile: steps)
    document = json.loads(graph.start_page("smoke", tmp_path / "start.ipynb").read_text())
    (cell,) = document["cells"]
    lines = [line for line in cell["source"].splitlines() if line.startswith("| [")]
    assert len(lines) == len(list(paths.NOTEBOOKS.glob("*.ipynb")))
    training = next(line for line in lines if "02_training" in line)
    assert training.startswith(
        "| [02_training](../notebooks/02_training.ipynb) | **Training.** One"
    )
    assert training.endswith("| beats |")
    assert "{" not in cell["source"]


def test_no_graph_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)  # without a Snakefile
    with pytest.raises(DataError, match="does not tell the steps"):
        graph.steps("smoke")
