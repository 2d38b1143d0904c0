"""Arrays as one compressed block of bytes that a browser unpacks: see `data.js`."""

import json
import zlib

import numpy as np

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "float32")  # those JavaScript knows


def pack(about: dict, arrays: dict[str, np.ndarray], delta: tuple[str, ...] = ()) -> bytes:
    """A zlib stream of a JSON header and arrays, both little-endian.

    Layout: uint32 length of the header; the header, `about` with the entry "arrays", a list of
    [name, dtype, number of elements, delta]; then the arrays. Those named in `delta` hold
    differences from one element to the next. The bytes of an array's elements are grouped by
    their place in the element (as HDF5's shuffle filter does), which deflates much better.
    """
    layout, parts = [], []
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise TypeError(f"array {name!r}: JavaScript has no arrays of {array.dtype}")
        flat = array.ravel()
        if name in delta:
            flat = np.diff(flat, prepend=flat.dtype.type(0))
        layout.append([name, array.dtype.name, flat.size, name in delta])
        size = flat.dtype.itemsize
        little = flat.astype(flat.dtype.newbyteorder("<"))
        parts.append(little.view(np.uint8).reshape(-1, size).T.tobytes())
    header = json.dumps(about | {"arrays": layout}, ensure_ascii=False).encode()
    start = len(header).to_bytes(4, "little")
    return zlib.compress(b"".join([start, header, *parts]), 9)
