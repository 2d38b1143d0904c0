"""The evaluation protocols: which beats train, which validate, which test.

Every split is disjoint in beats; `inter_patient` and the five `patients_<n>` also in records, and
the latter in patients. Validation beats are always
cut from the training part. Balancing and augmenting come later, on the training part only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ecgcore.beats.cutting import Beats, class_counts
from ecgcore.constants import CLASSES, FOLDS, PROTOCOLS
from ecgcore.errors import ConfigError, DataError

BY_RECORD = ("inter_patient", *FOLDS)  # whose parts are made of whole records
SPLIT_SEED = 2001  # of the random protocol's test part, which must never depend on a training seed

# Test beats of each class in the Kaggle files; `random` draws as many.
KAGGLE_TEST_COUNTS = {"N": 18_118, "S": 556, "V": 1_448, "F": 162, "Q": 1_608}
KAGGLE_TOTALS = {"N": 90_589, "S": 2_779, "V": 7_236, "F": 803, "Q": 8_039}
TEST_SHARE = 0.2  # of each class, where not all records take part

# de Chazal et al. (2004); the four paced records are left out.
PACED = ("102", "104", "107", "217")
DS1 = tuple(
    "101 106 108 109 112 114 115 116 118 119 122 "
    "124 201 203 205 207 208 209 215 220 223 230".split()
)
DS2 = tuple(
    "100 103 105 111 113 117 121 123 200 202 210 "
    "212 213 214 219 221 222 228 231 232 233 234".split()
)


@dataclass(frozen=True)
class Halves:
    """Names of the records that `inter_patient` trains and tests on."""

    train: tuple[str, ...]
    test: tuple[str, ...]


MITDB = Halves(DS1, DS2)

# Q is left with a handful of beats once the paced records are out: it is trained on, counted
# in the accuracy and shown in the confusion matrix, but not averaged into macro-F1.
SCORED_CLASSES = {"random": CLASSES, "kaggle": CLASSES} | dict.fromkeys(BY_RECORD, CLASSES[:4])
SAME_PATIENT = {"202": "201"}  # a record, and another of the same man


@dataclass(frozen=True)
class Split:
    """Positions of beats in a `Beats`: three disjoint (n,) int64 arrays, each sorted."""

    protocol: str
    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def make_split(
    protocol: str,
    beats: Beats,
    val_share: float = 0.1,
    seed: int = 0,
    halves: Halves | None = None,
) -> Split:
    """Split beats by a protocol; `seed` draws the validation part, never the test part.

    val_share: share of the training part (of its beats, or of its records where the parts are
    made of records) that validates; halves: what `inter_patient` trains and tests on, by default
    the usual halves of mitdb, or in another database a fold of patients. Raises ConfigError for an
    unknown protocol or share, DataError if a part would be empty.
    """
    if protocol not in PROTOCOLS:
        raise ConfigError(f"protocol {protocol!r} is unknown; choose from {', '.join(PROTOCOLS)}")
    if not 0 < val_share < 1:
        raise ConfigError(f"val_share must lie between 0 and 1, not {val_share}")
    if protocol == "random":
        training, test = _draw_test(beats)
    elif protocol == "inter_patient":
        halves = halves or usual_halves(beats)
        training = np.flatnonzero(np.isin(beats.record, halves.train))
        test = np.flatnonzero(np.isin(beats.record, halves.test))
    elif protocol in FOLDS:
        training, test = _fold(beats, FOLDS.index(protocol), len(FOLDS))
    else:
        training = np.flatnonzero(beats.record == "mitbih_train")
        test = np.flatnonzero(beats.record == "mitbih_test")
    if not len(training) or not len(test):
        raise DataError(f"protocol {protocol}: no beats to train or none to test on")
    cut = _validation_records if protocol in BY_RECORD else _validation_beats
    val = cut(training, beats, val_share, seed)
    if not len(val) or len(val) == len(training):
        raise DataError(f"protocol {protocol}: too few beats to cut a validation part from")
    return Split(protocol, np.setdiff1d(training, val), val, test)


def test_counts(beats: Beats) -> dict[str, int]:
    """Test beats of each class under `random`: Kaggle's numbers for the full set, else a fifth."""
    counts = beats.class_counts()
    if counts == KAGGLE_TOTALS:
        return KAGGLE_TEST_COUNTS
    return {c: round(TEST_SHARE * n) for c, n in counts.items()}


