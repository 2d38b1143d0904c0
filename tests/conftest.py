"""What the tests share: the embedded records, their beats, and a browser."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from project import Project, copy_project

from ecgcore.beats.cutting import Beats, build
from ecgcore.data import records

pytest_plugins = ["own_ecg"]

# Together they hold all five classes and both sides of the inter-patient split; 104 is paced.
SMALL = ("104", "208", "210", "223")
CHROMIUM = "/usr/bin/chromium"


def pytest_addoption(parser) -> None:
    parser.addoption("--records", type=int, default=3, help="on which all ways are compared")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Networks this small gain nothing from a second thread, which on a busy machine costs much.

    Before every test and its fixtures, since some libraries change the number and leave it so.
    """
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def database() -> Path:
    """The embedded MIT-BIH Arrhythmia Database; tests that change files work on a copy."""
    return records.default_database()


@pytest.fixture(scope="session")
def beats(database) -> Beats:
    """Every beat of the 48 records."""
    return build(database)


@pytest.fixture(scope="session")
def small_beats(beats) -> Beats:
    """The beats of a few records, for what must run fast on real data."""
    return beats[[name in SMALL for name in beats.record]]


@pytest.fixture(scope="session")
def smoke(tmp_path_factory) -> Project:
    """A copy of the project whose smoke profile has been run through, from records to book."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    project.snakemake("--quiet", "host")
    return project


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; skips the test where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or CHROMIUM
    if not Path(found).is_file():
        pytest.skip("no Chromium: install it (Debian: chromium) or set CHROMIUM to its path")
    return found


@pytest.fixture(scope="session")
def browser(chromium):
    """A headless Chromium under playwright's sync API."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    quiet = ("background-networking", "component-update", "sync", "gpu")
    with playwright.sync_playwright() as api:
        running = api.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", *(f"--disable-{name}" for name in quiet)],
        )
        yield running
        running.close()
