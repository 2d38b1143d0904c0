"""Reading WFDB records, and checking and packing databases of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore import paths
from ecgcore.constants import LEAD
from ecgcore.data import checksums, lead_choice
from ecgcore.data.formats import wfdb_annotations, wfdb_header, wfdb_record
from ecgcore.data.formats.wfdb_header import Header
from ecgcore.errors import DataError

# AAMI EC57 classes of the PhysioNet beat symbols, as de Chazal et al. (2004) group them; "n", "r"
# and "?", which mitdb has not, as in the map of wfdb's ecgmap.h.
AAMI_SYMBOLS = {"N": "NLRejBn", "S": "AaJS", "V": "VEr", "F": "F", "Q": "/fQ?"}
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
        lines = listing.read_text(encoding="utf-8").splitlines()  # a name may hold blanks
        names = [line.strip() for line in lines if line.strip()]
    else:
        names = [header.stem for header in database.glob("*.hea")]
    if not names:
        raise DataError(f"{database}: no WFDB records here (no RECORDS file and no .hea files)")
    return sorted(names)


def annotated_names(database: Path) -> list[str]:
    """Names of a database's records that have reference annotations, sorted.

    Raises DataError if none has.
    """
    names = [n for n in record_names(database) if wfdb_record.beside(Path(database), f"{n}.atr")]
    if not names:
        raise DataError(f"{database}: no record here has annotations (.atr files)")
    return names


def read_header(database: Path, name: str) -> Header:
    """Header of a record. Raises DataError if it is missing or unreadable."""
    return wfdb_header.read(_file(database, name, "hea"))


def _file(database: Path, name: str, suffix: str) -> Path:
    path = Path(database)
    return wfdb_record.beside(path, f"{name}.{suffix}") or path / f"{name}.{suffix}"


def choose_lead(header: Header, lead: str = LEAD) -> int:
    """Position of `lead`, or of the ECG lead by name where the record has none (102 and 104)."""
    found = lead_choice.find(header.sig_name, lead)
    return lead_choice.by_name(header.sig_name) if found is None else found


def read_record(database: Path, name: str, lead: str = LEAD) -> Record:
    """One lead of an annotated record. Raises DataError if a file is missing or damaged, by the
    database's list of checksums, too."""
    checksums.check_record(database, name)
    file = _file(database, name, "hea")
    header = wfdb_header.read(file)
    leads = wfdb_record.open_leads(file, header)
    names = [each.name for each in leads]
    found = lead_choice.find(names, lead)
    chosen = leads[lead_choice.by_name(names) if found is None else found]
    sample, symbol = read_beats(database, name)
    if chosen.fs != header.fs:  # annotations count frames, which may hold several samples
        sample = np.round(sample * (chosen.fs / header.fs)).astype(np.int64)
    inside = (sample >= 0) & (sample <= chosen.n_samples)
    sample, symbol = sample[inside], symbol[inside]
    return Record(
        name=name,
        lead=chosen.name,
        fs=chosen.fs,
        signal=chosen.read(0, chosen.n_samples).astype(np.float32),
        sample=sample,
        symbol=symbol,
        aami=np.array([AAMI_OF_SYMBOL[s] for s in symbol], dtype="U1"),
        comments=header.comments,
    )


def read_beats(database: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions (samples) and symbols of the beats among a record's reference annotations.

    In the order of time, one a sample. Raises DataError if the file is missing or unreadable.
    """
    beats = wfdb_annotations.read(_file(database, name, "atr"))
    return beats.sample, beats.symbol


def overview(database: Path, names: Iterable[str] | None = None) -> pd.DataFrame:
    """A row an annotated record: sex, age, leads, sampling rate, duration (s), beats a class.

    What is not known of a patient is left empty, as is the duration that only the samples tell.
    """
    rows = []
    for name in names or annotated_names(database):
        header = read_header(database, name)
        _, symbol = read_beats(database, name)
        aami = pd.Series([AAMI_OF_SYMBOL[s] for s in symbol])
        age, sex = _patient(header.comments)
        leads = header.sig_name
        rows.append(
            {
                "record": name,
                "age": age,
                "sex": sex,
                "lead": leads[choose_lead(header)] if leads else "",
                "leads": ", ".join(leads),
                "fs": header.fs,
                "seconds": (header.sig_len or np.nan) / header.fs,
                **{c: int((aami == c).sum()) for c in AAMI_SYMBOLS},
            }
        )
    return pd.DataFrame(rows)


# "69 M 1085 1629 x1" in mitdb; "<age>: 54 <sex>: F" or "age: 54, sex: F" in other databases.
_PATIENT = re.compile(
    r"(?:<?age>?:?\s*)?(\d{1,3}|-1|\?)[\s,]+(?:<?sex>?:?\s*)?(m|f|male|female)\b", re.I
)


def _patient(comments: Iterable[str]) -> tuple[float, str]:
    """Age (years, NaN if unknown) and sex ("M", "F", empty if unknown), if comments tell them."""
    for comment in comments:
        found = _PATIENT.match(comment)
        if found:
            age = float(found[1]) if found[1].isdecimal() else np.nan
            return age, found[2][0].upper()
    return np.nan, ""


def default_database() -> Path:
    """The embedded MIT-BIH Arrhythmia Database."""
    return paths.DATA / "mitdb"


def embedded_databases() -> list[Path]:
    """Folders of the databases that come with the project."""
    return [paths.DATA / name for name in EMBEDDED]
