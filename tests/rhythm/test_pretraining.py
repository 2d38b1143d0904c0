"""Annotated beats without signals, and the LSTM over RR intervals that learns from them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgcore import files, paths
from ecgcore.constants import CLASSES
from ecgcore.data import intervals, records
from ecgcore.data.intervals import BeatTimes
from ecgcore.errors import DataError
from ecgcore.rhythm import clusters, pretraining, recurrent
from ecgcore.rhythm.features import NAMES as OF_A_BEAT
from ecgcore.rhythm.pretraining import Pretraining

S = CLASSES.index("S")
QUICK = Pretraining(units=4, steps=6, batch=4, length=32, every=3, left_out=0.4)


def made(name: str, seed: int, n: int = 400) -> BeatTimes:
    """A record whose every tenth beat is early, and S."""
    rng = np.random.default_rng(seed)
    early = np.arange(n) % 10 == 9
    rr = np.where(early, 0.5, 0.8) + rng.normal(0, 0.01, n)
    aami = np.where(early, S, 0).astype(np.int8)
    return BeatTimes(name, np.cumsum(rr), aami, np.full(n, "(N"))


@pytest.fixture(scope="module")
def some():
    return [made(name, seed) for seed, name in enumerate("abcde")]


@pytest.mark.parametrize("name", ["100", "232"])
def test_packed_beats_are_those_of_the_annotations(database, tmp_path, name):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for suffix in ("atr", "hea"):
        (source / f"{name}.{suffix}").write_bytes((database / f"{name}.{suffix}").read_bytes())
    sample, symbol = records.read_beats(database, name)
    assert intervals.pack(source, target) == len(sample)
    (found,) = intervals.read(target)
    np.testing.assert_allclose(found.seconds, sample / records.read_header(database, name).fs)
    assert [CLASSES[n] for n in found.aami] == [records.AAMI_OF_SYMBOL[s] for s in symbol]


def test_the_long_term_database_is_whole():
    files_listed = (paths.DATA / "ltafdb" / "SHA256SUMS.txt").read_text().splitlines()
    for digest, name in (line.split() for line in files_listed):
        assert files.sha256(paths.DATA / "ltafdb" / name) == digest
    found = intervals.read()
    originals = (paths.DATA / "ltafdb" / intervals.ORIGINALS).read_text().split()[1::2]
    assert {record.name for record in found} == {name.split(".")[0] for name in originals}
    assert all((np.diff(record.seconds) >= 0).all() for record in found)
    assert any(record.fibrillating.any() for record in found)


def test_damaged_packed_beats_are_named(tmp_path):
    (tmp_path / intervals.FILE).write_bytes(b"no archive")
    with pytest.raises(DataError, match=intervals.FILE):
        intervals.read(tmp_path)


@pytest.mark.parametrize("causal", [False, True])
def test_an_interrupted_training_ends_where_an_undisturbed_one_does(some, tmp_path, causal):
    whole = pretraining.pretrain(some, 1, causal, QUICK)
    kept = tmp_path / "state"

    class Stopped(Exception):
        pass

    def stop(self, given, chance, learn=pretraining._State.learn):
        if self.step == 4:
            raise Stopped
        learn(self, given, chance)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(pretraining._State, "learn", stop)
        pretraining.pretrain(some, 1, causal, QUICK, kept)
    resumed = pretraining.pretrain(some, 1, causal, QUICK, kept)
    assert resumed.threshold == whole.threshold
    for ours, theirs in zip(resumed.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_it_learns_that_early_beats_are_s_from_other_records(some):
    reader = pretraining.pretrain(some, 0, how=replace(QUICK, units=16, steps=160, every=40))
    held = made("another", 99)
    rr = np.diff(held.seconds, prepend=0)
    score = reader.logits(rr, np.zeros(len(rr)))[:, 0]
    early = held.aami[:-1] == S
    assert score[early].min() > score[~early][5:-5].max()  # the ends lack neighbours


def test_the_causal_reader_looks_one_beat_ahead_and_no_further(some):
    reader = pretraining.pretrain(some, 0, True, QUICK)
    rr, v = np.diff(some[0].seconds, prepend=0), np.zeros(400)
    changed = rr.copy()
    changed[200:] += 0.3
    before, after = reader.logits(rr, v)[:, 0], reader.logits(changed, v)[:, 0]
    np.testing.assert_array_equal(before[:199], after[:199])
    assert not np.array_equal(before[199:], after[199:])


def test_a_reader_is_read_as_it_was_written(some, tmp_path):
    reader = pretraining.pretrain(some, 0, how=QUICK)
    again = recurrent.read(recurrent.write(tmp_path / "reader.safetensors", reader))
    rr, v = np.diff(some[1].seconds, prepend=0), np.zeros(400)
    np.testing.assert_array_equal(again.logits(rr, v), reader.logits(rr, v))
    assert set(again.about["left_out"]) == set(reader.about["left_out"])
    (tmp_path / "reader.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a rhythm reader"):
        recurrent.read(tmp_path / "reader.safetensors")


def test_short_records_are_refused(some):
    with pytest.raises(DataError, match="each of over 512 beats"):
        pretraining.pretrain(some, how=replace(QUICK, length=512))


@pytest.fixture(scope="module")
def shapes():
    """Windows of 60 beats, every third wide and early, and which those are."""
    rng = np.random.default_rng(0)
    t = (np.arange(128) - 50) / 128  # the R peak is at sample 50
    narrow, wide = np.exp(-((t / 0.05) ** 2)), np.exp(-((t / 0.3) ** 2)) * np.sign(t)
    is_wide = np.arange(60) % 3 == 0
    window = np.where(is_wide[:, None], wide, narrow) + rng.normal(0, 0.01, (60, 128))
    return window.astype(np.float32), is_wide


def test_beats_of_one_shape_are_one_cluster(shapes):
    window, is_wide = shapes
    label = clusters.clusters(window).label
    assert len(set(label[is_wide])) == 1 and len(set(label[~is_wide])) == 1
    assert label[is_wide][0] != label[~is_wide][0]


def test_the_usual_cluster_is_that_of_most_beats_that_are_not_early(shapes):
    window, is_wide = shapes
    of_a_beat = np.zeros((60, len(OF_A_BEAT)), dtype=np.float32)
    of_a_beat[is_wide, OF_A_BEAT.index("rr_upper_recent")] = -0.5
    found = clusters.features(window, np.broadcast_to(window[1], window.shape), of_a_beat)
    column = dict(zip(clusters.NAMES, found.T, strict=True))
    np.testing.assert_array_equal(column["cluster_is_usual"], ~is_wide)
    np.testing.assert_array_equal(column["cluster_early"], is_wide)
    np.testing.assert_allclose(column["usual_share"], np.mean(~is_wide))
    np.testing.assert_array_equal(column["usual_after"][:-1], ~is_wide[1:])
