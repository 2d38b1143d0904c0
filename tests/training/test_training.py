"""Training learns, repeats itself bit for bit, resumes where it broke off, and says what it did."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from ecgcore.beats.cutting import Beats, class_counts, normalise
from ecgcore.beats.splits import Split, make_split
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.models import networks
from ecgcore.models.checkpoints import load_checkpoint
from ecgcore.models.config import train_config
from ecgcore.training import loop
from ecgcore.training.loop import BEST, HISTORY, LAST, Trainer, fit

SMALL = {"filters": (8, 8, 8), "lstm_hidden": 8, "device": "cpu", "precision": "fp32"}
COLUMNS = (
    "epoch", "loss", "val_loss", "val_accuracy", "val_macro_f1",
    "learning_rate", "beats_per_s", "seconds",
)  # fmt: skip


class Interrupted(Exception):
    """Stands for whatever ends a process."""


@dataclass(frozen=True)
class Task:
    """Every eighth beat of a few records, and how to train on them."""

    beats: Beats
    split: Split

    def fit(self, folder: Path, log=lambda line: None, recipe="one_cycle", **changes):
        return fit(self.beats, self.split, self.config(recipe, **changes), folder, log)

    def trainer(self, **changes) -> Trainer:
        return Trainer(self.beats, self.split, self.config(**changes))

    @staticmethod
    def config(recipe="one_cycle", **changes):
        return train_config(recipe, **SMALL | {"epochs": 3} | changes)


@pytest.fixture(scope="module")
def task(small_beats):
    beats = small_beats[::8]
    return Task(beats, make_split("random", beats, 0.2))


@pytest.fixture(scope="module")
def finished(task, tmp_path_factory):
    """Folder, result and log of one undisturbed run."""
    folder, lines = tmp_path_factory.mktemp("run"), []
    return folder, task.fit(folder, lines.append), lines


def tensors(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def assert_same_weights(one: Path, other: Path):
    """Bit for bit: weights, batch statistics and, in `last`, the optimiser's state."""
    for name in (BEST, LAST):
        a, b = tensors(one / name), tensors(other / name)
        assert a.keys() == b.keys()
        for key in a:
            assert torch.equal(a[key], b[key]), f"{name}: {key}"


# What a run leaves behind


def test_the_network_learns(task, tmp_path):
    history = task.fit(tmp_path, epochs=6, batch_size=64, learning_rate=1e-2).history
    assert history["loss"].iloc[-1] < 0.5 * history["loss"].iloc[0]
    majority = task.beats.aami[task.split.val] == np.bincount(task.beats.aami).argmax()
    assert history["val_accuracy"].max() > majority.mean()


def test_history_has_a_row_an_epoch(finished):
    folder, run, _ = finished
    assert tuple(run.history.columns) == COLUMNS
    assert run.history["epoch"].tolist() == [1, 2, 3]
    pd.testing.assert_frame_equal(pd.read_csv(folder / HISTORY), run.history)


def test_each_epoch_is_one_line_of_log(finished):
    _, run, lines = finished
    assert len(lines) == len(run.history)
    for line, row in zip(lines, run.history.to_dict("records"), strict=True):
        assert line.count("\n") == 0
        assert f"epoch {row['epoch']:2d}/3" in line
        assert f"loss {row['loss']:.4f}" in line
        assert f"val accuracy {row['val_accuracy']:.4f}" in line
        assert f"macro-F1 {row['val_macro_f1']:.4f}" in line
        assert f"lr {row['learning_rate']:.1e}" in line
        assert "beats/s" in line
        assert line.endswith("left")


