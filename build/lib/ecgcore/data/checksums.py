"""SHA-256 of a database's files and of its decoded samples."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcore.constants import CHECKSUMS
from ecgcore.errors import DataError
from ecgcore.files import sha256

if TYPE_CHECKING:
    import wfdb

_CHECKSUM = re.compile(r"(?P<digest>[0-9A-Fa-f]{64})\s+\*?(?P<name>\S.*)")
SIGNAL_CHECKSUMS = "SIGNALS.sha256"  # of the decoded samples, whatever the file format


def signal_sha256(database: Path, name: str, channels: list[int] | None = None) -> str:
    """SHA-256 of a record's digital samples as little-endian int16 in time order.

    channels: the leads that count; all of them if none is given.
    """
    samples = _digital(database, name, channels).d_signal
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def _digital(database: Path, name: str, channels: list[int] | None = None) -> "wfdb.Record":
    """Leads of a record, as the integers that are stored."""
    import wfdb  # which loads much, and reading own records does without

    path = Path(database) / name
    try:
        return wfdb.rdrecord(str(path), physical=False, channels=channels)
    except Exception as error:
        raise DataError(f"{path}.dat: cannot read the signal ({error})") from error


def read_checksums(path: Path) -> dict[str, str]:
    """File name to digest in small letters, from a list as `sha256sum` and other tools write it.

    Raises DataError if the list is missing, empty or something else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{path}: missing, so nothing beside it can be checked") from None
    except ValueError:  # no text at all
        raise DataError(f"{path}: not a list of checksums") from None
    found = [_CHECKSUM.fullmatch(line.strip()) for line in text.splitlines() if line.strip()]
    if not all(found):
        raise DataError(f"{path}: not a list of checksums")
    digests = {each["name"]: each["digest"].lower() for each in found}
    if not digests:
        raise DataError(f"{path}: no checksums in it")
    return digests


def check_record(database: Path, name: str) -> None:
    """Raise DataError if a file of a record is not the one in the database's list of checksums.

    A database without such a list, or whose list does not name the record, cannot be checked.
    """
    database = Path(database)
    if not (database / CHECKSUMS).is_file():
        return
    for file, digest in read_checksums(database / CHECKSUMS).items():
        path = database / file
        if path.stem == name and path.is_file() and sha256(path) != digest:
            raise DataError(f"{path}: damaged (its SHA-256 differs from {CHECKSUMS})")


def verify(database: Path) -> list[str]:
    """What is missing or damaged in a database: one sentence a file; empty if all is well."""
    database = Path(database)
    try:
        digests = read_checksums(database / CHECKSUMS)
    except DataError as error:
        return [str(error)]
    problems = []
    for name, digest in digests.items():
        if not (database / name).is_file():
            problems.append(f"{database / name}: missing")
        elif sha256(database / name) != digest:
            problems.append(f"{database / name}: damaged (its SHA-256 differs from {CHECKSUMS})")
    return problems
