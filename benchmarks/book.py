"""What the book costs those who change it and those who read it. It must have been built."""

import functools
import gzip
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import seconds
from ecgcore import paths
from ecgcore.errors import DataError, EcgError

if TYPE_CHECKING:  # not everybody who measures has it
    from playwright.sync_api import Browser

HTML = "_build/html"
CHANGED = "ecgcore/chapters/uncertainty.py"  # the figures of that chapter
COPIED = ("book", "ecgcore", "figures", "notebooks", "profiles", "runs/paper", "_build")
COPIED_FILES = ("Snakefile", "_config.yml", "_toc.yml", "README.md", "CITATION.cff")
# What web servers compress; images and fonts are compressed already.
COMPRESSIBLE = ("text/", "json", "javascript", "xml", "wasm")


def rebuild() -> dict:
    """Seconds that `make book` takes if nothing has changed, and if a figure's code has.

    Raises DataError if the book is not built, or not up to date.
    """
    if not (paths.ROOT / HTML / "index.html").is_file():
        raise DataError("the book is not built")
    if planned := _planned(paths.ROOT):
        raise DataError(f"the book is not up to date ({', '.join(planned)} would run)")
    unchanged = seconds(lambda: _run(["make", "--silent", "book"], paths.ROOT))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _copy_project(copy)
        module = copy / CHANGED
        module.write_text(module.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
        # A copy lies elsewhere, so its inputs have other names; what counts is their age.
        by_age = ("--rerun-triggers", "mtime")
        steps = _planned(copy, *by_age)
        changed = seconds(lambda: _snakemake(copy, *by_age))
    return {"unchanged_s": unchanged, "changed_s": changed, "changed": CHANGED, "steps": steps}


def _copy_project(target: Path) -> None:
    for name in COPIED:
        shutil.copytree(paths.ROOT / name, target / name)
    for name in COPIED_FILES:
        shutil.copy2(paths.ROOT / name, target / name)
    (target / "data").symlink_to(paths.DATA)


def _planned(root: Path, *options: str) -> list[str]:
    """The steps that would run."""
    plan = _snakemake(root, "--dry-run", "--quiet", "host", *options)
    table = [line.split() for line in plan.splitlines()]
    rows = [row[0] for row in table if len(row) == 2 and row[1].isdigit()]
    found = [name for name in rows if name.isidentifier() and name != "total"]
    return list(dict.fromkeys(found))  # the table is printed before and after the plan


def _snakemake(root: Path, *options: str) -> str:
    command = ["snakemake", "--cores", "all", "--config", "profile=paper", *options]
    return _run(command, root)


def _run(command: list[str], root: Path) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited |= {"ECGCORE_ROOT": str(root), "PYTHONPATH": str(root), "PATH": search}
    done = subprocess.run(
        command,
        cwd=root,
        env=inherited,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise EcgError(f"{command[0]} failed: {done.stdout.strip().splitlines()[-1]}")
    return done.stdout


def pages(html: Path | None = None, running: "Browser | None" = None) -> dict:
    """What each page weighs at a first visit, and how soon it can be used.

    html: folder of the book; running: a browser of playwright's, which else is started.

    raw_mb, gzip_mb: everything that the page loads by itself, as it is and as web servers send it;
    usable_s: until it has loaded and the browser has nothing left to do. A web server on this
    machine serves it, so the network costs nothing. Raises DataError if there is no book or no
    browser.
    """
    html = html or paths.ROOT / HTML
    if not (html / "index.html").is_file():
        raise DataError("the book is not built")
    with _serving(html) as address, nullcontext(running) if running else _browser() as browser:
        found = [path.relative_to(html) for path in sorted((html / "book").rglob("*.html"))]
        rows = [_visit(browser, address, path) for path in found]
    return {"rows": rows} | {
        key: max(row[key] for row in rows) for key in ("raw_mb", "gzip_mb", "usable_s")
    }


def _visit(browser, address: str, path: Path) -> dict:
    context = browser.new_context()  # with nothing in its cache
    page, responses = context.new_page(), []
    page.on("response", lambda response: responses.append(response))
    page.goto(f"{address}/{path}", wait_until="load")
    idle = "new Promise(done => requestIdleCallback(() => done(performance.now())))"
    usable_ms = page.evaluate(idle)
    sizes = [_weigh(response) for response in responses]
    context.close()
    return {
        "page": path.stem,
        "requests": len(sizes),
        "raw_mb": sum(raw for raw, _ in sizes) / 1e6,
        "gzip_mb": sum(packed for _, packed in sizes) / 1e6,
        "usable_s": usable_ms / 1000,
    }


def _weigh(response) -> tuple[int, int]:
    """Bytes of a response, as it is and as a web server would send it."""
    if not response.ok:
        return 0, 0
    body, kind = response.body(), response.headers.get("content-type", "")
    packed = gzip.compress(body, 6) if any(text in kind for text in COMPRESSIBLE) else body
    return len(body), len(packed)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def _browser():
    named = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    chromium = next((found for name in named if name and (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if not chromium:
        raise DataError("there is no Chromium, or no playwright")
    with sync_playwright() as api:
        running = api.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()
