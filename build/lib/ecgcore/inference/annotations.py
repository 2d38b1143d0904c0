"""Classified beats as WFDB annotations, which other viewers open.

Each class has the code of PhysioNet's that stands for it (https://physionet.org/physiotools/wag/
annot-5.htm): N normal, S supraventricular, V ventricular, F fusion, Q unclassifiable. What cannot
be analysed lies between two changes of signal quality (`~`), the first of subtype -1, "unreadable".
A note at the start says who annotated.
"""

import tempfile
from pathlib import Path

import numpy as np

from ecgcore.constants import CLASSES
from ecgcore.data.quality import Stretch
from ecgcore.errors import DataError
from ecgcore.files import replacing

NOTE, QUALITY, UNREADABLE = '"', "~", -1


def write(
    path: Path,
    fs: float,
    seconds: np.ndarray,
    predicted: np.ndarray,
    unusable: list[Stretch],
    note: str,
) -> Path:
    """Write an annotation file. fs: Hz of the record; seconds: (n,) R peaks; predicted: (n,) int8.

    Any file name will do; programs find it where it is called RECORD.something. Raises DataError
    if there is no beat.
    """
    import wfdb

    if not len(seconds):
        raise DataError(f"{path}: no beat to annotate")
    rows = [(1, -1, NOTE, 0, note[:250])]  # at 0, readers take a note for one of theirs
    rows += [(round(s * fs), 1, CLASSES[c], 0, "") for s, c in zip(seconds, predicted, strict=True)]
    for stretch in unusable:
        rows.append((round(stretch.start_s * fs), 0, QUALITY, UNREADABLE, ""))
        rows.append((round(stretch.stop_s * fs), 0, QUALITY, 0, ""))
    rows.sort(key=lambda row: row[:2])
    sample, _, symbol, subtype, aux = zip(*rows, strict=True)
    with tempfile.TemporaryDirectory() as folder, replacing(Path(path)) as temporary:
        wfdb.wrann(  # which is particular about names
            "record",
            "atr",
            np.array(sample, dtype=np.int64),
            symbol=list(symbol),
            subtype=np.array(subtype),
            aux_note=list(aux),
            fs=fs,
            write_dir=folder,
        )
        temporary.write_bytes((Path(folder) / "record.atr").read_bytes())
    return Path(path)
