"""Packed files: gzip, bzip2, xz, and ZIP archives with one file or one record in them.

What is unpacked goes to a folder that is removed when the signal is no longer used. How much that
may be is limited, whatever sizes the archive claims, and no name in it leads out of that folder.
"""

import bz2
import gzip
import lzma
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ecgcore.data.formats import arrays, foreign
from ecgcore.data.formats.content import Content, Rows
from ecgcore.data.signals import Lead, Signal
from ecgcore.errors import DataError, EcgError

Opener = Callable[[Path, str, float | None], Content]
PACKERS: list[tuple[bytes, Callable[[Path], BinaryIO]]] = [
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"BZh", bz2.open),
]
ZIP, EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
MOST_BYTES = 1 << 30  # unpacked
MOST_TIMES = 200  # as large as packed, beyond the first megabytes: no ECG packs so well
FREE_BYTES = 16 << 20
MOST_MEMBERS = 10_000
MOST_ARRAYS = 100
AT_ONCE = 1 << 20
DATA = (".csv", ".tsv", ".txt", ".dat", ".edf", ".bdf", ".ecg", ".xml", ".scp", ".dcm", ".atc",
        ".mat", ".npy", ".npz", ".parquet", ".wav", ".asc", ".rec")  # fmt: skip
APPLE = "electrocardiograms"  # the folder of an export of Apple Health that has the ECGs
BESIDE = ("readme", "license", "licence", "index", "records", "sha256sums", "ann2")
OFFICE = {"xl/": foreign.WORKBOOK, "word/": foreign.OFFICE, "ppt/": foreign.OFFICE}


def claims(path: Path, start: bytes) -> bool:
    return start.startswith((ZIP, EMPTY_ZIP, *(mark for mark, _ in PACKERS)))


def read(path: Path, lead: str, fs: float | None, open_file: Opener) -> Content:
    """What a packed file holds, see opening.Format; open_file: opens what was unpacked.

    Raises DataError for what would be too large, or is packed twice.
    """
    path = Path(path)
    folder = Path(tempfile.mkdtemp(prefix="ecgcore-"))
    try:
        inner = _unpack(path, folder)
        if inner.is_file():
            with open(inner, "rb") as file:
                if claims(inner, file.read(8)):
                    raise DataError(f"{path}: an archive in an archive; unpack it first")
        return _kept(inner, folder, path, lead, fs, open_file)
    except EcgError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _told(error, folder, path) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _kept(
    inner: Path, folder: Path, path: Path, lead: str, fs: float | None, open_file: Opener
) -> Content:
    """What the unpacked file holds; the folder stays as long as that is used."""
    if inner.is_dir():  # an .npz file: arrays, each a file of its own
        found = {p.stem: arrays.load(p) for p in sorted(inner.iterdir())}
        content = arrays.of_arrays(found, path, lead, fs)
    else:
        content = open_file(inner, lead, fs)
    if content.rows is not None:
        return replace(content, rows=_rows(content.rows, folder, path))
    owner = _Folder(folder, path)
    signal = content.signal
    return replace(content, signal=_owned(signal, owner))


class _Folder:
    """Owns a folder of unpacked files, and removes it when it is no longer referred to."""

    def __init__(self, folder: Path, path: Path):
        self.folder, self.path = folder, path
        self.remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def reader(self, read: Callable) -> Callable:
        def kept(start: int, stop: int):
            try:
                return read(start, stop)
            except EcgError as error:
                raise _told(error, self.folder, self.path) from None

        return kept


def _owned(signal: Signal, owner: _Folder) -> Signal:
    second = signal.second
    if second is not None:
        second = Lead(
            second.name, second.unit, second.fs, second.n_samples, owner.reader(second.read)
        )
    notes = tuple(_outside(note, owner.folder, owner.path) for note in signal.notes)
    name = _outside(signal.name, owner.folder, owner.path)
    return replace(signal, name=name, read=owner.reader(signal.read), second=second, notes=notes)


def _rows(rows: Iterator[Rows], folder: Path, path: Path) -> Iterator[Rows]:
    try:
        for part in rows:
            notes = tuple(_outside(note, folder, path) for note in part.notes)
            yield replace(part, notes=notes)
    except EcgError as error:
        raise _told(error, folder, path) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(error: EcgError, folder: Path, path: Path) -> EcgError:
    return type(error)(_outside(str(error), folder, path))


