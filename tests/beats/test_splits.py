"""Every protocol keeps its parts apart, and draws exactly the beats that it should."""

from dataclasses import replace

import numpy as np
import pytest

from ecgcore import paths
from ecgcore.beats import dataset, splits
from ecgcore.beats.cutting import build, concatenate
from ecgcore.beats.splits import Halves, make_split
from ecgcore.constants import CLASSES
from ecgcore.errors import ConfigError, DataError
from ecgcore.workflow.profiles import DataConfig

SEEDS = (0, 1, 2)
SHARES = (0.1, 0.2)


@pytest.fixture(scope="module")
def kaggle_beats(small_beats):
    """Real beats under the names that the Kaggle files give them."""
    train, test = small_beats[::2], small_beats[1::2]
    return concatenate(
        [
            replace(train, record=np.full(len(train), "mitbih_train")),
            replace(test, record=np.full(len(test), "mitbih_test")),
        ]
    )


@pytest.fixture(params=splits.PROTOCOLS)
def protocol(request):
    return request.param


@pytest.fixture
def protocol_beats(protocol, beats, kaggle_beats):
    return kaggle_beats if protocol == "kaggle" else beats


def parts_of(split):
    return {"train": split.train, "val": split.val, "test": split.test}


@pytest.mark.filterwarnings("ignore:The least populated class")  # Q, in ten folds of records
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", SHARES)
def test_parts_are_disjoint_sorted_and_hold_every_class(protocol, protocol_beats, share, seed):
    split = splits.make_split(protocol, protocol_beats, share, seed)
    parts = parts_of(split)
    together = np.concatenate(list(parts.values()))
    assert len(np.unique(together)) == len(together)
    # Nearly all F beats are in a handful of records: not every fold of patients can have some.
    common = "NSV" if protocol in splits.FOLDS else splits.SCORED_CLASSES[protocol]
    scored = {CLASSES.index(c) for c in common}
    for name, part in parts.items():
        assert (np.diff(part) > 0).all(), name
        assert scored <= set(protocol_beats.aami[part].tolist()), name


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_no_copy_of_a_beat_is_in_two_parts(protocol, protocol_beats):
    """Not only positions differ: the same samples never turn up in another part."""
    split = splits.make_split(protocol, protocol_beats)
    owner = {}
    for name, part in parts_of(split).items():
        for beat in protocol_beats.signal[part]:
            assert owner.setdefault(beat.tobytes(), name) == name


@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_seed_draws_validation_but_never_the_test_part(protocol, protocol_beats, seed):
    first = splits.make_split(protocol, protocol_beats, 0.1, seed)
    again = splits.make_split(protocol, protocol_beats, 0.1, seed)
    other = splits.make_split(protocol, protocol_beats, 0.2, seed + 1)
    for name, part in parts_of(first).items():
        np.testing.assert_array_equal(part, parts_of(again)[name])
    np.testing.assert_array_equal(first.test, other.test)
    assert not np.array_equal(first.val, other.val)
    np.testing.assert_array_equal(  # what validates and what trains is one training part
        np.union1d(first.train, first.val), np.union1d(other.train, other.val)
    )


def test_random_has_the_test_counts_of_the_kaggle_files(beats):
    split = splits.make_split("random", beats)
    assert beats[split.test].class_counts() == splits.KAGGLE_TEST_COUNTS
    assert len(split.train) + len(split.val) + len(split.test) == len(beats)


def test_random_validates_on_the_asked_share_of_each_class(beats):
    split = splits.make_split("random", beats, 0.1)
    training = beats[np.union1d(split.train, split.val)].class_counts()
    for letter, count in beats[split.val].class_counts().items():
        assert count == pytest.approx(0.1 * training[letter], abs=0.5)


def test_random_takes_a_fifth_of_each_class_from_a_part_of_the_records(small_beats):
    split = splits.make_split("random", small_beats)
    total = small_beats.class_counts()
    for letter, count in small_beats[split.test].class_counts().items():
        assert count == pytest.approx(splits.TEST_SHARE * total[letter], abs=0.5)


def test_inter_patient_follows_de_chazal(beats):
    split = splits.make_split("inter_patient", beats, 0.2)
    training = np.union1d(split.train, split.val)
    assert set(beats.record[training]) == set(splits.DS1)
    assert set(beats.record[split.test]) == set(splits.DS2)
    lists = (*splits.DS1, *splits.DS2, *splits.PACED)
    assert sorted(lists) == sorted(set(lists)) == np.unique(beats.record).tolist()
    assert beats[split.test].class_counts()["V"] == 3_221  # as the literature counts DS2


@pytest.mark.parametrize("seed", SEEDS)
def test_inter_patient_validates_on_whole_records(beats, seed):
    split = splits.make_split("inter_patient", beats, 0.2, seed)
    groups = [set(beats.record[part]) for part in (split.train, split.val, split.test)]
    assert all(groups)
    assert len(set.union(*groups)) == sum(map(len, groups))


def test_kaggle_keeps_the_test_file_for_testing(kaggle_beats):
    split = splits.make_split("kaggle", kaggle_beats)
    assert set(kaggle_beats.record[split.test]) == {"mitbih_test"}
    assert set(kaggle_beats.record[np.union1d(split.train, split.val)]) == {"mitbih_train"}


