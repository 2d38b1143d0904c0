"""Shards hold what went in, say what is wrong with them, and go on where they stopped."""

import json
from dataclasses import fields

import numpy as np
import pytest

from ecgcore.beats.cutting import Beats, concatenate
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.inference import shards
from ecgcore.inference.classifier import Classifier

NAMES = ("104", "208", "223")


def fake_network(name: str = "a") -> Classifier:
    """A function of the beat that needs no training: shares of its first five samples."""

    def run(signal):
        first = np.abs(signal[:, : len(CLASSES)]) + 0.1
        return (first / first.sum(axis=1, keepdims=True)).astype(np.float32)

    return Classifier(name, {"weights_sha256": name}, run)


@pytest.fixture
def make(small_beats):
    """The first beats of a record."""
    return lambda name: small_beats[small_beats.record == name][:200]


@pytest.fixture
def built(make, tmp_path):
    return shards.build(tmp_path / "shards", NAMES, make, "some records")


def assert_same(found: Beats, wanted: Beats) -> None:
    for field in fields(Beats):
        left, right = getattr(found, field.name), getattr(wanted, field.name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def test_what_comes_out_is_what_went_in(built, make):
    found = shards.load(built.folder)
    assert found == built
    assert found.counts == dict.fromkeys(NAMES, 200) and len(found) == 600
    assert_same(concatenate(list(found)), concatenate([make(name) for name in NAMES]))


def test_a_shard_is_memory_mapped_and_nothing_is_pickled(built):
    beats = built.read("208")
    for field in fields(Beats):
        assert isinstance(getattr(beats, field.name), np.memmap)
        assert not getattr(beats, field.name).flags.writeable
    files = sorted(path.name for path in (built.folder / "208").iterdir())
    assert files == sorted(f"{field.name}.npy" for field in fields(Beats))
    assert json.loads((built.folder / "index.json").read_text())["shards"]["208"] == 200


def test_an_interrupted_build_goes_on_where_it_stopped(make, tmp_path):
    asked = []

    def stops_at_the_third(name):
        asked.append(name)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return make(name)

    with pytest.raises(KeyboardInterrupt):
        shards.build(tmp_path, NAMES, stops_at_the_third, "some records")
    with pytest.raises(DataError, match="unfinished; build it again"):
        shards.load(tmp_path)
    found = shards.build(tmp_path, NAMES, stops_at_the_third, "some records")
    assert asked == ["104", "208", "223", "223"]
    assert_same(concatenate(list(found)), concatenate([make(name) for name in NAMES]))


def test_a_shard_that_was_cut_off_in_writing_is_no_shard(make, tmp_path, monkeypatch):
    save = np.save

    def fails_at_the_record(file, array, **options):
        if "record.npy" in str(file):
            raise OSError("no space left")
        save(file, array, **options)

    monkeypatch.setattr(np, "save", fails_at_the_record)
    with pytest.raises(OSError, match="no space"):
        shards.build(tmp_path, NAMES, make, "some records")
    assert not (tmp_path / "104").exists()
    monkeypatch.undo()
    assert len(shards.build(tmp_path, NAMES, make, "some records")) == 600
    assert sorted(path.name for path in tmp_path.iterdir()) == [*NAMES, "index.json"]


def test_other_beats_do_not_mix_with_those_that_are_there(built, make):
    for names, source in ((NAMES, "other records"), (NAMES[:2], "some records")):
        with pytest.raises(DataError, match="holds something else already"):
            shards.build(built.folder, names, make, source)


@pytest.mark.parametrize("name", ["", "../100", ".hidden", "a/b", "index.json"])
def test_names_that_are_no_folders_are_refused(make, tmp_path, name):
    with pytest.raises(ConfigError, match="not a name for a folder"):
        shards.build(tmp_path, [name], make, "some records")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def replace_by_pickle(path):
    np.save(path, np.array([{}] * 200, dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("signal", truncate, "damaged"),
        ("signal", lambda path: path.unlink(), "no such file"),
        ("signal", lambda path: np.save(path, np.zeros((200, 186), np.float32)), "not the signal"),
        ("sample", replace_by_pickle, "damaged"),
        ("record", lambda path: path.write_bytes(b""), "damaged"),
        ("symbol", lambda path: path.write_text("N N N"), "damaged"),
        ("symbol", lambda path: np.save(path, np.arange(200)), "not the symbol"),
        ("aami", lambda path: np.save(path, np.zeros(199, np.int8)), "not the signal of 199"),
        ("aami", lambda path: np.save(path, np.int8(3)), "not the"),
    ],
)
def test_damage_is_told_in_one_sentence(built, name, damage, said):
    path = built.folder / "208" / f"{name}.npy"
    damage(path)
    assert len(built.read("104")) == 200
    with pytest.raises(DataError, match=said) as raised:
        list(built)
    assert str(built.folder / "208") in str(raised.value) and "\n" not in str(raised.value)


def test_an_exchanged_shard_is_noticed_by_its_number_of_beats(built, make):
    for path in (built.folder / "208").iterdir():
        np.save(path, np.load(path)[:150])
    with pytest.raises(DataError, match="150 beats, but"):
        built.read("208")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "zip", "shards": {}}'])
def test_a_damaged_index_is_refused(built, text):
    (built.folder / "index.json").write_text(text)
    with pytest.raises(DataError, match="no index of shards"):
        shards.load(built.folder)


def test_a_folder_without_shards_is_refused(tmp_path):
    with pytest.raises(DataError, match="there are no shards here"):
        shards.load(tmp_path)


def test_classified_in_shards_or_at_once_is_the_same(built, make, tmp_path):
    network = fake_network()
    shards.classify(built, network, tmp_path / "answers")
    whole = concatenate([make(name) for name in NAMES])
    pairs = list(shards.answers(built, tmp_path / "answers"))
    found = np.concatenate([probabilities for _, probabilities in pairs])
    np.testing.assert_array_equal(found, network.probabilities(whole.signal))
    np.testing.assert_array_equal(np.concatenate([beats.aami for beats, _ in pairs]), whole.aami)


def test_an_interrupted_classification_goes_on_where_it_stopped(built, tmp_path):
    counted, network = [], fake_network()

    def stops_at_the_second(signal):
        counted.append(len(signal))
        if len(counted) == 2:
            raise KeyboardInterrupt
        return network.run(signal)

    interrupted = Classifier("a", network.about, stops_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        shards.classify(built, interrupted, tmp_path / "answers")
    shards.classify(built, interrupted, tmp_path / "answers")
    assert len(counted) == 4  # the first shard once, the second twice, the third once
    assert len(list(shards.answers(built, tmp_path / "answers"))) == 3


def test_answers_of_two_networks_do_not_mix(built, tmp_path):
    shards.classify(built, fake_network("a"), tmp_path / "answers")
    with pytest.raises(DataError, match="holds something else already"):
        shards.classify(built, fake_network("b"), tmp_path / "answers")


def test_damaged_answers_are_refused(built, tmp_path):
    shards.classify(built, fake_network(), tmp_path / "answers")
    np.save(tmp_path / "answers/208.npy", np.zeros((10, 5), np.float32))
    with pytest.raises(DataError, match="not the probabilities of 200 beats"):
        list(shards.answers(built, tmp_path / "answers"))
