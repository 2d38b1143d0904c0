"""What whole recordings cost in a reader's browser: seconds, memory, and bytes to load.

A record over and over makes one of any length. It is classified on a bare page with the book's own
modules; what a first visit to the real page loads is counted in a built book.
"""

import gzip
import json
import mimetypes
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.book import COMPRESSIBLE, HTML, _browser, _serving
from benchmarks.common import Sizes
from ecgcore import paths
from ecgcore.data.records import default_database, read_record
from ecgcore.inference import published
from ecgcore.workflow import browser_chain, offline

MODULES = paths.BOOK / "_static" / "recording"
RECORD, GAIN = "208", 200  # many ventricular beats; steps a mV
LONGEST_MS = 3_600_000
# How long the worker takes, how long the page was busy at most meanwhile, and how many beats.
CLASSIFY = """async () => {
  const how = await (await fetch("how.json")).json();
  const files = await Promise.all(["long.hea", "long.dat"].map(async (name) => (
    { name, blob: await (await fetch(name)).blob() })));
  let [longest, last] = [0, performance.now()];
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 20);
  const start = performance.now();
  const worker = new Worker("recording/worker.js", { type: "module" });
  const answer = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.error) reject(new Error(data.error));
      if (data.answer) resolve(data.answer);
    };
    const model = new URL("rhythm.bin", location.href).href;
    worker.postMessage({ files, model, how, wish: { lead: null, ownPeaks: true } });
  });
  clearInterval(watch);
  const seconds = (performance.now() - start) / 1e3;
  return { beats: answer.time.length, seconds, pause_s: longest / 1e3 };
}"""


def measure(sizes: Sizes) -> dict:
    """`rows`: a recording each, with `hours`, `beats`, `seconds` from its files to the answer,
    `pause_s`, the longest that the page did not respond meanwhile, and `renderer_mb`, `browser_mb`:
    the most memory that Chromium's processes held; `bytes`: of what is loaded for it, as it is and
    as web servers send it; `first_load`: see that function. Raises DataError if there is no
    browser."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loaded = _site(folder)
        rows = [_one(folder, hours) for hours in sizes.recordings_h]
    weight = first_load(paths.ROOT / HTML)
    return {"record": RECORD, "rows": rows, "bytes": loaded, "first_load": weight}


def first_load(html: Path) -> dict | None:
    """What a first visit to the page "Try it" loads, until it works without a network: `files`, and
    their bytes as they are (`raw`) and as web servers send them (`sent`). None without a book."""
    if not (html / offline.WORKER).is_file():
        return None
    names = [*offline.kept(html), offline.WORKER]
    weights = [_weight(html / urlsplit(name).path) for name in names]
    raw, sent = (sum(each) for each in zip(*weights, strict=True))
    return {"files": len(names), "raw": raw, "sent": sent}


def _weight(path: Path) -> tuple[int, int]:
    data, kind = path.read_bytes(), mimetypes.guess_type(path.name)[0] or ""
    packed = any(word in kind for word in COMPRESSIBLE)
    return len(data), len(gzip.compress(data, 6)) if packed else len(data)


def _site(folder: Path) -> dict:
    shutil.copytree(MODULES, folder / "recording")
    model = browser_chain.compressed(published.FOLDER / "rhythm.onnx")
    (folder / "rhythm.bin").write_bytes(model)
    (folder / "how.json").write_text(json.dumps(browser_chain.numbers()), encoding="utf-8")
    (folder / "index.html").write_text("<!doctype html><title>Recording</title>", encoding="utf-8")
    code = [path.read_bytes() for path in sorted((folder / "recording").glob("*.js"))]
    return {"code": sum(map(len, code)), "model": len(model)} | {
        "code_gzip": sum(len(gzip.compress(text, 6)) for text in code),
        "model_gzip": len(gzip.compress(model, 6)),
    }


def _write(folder: Path, hours: float) -> None:
    """The record as long as it is wanted, of one lead."""
    record = read_record(default_database(), RECORD)
    stored = np.round(record.signal * GAIN).astype("<i2")
    wanted = round(hours * 3600 * record.fs)
    with open(folder / "long.dat", "wb") as file:
        for start in range(0, wanted, len(stored)):
            file.write(stored[: wanted - start].tobytes())
    header = f"long 1 {record.fs:g} {wanted}\nlong.dat 16 {GAIN}/mV 16 0 0 0 0 {record.lead}\n"
    (folder / "long.hea").write_text(header, encoding="utf-8")


def _one(folder: Path, hours: float) -> dict:
    _write(folder, hours)
    with _serving(folder) as address, _browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(LONGEST_MS)
        page.goto(f"{address}/index.html")
        found = page.evaluate(CLASSIFY)
        return {"hours": hours, **found, **_memory(browser)}


def _memory(browser) -> dict:
    """The most that Chromium's processes have held, by their kind; nothing where /proc is not."""
    listed = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    most: dict[str, float] = {}
    for process in listed:
        status = Path(f"/proc/{process['id']}/status")
        lines = status.read_text().splitlines() if status.is_file() else []
        peak = next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), 0)
        most[process["type"]] = max(most.get(process["type"], 0), peak)
    return {f"{kind}_mb": most.get(kind) or None for kind in ("renderer", "browser")}