def test_the_bar_is_for_terminals_only(task, tmp_path, capsys, monkeypatch):
    task.fit(tmp_path / "log", epochs=1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    task.fit(tmp_path / "terminal", epochs=1)
    assert "beat/s" in capsys.readouterr().err


def test_the_checkpoint_says_what_it_is(finished, task):
    folder, run, _ = finished
    model, about = load_checkpoint(folder / BEST)
    assert train_config(**about["config"]) == task.config()
    assert about["classes"] == list(CLASSES)
    assert about["protocol"] == task.split.protocol
    assert about["seed"] == task.config().seed
    assert about["precision"] == "fp32"
    assert about["parameters"] == networks.parameter_count(model)
    assert about["commit"]
    assert about["versions"]["torch"] == torch.__version__
    assert about["hardware"]["device"] == "cpu"
    for name in ("train", "val", "test"):
        index = getattr(task.split, name)
        counts = class_counts(task.beats.aami[index])
        assert about["split"][name] == {"beats": len(index), **counts}
    best = run.history["val_macro_f1"].idxmax()
    assert about["best_epoch"] == best + 1
    assert about["validation"]["val_macro_f1"] == run.history["val_macro_f1"][best]


def test_the_inter_patient_checkpoint_names_its_validation_records(small_beats, tmp_path):
    beats = small_beats[::8]
    split = make_split("inter_patient", beats, 0.5)
    about = fit(beats, split, Task.config(epochs=1), tmp_path, lambda line: None).about
    assert about["val_records"] == sorted(set(beats.record[split.val]))
    assert about["val_records"]


def test_the_best_checkpoint_reaches_its_validation_figures_again(finished, task):
    folder, run, _ = finished
    model, about = load_checkpoint(folder / BEST)
    val = task.beats[task.split.val]
    with torch.inference_mode():
        predicted = model(torch.from_numpy(normalise(val.signal))).argmax(1).numpy()
    assert (predicted == val.aami).mean() == pytest.approx(about["validation"]["val_accuracy"])
    for a, b in zip(model.parameters(), run.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_files_are_safetensors_with_json_and_nothing_else(finished):
    folder, _, _ = finished
    assert sorted(path.name for path in folder.iterdir()) == sorted([BEST, LAST, HISTORY])
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1  # as readable as any file
    for name in (BEST, LAST):
        content = (folder / name).read_bytes()
        length = int.from_bytes(content[:8], "little")  # safetensors: length, JSON header, numbers
        header = json.loads(content[8 : 8 + length])
        json.loads(header.pop("__metadata__")["about"])
        data = len(content) - 8 - length
        assert max(tensor["data_offsets"][1] for tensor in header.values()) == data


def test_the_last_checkpoint_loads_too(finished):
    folder, run, _ = finished
    _, about = load_checkpoint(folder / LAST)
    assert len(about["history"]) == len(run.history)


# The same again


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(task, tmp_path, precision):
    for name in ("one", "other"):
        task.fit(tmp_path / name, epochs=1, precision=precision, augment=("noise", "warp"))
    assert_same_weights(tmp_path / "one", tmp_path / "other")


def test_another_seed_gives_other_weights(task, tmp_path):
    for seed in (0, 1):
        task.fit(tmp_path / str(seed), epochs=1, seed=seed)
    one, other = (tensors(tmp_path / str(seed) / BEST) for seed in (0, 1))
    assert not any(torch.equal(one[key], other[key]) for key in one if key.endswith("weight_hh_l0"))


RESUMABLE = {
    "one cycle": {},
    "original": {"recipe": "original"},
    "constant": {"schedule": "constant", "balance": "sampler", "augment": ("shift", "amplitude")},
}


@pytest.mark.parametrize("changes", RESUMABLE.values(), ids=RESUMABLE)
@pytest.mark.parametrize("moment", ["between epochs", "within an epoch"])
def test_an_interrupted_run_ends_where_an_undisturbed_one_does(
    task, tmp_path, monkeypatch, changes, moment
):
    def interrupt(*_):
        raise Interrupted

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    task.fit(whole, **changes)
    if moment == "between epochs":
        with pytest.raises(Interrupted):
            task.fit(broken, interrupt, **changes)
    else:
        with monkeypatch.context() as patch, pytest.raises(Interrupted):
            validate = Trainer.validate
            patch.setattr(
                Trainer, "validate", lambda self: interrupt() if self.history else validate(self)
            )
            task.fit(broken, **changes)
    lines = []
    resumed = task.fit(broken, lines.append, **changes)
    assert lines[0].startswith("found 1 finished epochs")
    assert resumed.history["epoch"].tolist() == [1, 2, 3]
    assert_same_weights(whole, broken)
    steady = ["loss", "val_loss", "val_macro_f1", "learning_rate"]
    pd.testing.assert_frame_equal(
        resumed.history[steady],
        pd.read_csv(whole / HISTORY, float_precision="round_trip")[steady],
        check_exact=True,
    )


def test_a_run_keeps_the_number_of_threads_that_it_began_with(task, tmp_path):
    """Whatever changes it meanwhile, as numba does, or between an interruption and going on."""

    def change(_):
        torch.set_num_threads(2)

    def change_and_interrupt(_):
        change(_)
        raise Interrupted

    one, two, changed, broken = (tmp_path / name for name in ("one", "two", "changed", "broken"))
    about = task.fit(one).about
    task.fit(changed, change)
    assert torch.get_num_threads() == 1
    with pytest.raises(Interrupted):
        task.fit(broken, change_and_interrupt)
    assert torch.get_num_threads() == 1
    torch.set_num_threads(2)
    task.fit(broken)
    assert torch.get_num_threads() == 2
    assert task.fit(two).about["threads"] == 2 and about["threads"] == 1
    assert_same_weights(one, changed)
    assert_same_weights(one, broken)
    with pytest.raises(AssertionError):  # else there would be nothing to keep
        assert_same_weights(one, two)


def test_a_finished_run_is_read_not_trained(finished, task, monkeypatch):
    folder, run, _ = finished
    monkeypatch.delattr(Trainer, "train_epoch")
    again = task.fit(folder)
    pd.testing.assert_frame_equal(again.history, run.history)
    assert again.about["train_seconds"] == run.about["train_seconds"]


@pytest.mark.parametrize("name", [BEST, LAST])
@pytest.mark.parametrize("damage", ["cut short", "gone"])
def test_a_finished_run_with_a_damaged_file_is_trained_anew(finished, task, tmp_path, name, damage):
    task.fit(tmp_path)
    if damage == "gone":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-100])
    task.fit(tmp_path)
    assert_same_weights(finished[0], tmp_path)