def _draw(aami: np.ndarray, counts: dict[str, int], seed: int) -> np.ndarray:
    """Positions of a random draw with the given number of beats of each class, sorted."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.choice(np.flatnonzero(aami == number), counts[letter], replace=False)
        for number, letter in enumerate(CLASSES)
    ]
    return np.sort(np.concatenate(drawn))


def _draw_test(beats: Beats) -> tuple[np.ndarray, np.ndarray]:
    test = _draw(beats.aami, test_counts(beats), SPLIT_SEED)
    return np.setdiff1d(np.arange(len(beats)), test), test


def patients(record: np.ndarray) -> np.ndarray:
    """(n,) record names, with one name for records of the same patient."""
    return np.array([SAME_PATIENT.get(name, name) for name in record.tolist()])


def is_mitdb(records: Iterable[str]) -> bool:
    """Whether records are those of the MIT-BIH Arrhythmia Database, by their names."""
    return set(records) <= {*DS1, *DS2, *PACED}


def usual_halves(beats: Beats) -> Halves:
    """DS1 and DS2 of mitdb; of another database, a fold of its patients and the rest.

    Raises DataError where there is only one patient.
    """
    if is_mitdb(beats.record.tolist()):
        return MITDB
    n_patients = len(np.unique(patients(beats.record)))
    if n_patients < 2:
        raise DataError("one record alone cannot be split by patients")
    training, test = _fold(beats, 0, min(len(FOLDS), n_patients))
    names = (tuple(np.unique(beats.record[part]).tolist()) for part in (training, test))
    return Halves(*names)


def _fold(beats: Beats, number: int, folds: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test part of a fold: every patient who is not paced is tested in one of them."""
    free = np.flatnonzero(~np.isin(beats.record, PACED))
    groups = patients(beats.record[free])
    if len(np.unique(groups)) < folds:
        raise DataError(f"{folds} folds need as many patients without a pacemaker")
    dealer = _dealer(folds, SPLIT_SEED)
    training, test = list(dealer.split(free, beats.aami[free], groups))[number]
    return free[training], free[test]


def _validation_beats(training: np.ndarray, beats: Beats, share: float, seed: int) -> np.ndarray:
    aami = beats.aami[training]
    counts = {c: round(share * n) for c, n in class_counts(aami).items()}
    return training[_draw(aami, counts, seed)]


def _dealer(folds: int, seed: int):
    from sklearn.model_selection import StratifiedGroupKFold  # slow; who classifies needs none

    return StratifiedGroupKFold(folds, shuffle=True, random_state=seed)


def _validation_records(training: np.ndarray, beats: Beats, share: float, seed: int) -> np.ndarray:
    """Whole records: of the groups that share the classes out evenly, the most typical one."""
    records, aami = patients(beats.record[training]), beats.aami[training]
    folds = min(max(2, round(1 / share)), len(np.unique(records)))
    if folds < 2:
        raise DataError("one training record leaves none to validate on")
    parts = [part for _, part in _dealer(folds, seed).split(training, aami, records)]
    return training[np.sort(min(parts, key=lambda part: _unlikeness(aami[part], aami, share)))]


def _unlikeness(part: np.ndarray, whole: np.ndarray, share: float) -> float:
    """How far the rarer classes' counts in a part are from the given share of the whole."""
    expected = share * np.bincount(whole, minlength=len(CLASSES))[1:4]
    found = np.bincount(part, minlength=len(CLASSES))[1:4]
    return float(np.abs(found / np.maximum(expected, 1) - 1).sum())
