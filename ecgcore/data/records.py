"""Reading WFDB records, and checking and packing databases of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

from ecgcore import paths
from ecgcore.constants import LEAD
from ecgcore.errors import DataError

# AAMI EC57 classes of the PhysioNet beat symbols, as de Chazal et al. (2004) group them.
AAMI_SYMBOLS = {"N": "NLRejB", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
AAMI_OF_SYMBOL = {symbol: aami for aami, symbols in AAMI_SYMBOLS.items() for symbol in symbols}

EMBEDDED = ("mitdb", "svdb", "nstdb")  # the databases that come with the project, under data/
HEADERS = "headers"  # folder of the original headers, where not every signal was kept


@dataclass(frozen=True)
class Record:
    """One lead of a record and its annotated beats.

    signal: (n_samples,) float32, mV; fs: Hz; sample: (n_beats,) int64, R peak positions;
    symbol: (n_beats,) str, PhysioNet beat symbols; aami: (n_beats,) str, one of N S V F Q.
    """

    name: str
    lead: str
    fs: float
    signal: np.ndarray
    sample: np.ndarray
    symbol: np.ndarray
    aami: np.ndarray
    comments: tuple[str, ...] = ()


def record_names(database: Path) -> list[str]:
    """Names of a database's records, from its RECORDS file or else its headers, sorted."""
    database = Path(database)
    listing = database / "RECORDS"
    if listing.is_file():
        names = listing.read_text().split()
    else:
        names = [header.stem for header in database.glob("*.hea")]
    if not names:
        raise DataError(f"{database}: no WFDB records here (no RECORDS file and no .hea files)")
    return sorted(names)


def read_header(database: Path, name: str) -> wfdb.Record:
    """Header of a record. Raises DataError if it is missing or unreadable."""
    path = Path(database) / name
    try:
        return wfdb.rdheader(str(path))
    except FileNotFoundError:
        raise DataError(f"{path}.hea: no such file") from None
    except Exception as error:
        raise DataError(f"{path}.hea: not a WFDB header ({error})") from error


def choose_lead(header: wfdb.Record, lead: str = LEAD) -> int:
    """Channel of `lead`, or 0 where the record has none (102 and 104 of mitdb)."""
    return header.sig_name.index(lead) if lead in header.sig_name else 0


def read_record(database: Path, name: str, lead: str = LEAD) -> Record:
    """One lead of an annotated record. Raises DataError if a file is missing or damaged."""
    header = read_header(database, name)
    channel = choose_lead(header, lead)
    path = Path(database) / name
    try:
        record = wfdb.rdrecord(str(path), channels=[channel], return_res=32)
    except Exception as error:
        raise DataError(f"{path}.dat: cannot read the signal ({error})") from error
    sample, symbol = read_beats(database, name)
    return Record(
        name=name,
        lead=header.sig_name[channel],
        fs=float(header.fs),
        signal=record.p_signal[:, 0].astype(np.float32),
        sample=sample,
        symbol=symbol,
        aami=np.array([AAMI_OF_SYMBOL[s] for s in symbol], dtype="U1"),
        comments=tuple(header.comments),
    )


def read_beats(database: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions (samples) and symbols of the beats among a record's reference annotations."""
    path = Path(database) / name
    try:
        annotation = wfdb.rdann(str(path), "atr")
    except Exception as error:
        raise DataError(f"{path}.atr: cannot read the annotations ({error})") from error
    symbol = np.array(annotation.symbol, dtype="U1")
    is_beat = np.isin(symbol, list(AAMI_OF_SYMBOL))
    return annotation.sample[is_beat].astype(np.int64), symbol[is_beat]


def overview(database: Path, names: Iterable[str] | None = None) -> pd.DataFrame:
    """A row a record: patient's sex and age, leads, sampling rate, duration (s), beats a class."""
    rows = []
    for name in names or record_names(database):
        header = read_header(database, name)
        _, symbol = read_beats(database, name)
        aami = pd.Series([AAMI_OF_SYMBOL[s] for s in symbol])
        age, sex = header.comments[0].split()[:2] if header.comments else ("", "")
        rows.append(
            {
                "record": name,
                "age": pd.to_numeric(age, errors="coerce"),
                "sex": sex,
                "lead": header.sig_name[choose_lead(header)],
                "leads": ", ".join(header.sig_name),
                "fs": header.fs,
                "seconds": header.sig_len / header.fs,
                **{c: int((aami == c).sum()) for c in AAMI_SYMBOLS},
            }
        )
    return pd.DataFrame(rows)


def default_database() -> Path:
    """The embedded MIT-BIH Arrhythmia Database."""
    return paths.DATA / "mitdb"


def embedded_databases() -> list[Path]:
    """Folders of the databases that come with the project."""
    return [paths.DATA / name for name in EMBEDDED]