def _outside(text: str, folder: Path, path: Path) -> str:
    """A message without the folder of unpacked files."""
    return text.replace(f"{folder}/", f"{path}: ").replace(str(folder), str(path))


# --- unpacking ----------------------------------------------------------------------------------


def _unpack(path: Path, folder: Path) -> Path:
    with open(path, "rb") as file:
        start = file.read(8)
    try:
        for mark, opener in PACKERS:
            if start.startswith(mark):
                target = folder / (path.stem if path.suffix else f"{path.name}.unpacked")
                with opener(path, "rb") as source:
                    _copy(source, target, path, path.stat().st_size)
                return target
        with zipfile.ZipFile(path) as archive:
            return _from_zip(archive, folder, path)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
            NotImplementedError, RuntimeError, UnicodeError, OverflowError) as error:  # fmt: skip
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: cannot be unpacked ({reason})") from None


def _copy(source: BinaryIO, target: Path, path: Path, packed: int, before: int = 0) -> int:
    """Copy and count. Raises DataError beyond the limits."""
    limit = min(MOST_BYTES, FREE_BYTES + MOST_TIMES * packed)
    total = before
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as copy:
        while piece := source.read(AT_ONCE):
            total += len(piece)
            if total > limit:
                raise DataError(
                    f"{path}: unpacked it has more than {limit // 10**6:,} MB, which is refused"
                )
            copy.write(piece)
    return total


def _from_zip(archive: zipfile.ZipFile, folder: Path, path: Path) -> Path:
    members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) > MOST_MEMBERS:
        raise DataError(f"{path}: an archive of {len(members):,} files; unpack it and give one")
    for prefix, name in OFFICE.items():
        if any(m.filename.startswith(prefix) for m in members):
            raise DataError(f"{path}: {name}")
    if any(m.filename == "mimetype" for m in members):
        raise DataError(f"{path}: {foreign.OFFICE}")
    if path.suffix.lower() in (".xlsx", ".xlsm", ".docx", ".ods"):
        raise DataError(f"{path}: called a workbook or document, and is none; save it as CSV")
    for member in members:
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or ":" in member.filename[:2]:
            raise DataError(f"{path}: it names a file outside of itself ({member.filename!r})")
        if member.flag_bits & 1:
            raise DataError(f"{path}: protected by a password; unpack it first")
    if members and all(m.filename.endswith(".npy") for m in members):
        wanted, first = members[:MOST_ARRAYS], None
    else:
        wanted, first = _chosen(archive, [m for m in members if not _hidden(m.filename)], path)
    packed, total = path.stat().st_size, 0
    for member in wanted:
        with archive.open(member) as source:
            target = folder / PurePosixPath(member.filename.replace("\\", "/"))
            total = _copy(source, target, path, packed, total)
    return folder / first.filename.replace("\\", "/") if first else folder


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX") or PurePosixPath(name).name.startswith(".")


def _chosen(
    archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], path: Path
) -> tuple[Sequence[zipfile.ZipInfo], zipfile.ZipInfo]:
    """The files to unpack, and the one to open: the header of a record, or the only file."""
    headers = [m for m in members if m.filename.lower().endswith(".hea")]
    if headers:
        whole = [m for m in headers if _has_segments(archive, m)]
        if len(headers) == 1 or len(whole) == 1:
            header = (whole or headers)[0]
            beside = PurePosixPath(header.filename).parent
            return [m for m in members if PurePosixPath(m.filename).parent == beside], header
        raise DataError(f"{path}: several records ({_listed(headers)}); unpack it and give one")
    data = [m for m in members if not _about_the_data(m.filename)]
    data = [m for m in data if APPLE in PurePosixPath(m.filename).parts[:-1]] or data
    if len(data) > 1:
        likely = [m for m in data if m.filename.lower().endswith(DATA)]
        data = likely if likely else data
    if len(data) == 1:
        return data, data[0]
    if not data:
        raise DataError(f"{path}: an empty archive")
    raise DataError(f"{path}: several files ({_listed(data)}); unpack it and give one of them")


def _about_the_data(name: str) -> bool:
    pure = PurePosixPath(name)
    return pure.name.lower().startswith(BESIDE) or pure.suffix.lower() in (".md", ".pdf", ".html")


def _has_segments(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as file:
        for line in file.read(4096).splitlines():
            if line.strip() and not line.startswith(b"#"):
                return b"/" in line.split()[0]
    return False


def _listed(members: Sequence[zipfile.ZipInfo]) -> str:
    names = sorted(PurePosixPath(m.filename).name for m in members)
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
