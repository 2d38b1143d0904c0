"""Databases as lossless FLAC, as they come with the project."""

from collections.abc import Sequence
from pathlib import Path

from ecgcore.constants import CHECKSUMS
from ecgcore.data.checksums import SIGNAL_CHECKSUMS, _digital, signal_sha256
from ecgcore.data.records import HEADERS, record_names
from ecgcore.errors import DataError
from ecgcore.files import sha256, write_text


def pack(source: Path, target: Path, names: Sequence[str] = (), first_signal: bool = False) -> None:
    """Copy a WFDB database with its signals as lossless FLAC (WFDB format 516).

    names: the records to copy, all if none is named. first_signal: leave the other signals out
    and keep the original headers, which tell what they were, in a folder of their own.

    Gains, baselines, units, comments and annotations carry over. Every record is read back
    and compared with its original; a difference raises DataError. Writes the checksums of
    the packed files and of the samples. Reference: WFDB signal specification, signal(5).
    """
    source, target = Path(source), Path(target)
    channels = [0] if first_signal else None
    (target / HEADERS if first_signal else target).mkdir(parents=True, exist_ok=True)
    names, signals = sorted(names) or record_names(source), []
    for name in names:
        record = _digital(source, name, channels)
        record.fmt = ["516"] * record.n_sig
        record.wrsamp(write_dir=str(target))
        digest = signal_sha256(source, name, channels)
        if signal_sha256(target, name) != digest:
            raise DataError(f"{target / name}: the packed samples differ from the original's")
        signals.append(f"{digest}  {name}\n")
        if first_signal:
            header = f"{name}.hea"
            (target / HEADERS / header).write_bytes((source / header).read_bytes())
        annotations = source / f"{name}.atr"
        if annotations.is_file():
            (target / annotations.name).write_bytes(annotations.read_bytes())
    write_text(target / "RECORDS", "".join(f"{name}\n" for name in names))
    write_text(target / SIGNAL_CHECKSUMS, "".join(signals))
    files = sorted(p for p in target.rglob("*") if p.suffix in (".dat", ".hea", ".atr"))
    files += [target / "RECORDS", target / SIGNAL_CHECKSUMS]
    lines = [f"{sha256(p)}  {p.relative_to(target).as_posix()}\n" for p in files]
    write_text(target / CHECKSUMS, "".join(lines))
