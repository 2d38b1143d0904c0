"""Training on a GPU, where there is one: the same seed twice, killed and resumed, and how fast.

    python -m torture.gpu --beats BEATS.npz --out gpu.json --budget 220

The runs are those of the book's recipe, by the package's own loop, each in a process that a second
runs beside; what time leaves undone is null. `python -m torture.gpu --work` is such a process: it
reads a task a line and answers each with a line, both JSON. `--add gpu.json --commit COMMIT` takes
what another machine measured into figures/torture.json.
"""

import argparse
import hashlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

CODE = Path(__file__).resolve().parent.parent
PROTOCOLS = {"random": {}, "inter_patient": {"val_share": 0.2}}  # as in profiles/paper.yaml
SEEDS = 5
MEMORY_MB = 900  # of the GPU, that each process may take
KILLED_IN = 5  # the epoch in which a process is killed


@dataclass(frozen=True)
class Sizes:
    """How much is done. The small ones show that everything works, on whatever device."""

    device: str = "cuda"
    epochs: int = 16
    short: int = 3  # epochs, where only the speed is asked for
    large: int = 1024  # beats of a batch that fills a GPU
    compared: int = 20_000  # beats that two processors classify
    overrides: str = "{}"  # of the config, as JSON


# What a process does


def fit(beats, task: dict) -> dict:
    """Train as told, and test: seconds of each epoch, scores, and what the weights are."""
    import torch

    from ecgcore.beats.splits import SCORED_CLASSES, make_split
    from ecgcore.evaluation.metrics import summarise
    from ecgcore.evaluation.predictions import predict
    from ecgcore.models.config import train_config
    from ecgcore.training import loop

    torch.set_num_threads(task.get("threads", 1))
    config = train_config(**PROTOCOLS[task["protocol"]] | task["config"])
    split = make_split(task["protocol"], beats, config.val_share, 0)
    on_gpu = config.device.startswith("cuda")
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    done = loop.fit(beats, split, config, Path(task["folder"]), log=_say_epoch)
    took = time.perf_counter() - start
    found = summarise(
        predict(done.model, beats, config.device, split.test), SCORED_CLASSES[split.protocol]
    )
    return {
        "weights": digest(Path(task["folder"])),
        "seconds": took,
        "epoch_s": done.history["seconds"].tolist(),
        "beats_per_s": done.history["beats_per_s"].tolist(),
        "precision": done.about["precision"],
        "best_epoch": done.about["best_epoch"],
        "val_macro_f1": done.about["validation"]["val_macro_f1"],
        "accuracy": found["accuracy"],
        "macro_f1": found["macro_f1"],
        "memory_mb": torch.cuda.max_memory_allocated() / 1e6 if on_gpu else None,
    }


def _say_epoch(line: str) -> None:
    print(json.dumps({"epoch": line}), flush=True)


def digest(folder: Path) -> str:
    """SHA-256 of a run's weights and optimiser, the best epoch's and the last's."""
    from ecgcore.models.checkpoints import read_tensors
    from ecgcore.training import loop

    found = hashlib.sha256()
    for name in (loop.BEST, loop.LAST):
        tensors, _ = read_tensors(folder / name)
        for key in sorted(tensors):
            found.update(key.encode())
            found.update(tensors[key].numpy().tobytes())
    return found.hexdigest()


def exhaust(beats, task: dict) -> dict:
    """Train with a batch that does not fit; what it says, and whether a usual batch then fits."""
    from ecgcore.beats.splits import make_split
    from ecgcore.errors import EcgError
    from ecgcore.models.config import train_config
    from ecgcore.training.loop import fit as train

    split = make_split("random", beats)
    try:
        config = train_config(batch_size=len(split.train), epochs=1, **task["config"])
        train(beats, split, config, Path(task["folder"]), log=lambda line: None)
    except EcgError as error:
        said = str(error)
    else:
        return {"said": None}
    return {"said": said, "lines": len(said.splitlines())}


