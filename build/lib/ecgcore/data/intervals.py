"""Annotated beats of long recordings without their signals: intervals, classes, rhythms.

A day's signal has a hundred times the size of its RR intervals, and rhythm needs no signal. The
Long-Term AF Database comes with the project in this form (`data/ltafdb`): one NPZ file, made by
`ecgcore data pack-intervals` from PhysioNet's annotation files.

    records: (n_records,) str; fs: (n_records,) float64, samples a second
    beats, stretches: (n_records,) int64, how many each record has; all else is one record's
        after the other's
    interval: (4, n_beats) uint8, samples from the beat before (the record's start, for the first),
        an unsigned 32-bit number, its lowest byte in the first row: bytes of a kind side by side
        take a fifth less room
    symbol: (n_beats,) uint8, ASCII codes of PhysioNet's beat symbols
    first: (n_stretches,) int64, the beat of its record with which a rhythm begins
    rhythm: (n_stretches,) str, PhysioNet's name of it, such as "(AFIB"; before the first is none
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgcore import files, paths
from ecgcore.constants import CHECKSUMS, CLASSES
from ecgcore.data.records import AAMI_OF_SYMBOL, read_header
from ecgcore.errors import DataError
from ecgcore.files import replacing, sha256, write_text

FILE = "beats.npz"
ORIGINALS = "ORIGINALS.sha256"  # of the annotation files and headers that it was made of
PER_RECORD = ("records", "fs", "beats", "stretches")
FIELDS = (*PER_RECORD, "interval", "symbol", "first", "rhythm")
FIBRILLATION = ("(AFIB", "(AFL")  # or flutter


@dataclass(frozen=True)
class BeatTimes:
    """A record's annotated beats. seconds: (n,) float64; aami: (n,) int8, class numbers;
    rhythm: (n,) str, PhysioNet's name of the rhythm that each beat is part of, or nothing."""

    name: str
    seconds: np.ndarray
    aami: np.ndarray
    rhythm: np.ndarray

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def fibrillating(self) -> np.ndarray:
        """(n,) bool, the beats in atrial fibrillation or flutter."""
        return np.isin(self.rhythm, FIBRILLATION)


def default_database() -> Path:
    """The embedded Long-Term AF Database."""
    return paths.DATA / "ltafdb"


def pack(source: Path, target: Path) -> int:
    """Pack the annotations of every record of a WFDB folder; return the number of beats.

    Reads `.atr` and `.hea` alone; what is written is read back and compared. Writes the checksums
    of the packed files, and of the originals. Raises DataError if there are no annotations, or
    they cannot be read.
    """
    source, target = Path(source), Path(target)
    names = sorted(path.stem for path in source.glob("*.atr"))
    if not names:
        raise DataError(f"{source}: no annotation files (.atr) here")
    found = [_annotated(source, name) for name in names]
    arrays = {
        "records": np.array(names),
        "fs": np.array([read_header(source, name).fs for name in names]),
        "beats": np.array([len(each["symbol"]) for each in found]),
        "stretches": np.array([len(each["first"]) for each in found]),
        **{k: _joined([e[k] for e in found]) for k in FIELDS if k in found[0]},
    }
    with replacing(target / FILE) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    again = files.load_arrays(target / FILE, FIELDS)
    if not all(np.array_equal(again[field], arrays[field]) for field in FIELDS):
        raise DataError(f"{target / FILE}: differs from what was packed")
    originals = [f"{name}.{suffix}" for name in names for suffix in ("atr", "hea")]
    lines = [f"{sha256(source / name)}  {name}\n" for name in originals]
    write_text(target / ORIGINALS, "".join(lines))
    lines = [f"{sha256(target / name)}  {name}\n" for name in (FILE, ORIGINALS)]
    write_text(target / CHECKSUMS, "".join(lines))
    return int(arrays["beats"].sum())


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Side by side, bytes of a kind next to each other in the file too."""
    return np.ascontiguousarray(np.concatenate(parts, axis=-1))


def _annotated(source: Path, name: str) -> dict[str, np.ndarray]:
    """Intervals, symbols and rhythms of a record's annotation file."""
    import wfdb

    try:
        read = wfdb.rdann(str(source / name), "atr")
    except Exception as error:  # damage shows in many ways
        raise DataError(f"{source / name}.atr: cannot read the annotations ({error})") from error
    symbol = np.array(read.symbol)
    is_beat = np.isin(symbol, list(AAMI_OF_SYMBOL))
    sample = read.sample[is_beat]
    change = np.flatnonzero(symbol == "+")
    first = np.searchsorted(sample, read.sample[change])
    inside = first < len(sample)
    interval = np.diff(sample, prepend=0)
    if not len(sample) or (interval < 0).any():
        raise DataError(f"{source / name}.atr: no beats in the order of time")
    return {
        "interval": interval.astype("<u4").view(np.uint8).reshape(-1, 4).T,
        "symbol": symbol[is_beat].astype("S1").view(np.uint8),
        "first": first[inside].astype(np.int64),
        "rhythm": np.array([read.aux_note[i].rstrip("\0 ") for i in change[inside]], dtype="U8"),
    }


def read(database: Path | None = None) -> list[BeatTimes]:
    """Every record of a packed database (the embedded one if none is named), in order.

    Raises DataError if the file is missing or damaged.
    """
    path = (default_database() if database is None else Path(database)) / FILE
    arrays = files.load_arrays(path, FIELDS)
    total, changes = int(arrays["beats"].sum()), int(arrays["stretches"].sum())
    fits = arrays["interval"].shape == (4, total) and arrays["symbol"].shape == (total,)
    if not fits or len(arrays["first"]) != changes or len(arrays["rhythm"]) != changes:
        raise DataError(f"{path}: damaged (its arrays do not fit one another)")
    aami_of_code = np.full(256, -1, dtype=np.int8)
    for symbol, letter in AAMI_OF_SYMBOL.items():
        aami_of_code[ord(symbol)] = CLASSES.index(letter)
    found, beat, stretch = [], 0, 0
    for name, fs, n, m in zip(*(arrays[field] for field in PER_RECORD), strict=True):
        own, changed = slice(beat, beat + n), slice(stretch, stretch + m)
        interval = np.ascontiguousarray(arrays["interval"][:, own].T).view("<u4")[:, 0]
        held = np.diff([*arrays["first"][changed], n])
        rhythm = np.repeat(arrays["rhythm"][changed], held)
        before = np.full(n - len(rhythm), "", dtype=rhythm.dtype)
        found.append(
            BeatTimes(
                name=str(name),
                seconds=np.cumsum(interval, dtype=np.int64) / fs,
                aami=aami_of_code[arrays["symbol"][own]],
                rhythm=np.concatenate([before, rhythm]),
            )
        )
        beat, stretch = beat + n, stretch + m
    return found
