"""Two processes train the network that one would, and leave one run behind.

Losses are compared to a relative 1e-5, weights to 1e-3: a sum over two shares is rounded
differently, and training carries that on (to 2e-6 and 4e-5 when last measured).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import torch
import torch.distributed as dist
import yaml
from safetensors.torch import load_file
from team_worker import UNDISTURBED, build_quiet
from torch.utils._python_dispatch import TorchDispatchMode

from ecgcore import paths
from ecgcore.beats.cutting import Beats, build
from ecgcore.beats.splits import make_split
from ecgcore.errors import ConfigError
from ecgcore.models import networks
from ecgcore.models.checkpoints import load_checkpoint
from ecgcore.models.config import train_config
from ecgcore.training import distributed, loop
from ecgcore.training.cuda_graph import Recorded
from ecgcore.training.distributed import Team
from ecgcore.training.loop import BEST, HISTORY, LAST, Trainer, fit

WORKER = Path(__file__).with_name("team_worker.py")
TINY = {
    "filters": [8, 8, 8], "lstm_hidden": 8, "device": "cpu", "precision": "fp32",
    "epochs": 3, "batch_size": 100, "val_share": 0.2,
}  # fmt: skip
# Without dropout, whose masks each process draws for itself.
STILL = TINY | {"conv_dropout": 0.0, "head_dropout": 0.0}
ORIGINAL = {"optimizer": "adam", "learning_rate": 1e-3, "weight_decay": 0.0, "schedule": "plateau"}
ODD, ONE = {"val_share": 0.21}, {"batch_size": 1000, "epochs": 1}
RUNS = {
    "last batch shared": STILL,
    "last batch whole": STILL | ODD,
    "weighted, last batch whole": STILL | ORIGINAL | ODD | {"balance": "both"},
    "one batch shared": STILL | ONE,
    "one batch whole": STILL | ODD | ONE,
}
AGREED = ["loss", "val_loss", "val_accuracy", "learning_rate"]


@dataclass(frozen=True)
class Project:
    """A folder with the profile `tiny`, its beats, and runs of two processes."""

    root: Path

    def torchrun(self, *command: str) -> subprocess.CompletedProcess:
        """Two processes that talk over the loopback interface alone."""
        (loopback,) = {"lo", "lo0"} & {name for _, name in socket.if_nameindex()}
        environment = os.environ | {
            "GLOO_SOCKET_IFNAME": loopback,
            "ECGCORE_ROOT": str(self.root),
            "PYTHONPATH": str(Path(loop.__file__).parents[2]),
        }
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
        meet = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
        return subprocess.run(
            [*launcher, *meet, "--local-addr", "127.0.0.1", *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )

    @property
    def checkpoints(self) -> Path:
        return self.root / "runs" / "tiny" / "checkpoints" / "random"


@pytest.fixture(scope="module")
def beats(database) -> Beats:
    return build(database, ("104", "208", "210", "223"))[::8]  # together, all five classes


@pytest.fixture(scope="module")
def project(beats, tmp_path_factory) -> Project:
    """With an empty `runs`, but for the beats."""
    root = tmp_path_factory.mktemp("project")
    beats.save(root / "runs" / "tiny" / "beats.npz")
    (root / "notebooks").symlink_to(paths.NOTEBOOKS)
    training_parameters = {"protocols": ["random"], "overrides": {"random": TINY}}
    profile = {"notebooks": {"02_training": training_parameters}}
    (root / "profiles").mkdir()
    (root / "profiles" / "tiny.yaml").write_text(yaml.safe_dump(profile))
    return Project(root)


@pytest.fixture(scope="module")
def team(project):
    """What team_worker.py trains: RUNS, the profile `tiny`, and that until process 1 fails."""
    if not dist.is_available() or not dist.is_gloo_available():
        pytest.skip("this torch has no gloo, over which processes on CPUs would talk")
    done = project.torchrun(str(WORKER), str(project.root), json.dumps(RUNS))
    assert (project.root / UNDISTURBED / HISTORY).is_file(), done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def resumed(team, project):
    """The profile `tiny` again; gives a copy of what the interrupted run left, too."""
    left = shutil.copytree(project.checkpoints, project.root / "left")
    done = project.torchrun("-m", "ecgcore.cli", "train", "--profile", "tiny")
    assert done.returncode == 0, done.stderr[-3000:]
    return done, left


def trainer(beats, **changes) -> Trainer:
    config = train_config(**TINY | changes)
    return Trainer(beats, make_split("random", beats, config.val_share), config)


def history(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / HISTORY, float_precision="round_trip")


# Two processes and one


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.usefixtures("team")
def test_two_processes_train_what_one_does(project, beats, tmp_path, name, monkeypatch):
    monkeypatch.setattr(networks, "build", build_quiet)
    one = trainer(beats, **RUNS[name])
    assert len(one.y) % 100 % 2 == ("whole" in name)  # beats of the last batch
    fit(beats, one.split, one.config, tmp_path, lambda line: None)
    pd.testing.assert_frame_equal(
        history(project.root / name)[AGREED], history(tmp_path)[AGREED], rtol=1e-5
    )
    for file in (BEST, LAST):
        found, expected = (load_file(f / file) for f in (project.root / name, tmp_path))
        assert found.keys() == expected.keys()
        for key in expected:
            torch.testing.assert_close(found[key], expected[key], rtol=1e-3, atol=1e-3, msg=key)


@pytest.mark.usefixtures("team")
def test_a_run_is_told_and_written_once(project, team):
    epochs = {name: changes["epochs"] for name, changes in RUNS.items()} | {UNDISTURBED: 3}
    for name, number in epochs.items():
        files = sorted(path.name for path in (project.root / name).iterdir())
        assert files == sorted([BEST, LAST, HISTORY])
        assert len(history(project.root / name)) == number
        assert load_checkpoint(project.root / name / BEST)[1]["processes"] == 2
    lines = [line for line in team.stdout.splitlines() if line.startswith("epoch")]
    assert len(lines) == sum(epochs.values()) + 1  # which `tiny` finished


# From the command line


def test_an_error_of_one_process_ends_both(team):
    assert team.returncode != 0
    assert "process 1 fails" in team.stderr


def test_an_interrupted_run_ends_where_an_undisturbed_one_does(resumed, project):
    done, left = resumed
    assert sorted(path.name for path in left.iterdir()) == [BEST, LAST]  # nothing half written
    assert done.stdout.count("found 1 finished epochs") == 1
    for name in (BEST, LAST):
        one, other = (
            load_file(f / name) for f in (project.checkpoints, project.root / UNDISTURBED)
        )
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_one_process_finishes_what_two_began(resumed, beats, tmp_path):
    run, lines = trainer(beats), []
    folder = shutil.copytree(resumed[1], tmp_path / "left")
    assert len(fit(beats, run.split, run.config, folder, lines.append).history) == 3
    assert lines[0].startswith("found 1 finished epochs")
    assert load_checkpoint(folder / LAST)[1]["processes"] == 1


def test_02_training_reads_what_two_processes_trained(resumed, project, beats, monkeypatch):
    monkeypatch.delattr(Trainer, "train_epoch")
    config, lines = train_config(**TINY), []
    split = make_split("random", beats, config.val_share, config.seed)
    run = fit(beats, split, config, project.checkpoints, lines.append)
    assert lines[0].startswith("found 3 finished epochs")
    published = load_file(project.root / "runs" / "tiny" / "models" / "random.safetensors")
    assert all(torch.equal(value, published[key]) for key, value in run.model.state_dict().items())


# What each process is given, and what is refused


def test_a_batch_is_shared_out_or_given_to_all():
    batch = torch.arange(6)
    assert Team(0, 3).shares(batch).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert Team(1, 4).shares(batch).tolist() == [[0, 1, 2, 3, 4, 5]] * 4
    assert Team().shares(batch).tolist() == [[0, 1, 2, 3, 4, 5]]


def test_each_process_draws_its_own_random_numbers():
    drawn = []
    for rank in range(3):
        torch.manual_seed(0)
        torch.rand(5)  # as the order of the beats, which is one for all
        Team(rank, 3).draw_apart()
        drawn.append(torch.rand(5))
    torch.manual_seed(0)
    assert torch.equal(drawn[0], torch.rand(10)[5:])
    assert len({tuple(numbers.tolist()) for numbers in drawn}) == 3


def test_a_batch_size_that_cannot_be_shared_out_is_refused(beats, monkeypatch):
    monkeypatch.setattr(distributed, "team", lambda: Team(0, 3))
    with pytest.raises(ConfigError, match="batch_size: 100 beats cannot be shared out evenly"):
        trainer(beats)


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda number: None)
    monkeypatch.setenv("LOCAL_RANK", "1")


@pytest.mark.usefixtures("two_gpus")
def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    assert [Team(3, 4).device(name) for name in ("auto", "cuda", "cpu")] == ["cuda:1"] * 2 + ["cpu"]
    assert Team().device("cuda:0") == "cuda:0"
    with pytest.raises(ConfigError, match="'cuda:0' is one device"):
        Team(3, 4).device("cuda:0")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ConfigError, match="process 2 has no GPU of its own: there are 2"):
        Team(2, 4).device("auto")


# What is made for the GPU, as far as a CPU can tell


def rerun(run):
    """Stands for a CUDA graph: what is replayed is run again."""
    run()
    return run


@pytest.mark.parametrize("changes", [{}, {"balance": "both", "augment": ("noise",)}])
def test_recorded_steps_train_what_steps_do(beats, changes):
    recorded, plain = trainer(beats, **changes), trainer(beats, **changes)
    batch = torch.arange(100)
    recorded.recorded = Recorded(recorded._gradients, batch, recorded.model.train(), record=rerun)
    for _ in range(2):
        rows = [each.run_epoch(lambda n: None) for each in (recorded, plain)]
        assert all(rows[0][key] == rows[1][key] for key in AGREED)
    one, other = recorded.state(), plain.state()
    assert all(torch.equal(one[key], other[key]) for key in other)


class Operations(TorchDispatchMode):
    """Collects the names of torch's operations."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        self.names.append(operation.overloadpacket.__name__)
        return operation(*arguments, **keywords or {})


@pytest.mark.parametrize("balance", ["none", "both"])
def test_an_epoch_asks_the_device_for_one_number(beats, balance):
    """Each operation named here would let the host wait for a GPU."""
    every = ("noise", "amplitude", "shift", "warp")
    one = trainer(beats, balance=balance, augment=every)
    with Operations() as seen:
        one.train_epoch(lambda n: None)
    waiting = {"_local_scalar_dense", "item", "nonzero", "masked_select", "equal", "_unique2"}
    assert [name for name in seen.names if name in waiting] == ["_local_scalar_dense"]