def compare(beats, task: dict) -> dict:
    """How far the probabilities that two processors compute from the same weights differ."""
    import torch

    from ecgcore.evaluation.predictions import probabilities
    from ecgcore.models.checkpoints import load_checkpoint
    from ecgcore.training import loop

    model, _ = load_checkpoint(Path(task["folder"]) / loop.BEST)
    signal = beats.signal[:: max(1, len(beats) // task["beats"])]
    here = probabilities(model, signal, "cpu")
    found = {"beats": len(signal)}
    before = torch.backends.cudnn.allow_tf32
    for name, tf32 in (("tf32", True), ("fp32", False)):
        torch.backends.cudnn.allow_tf32 = tf32
        there = probabilities(model, signal, task["device"])
        found[name] = {
            "largest": float(np.abs(there - here).max()),
            "other_class": int((there.argmax(1) != here.argmax(1)).sum()),
        }
    torch.backends.cudnn.allow_tf32 = before
    start = time.perf_counter()
    probabilities(model, beats.signal, task["device"])
    return found | {"beats_per_s": len(beats) / (time.perf_counter() - start)}


TASKS = {"fit": fit, "exhaust": exhaust, "compare": compare}


def work(beats_file: str, device: str) -> None:
    """Answer tasks until there are no more."""
    import torch

    from ecgcore.errors import EcgError

    torch.set_num_threads(1)
    if device.startswith("cuda"):
        whole = torch.cuda.get_device_properties(0).total_memory / 1e6
        torch.cuda.set_per_process_memory_fraction(MEMORY_MB / whole)
    beats = load_beats(Path(beats_file))
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer = TASKS[task["kind"]](beats, task)
        except EcgError as error:
            answer = {"refused": str(error)}
        except Exception as error:  # a fault of ours: told, and the next task goes on
            answer = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps({"answer": answer}), flush=True)


def load_beats(path: Path):
    """Beats, of an NPZ file of `Beats` or as `pack` wrote them."""
    from ecgcore.beats.cutting import Beats

    with np.load(path, allow_pickle=False) as arrays:
        if "low" not in arrays:
            return Beats.load(path)
        signal = np.cumsum(arrays["low"] + arrays["high"], axis=1, dtype=np.int16)
        n, unknown = len(signal), np.full(len(signal), np.nan, np.float32)
        return Beats(
            signal=signal.astype(np.float32) / np.float32(arrays["levels"]),
            aami=arrays["aami"],
            symbol=np.full(n, ""),
            record=arrays["record"],
            sample=np.full(n, -1, np.int64),
            rr_pre_s=unknown,
            rr_post_s=unknown,
            amplitude_mv=unknown,
        )


def pack(beats, path: Path, levels: int = 1023) -> None:
    """Write beats small enough to carry: their samples in steps of 1/1023 of a beat's range, which
    is about the step of the converter that recorded them; without what training does not read."""
    steps = np.diff(np.round(beats.signal * levels).astype(np.int16), axis=1, prepend=np.int16(0))
    low = steps.astype(np.int8)
    high = (steps - low).astype(np.int16)  # mostly zeros
    kept = {"aami": beats.aami, "record": beats.record}
    np.savez_compressed(path, low=low, high=high, levels=levels, **kept)


# Who asks


class Worker:
    """A process that trains. Raises EOFError where it died."""

    def __init__(self, beats: Path, device: str, errors):
        command = [sys.executable, "-m", "torture.gpu", "--work", "--beats", str(beats)]
        search = os.pathsep.join([str(CODE), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [*command, "--device", device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"PYTHONPATH": search},
        )

    def ask(self, task: dict, hear: Callable[[str], None] = lambda line: None) -> dict:
        """The answer to a task; `hear` gets a line an epoch."""
        self.send(task)
        return self.answer(hear)

    def send(self, task: dict) -> None:
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()

    def answer(self, hear: Callable[[str], None] = lambda line: None) -> dict:
        for line in self.process.stdout:
            said = json.loads(line) if line.startswith("{") else {}
            if "answer" in said:
                return said["answer"]
            if "epoch" in said:
                hear(said["epoch"])
        raise EOFError(f"the process ended with {self.process.wait()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Measure:
    """Everything that is asked of a GPU, in the order of its worth, until time is up."""

    def __init__(self, beats: Path, folder: Path, budget_s: float, out: Path, sizes: Sizes):
        self.beats, self.folder, self.sizes, self.out = beats, folder, sizes, out
        self.end = time.monotonic() + budget_s
        self.found: dict = {"sizes": asdict(sizes), "runs": {}}
        self.lock = threading.Lock()
        self.workers: list[Worker] = []
        self.errors = open(out.with_suffix(".log"), "w", encoding="utf-8")  # noqa: SIM115

    def note(self, name: str, value) -> None:
        """Keep a result at once, lest a run that is cut off end in nothing."""
        with self.lock:
            self.found["runs"][name] = value
            self.out.write_text(json.dumps(self.found, indent=1))
        short = {k: v for k, v in value.items() if not isinstance(v, list)}
        print(f"{self.end - time.monotonic():5.0f} s left  {name}: {short}", flush=True)

    def _fit(self, protocol: str, name: str, **config) -> dict:
        config = {"device": self.sizes.device, "epochs": self.sizes.epochs} | config
        config |= json.loads(self.sizes.overrides)
        return {
            "kind": "fit",
            "protocol": protocol,
            "config": config,
            "folder": str(self.folder / name),
        }

    def run(self) -> dict:
        about = {"started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
        self.found |= about | {"hardware": self._hardware()}
        timer = threading.Timer(self.end - time.monotonic(), self._stop)
        timer.daemon = True
        timer.start()
        self._alone()
        waiting: queue.Queue = queue.Queue()
        for number, job in enumerate(self._jobs()):
            waiting.put((number, job))
        lanes = [threading.Thread(target=self._lane, args=(waiting,)) for _ in range(2)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        timer.cancel()
        return self.found

    def _stop(self) -> None:
        print("time is up", flush=True)
        for worker in self.workers:
            worker.process.kill()
        os._exit(0)  # what was found is kept

    def _worker(self) -> Worker:
        self.workers.append(Worker(self.beats, self.sizes.device, self.errors))
        return self.workers[-1]

    def _hardware(self) -> dict:
        code = (
            "import json; from ecgcore import provenance as p; print(json.dumps("
            f"p.hardware({self.sizes.device!r}) | {{'versions': p.versions()}}))"
        )
        environment = os.environ | {"PYTHONPATH": str(CODE)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment
        )
        if done.returncode:
            return {"missing": done.stderr.strip().splitlines()[-1]}
        return json.loads(done.stdout)

    def _alone(self) -> None:
        """What is timed, with nothing beside it: the first epochs warm up."""
        worker = self._worker()
        short = {"epochs": self.sizes.short}
        large = {"batch_size": self.sizes.large, "learning_rate": 6e-3}
        cases = {
            "warm_up": self._fit("random", "warm_up", epochs=1),
            "random_0": self._fit("random", "random_0", seed=0),
            "exhaust": {
                "kind": "exhaust",
                "config": {"device": self.sizes.device},
                "folder": str(self.folder / "exhaust"),
            },
            "random_fp32": self._fit("random", "random_fp32", precision="fp32", **short),
            "random_graph": self._fit("random", "random_graph", deterministic=False, **short),
            "random_large": self._fit("random", "random_large", **large),
            "random_large_graph": self._fit(
                "random", "random_large_graph", deterministic=False, **large
            ),
            "compare": {
                "kind": "compare",
                "device": self.sizes.device,
                "beats": self.sizes.compared,
                "folder": str(self.folder / "random_0"),
            },
        }
        if not self.sizes.device.startswith("cuda"):
            del cases["exhaust"]  # would take what all others need too
        for name, task in cases.items():
            try:
                self.note(name, worker.ask(task))
            except (EOFError, BrokenPipeError) as error:
                self.note(name, {"failed": str(error)})
                worker = self._worker()
        worker.kill()

    def _jobs(self):
        """(name, task, whether it is killed once) in the order of their worth."""
        yield "inter_patient_0", self._fit("inter_patient", "inter_patient_0", seed=0), False
        yield "random_0_killed", self._fit("random", "random_0_killed", seed=0), True
        yield "inter_patient_0_killed", self._fit("inter_patient", "inter_killed", seed=0), True
        yield "random_0_again", self._fit("random", "random_0_again", seed=0), False
        short = {"precision": "fp32", "epochs": self.sizes.short}
        yield "random_fp32_again", self._fit("random", "random_fp32_again", **short), False
        for seed in range(1, SEEDS):
            for protocol in ("inter_patient", "random"):
                name = f"{protocol}_{seed}"
                yield name, self._fit(protocol, name, seed=seed), False

    def _lane(self, waiting: queue.Queue) -> None:
        worker = self._worker()
        while True:
            try:
                _, (name, task, killed) = waiting.get_nowait()
            except queue.Empty:
                break
            try:
                if killed:
                    self._ask_and_kill(worker, name, task)
                    worker = self._worker()
                self.note(name, worker.ask(task))
            except (EOFError, BrokenPipeError) as error:
                self.note(name, {"failed": str(error)})
                worker = self._worker()
        worker.kill()

    def _ask_and_kill(self, worker: Worker, name: str, task: dict) -> None:
        """SIGKILL in the middle of an epoch."""
        heard: list[float] = []

        def hear(line: str) -> None:
            heard.append(time.monotonic())
            if len(heard) == min(KILLED_IN, self.sizes.epochs) - 1:
                pause = (heard[-1] - heard[-2]) / 2 if len(heard) > 1 else 0.05
                threading.Timer(pause, worker.process.kill).start()

        try:
            worker.ask(task, hear)
        except EOFError:
            return
        self.note(f"{name}_missed", {"failed": "it had ended before it was killed"})


def add(measured: Path, commit: str) -> None:
    """Take what another machine measured into figures/torture.json; commit: of the code there."""
    from ecgcore import paths
    from ecgcore.files import read_json, write_json

    path = paths.FIGURES / "torture.json"
    about = {"commit": commit, "limit_mb": MEMORY_MB}
    write_json(path, read_json(path) | {"gpu": read_json(measured) | about})


def main() -> None:
    parser = argparse.ArgumentParser("torture.gpu", description=__doc__)
    parser.add_argument("--beats", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--budget", type=float, default=220)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="to see that all works")
    parser.add_argument("--work", action="store_true", help="be a process that trains")
    parser.add_argument("--add", type=Path, help="take what --out wrote elsewhere into the book")
    parser.add_argument("--commit", help="with --add: of the code that measured it")
    given = parser.parse_args()
    if given.add:
        if not given.commit:
            parser.error("--add needs --commit")
        add(given.add, given.commit)
        return
    if given.work:
        work(str(given.beats), given.device)
        return
    sizes = Sizes(device=given.device)
    if given.small:
        tiny = {"filters": [4, 4, 4], "lstm_hidden": 4}
        sizes = Sizes(given.device, 3, 1, 256, 500, json.dumps(tiny))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        measure = Measure(given.beats, Path(folder), given.budget, given.out, sizes)
        measure.run()


if __name__ == "__main__":
    main()
