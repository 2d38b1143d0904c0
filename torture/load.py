"""Load: many clients at once, sessions of the app beside each other, two days of one signal.

Each answer is compared with the one that was given in quiet: nothing may be lost or mixed up.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgcore import paths
from torture.common import CODE, LOST, RIGHT, SKIPPED, Case, Outcome

CLIENTS, REQUESTS = 50, 1000
SESSIONS = ("100", "119", "200", "208", "232")
SECONDS = 20  # of the recordings that are sent
HOURS = 48
RECORD = "100"
STARTED_S, PATIENCE_S = 60.0, 600.0


def cases(share: float, folder: Path) -> list[Case]:
    folder.mkdir(parents=True, exist_ok=True)
    n = max(CLIENTS, round(share * REQUESTS))
    hours = max(1, round(share * HOURS))
    return [
        Case("the service, 50 clients", f"{n} requests", lambda: serve(n, folder)),
        Case("the app, five sessions", "five sessions", lambda: app_sessions(folder)),
        Case("a recording of two days", f"{hours} h", lambda: stream(hours, folder)),
    ]


# The service


def serve(n: int, folder: Path) -> Outcome:
    """n requests by CLIENTS clients, who ask again when they are told to come later."""
    port = _free_port()
    command = [sys.executable, "-m", "ecgcore.cli", "serve", "--port", str(port)]
    with _running(command, folder / "serve.log") as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/health")
        bodies = _recordings()
        right = {name: _ask(url, name, body)[1] for name, body in bodies.items()}
        return replace(_asked(url, n, bodies, right), mb=_peak_mb(process.pid))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen]:
    """A server, for as long as it is wanted."""
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(command, cwd=CODE, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _asked(url: str, n: int, bodies: dict[str, bytes], right: dict[str, str]) -> Outcome:
    names = [list(bodies)[i % len(bodies)] for i in range(n)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(lambda name: _ask(url, name, bodies[name]), names))
    took = time.perf_counter() - start
    wrong = sum(text != right[name] for name, (_, text, _) in zip(names, found, strict=True))
    p99 = float(np.quantile([s for s, _, _ in found], 0.99))
    later = sum(again for _, _, again in found)
    said = (
        f"{n:,} requests answered, {n / took:.1f} a second; 99 of 100 within {p99:.1f} s; "
        f"{later:,} times told to come later"
    )
    return Outcome(LOST if wrong else RIGHT, f"{wrong} other answers" if wrong else said, took)


def _recordings() -> dict[str, bytes]:
    """Short recordings as text, one of each record."""
    import wfdb

    made = {}
    for name in SESSIONS:
        path = str(paths.DATA / "mitdb" / name)
        signal = wfdb.rdrecord(path, sampto=360 * SECONDS).p_signal[:, 0]
        made[f"{name}.txt"] = "\n".join(f"{v:.3f}" for v in signal).encode()
    return made


def _ask(url: str, name: str, body: bytes) -> tuple[float, str, int]:
    """Seconds until the answer, the answer, and how often it was put off."""
    start, again = time.perf_counter(), 0
    while time.perf_counter() - start < PATIENCE_S:
        try:
            request = urllib.request.Request(f"{url}/classify?name={name}&fs=360", data=body)
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                text = response.read().decode()
            return time.perf_counter() - start, json.dumps(json.loads(text)["beats"]), again
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return time.perf_counter() - start, f"{error.code}: {error.read()!r}", again
            again += 1
            time.sleep(float(error.headers["Retry-After"]))
    return PATIENCE_S, "no answer", again


def _wait_for(url: str) -> None:
    end = time.monotonic() + STARTED_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _peak_mb(pid: int) -> float:
    """The most memory that a process has held, where that can be told (Linux)."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return 0.0
    lines = status.read_text().splitlines()  # none of memory once it has ended
    return next((int(x.split()[1]) * 1024 / 1e6 for x in lines if x.startswith("VmHWM")), 0.0)


# The app


