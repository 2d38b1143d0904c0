"""Fetching a database from PhysioNet."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm

from ecgcore import paths
from ecgcore.constants import CHECKSUMS
from ecgcore.data.checksums import read_checksums
from ecgcore.data.records import EMBEDDED, embedded_databases
from ecgcore.errors import ConfigError, DataError, DownloadError
from ecgcore.files import replacing, sha256, write_text

BASE_URLS = {name: f"https://physionet.org/files/{name}/1.0.0/" for name in EMBEDDED}
PHYSIONET_CHECKSUMS = "SHA256SUMS.physionet.txt"  # PhysioNet's list, kept with the embedded records
UNFINISHED = ".unfinished"  # where a file lies until its checksum is found right
TIMEOUT_S = 30  # without a byte
RETRIES = 2  # of a file, after one second and then two


def registry(name: str) -> dict[str, str]:
    """File name to SHA-256, as PhysioNet lists them: RECORDS and the files of every record.

    A record is what has a header in the main folder. `nstdb` has more of them than are embedded,
    and its noise has no annotations.
    """
    listed = read_checksums(paths.DATA / name / PHYSIONET_CHECKSUMS)
    names = [file[:-4] for file in listed if file.endswith(".hea") and "/" not in file]
    wanted = {f"{n}.{part}" for n in names for part in ("atr", "dat", "hea")} | {"RECORDS"}
    return {file: listed[file] for file in sorted(wanted & listed.keys())}


def download(
    name: str,
    target: Path,
    base_url: str | None = None,
    files: dict[str, str] | None = None,
    retries: int | None = None,
    log: Callable[[str], None] = print,
) -> int:
    """Fill `target` with a database's files and the list that `verify` reads; return their number.

    Files that are already there with the right checksum stay as they are, so a broken-off
    download goes on where it was. Shows a progress bar on a terminal, else `log` gets a line a
    file. `base_url` and `files` (name to SHA-256) default to PhysioNet's of that name.

    Raises ConfigError for an unknown database or an embedded one as target, DownloadError if
    a file cannot be fetched or its checksum is wrong, DataError if it cannot be written.
    """
    if name not in BASE_URLS:
        raise ConfigError(f"database {name!r} is unknown; choose from {', '.join(BASE_URLS)}")
    target = Path(target)
    if target.resolve() in [folder.resolve() for folder in embedded_databases()]:
        raise ConfigError(f"{target} holds the embedded records; choose another folder")
    base_url, files = base_url or BASE_URLS[name], files or registry(name)
    retries = RETRIES if retries is None else retries
    try:
        _fill(target, base_url, files, retries, log)
        write_text(target / CHECKSUMS, "".join(f"{d}  {file}\n" for file, d in files.items()))
    except OSError as error:
        raise DataError(f"{error.filename or target}: {error.strerror or error}") from error
    return len(files)


def _fill(
    target: Path, base_url: str, files: dict[str, str], retries: int, log: Callable[[str], None]
) -> None:
    """Fetch what is not there. A file gets its final name only once its checksum is right."""
    pooch.get_logger().setLevel("ERROR")  # the bar, or the log, says what goes on
    target.mkdir(parents=True, exist_ok=True)
    unfinished = target / UNFINISHED
    source = pooch.create(unfinished, base_url, registry=files, retry_if_failed=retries)
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_S)
    terminal = sys.stderr.isatty()
    try:
        with tqdm(files.items(), unit="file", disable=not terminal) as bar:
            for number, (file, digest) in enumerate(bar, start=1):
                bar.set_description(file)
                there = (target / file).is_file() and sha256(target / file) == digest
                if not there:
                    _fetch(source, file, downloader, target)
                if not terminal:
                    state = "already there" if there else "fetched"
                    log(f"{number}/{len(files)}  {file}  {state}")
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fetch(source: pooch.Pooch, file: str, downloader: pooch.HTTPDownloader, target: Path) -> None:
    url = source.get_url(file)
    try:
        fetched = source.fetch(file, downloader=downloader)
    except requests.RequestException as error:
        again = "what is complete stays, run the command again to go on"
        raise DownloadError(f"{_reason(url, error)}; {again}") from error
    except ValueError as error:  # what pooch raises for a wrong checksum
        raise DownloadError(
            f"{url}: damaged on the way (its SHA-256 is not PhysioNet's); "
            "it was removed, run the command again"
        ) from error
    with replacing(target / file) as temporary:  # pooch's own file none but its owner could read
        shutil.copyfile(fetched, temporary)


def _reason(url: str, error: requests.RequestException) -> str:
    if error.response is not None:
        return f"{url}: the server answers {error.response.status_code}"
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return f"no connection to {urlsplit(url).netloc} (no network?)"
    return f"{url}: broken off"
