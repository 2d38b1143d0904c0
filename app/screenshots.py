"""Pictures for README: `python app/screenshots.py`, where Chromium and playwright are.

Starts the app, opens the record that it opens with, and jumps to a run of beats; has the command
line classify and report on that record; opens the service's page, and the page "Try it" of the book
that was built last (see film_strip). Writes app/screenshots/NAME.png of all that README shows, or
of the pictures that are named.
"""

import argparse
import html
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import film_strip

HERE = Path(__file__).parent
FOLDER = HERE / "screenshots"
PATIENCE_S = 120
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36"
EVENT = "V couplets"
FILM = "film_strip"


@dataclass(frozen=True)
class Picture:
    """width, height: pixels of the window; phone: whether the browser says that it is one."""

    width: int
    height: int
    dark: bool = False
    phone: bool = False


APP = {
    "app": Picture(1280, 1460),
    "app_dark": Picture(1280, 1460, dark=True),
    "app_phone": Picture(390, 844, phone=True),
    "app_phone_dark": Picture(390, 844, dark=True, phone=True),
}
RECORD = "data/svdb/851"  # of a patient that no model has learnt from; the app opens with it
TERMINAL = """<meta charset="utf-8"><style>body{{margin:0;background:#16181d;color:#e6e6e6}}
pre{{margin:0;padding:18px;font:14px/1.35 "DejaVu Sans Mono",monospace;white-space:pre-wrap}}
b{{color:#8fd18f;font-weight:400}}</style><pre><b>$ {command}</b>\n{output}</pre>"""
FIRST_LINES, LAST_LINES = 6, 16  # of what the command line prints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [*APP, *PAGES, FILM]
    shown = ["app", *PAGES, FILM]
    parser.add_argument("name", nargs="*", help=f"of {', '.join(known)}; else {', '.join(shown)}")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder")
    given = parser.parse_args()
    names = given.name or shown
    if unknown := set(names) - set(known):
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        sys.exit("no Chromium: install it, or set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    given.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names:
            path = given.to / f"{name}.png"
            if name in PAGES:
                PAGES[name](browser, path)
            elif name == FILM:
                print(*film_strip.take(browser, path), sep="\n")
                continue
            else:
                with running(APP_COMMAND) as address:
                    take(browser, address, APP[name], path)
            print(path)
        browser.close()


STREAMLIT = (sys.executable, "-m", "streamlit", "run", str(HERE / "streamlit_app.py"))
APP_COMMAND = (*STREAMLIT, "--server.headless=true", "--server.address=127.0.0.1", "--server.port")
ECGCORE = (sys.executable, "-m", "ecgcore.cli")


@contextmanager
def running(command: tuple[str, ...]) -> Iterator[str]:
    """The address of a server, on this machine only, until the block ends; its port comes last."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, str(port)], cwd=HERE.parent, **quiet)
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
    sys.exit("no answer: are the extras `app` and `serve` installed?")


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


def take_page(browser, address: str, path: Path, height: int, width: int = 1000) -> None:
    """A picture of the top of a page that needs no clicks."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=path)
    page.close()


def command_line(browser, path: Path) -> None:
    """What `ecgcore predict` prints, first and last lines."""
    done = subprocess.run(
        [*ECGCORE, "predict", RECORD], cwd=HERE.parent, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    printed = "\n".join([*lines[:FIRST_LINES], "...", *lines[-LAST_LINES:]])
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "terminal.html"
        page.write_text(
            TERMINAL.format(command=f"ecgcore predict {RECORD}", output=html.escape(printed)),
            encoding="utf-8",
        )
        take_page(browser, page.as_uri(), path, 560)


def report(browser, path: Path) -> None:
    """The top of the page that `ecgcore report` writes."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        command = [*ECGCORE, "report", RECORD, "--to", str(page)]
        subprocess.run(command, cwd=HERE.parent, capture_output=True, check=True)
        take_page(browser, page.as_uri(), path, 1100)


def service(browser, path: Path) -> None:
    """The page that the service greets with."""
    with running((*ECGCORE, "serve", "--port")) as address:
        take_page(browser, address, path, 640)


PAGES = {"command_line": command_line, "report": report, "service": service}


if __name__ == "__main__":
    main()
