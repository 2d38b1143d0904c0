"""The inspector and the explorer live in JupyterLab, with Python behind them."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from browser_helpers import free_port, guesses, write_notebook

pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

START_S = 60  # a server that has not answered by then will not
INSPECTOR = """
import json
from pathlib import Path
from ecgcore.evaluation.predictions import Predictions
from ecgcore.widgets import BeatInspector

inspector = BeatInspector({"random": Predictions.load(Path("random.npz"))}, right_per_class=20)
note = lambda change: Path(f"{change.name}.json").write_text(json.dumps(change.new))
inspector.observe(note, ["selected", "opened"])
inspector
"""
FILTER = """
inspector.record, inspector.sort = "208", "time"
"""
EXPLORER = """
import torch
from ecgcore.models import networks
from ecgcore.models.config import train_config
from ecgcore.widgets import BeatExplorer

torch.manual_seed(0)
model = networks.build(train_config(filters=(4, 4, 4), lstm_hidden=4))
BeatExplorer(model, records=["208", "223"])
"""


@pytest.fixture(scope="module")
def predictions(small_beats):
    return guesses(small_beats[::5])


@pytest.fixture(scope="module")
def folder(predictions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    predictions.save(folder / "random.npz")
    write_notebook(folder / "inspector.ipynb", INSPECTOR, FILTER)
    write_notebook(folder / "explorer.ipynb", EXPLORER)
    return folder


@pytest.fixture(scope="module")
def lab(chromium, folder, tmp_path_factory):
    """Address of a JupyterLab of our own, on this machine only; `{}` stands for the notebook."""
    port, token = free_port(), secrets.token_hex(16)
    settings = tmp_path_factory.mktemp("settings")
    own = {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTERLAB_SETTINGS_DIR": str(settings)}
    options = [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
    ]
    log = settings / "lab.log"
    with open(log, "w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | own,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, log)
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}&reset"  # no old tabs
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen, log) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture
def open_notebook(browser, lab):
    """Opens a notebook in JupyterLab, its kernel ready."""
    contexts = []

    def open_(name: str):
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(lab.format(name))
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.get_by_text("| Idle").wait_for()  # the status bar, once the kernel answers
        return page

    yield open_
    for context in contexts:
        context.close()


def run_cell(page, number: int) -> None:
    """Runs a code cell, counted from 0, as a user does."""
    page.locator(".jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")


def told(page, folder, name: str, wanted) -> None:
    """Waits until Python has heard of a value."""
    path, found = folder / f"{name}.json", None
    for _ in range(100):
        try:
            found = json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            found = None
        if found == wanted:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"Python has {name} = {str(found)[:200]}, not {str(wanted)[:200]}")


def test_inspector_and_python_hear_each_other(open_notebook, predictions, folder):
    page = open_notebook("inspector.ipynb")
    run_cell(page, 1)
    page.wait_for_selector(".beat-inspector[data-ready]")
    page.locator(".bi-card").first.scroll_into_view_if_needed()
    page.locator(".bi-card path.bi-wave").first.wait_for()

    p = predictions
    page.locator('[data-cell="NV"]').click()
    wanted = np.flatnonzero((p.true == 0) & (p.predicted == 2))
    wanted = wanted[np.argsort(-p.confidence[wanted], kind="stable")].tolist()
    told(page, folder, "selected", wanted)

    page.locator(".bi-card").first.press("Enter")
    page.wait_for_selector(".bi-dialog[open] .bi-wave")
    told(page, folder, "opened", wanted[0])
    page.keyboard.press("ArrowRight")
    told(page, folder, "opened", wanted[1])
    assert page.locator(".bi-place").inner_text().startswith("2 of")
    page.keyboard.press("Escape")
    told(page, folder, "opened", -1)
    # Nothing that was pressed reached the notebook: no cell was run, cut or added.
    assert page.locator(".jp-CodeCell").count() == 3

    run_cell(page, 2)
    in_record = np.isin(wanted, np.flatnonzero(p.record == "208"))
    told(page, folder, "selected", sorted(np.array(wanted)[in_record].tolist()))
    assert "record 208" in page.locator(".bi-count-part").inner_text()


def test_explorer_runs_the_network(open_notebook):
    page = open_notebook("explorer.ipynb")
    run_cell(page, 1)
    picture = page.locator('.jp-OutputArea [role="img"]')
    picture.wait_for()
    before = picture.get_attribute("aria-label")
    assert before.startswith("Record 208")
    page.get_by_role("button", name="Next beat").click()
    page.wait_for_function(
        "old => document.querySelector('.jp-OutputArea [role=img]').ariaLabel !== old", arg=before
    )
    page.get_by_label("Record", exact=True).select_option("223")
    page.wait_for_function(
        "document.querySelector('.jp-OutputArea [role=img]').ariaLabel.startsWith('Record 223')"
    )
