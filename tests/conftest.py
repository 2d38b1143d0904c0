"""What the tests share: the embedded records, their beats, and a browser."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from project import Project, built_once, copy_project

from ecgcore.beats.cutting import Beats, build
from ecgcore.data import records
from ecgcore.sources import PACKAGE, modules_used

pytest_plugins = ["own_ecg", "axe", "in_node", "recording_page"]

# Together they hold all five classes and both sides of the inter-patient split; 104 is paced.
SMALL = ("104", "208", "210", "223")
CHROMIUM = "/usr/bin/chromium"
ROOT = PACKAGE.parent


# Files whose tests take long come first, so that no process is left with one of them at the end;
# those that only look at what others have built come last.
FIRST = (
    "test_pipeline",
    "test_slurm",
    "test_training",
    "test_distributed",
    "test_try_it",
)
LAST = ("test_book_pages", "test_killed")
# Fixtures that make a test slow.
SLOW = {"smoke", "sweep", "html", "book_url", "deployed", "slurm", "browser", "chromium"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--affected",
        action="store_true",
        help="only what uses a file that differs from the last commit, and nothing slow",
    )
    parser.addoption("--records", type=int, default=3, help="on which all ways are compared")


def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than cores: there is always one that waits for a server or a browser, and
    one for the run of the smoke profile."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("affected"):
        changed = changed_files()
        kept = [item for item in items if _is_quick(item) and _uses(item.path, changed)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    name = item.path.stem
    return FIRST.index(name) if name in FIRST else len(FIRST) + (name in LAST)


def changed_files() -> set[Path]:
    """What differs from the last commit, new files included."""
    git = ["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=all"]
    lines = subprocess.run(git, capture_output=True, text=True, check=True).stdout.splitlines()
    return {ROOT / line[3:].rpartition(" -> ")[2].strip('"') for line in lines}


def _is_quick(item: pytest.Item) -> bool:
    return not SLOW & set(item.fixturenames)


@cache
def _used_by(path: Path) -> frozenset[Path]:
    """A test file, what it imports of the package and of tests/shared, and what those import."""
    text = path.read_text(encoding="utf-8")
    helpers = {p for p in (ROOT / "tests/shared").glob("*.py") if f"from {p.stem} import" in text}
    of_helpers = {m for p in helpers for m in modules_used(p.read_text(encoding="utf-8"))}
    return frozenset({path, *helpers, *of_helpers, *modules_used(text)})


def _uses(path: Path, changed: set[Path]) -> bool:
    """Whether a test file has to do with what changed. Notebooks, profiles and pages are what the
    tests of the workflow read."""
    beside = any(ROOT / "ecgcore" not in p.parents and p.suffix != ".py" for p in changed)
    return bool(_used_by(path) & changed) or (beside and path.parent.name == "workflow")


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
def beats(database, tmp_path_factory) -> Beats:
    """Every beat of the 48 records."""
    name = "beats.npz"
    cut = built_once(tmp_path_factory, "beats", lambda folder: build(database).save(folder / name))
    return Beats.load(cut / name)


@pytest.fixture(scope="session")
def small_beats(beats) -> Beats:
    """The beats of a few records, for what must run fast on real data."""
    return beats[[name in SMALL for name in beats.record]]


@pytest.fixture(scope="session")
def smoke(tmp_path_factory) -> Project:
    """A copy of the project whose smoke profile has been run through, from records to book, by a
    run that was killed three times.

    Of several processes, the first that needs it builds it, and the others wait.
    """
    return Project(built_once(tmp_path_factory, "smoke", _run_smoke))


# Killed at the start of a notebook, between two epochs, and within an evaluation.
KILLED_AT = ("logs/01_exploration.log", "checkpoints/*/last.safetensors", "predictions/*.npz")


def _run_smoke(folder: Path) -> None:
    project = copy_project(folder)
    for sign in KILLED_AT:
        project.killed_at(f"runs/smoke/{sign}", *project.book())
    project.run(*project.book())


# Each kind of a study's run once.
SWEEP = """
data: {database: data/mitdb, records: ["100", "119", "200", "208", "232"]}
studies:
  networks:
    part: test
    base: {epochs: 1, filters: [4, 4, 4], lstm_hidden: 4}
    runs: {"1": {seed: 1, model: cnn_lstm_rr}}
  patients:
    part: test
    base: {epochs: 1, filters: [4, 4, 4], lstm_hidden: 4, val_share: 0.4}
    runs: {"1": {protocol: patients_1}}
  baselines:
    kind: baseline
    runs: {always_n: {}}
"""


@pytest.fixture(scope="session")
def sweep(tmp_path_factory) -> Project:
    """A copy of the project in which the studies of the profile `sweep` were run, all of them."""
    return Project(built_once(tmp_path_factory, "sweep", _run_sweep))


def _run_sweep(folder: Path) -> None:
    project = copy_project(folder)
    (folder / "profiles/sweep.yaml").write_text(SWEEP, encoding="utf-8")
    command = ("snakemake", "--cores", "2", "--config", "profile=sweep", "--quiet", "host", "--")
    project.run(*command, "study_results")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; skips the test where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or CHROMIUM
    if not Path(found).is_file():
        pytest.skip("no Chromium: install it (Debian: chromium) or set CHROMIUM to its path")
    return found


class Patient:
    """A browser whose pages wait as long as a machine may need that trains and builds besides.

    They have no service worker unless a test asks for it: what it answers, no test can hold back.
    """

    LONGEST_MS = 120_000
    OPTIONS = MappingProxyType({"service_workers": "block"})

    def __init__(self, browser):
        self._browser = browser

    # A page's policy would forbid the test's own scripts, too.
    def new_page(self, bypass_csp=True, **options):
        options = {**self.OPTIONS, **options}
        return self._patient(self._browser.new_page(bypass_csp=bypass_csp, **options))

    def new_context(self, bypass_csp=True, **options):
        options = {**self.OPTIONS, **options}
        return self._patient(self._browser.new_context(bypass_csp=bypass_csp, **options))

    def _patient(self, made):
        made.set_default_timeout(self.LONGEST_MS)
        return made


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
        yield Patient(running)
        running.close()
