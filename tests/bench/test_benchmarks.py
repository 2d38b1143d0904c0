"""The bench counts, compares and reports rightly. Its timings are no matter of tests."""

import json
import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from benchmarks import book, ladder, machine, original, race
from benchmarks.__main__ import ALL, PARTS, measure
from benchmarks.child import repeated
from benchmarks.common import QUICK, Sizes, ratio
from ecgcore import paths
from ecgcore.beats.cutting import normalise
from ecgcore.chapters.cost import browser, tables
from ecgcore.chapters.cost import figures as cost_figures
from ecgcore.errors import DataError
from ecgcore.models import networks
from ecgcore.models.checkpoints import save_weights
from ecgcore.models.config import train_config


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """An untrained network, which costs as much as a trained one."""
    torch.manual_seed(0)
    config = train_config()
    about = {"config": config.as_dict(), "fingerprint": "", "protocol": "random"}
    path = tmp_path_factory.mktemp("network") / "random.safetensors"
    tensors = networks.build(config).state_dict()
    save_weights(path, tensors, about | {"seed": 0, "commit": "unknown"})
    return path


@pytest.fixture(scope="module")
def results(checkpoint, tmp_path_factory):
    """What a quick run of the whole bench writes."""
    kept = tmp_path_factory.mktemp("bench") / tables.FILE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book, "HTML", "no book")
        measure(QUICK, list(PARTS), checkpoint, kept=kept, say=lambda text: None)
    return tables.load(kept)


def same_weights(source: nn.Module, target: nn.Module) -> nn.Module:
    """Copies weights from one network to another whose layers come in the same order."""
    pairs = zip(source.state_dict().values(), target.state_dict().items(), strict=True)
    target.load_state_dict({name: a.reshape(b.shape) for a, (name, b) in pairs})
    return target.eval()


# The comparison is fair


@pytest.fixture
def ours():
    torch.manual_seed(1)
    network = networks.build(train_config())
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):  # as training may leave it, negative factors too
            for tensor in (module.weight, module.bias, module.running_mean):
                nn.init.normal_(tensor)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


