"""What is stale is what a change has to do with, and nothing else."""

import re

import pytest
from project import copy_project

from ecgcore.workflow import status
from ecgcore.workflow.profiles import load_profile

PRETEND = """
from ecgcore.workflow import results
from ecgcore.workflow.profiles import load_profile
profile = load_profile("smoke")
for notebook in profile.notebook_names:
    values = profile.all_parameters(notebook)
    del values["profile"]
    results.start_part("smoke", notebook, values, profile.data.database_path)
    results.end_part("smoke", notebook, 1.0)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy whose smoke profile looks as if it had been run through."""
    project = copy_project(tmp_path_factory.mktemp("status"))
    project.run("python", "-c", PRETEND)
    return project


def stale(project) -> dict[str, str]:
    told = project.run("ecgcore", "status", "--profile", "smoke").partition("Published")[0]
    return dict(re.findall(r"^  (\w+): stale: (.*)$", told, re.M))


def test_nothing_is_stale_after_a_run(project):
    assert stale(project) == {}


def test_a_line_in_a_module_makes_stale_what_uses_it(project):
    project.replace("ecgcore/evaluation/calibration.py", "import ", "import  ")
    found = stale(project)
    project.replace("ecgcore/evaluation/calibration.py", "import  ", "import ")
    assert found == {"06_uncertainty": "its code has changed"}


def test_text_does_not_make_a_notebook_stale(project):
    project.replace("notebooks/03_evaluation.ipynb", "# Evaluation", "# An evaluation")
    found = stale(project)
    project.replace("notebooks/03_evaluation.ipynb", "# An evaluation", "# Evaluation")
    assert found == {}


def test_a_parameter_makes_its_notebook_stale(project):
    project.replace("profiles/smoke.yaml", "latency_beats: 20", "latency_beats: 21")
    found = stale(project)
    project.replace("profiles/smoke.yaml", "latency_beats: 21", "latency_beats: 20")
    assert found == {"03_evaluation": "its parameters have changed"}


def test_nothing_that_is_published_is_stale():
    for notebook, source in status.published().items():
        assert not status.stale(source, load_profile(source["profile"])), notebook
