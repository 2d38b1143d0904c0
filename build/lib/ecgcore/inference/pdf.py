"""A page as PDF, printed by a browser that is installed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ecgcore.errors import ConfigError, DataError
from ecgcore.files import replacing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
LIMIT_S = 120


def browser() -> str:
    """Path of Chromium or Chrome. Raises ConfigError if there is none."""
    wanted = os.environ.get("CHROMIUM")
    found = wanted or next((p for p in map(shutil.which, BROWSERS) if p), None)
    if not found or not shutil.which(found):
        raise ConfigError(
            "a PDF needs Chromium or Chrome: install it, or set CHROMIUM to its path, or print the "
            "HTML page from a browser"
        )
    return found


def write(target: Path, page: str, program: str) -> Path:
    """Print an HTML page. program: as `browser` gives it. Raises DataError if that fails."""
    with tempfile.TemporaryDirectory() as folder, replacing(Path(target)) as temporary:
        source, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        options += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}"]
        try:
            subprocess.run(
                [program, *options, source.as_uri()],
                check=True, capture_output=True, timeout=LIMIT_S,
            )  # fmt: skip
            shutil.copyfile(printed, temporary)
        except (OSError, subprocess.SubprocessError) as error:
            raise DataError(f"{target}: {program} could not print the page ({error})") from None
    return Path(target)