def app_sessions(folder: Path) -> Outcome:
    """As many tabs of a browser beside each other, each with a recording of its own."""
    try:
        import streamlit  # noqa: F401
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return Outcome(SKIPPED, "Streamlit or playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return Outcome(SKIPPED, "Chromium is not installed")
    port = _free_port()
    options = ["--server.headless=true", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", "app/streamlit_app.py", *options]
    expected = {name: f"{_beats(name):,}" for name in SESSIONS}
    with _running(command, folder / "app.log") as process, sync_playwright() as api:
        _wait_for(f"http://127.0.0.1:{port}")
        browser = api.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            shown = _tabs(browser, f"http://127.0.0.1:{port}", expected)
        except Error as error:
            return Outcome(LOST, f"a session did not end: {str(error).splitlines()[0]}")
        finally:
            browser.close()
        mb = _peak_mb(process.pid)
    if shown != expected:
        return Outcome(LOST, f"{shown} instead of {expected} beats", mb=mb)
    return Outcome(RIGHT, f"{len(shown)} recordings at once, each with its own beats", mb=mb)


def _tabs(browser, url: str, expected: dict[str, str]) -> dict[str, str]:
    """Beats that each of the sessions shows, all of them given their record before any answers."""
    tabs = {name: browser.new_context().new_page() for name in expected}
    for tab in tabs.values():
        tab.set_default_timeout(1000 * PATIENCE_S)
        tab.goto(url)
    for tab in tabs.values():
        tab.get_by_text("a file of your own").click()
    for name, tab in tabs.items():
        files = [paths.DATA / "mitdb" / f"{name}.{suffix}" for suffix in ("hea", "dat", "atr")]
        chooser = tab.locator("input[type=file]")
        chooser.wait_for(state="attached")
        chooser.set_input_files([str(path) for path in files])
    shown = {}
    for name, tab in tabs.items():
        tab.get_by_role("heading", name=name).or_(tab.get_by_text(f"{name}.hea")).first.wait_for()
        counted = tab.get_by_test_id("stMetric").filter(has_text="Beats")
        value = counted.get_by_test_id("stMetricValue").first
        value.get_by_text(expected[name], exact=True).wait_for()
        shown[name] = value.inner_text()
    return shown


def _beats(name: str) -> int:
    from ecgcore.inference import recording

    return len(recording.read(paths.DATA / "mitdb" / name).beats)


# Two days


def stream(hours: int, folder: Path) -> Outcome:
    """One half hour over and over, classified as one recording: each has the same beats."""
    import wfdb

    half = wfdb.rdrecord(str(paths.DATA / "mitdb" / RECORD), physical=False, channels=[0])
    samples, times = half.d_signal[:, 0].astype("<i2").tobytes(), 2 * hours
    (folder / "long.hea").write_text(
        f"long 1 {half.fs:g} {half.sig_len * times}\n"
        f"long.dat 16 {half.adc_gain[0]:g}({half.baseline[0]})/mV 11 0 0 0 0 {half.sig_name[0]}\n"
    )
    with open(folder / "long.dat", "wb") as file:
        for _ in range(times):
            file.write(samples)
    try:
        return _streamed(folder, half.sig_len / half.fs, times)
    finally:
        (folder / "long.dat").unlink()


def _streamed(folder: Path, half_s: float, times: int) -> Outcome:
    target, log = folder / "long.csv", folder / "long.log"
    command = [sys.executable, "-m", "ecgcore.cli", "predict", str(folder / "long")]
    start, mb = time.perf_counter(), 0.0
    with _running([*command, "--format", "csv", "--to", str(target)], log) as process:
        while process.poll() is None:
            mb = max(mb, _peak_mb(process.pid))
            time.sleep(0.2)
    took = time.perf_counter() - start
    if process.returncode:
        return Outcome(LOST, log.read_text(encoding="utf-8").strip().splitlines()[-1][:200], took)
    at = np.loadtxt(target, delimiter=",", skiprows=1, usecols=1)
    counts = np.bincount((at // half_s).astype(int), minlength=times)[1:-1]
    target.unlink()
    if len(counts) and counts.max() - counts.min() > 1:  # a beat at the seam is here or there
        said = f"{counts.min()} to {counts.max()} beats in equal half hours"
        return Outcome(LOST, said, took, mb)
    said = f"{len(at):,} beats of {times / 2:g} h in {took:.0f} s, {os.cpu_count()} cores"
    return Outcome(RIGHT, said, took, mb)