@pytest.mark.parametrize("change", ["config", "beats", "split"])
def test_a_run_on_something_else_is_not_taken_for_this_one(task, tmp_path, change):
    task.fit(tmp_path, epochs=1)
    beats, split, config = task.beats, task.split, task.config(epochs=1)
    if change == "config":
        config = task.config(epochs=1, batch_size=100)
    elif change == "beats":
        beats = Beats(**vars(beats) | {"signal": beats.signal * np.float32(0.5)})
    else:
        split = make_split("random", beats, 0.2, seed=1)
    lines = []
    fit(beats, split, config, tmp_path, lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("epoch")


# Schedules and stopping


@pytest.fixture
def scores(monkeypatch):
    """Let validation find a given macro-F1 in each epoch."""

    def follow(values):
        monkeypatch.setattr(Trainer, "validate", lambda s: (1.0, 0.5, values[len(s.history)]))

    return follow


def test_training_stops_when_validation_no_longer_improves(task, tmp_path, scores):
    scores([0.3, 0.5, 0.4, 0.5, 0.6])
    run = task.fit(tmp_path, epochs=5, patience=2)
    assert len(run.history) == run.about["epochs_run"] == 4
    assert run.about["best_epoch"] == 2


def test_training_goes_on_without_patience(task, tmp_path, scores):
    scores([0.5, 0.4, 0.3])
    assert len(task.fit(tmp_path).history) == 3


def test_the_best_checkpoint_is_that_of_the_best_epoch(task, tmp_path, scores):
    scores([0.3, 0.5, 0.4])
    task.fit(tmp_path / "three", schedule="constant")
    task.fit(tmp_path / "two", schedule="constant", epochs=2)
    best, second = tensors(tmp_path / "three" / BEST), tensors(tmp_path / "two" / BEST)
    assert all(torch.equal(best[key], second[key]) for key in best)


def test_plateau_lowers_the_rate_when_validation_stalls(task, tmp_path, scores):
    scores([0.5] * 7)
    config = task.config("original")
    rates = task.fit(tmp_path, recipe="original", epochs=7).history["learning_rate"]
    assert rates[0] == config.learning_rate
    assert rates.iloc[-1] == pytest.approx(config.learning_rate / 10)
    assert rates.is_monotonic_decreasing


def test_plateau_keeps_the_rate_while_validation_improves(task, tmp_path, scores):
    scores([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    rates = task.fit(tmp_path, recipe="original", epochs=7).history["learning_rate"]
    assert rates.nunique() == 1


def test_one_cycle_rises_to_the_peak_and_falls(task, tmp_path):
    config = task.config(epochs=5)
    rates = task.fit(tmp_path, epochs=5).history["learning_rate"]
    assert rates.max() <= config.learning_rate
    top = rates.idxmax()
    assert 0 < top < len(rates) - 1
    assert rates[: top + 1].is_monotonic_increasing
    assert rates[top:].is_monotonic_decreasing


# Class balance


def test_class_weights_are_total_over_classes_times_count(beats):
    weights = loop.class_weights(beats.class_counts())
    names = np.arange(len(CLASSES))
    expected = compute_class_weight("balanced", classes=names, y=beats.aami)
    np.testing.assert_allclose(weights, expected)


def test_a_class_without_beats_weighs_nothing():
    counts = dict.fromkeys(CLASSES, 10) | {"Q": 0}
    weights = loop.class_weights(counts)
    assert weights[CLASSES.index("Q")] == 0
    np.testing.assert_allclose(weights[:4], 40 / (5 * 10))


def beats_seen(trainer):
    """What the network sees in one epoch: each input's bytes."""
    seen = []
    hook = trainer.model.register_forward_pre_hook(
        lambda _, inputs: seen.extend(row.numpy().tobytes() for row in inputs[0])
    )
    trainer.train_epoch(lambda n: None)
    hook.remove()
    return seen


@pytest.fixture(scope="module")
def training_rows(task):
    """Network input to class, of the training part alone."""
    index = task.split.train
    rows = normalise(task.beats.signal[index])
    return {row.tobytes(): n for row, n in zip(rows, task.beats.aami[index], strict=True)}


@pytest.mark.parametrize("balance", ["none", "loss"])
def test_without_a_sampler_every_training_beat_is_seen_once(task, training_rows, balance):
    seen = beats_seen(task.trainer(balance=balance))
    assert sorted(seen) == sorted(training_rows)


@pytest.mark.parametrize("balance", ["sampler", "both"])
def test_the_sampler_evens_the_classes_out_of_training_beats_only(task, training_rows, balance):
    trainer = task.trainer(balance=balance)
    seen = [row for _ in range(3) for row in beats_seen(trainer)]
    assert set(seen) <= set(training_rows)
    share = np.bincount([training_rows[row] for row in seen], minlength=5) / len(seen)
    occurring = np.unique(task.beats.aami[task.split.train])
    np.testing.assert_allclose(share[occurring], 1 / len(occurring), atol=0.04)


@pytest.mark.parametrize("balance", ["none", "loss"])
def test_the_loss_is_weighted_when_asked(task, balance):
    """With one batch an epoch and no dropout, the epoch's loss can be computed from outside."""
    still = {"conv_dropout": 0.0, "head_dropout": 0.0, "batch_size": len(task.split.train)}
    trainer = task.trainer(balance=balance, **still)
    torch.manual_seed(trainer.config.seed)
    model = networks.build(trainer.config).train()
    part = task.beats[task.split.train]
    weights = torch.tensor(loop.class_weights(part.class_counts()), dtype=torch.float32)
    expected = functional.cross_entropy(
        model(torch.from_numpy(normalise(part.signal))),
        torch.from_numpy(part.aami.astype(np.int64)),
        weights if balance == "loss" else None,
    )
    assert trainer.train_epoch(lambda n: None) == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("recipe", ["one_cycle", "original"])
@pytest.mark.parametrize("balance", ["none", "sampler", "loss", "both"])
def test_every_recipe_runs_with_every_balance(task, tmp_path, recipe, balance):
    run = task.fit(tmp_path, recipe=recipe, balance=balance, epochs=1)
    assert np.isfinite(run.history["loss"]).all()
    assert all(parameter.isfinite().all() for parameter in run.model.parameters())


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_both_optimizers_run(task, tmp_path, optimizer):
    assert len(task.fit(tmp_path, optimizer=optimizer, epochs=1).history) == 1


# What is refused


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(DataError, match=r"best\.safetensors: no checkpoint here"):
        load_checkpoint(tmp_path / BEST)


@pytest.mark.parametrize("kept", [0, 4, 1000, -100])
def test_a_damaged_checkpoint_is_named(finished, tmp_path, kept):
    path = tmp_path / BEST
    path.write_bytes((finished[0] / BEST).read_bytes()[:kept])
    with pytest.raises(DataError, match=r"best\.safetensors: not a checkpoint"):
        load_checkpoint(path)


ABOUTS = {
    "no document": None,
    "no JSON": {"about": "{"},
    "no config": {"about": "{}"},
    "another network": {"about": json.dumps({"config": train_config().as_dict()})},
    "an unknown field": {"about": json.dumps({"config": {"width": 3}})},
}


@pytest.mark.parametrize("metadata", ABOUTS.values(), ids=ABOUTS)
def test_weights_of_something_else_are_refused(finished, tmp_path, metadata):
    path = tmp_path / BEST
    save_file(tensors(finished[0] / BEST), path, metadata=metadata)
    with pytest.raises(DataError, match=r"best\.safetensors: not a checkpoint"):
        load_checkpoint(path)


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "meta:x"])
def test_a_device_that_is_not_there_is_named(task, tmp_path, device):
    with pytest.raises(ConfigError, match=f"device '{device}' cannot be used"):
        task.fit(tmp_path, device=device)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("x: can't allocate memory: 9 bytes"),
    ],
)
def test_where_memory_ends_it_is_said_what_to_lower(task, tmp_path, monkeypatch, error):
    def fails(*args):
        raise error

    monkeypatch.setattr(loop.Trainer, "train_epoch", fails)
    with pytest.raises(ConfigError, match=r"no memory .* lower TrainConfig\.batch_size$"):
        task.fit(tmp_path, epochs=1)


def test_another_error_of_torch_stays_what_it_is(task, tmp_path, monkeypatch):
    def fails(*args):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(loop.Trainer, "train_epoch", fails)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        task.fit(tmp_path, epochs=1)


def test_an_unknown_augmentation_is_refused_before_training(task, tmp_path):
    with pytest.raises(ConfigError, match="augmentation 'flip' is unknown; choose from noise"):
        task.fit(tmp_path, augment=("noise", "flip"))


def test_auto_finds_a_device_and_a_precision():
    device = loop.resolve_device("auto")
    assert torch.empty(1, device=device).device.type in ("cpu", "cuda")
    assert loop.resolve_precision("auto", device) in ("bf16", "fp32")
