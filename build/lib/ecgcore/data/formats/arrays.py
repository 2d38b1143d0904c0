"""Arrays in files of NumPy (.npy, .npz) and MATLAB (.mat): a signal, or beats, a row each.

Sizes in headers are looked at before anything is read. Nothing is unpickled.
"""

import re
from pathlib import Path

import numpy as np

from ecgcore.constants import BEAT_LENGTH
from ecgcore.data import lead_choice, signals
from ecgcore.data.formats import csv_text
from ecgcore.data.formats.content import Content
from ecgcore.errors import ConfigError, DataError

NPY = b"\x93NUMPY"
MATLAB_5, MATLAB_7_3 = b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file"
MOST_NUMBERS = 60_000_000  # a day of two leads at 250 Hz has 43 million
MOST_LEADS = 100
RATE = re.compile(r"fs|sf|sfreq|freq|frequency|rate|srate|samp(ling|le)?(rate|freq\w*)|hz")


def claims_npy(path: Path, start: bytes) -> bool:
    return start.startswith(NPY)


def claims_mat(path: Path, start: bytes) -> bool:
    return start.startswith((MATLAB_5, MATLAB_7_3)) or (
        path.suffix.lower() == ".mat" and _is_matlab_4(start)
    )


def _is_matlab_4(start: bytes) -> bool:
    """Whether a file of MATLAB 4 may begin so: type, rows, columns, complex, length of a name."""
    if len(start) < 21:
        return False
    kind, rows, columns, is_complex, length = np.frombuffer(start[:20], "<i4").tolist()
    sane = 0 <= kind < 5000 and rows > 0 and columns > 0 and is_complex in (0, 1)
    return sane and 0 < length < 64


def read_npy(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    return of_arrays({"": load(path)}, path, lead, fs)


def load(path: Path, name: str = "") -> np.ndarray:
    """The array of an .npy file, mapped and not read. Raises DataError if it is no signal."""
    name = name or str(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, OverflowError, MemoryError, SyntaxError) as error:
        text = str(error).splitlines()[0] if str(error) else "damaged"
        reason = "it holds Python objects" if "object" in text.lower() else text
        raise DataError(f"{name}: cannot read the array ({reason})") from None
    except Exception as error:  # a header is parsed as Python's own notation
        raise DataError(f"{name}: cannot read the array ({type(error).__name__})") from None
    return array


def read_mat(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    with open(path, "rb") as file:
        if file.read(len(MATLAB_7_3)) == MATLAB_7_3:
            raise DataError(
                f"{path}: a MATLAB 7.3 file, which is HDF5; save it in MATLAB with save(..., '-v7')"
            )
    import scipy.io

    try:
        shapes = scipy.io.whosmat(str(path))
        total = sum(int(np.prod([float(n) for n in shape])) for _, shape, _ in shapes)
        if total > MOST_NUMBERS:
            raise DataError(f"{path}: {total:,} numbers, more than the {MOST_NUMBERS:,} that fit")
        found = scipy.io.loadmat(str(path), squeeze_me=False, chars_as_strings=True)
    except DataError:
        raise
    except Exception as error:  # damage shows in many ways: zlib, struct, scipy's own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: a damaged MATLAB file ({reason})") from None
    arrays = {}
    for key, value in found.items():
        if not key.startswith("__"):
            arrays |= _flat(key, value, 0)
    return of_arrays(arrays, path, lead, fs)


def _flat(key: str, value, depth: int) -> dict[str, np.ndarray]:
    """Numeric arrays in a variable, and in the fields of a structure."""
    if not isinstance(value, np.ndarray) or depth > 4:
        return {}
    if value.dtype.names and value.size == 1:
        found = {}
        for field in value.dtype.names:
            found |= _flat(f"{key}.{field}", value.reshape(-1)[0][field], depth + 1)
        return found
    if value.dtype == object and value.size == 1:
        return _flat(key, value.reshape(-1)[0], depth + 1)
    return {key: value} if value.dtype.kind in "iufb" else {}


def of_arrays(arrays: dict[str, np.ndarray], path: Path, lead: str, fs: float | None) -> Content:
    """The signal or beats among named arrays: the largest; a number called fs is its rate.

    Raises DataError if there is none, or several as large.
    """
    for array in arrays.values():
        if array.dtype.kind not in "iufb":
            raise DataError(f"{path}: no array of numbers, but of {array.dtype}")
        if array.size > MOST_NUMBERS:
            raise DataError(
                f"{path}: {array.size:,} numbers, more than the {MOST_NUMBERS:,} that fit"
            )
    found = _rate(arrays)
    large = {k: np.squeeze(a) for k, a in arrays.items() if a.size > 100}
    if not large:
        raise DataError(f"{path}: no array that could be a signal in it")
    length = max(a.size for a in large.values())
    same = {k: a for k, a in large.items() if a.size == length}
    if len(same) > 1 and all(a.ndim == 1 for a in same.values()):  # a lead an array
        return _signal(list(same.values()), list(same), path, lead, fs, found)
    key, array = next(iter(same.items()))
    if array.ndim == 1:
        return _signal([array], [_last(key)], path, lead, fs, found)
    if array.ndim != 2:
        raise DataError(f"{path}: an array of {array.ndim} dimensions; a signal has one or two")
    if array.shape[1] in (BEAT_LENGTH, BEAT_LENGTH + 1) and found is None and array.shape[0] != 1:
        if fs is not None:
            raise ConfigError(
                f"{path}: {array.shape[1]} columns are beats, not a signal; drop --fs"
            )
        return Content(rows=csv_text.rows_of_array(array, str(path)))
    columns = array if array.shape[0] > array.shape[1] else array.T
    if columns.shape[1] > MOST_LEADS:
        raise DataError(f"{path}: an array of {array.shape[0]:,} x {array.shape[1]:,} is no signal")
    names = [f"signal {i + 1}" for i in range(columns.shape[1])]
    return _signal(list(columns.T), names, path, lead, fs, found)


def _last(key: str) -> str:
    name = key.rpartition(".")[2]
    return "unknown" if name in ("", "val", "arr_0", "data", "signal", "x") else name


def _signal(
    columns: list[np.ndarray],
    names: list[str],
    path: Path,
    lead: str,
    fs: float | None,
    found: float | None,
) -> Content:
    rate = signals.agreed_fs(fs, found, str(path))
    leads = [signals.array_lead(c, rate, n) for c, n in zip(columns, names, strict=True)]
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    signals.check_length(chosen.n_samples, rate, str(path))
    return Content(lead_choice.signal_of(str(path), leads, chosen))


def _rate(arrays: dict[str, np.ndarray]) -> float | None:
    for key, array in arrays.items():
        if array.size == 1 and RATE.fullmatch(lead_choice.plain(key.rpartition(".")[2])):
            value = float(array.reshape(-1)[0])
            if signals.SLOWEST <= value <= signals.FASTEST:
                return value
    return None
