"""A bare page with the modules for whole recordings and what they load, served to a browser."""

import shutil
import sys
from functools import partial

import pytest
from in_node import MODULES
from own_ecg import free_port, serve

from ecgcore.workflow import page_recordings

# Of the page: the files at some addresses, given to a worker; what it says last, and its progress.
CLASSIFY = """async ({ files, wish }) => {
  const how = await (await fetch("assets/how.json")).json();
  const model = new URL("assets/rhythm.bin", location.href).href;
  const dropped = await Promise.all(files.map(async (url) => (
    { name: url.split("/").pop(), blob: await (await fetch(url)).blob() })));
  const worker = (window.worker ??= new Worker("recording/worker.js", { type: "module" }));
  const heard = [];
  const last = await new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => ("done" in data ? heard.push(data) : resolve(data));
    worker.postMessage({ files: dropped.length ? dropped : undefined, model, how, wish });
  });
  const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  if (!last.answer) return { ...last, rows: last.rows?.name ?? null, heard };
  const { signal, second, ...answer } = last.answer;
  const named = Object.entries(answer).map(([key, value]) => [key, plain(value)]);
  return { ...Object.fromEntries(named), samples: signal.length, heard };
}"""


@pytest.fixture(scope="session")
def recording_site(tmp_path_factory):
    """Folder and address of the page."""
    folder = tmp_path_factory.mktemp("recordings")
    shutil.copytree(MODULES, folder / "recording")
    (folder / "assets").mkdir()
    page_recordings.publish("smoke", folder / "assets")
    (folder / "index.html").write_text("<!doctype html><title>Recordings</title>")
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = serve(command, port, cwd=folder)
    yield folder, f"http://127.0.0.1:{port}"
    process.terminate()


@pytest.fixture
def in_browser(recording_site, browser):
    """A function: what the worker in the browser answers about files of the page's folder."""
    _, address = recording_site
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    yield partial(_classify, page)
    page.close()


def _classify(page, files, **wish):
    return page.evaluate(CLASSIFY, {"files": files, "wish": wish})
