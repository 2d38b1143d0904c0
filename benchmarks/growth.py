"""How cost grows with the data: records to shards to classes, at several sizes.

First the records of mitdb, then those of svdb, then all of them over and over under other names,
until their beats outgrow the memory that any amount of data must do with. Each size is measured in
a process of its own, which starts with nothing in memory.
"""

import tempfile
from pathlib import Path

from benchmarks.common import Sizes, in_child
from ecgcore.chapters.own_ecg import tables
from ecgcore.data import records


def measure(network: Path, sizes: Sizes) -> dict:
    """network: as ONNX, which starts without PyTorch."""
    database = records.default_database()
    names = records.record_names(database)
    headers = [records.read_header(database, name) for name in names]
    long = tables.measure_long_record(sizes.holter_h, network, database)
    return {
        "rows": [_one_size(network, number, sizes.records) for number in sizes.growth],
        "holter": {"hours": sizes.holter_h, **long},
        "database_hours": sum(header.sig_len / header.fs for header in headers) / 3600,
        "database_beats": sum(len(records.read_beats(database, name)[0]) for name in names),
        "database_bytes": sum((database / f"{name}.dat").stat().st_size for name in names),
    }


def _one_size(network: Path, number: int, names: tuple[str, ...]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        return in_child(
            "grow", folder=folder, network=str(network), records=number, names=list(names)
        )