def test_the_original_network_gives_our_outputs_for_our_weights(ours, small_beats):
    x = torch.from_numpy(normalise(small_beats.signal[::100]))
    with torch.inference_mode():
        theirs = same_weights(ours, original.CNNLSTM())(x)
        torch.testing.assert_close(theirs, ours(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rung", ladder.rungs(256).values(), ids=ladder.rungs(256).keys())
def test_every_rung_is_the_same_network(ours, small_beats, rung):
    x = torch.from_numpy(normalise(small_beats.signal[::100]))
    with torch.inference_mode():
        found = same_weights(ours, ladder.Network(rung))(x)
        torch.testing.assert_close(found, ours(x), rtol=1e-4, atol=1e-5)


def test_every_rung_takes_one_step():
    rungs = [asdict(rung) for rung in ladder.rungs(256).values()]
    for before, after in pairwise(rungs):
        assert sum(before[name] != after[name] for name in after) == 1
    assert rungs[-1]["batch"] == 256
    assert len(ladder.rungs(original.BATCH)) == len(rungs) - 1  # no step where nothing changes


def test_both_are_fed_the_same_beats(small_beats):
    signal = small_beats.signal[:50].copy()
    signal[7] = 0.5  # constant
    data = original.BeatDataset(signal, small_beats.aami)
    found = np.stack([data[i][0].numpy() for i in range(50)])
    np.testing.assert_allclose(found, normalise(signal), rtol=1e-5, atol=1e-6)
    assert [int(data[i][1]) for i in range(50)] == small_beats.aami[:50].tolist()


def test_the_original_draws_all_classes_about_equally_often(small_beats):
    torch.manual_seed(0)
    drawn = torch.cat([y for _, y in original.loader(small_beats.signal, small_beats.aami)])
    share = np.bincount(drawn, minlength=5) / len(drawn)
    present = np.bincount(small_beats.aami, minlength=5) > 0
    np.testing.assert_allclose(share[present], 1 / present.sum(), atol=0.03)


def test_training_stops_after_the_beats_that_were_asked_for():
    heard = []

    def epoch(tick):
        for _ in range(3):
            heard.append(10)
            tick(10)

    assert ladder.train_for(epoch, 45) == 50
    assert len(heard) == 5


# What is counted


def test_multiply_adds_by_hand():
    steps, hidden = 23, 64  # of the LSTM: 187 samples halved three times
    by_hand = (
        187 * 64 * 1 * 5
        + 93 * 128 * 64 * 3
        + 46 * 128 * 128 * 3
        + 2 * steps * 4 * hidden * (128 + hidden)
        + 128 * 64
        + 64 * 5
    )
    model = networks.build(train_config()).train()
    assert machine.multiply_adds(model) == by_hand == 6_875_904
    assert model.training  # left as it was
    assert machine.multiply_adds(original.CNNLSTM()) == by_hand
    assert machine.multiply_adds(model, nn.LSTM) == 2 * steps * 4 * hidden * (128 + hidden)


def test_multiply_adds_of_other_sizes():
    model = networks.build(train_config(filters=(2, 3, 5), lstm_hidden=7))
    lstm = 2 * 23 * 4 * 7 * (5 + 7)
    dense = 14 * 64 + 64 * 5
    assert machine.multiply_adds(model) == 187 * 10 + 93 * 3 * 6 + 46 * 5 * 9 + lstm + dense


def test_peak_memory_is_the_processs_own():
    code = "from benchmarks.child import peak_mb; x = bytearray(300_000_000); print(peak_mb())"
    big = bytearray(600_000_000)  # held here, and none of the child's business
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=paths.ROOT
    )
    assert 300 < float(done.stdout) < 400
    assert len(big)


def test_the_ratio_is_the_median_of_the_rounds():
    found = ratio([10, 30, 20], [1, 2, 5])
    assert found == {"ratio": 10, "smallest": 4, "largest": 15}


# The race


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves."""

    class Clock:
        now = 100.0

        def perf_counter(self):
            return self.now

    found = Clock()
    monkeypatch.setattr(race, "time", found)
    return found


def test_the_clock_stops_while_the_network_is_evaluated(clock):
    runner = race.Runner(QUICK, over=lambda runner: False)

    def evaluate():
        clock.now += 50
        return 0.9

    runner.evaluate = evaluate
    for _ in range(25):
        clock.now += 2
        runner.tick(100)
    assert runner.points == [[20.0, 1000, 0.9], [40.0, 2000, 0.9]]
    assert runner.seconds == 50
    assert runner.reached is None and runner.result()["reached_s"] is None


def test_the_first_evaluation_at_the_target_counts(clock):
    accuracies = iter([0.95, race.TARGET, 0.96, 0.99])
    runner = race.Runner(QUICK, over=lambda runner: False)
    runner.evaluate = lambda: next(accuracies)
    for _ in range(4):
        clock.now += 3
        runner.tick(QUICK.every)
    found = runner.result()
    assert (found["reached_s"], found["reached_beats"]) == (6.0, 2 * QUICK.every)
    assert (found["best"], found["last"]) == (0.99, 0.99)


def raced(monkeypatch, ours_s, original_s):
    def run(reached_s):
        return {"reached_s": reached_s, "trained_s": 360.0}

    monkeypatch.setattr(race, "_run_ours", lambda *_: (run(ours_s), train_config()))
    monkeypatch.setattr(race, "_run_original", lambda *_: run(original_s))

    class Split:
        val = ()

    found = race.measure(None, Split, QUICK)
    return found["ratio"], found["lower_bound"]


def test_what_was_not_reached_gives_a_bound(monkeypatch):
    assert raced(monkeypatch, 20.0, 300.0) == (15, False)
    assert raced(monkeypatch, 20.0, None) == (18, True)
    assert raced(monkeypatch, None, 300.0) == (0, False)


# Growth, on paper

RATES = tables.Rates(
    beats_an_hour=5000,
    recording_bytes=2e6,
    shard_bytes=800,
    answer_bytes=20,
    files=9,
    cut_s=2e-5,
    classify_s=6e-5,
    find_s=0.5,
)


def test_a_million_days_on_paper():
    found = tables.on_paper(RATES, records=1e6, hours=24)
    expected = {
        "beats": 1.2e11,
        "recordings_tb": 48,
        "shards_tb": 96,
        "answers_tb": 2.4,
        "files": 9e6,
        "annotated_days": 1.2e11 * 8e-5 / 86400,
        "found_days": 24e6 * 0.5 / 86400,
    }
    assert found == pytest.approx(expected)


def test_what_breaks_first_comes_first():
    found = tables.first_limits(RATES, hours=24, memory_gb=4, disk_tb=1)
    one_record_s = 24 * 5000 * 8e-5
    expected = [
        4e9 / (24 * 5000 * 800),
        86400 / 12,
        86400 / one_record_s,
        1e12 / (24 * 5000 * 800),
        1e12 / 48e6,
    ]
    np.testing.assert_allclose(found["recordings"], expected)
    assert found["limit"].iloc[0].startswith("all beats at once in 4 GB")
    assert "found" in found["limit"].iloc[1] and "annotated" in found["limit"].iloc[2]


def test_the_data_grow_by_mitdb_then_svdb_then_by_repetition():
    names, files = zip(*repeated(250).items(), strict=True)
    assert {path.parent.name for path in files[:48]} == {"mitdb"}
    assert {path.parent.name for path in files[48:126]} == {"svdb"}
    assert len(set(files[:126])) == 126 and files[126:] == files[:124]
    assert len(set(names)) == 250
    assert all(path.with_suffix(".hea").is_file() for path in files)


def test_the_sizes_end_beyond_the_memory_that_any_amount_of_data_must_do_with():
    kept = tables.load()["growth"]["rows"]
    assert kept[-1]["shards_bytes"] > 1e9 * tables.MEMORY_GB > kept[-1]["peak_mb"] * 1e6
    assert [row["records"] for row in kept] == list(Sizes().growth)


def test_growth_compares_the_ends():
    rows = [
        {"beats": 100, "seconds": 2.0, "peak_mb": 200.0},
        {"beats": 200, "seconds": 9.0, "peak_mb": 900.0},
        {"beats": 400, "seconds": 10.0, "peak_mb": 220.0},
    ]
    found = tables.growth_factors({"rows": rows})
    assert found == pytest.approx({"data": 4, "time": 1.25, "memory": 1.1})


# What the chapter reads


def assert_complete(found: dict) -> None:
    """Everything in the chapter can be shown."""
    parts = found.keys() - {"missing", "sources"}
    assert parts == set(ALL)
    assert {part for part in parts if found[part] is None} == set(found["missing"])
    assert set(found["sources"]) == parts
    assert not {"training", "race", "inference", "growth", "data"} & set(found["missing"])
    table = tables.bars(found)
    assert (
        len(table) == len(tables.BARS) and table.notna()[["target", "measured", "met"]].all().all()
    )
    assert all(isinstance(text, str) for text in tables.texts(found).values())
    assert "processor" in set(tables.sources(found)["fact"])
    assert len(tables.race_table(found["race"])) == 2
    assert len(tables.inference_table(found["inference"])) == 3
    assert tables.share_table(found)["share"].between(0, 2).all()
    assert len(tables.alternatives_table(found["alternatives"])) == len(found["alternatives"])
    assert len(tables.growth_table(found["growth"])) == len(found["growth"]["rows"])
    assert len(tables.paper_table(tables.rates(found["growth"]), 1e6, 24)) == 7
    figures = [
        cost_figures.race(found["race"], found["race"]["target"]),
        cost_figures.ladder(found["training"]["rows"]),
        cost_figures.shares(tables.share_table(found)),
        cost_figures.growth(pd.DataFrame(found["growth"]["rows"]), tables.MEMORY_GB),
    ]
    for figure in figures:
        figure.canvas.draw()
        plt.close(figure)


def test_a_quick_run_has_all_that_the_chapter_needs(results):
    assert_complete(results)
    assert tables.is_quick(results)
    steps = [row["step"] for row in results["training"]["rows"]]
    assert steps[:2] == [ladder.ORIGINAL, ladder.IN_MEMORY] and ladder.OURS in steps
    assert results["training"]["multiply_adds"] == 6_875_904
    assert results["missing"]["pages"] == results["missing"]["rebuild"] == "the book is not built"


def test_no_path_of_this_machine_is_kept(results):
    assert str(paths.ROOT) not in json.dumps(results)


def test_the_kept_results_have_all_that_the_chapter_needs():
    assert_complete(tables.load())


def test_growth_counts_the_same_beats_at_every_size(results):
    first, second = results["growth"]["rows"]
    assert second["beats"] == 2 * first["beats"]
    assert second["accuracy"] == first["accuracy"]
    assert second["answers_bytes"] > first["beats"] * 2 * 20


def test_runs_of_the_bench_are_told_apart(results):
    """Parts measured at one commit share a column, a part measured later has its own."""
    assert len(tables.sources(results).columns) == 2
    later = results["sources"]["race"] | {"commit": "0123456789ab"}
    table = tables.sources(results | {"sources": results["sources"] | {"race": later}})
    first, second = table.set_index("fact").loc["measured"]
    assert second == "race" and "training" in first and "race" not in first
    assert "gpu" not in first  # which nothing was measured of


def test_one_part_can_be_measured_anew(results, checkpoint, tmp_path):
    before = json.loads(json.dumps(results))
    before["missing"]["machine"] = "it was not there"
    kept = tmp_path / tables.FILE
    found = measure(QUICK, ["machine"], checkpoint, before, kept, say=lambda text: None)
    assert "machine" not in found["missing"] and found["machine"]["fp32"] > 0
    assert found["training"] == results["training"] and tables.load(kept) == json.loads(
        json.dumps(found)
    )


@pytest.mark.parametrize(
    ("change", "met"),
    [
        ({"ratio": 12.0, "lower_bound": False}, "yes"),
        ({"ratio": 9.0, "lower_bound": False}, "no"),
        ({"ratio": 12.0, "lower_bound": True}, "yes"),
        ({"ratio": 9.0, "lower_bound": True}, "open"),
    ],
)
def test_a_bound_below_the_target_decides_nothing(results, change, met):
    row = tables.bars(results | {"race": results["race"] | change}).iloc[0]
    assert row["met"] == met
    assert row["measured"].startswith("more than ") == change["lower_bound"]


def test_what_was_not_measured_is_neither_met_nor_missed(results):
    rows = tables.bars(results).set_index("what")
    assert rows.at["12 epochs on a GPU", "met"] == "not measured"
    assert rows.at["12 epochs on a GPU", "measured"] == "–"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "s", "–"),
        (0.00333, "s", "0.0033 s"),
        (1.2, "×", "1.2 ×"),
        (12.345, "s", "12.3 s"),
        (0.645, "%", "64.5 %"),
        (15_900.4, "beats/s", "15,900 beats/s"),
    ],
)
def test_quantities_have_as_many_digits_as_one_would_say(value, unit, text):
    assert tables.quantity(value, unit) == text


def test_without_results_the_bench_is_named(tmp_path):
    with pytest.raises(DataError, match="make bench"):
        tables.load(tmp_path / "none.json")


def test_the_parts_of_a_training_step_make_up_the_whole():
    """An LSTM with a third of the work in half of the time: half as far as the rest."""
    training = {"share": {"ours": 0.3}, "multiply_adds": 9, "lstm_multiply_adds": 3}
    found = tables.parts_of_a_step(training | {"lstm_share": 0.5})
    assert found == pytest.approx({"lstm": 0.2, "rest": 0.4})


def test_the_best_of_the_alternatives_comes_first():
    row = {"accuracy": 0.9, "train_s": 7.0, "beats_per_s": 100.0}
    rows = [
        row | {"classifier": "minirocket", "macro_f1": 0.8, "epochs": None},
        row | {"classifier": "cnn_lstm", "macro_f1": 0.85, "epochs": 2},
    ]
    found = tables.alternatives_table(rows)
    assert found["classifier"].tolist() == ["cnn lstm, 2 epochs", "minirocket"]
    assert found["macro-F1"].tolist() == [0.85, 0.8]


def test_the_alternatives_learn_from_the_training_beats(results):
    trees, network = results["alternatives"]
    assert (trees["classifier"], network["classifier"]) == ("boosted", "cnn_lstm")
    assert trees["accuracy"] > 0.8 and 0 < trees["macro_f1"] < 1
    assert 0 <= network["accuracy"] <= 1 and network["epochs"] == QUICK.epochs


def test_what_a_browser_needs_is_told():
    found = tables.load()["recordings"]
    table = browser.table(found)
    assert list(table["hours"]) == sorted(table["hours"]) and (table["s"] > 0).all()
    assert f"{found['first_load']['files']} files" in browser.weight(found)
    assert "not measured" in browser.weight(found | {"first_load": None})
