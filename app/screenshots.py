"""Pictures of the app for README: `python app/screenshots.py`, where Chromium and playwright are.

Starts the app, opens the record that it opens with, jumps to a run of beats, and writes
app/screenshots/app.png, or the pictures that are named.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / "screenshots"
PATIENCE_S = 120
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36"
EVENT = "V couplets"


@dataclass(frozen=True)
class Picture:
    """width, height: pixels of the window; phone: whether the browser says that it is one."""

    width: int
    height: int
    dark: bool = False
    phone: bool = False


PICTURES = {
    "app": Picture(1280, 1460),
    "app_dark": Picture(1280, 1460, dark=True),
    "app_phone": Picture(390, 844, phone=True),
    "app_phone_dark": Picture(390, 844, dark=True, phone=True),
}
DEFAULT = "app"  # what README shows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help=f"of {', '.join(PICTURES)}; else {DEFAULT}")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder")
    given = parser.parse_args()
    names = given.name or [DEFAULT]
    if unknown := set(names) - set(PICTURES):
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        sys.exit("no Chromium: install it, or set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    given.to.mkdir(parents=True, exist_ok=True)
    with running_app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names:
            take(browser, address, PICTURES[name], given.to / f"{name}.png")
            print(given.to / f"{name}.png")
        browser.close()


@contextmanager
def running_app() -> Iterator[str]:
    """The address of the app, on this machine only, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(HERE / "streamlit_app.py")]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, *options], cwd=HERE.parent, **quiet)
    try:
        yield _answering(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()


def _answering(address: str, process: subprocess.Popen) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return address
        except OSError:
            time.sleep(0.2)
    sys.exit("the app does not answer: is the extra `app` installed?")


def take(browser, address: str, picture: Picture, path: Path) -> None:
    """A picture of the strip about an event, and what is above and below it."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.dark else "light",
        **({"user_agent": PHONE} if picture.phone else {}),
    )
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    page.goto(address)
    page.locator(".js-plotly-plot").nth(1).wait_for()
    kinds = page.get_by_role("combobox", name="Jump to")
    kinds.fill(EVENT)
    kinds.press("Enter")
    page.get_by_text(f"{EVENT} (").first.wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("RR before").wait_for()
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # until the charts have been drawn
    if picture.phone:
        page.locator(".st-key-steps").evaluate("e => e.scrollIntoView()")
        page.wait_for_timeout(500)
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()
