"""Tables in Parquet files: a signal a column, with or without times."""

from pathlib import Path

import numpy as np

from ecgcore.data.formats.columns import Columns
from ecgcore.data.formats.content import Content
from ecgcore.errors import ConfigError, DataError

MAGIC = b"PAR1"
MOST_NUMBERS = 60_000_000
MOST_COLUMNS = 100


def claims(path: Path, start: bytes) -> bool:
    return start.startswith(MAGIC)


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError(
            f"{path}: Parquet needs pyarrow: pip install 'ecgcore[formats]'"
        ) from None
    try:
        file = pyarrow.parquet.ParquetFile(path)
        fields = [f for f in file.schema_arrow if _is_number(f.type) or _is_moment(f.type)]
        if len(fields) > MOST_COLUMNS or file.metadata.num_rows * len(fields) > MOST_NUMBERS:
            raise DataError(
                f"{path}: {file.metadata.num_rows:,} rows of {len(fields)} columns of numbers, "
                "more than fit"
            )
        head = {}
        for i, field in enumerate(fields):
            column = file.read(columns=[field.name]).column(0)
            if _is_moment(field.type):
                column = column.cast(pyarrow.timestamp("ns")).cast(pyarrow.int64())
            head[i] = column.to_numpy().astype(np.float64)
    except DataError:
        raise
    except Exception as error:  # pyarrow's own, and OSError
        raise DataError(f"{path}: a damaged Parquet file ({str(error).splitlines()[0]})") from None
    if not head:
        raise DataError(f"{path}: no columns of numbers in it")
    names = [f.name for f in fields]
    moments = frozenset(i for i, f in enumerate(fields) if _is_moment(f.type))
    titles = [f"time {n} [ns]" if i in moments else n for i, n in enumerate(names)]
    units = ["unknown unit"] * len(names)
    columns = Columns(names, units, head, None, titles, moments)
    return Content(columns.signal(str(path), lead, fs, None, None))


def _is_number(kind) -> bool:
    import pyarrow.types as types

    return types.is_integer(kind) or types.is_floating(kind)


def _is_moment(kind) -> bool:
    import pyarrow.types as types

    return types.is_timestamp(kind)