def test_an_unknown_protocol_is_named_with_the_known_ones(beats):
    with pytest.raises(ConfigError, match="'intra' is unknown; choose from random, inter_patient"):
        splits.make_split("intra", beats)


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_an_impossible_validation_share_is_refused(beats, share):
    with pytest.raises(ConfigError, match="val_share must lie between 0 and 1"):
        splits.make_split("random", beats, share)


def test_a_protocol_without_its_beats_is_refused(beats, kaggle_beats):
    with pytest.raises(DataError, match="protocol kaggle"):
        splits.make_split("kaggle", beats)
    with pytest.raises(DataError, match="one training record"):
        splits.make_split("inter_patient", kaggle_beats)
    with pytest.raises(DataError, match="protocol inter_patient"):
        splits.make_split("inter_patient", beats[np.isin(beats.record, splits.DS1)])


def test_too_few_beats_to_validate_on_are_refused(beats):
    few = np.concatenate([np.flatnonzero(beats.aami == n)[:3] for n in range(len(CLASSES))])
    with pytest.raises(DataError, match="validation"):
        splits.make_split("random", beats[few])


def test_one_training_record_is_too_few_for_inter_patient(beats):
    with pytest.raises(DataError, match="one training record"):
        splits.make_split("inter_patient", beats[np.isin(beats.record, ["101", "100"])])


def test_patient_folds_test_every_unpaced_record_once(beats):
    tested = [beats.record[splits.make_split(fold, beats, 0.2).test] for fold in splits.FOLDS]
    names = sorted(name for records in tested for name in set(records))
    assert names == sorted({*splits.DS1, *splits.DS2})
    assert sum(map(len, tested)) == np.isin(beats.record, splits.PACED, invert=True).sum()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fold", splits.FOLDS)
def test_patient_folds_keep_patients_apart(beats, fold, seed):
    """201 and 202 are the same man, and so never on two sides."""
    split = splits.make_split(fold, beats, 0.2, seed)
    groups = [set(splits.patients(beats.record[part])) for part in parts_of(split).values()]
    assert all(groups)
    assert len(set.union(*groups)) == sum(map(len, groups))
    assert splits.patients(np.array(["202", "201", "100"])).tolist() == ["201", "201", "100"]


def test_too_few_patients_for_the_folds_are_refused(small_beats):
    with pytest.raises(DataError, match="5 folds need as many patients"):
        splits.make_split("patients_1", small_beats)


# A database of one's own


@pytest.fixture(scope="module")
def own_database(database, tmp_path_factory):
    """Four records with blanks in their names, one of them without annotations."""
    folder = tmp_path_factory.mktemp("my data")
    for name in ("100", "208", "213", "232"):
        for suffix in ("hea", "dat", "atr"):
            text = (database / f"{name}.{suffix}").read_bytes()
            if suffix == "hea":  # which can name no file with a blank
                text = text.replace(name.encode(), f"my_{name}".encode())
            stem = f"my_{name}" if suffix == "dat" else f"my {name}"
            if (name, suffix) != ("232", "atr"):
                (folder / f"{stem}.{suffix}").write_bytes(text)
    (folder / "RECORDS").write_text("my 100\nmy 208\nmy 213\nmy 232\n")
    return folder


def test_records_without_annotations_are_left_out(own_database):
    assert set(build(own_database).record) == {"my 100", "my 208", "my 213"}


def test_another_database_is_split_by_patients(own_database):
    beats = build(own_database)
    split = make_split("inter_patient", beats, val_share=0.5)
    parts = [set(beats.record[part]) for part in (split.train, split.val, split.test)]
    assert all(parts) and sum(map(len, parts)) == len(set.union(*parts)) == 3


def test_a_profile_may_name_the_halves(own_database, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    halves = Halves(("my 100", "my 208"), ("my 213",))
    dataset.prepare("own", own_database, halves=halves)
    beats = dataset.load("own")
    assert set(beats.record[dataset.split("own", "inter_patient", beats, 0.5).test]) == {"my 213"}
    assert set(dataset.test_beats("own", "inter_patient").record) == {"my 213"}
    with pytest.raises(DataError, match="my 999"):
        dataset.prepare("own", own_database, halves=Halves(("my 999",), ("my 213",)))


@pytest.mark.parametrize(
    ("split", "named"),
    [
        ({"train": ["a"]}, "two lists"),
        ({"train": ["a"], "test": []}, "two lists"),
        ({"train": ["a", "b"], "test": ["b"]}, "b both in train and in test"),
    ],
)
def test_halves_that_cannot_be_meant_are_refused(split, named):
    with pytest.raises(ConfigError, match=named):
        DataConfig(split=split)


def test_a_random_state_does_not_deal_ds1_anew(beats):
    """What the chapter on rhythm says of the folds by which its recipe was chosen."""
    ds1 = beats[np.isin(beats.record, splits.DS1)]
    deals = [
        [set(ds1.record[part]) for _, part in dealer.split(ds1.aami, ds1.aami, ds1.record)]
        for dealer in (splits._dealer(5, state) for state in (1, 2, 3))
    ]
    assert deals[0] == deals[1] == deals[2]
