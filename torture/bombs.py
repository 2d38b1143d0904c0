"""Files made to do harm: sizes that no file has, archives that swell, names that lead elsewhere.

Each function writes one into a folder and returns its path.
"""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from torture import files

MANY = 10**12


def _wfdb(first: str, *lines: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        files.wfdb(folder)
        (folder / "a.hea").write_text("\n".join([first, *lines]) + "\n")
        return folder / "a"

    return make


def _patched(make: Callable[[Path], Path], at: int, stored: bytes) -> Callable[[Path], Path]:
    def patched(folder: Path) -> Path:
        path = make(folder)
        content = bytearray(path.read_bytes())
        content[at : at + len(stored)] = stored
        path.write_bytes(content)
        return path

    return patched


def _npy_of(shape: tuple) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        stream = io.BytesIO()
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        (folder / "x.npy").write_bytes(stream.getvalue() + bytes(800))
        return folder / "x.npy"

    return make


def _pickled(folder: Path) -> Path:
    """An array whose reading would create a file, if it were unpickled."""

    class Harm:
        def __reduce__(self):
            return (open, (str(folder.parent / "harm"), "w"))

    np.save(folder / "x.npy", np.array([Harm()], dtype=object), allow_pickle=True)
    return folder / "x.npy"


def _swelling_gzip(folder: Path) -> Path:
    with gzip.open(folder / "x.csv.gz", "wb") as file:
        for _ in range(200):
            file.write(bytes(10 << 20))
    return folder / "x.csv.gz"


def _swelling_zip(folder: Path) -> Path:
    with (
        zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as file,
        file.open("x.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(200):
            member.write(bytes(10 << 20))
    return folder / "x.zip"


def _zip_of(names: dict[str, bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in names.items():
                file.writestr(name, content)
        return folder / "x.zip"

    return make


def _text(name: str, content: str | bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        stored = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(stored)
        return folder / name

    return make


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
XML = '<?xml version="1.0"?>{}<AnnotatedECG xmlns="urn:hl7-org:v3"><id>{}</id></AnnotatedECG>'
ALIASES = "a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9)
)
ROWS = ",".join(["0.5"] * 187) + "\n"

BOMBS: dict[str, tuple[Callable[[Path], Path], Callable]] = {
    "a header with 10^12 samples": (
        _wfdb(f"a 1 360 {MANY}", "a.dat 212 200 12 0 0 0 0 II"), files.read_recording),
    "a header with 10^12 signals": (
        _wfdb(f"a {MANY} 360 1000", "a.dat 212 200 12 0 0 0 0 II"), files.read_recording),
    "a header with 10^9 samples a frame": (
        _wfdb("a 1 360 1000", "a.dat 16x1000000000 200 12 0 0 0 0 II"), files.read_recording),
    "a header with 10^12 segments": (_wfdb(f"a/{MANY} 1 360 1000", "b 1000"), files.read_recording),
    "a segment with 10^12 samples": (
        _wfdb(f"a/2 1 360 {MANY}", f"~ {MANY - 5}", "~ 5"), files.read_recording),
    "a record of itself": (_wfdb("a/1 1 360 1000", "a 1000"), files.read_recording),
    "a signal file elsewhere": (
        _wfdb("a 1 360 1000", "../../../../../../etc/passwd 16 200 12 0 0 0 0 II"),
        files.read_recording),
    "a signal file at an absolute path": (
        _wfdb("a 1 360 1000", "/etc/passwd 16 200 12 0 0 0 0 II"), files.read_recording),
    "a segment elsewhere": (
        _wfdb("a/1 1 360 1000", "../../../../etc/passwd 1000"), files.read_recording),
    "a signal file that never ends": (
        _wfdb("a 1 360", "/dev/zero 16 200 12 0 0 0 0 II"), files.read_recording),
    "EDF of 10^8 records": (_patched(files.edf, 236, b"99999999"), files.read_recording),
    "EDF of 9999 signals": (_patched(files.edf, 252, b"9999"), files.read_recording),
    "ISHNE of 2^31 samples": (
        _patched(files.KINDS["ISHNE"].make, 14, struct.pack("<i", 2**31 - 1)),
        files.read_recording),
    "ISHNE of 32767 leads": (
        _patched(files.KINDS["ISHNE"].make, 156, struct.pack("<h", 32767)), files.read_recording),
    "WAV of 2^32 bytes": (
        _patched(files.KINDS["WAV"].make, 40, b"\xff\xff\xff\xff"), files.read_recording),
    "an array of 10^12 numbers": (_npy_of((MANY,)), files.read_recording),
    "an array of 2^62 by 4": (_npy_of((2**62, 4)), files.read_recording),
    "an array of 10^6 leads": (_npy_of((1, 10**6)), files.read_recording),
    "a pickled array": (_pickled, files.read_recording),
    "a gzip file that swells to 2 GB": (_swelling_gzip, files.read_recording),
    "a ZIP file that swells to 2 GB": (_swelling_zip, files.read_recording),
    "a ZIP file with ../": (_zip_of({"../x.csv": ROWS.encode()}), files.read_recording),
    "a ZIP file with an absolute path": (_zip_of({"/tmp/x.csv": ROWS.encode()}),
                                         files.read_recording),
    "a ZIP file of 20,000": (_zip_of({f"{n}.csv": b"" for n in range(20_000)}),
                             files.read_recording),
    "XML that laughs a billion times": (
        _text("x.xml", XML.format(f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;")),
        files.read_recording),
    "XML that reads another file": (
        _text("x.xml", XML.format(EXTERNAL, "&x;")), files.read_recording),
    "XML 100,000 deep": (
        _text("x.xml", '<?xml version="1.0"?>' + "<a>" * 100_000), files.read_recording),
    "a profile of aliases": (_text("x.yaml", ALIASES), files.read_profile),
    "a profile of Python objects": (
        _text("x.yaml", 'data: !!python/object/apply:os.system ["true"]'), files.read_profile),
    "a profile 5,000 deep": (_text("x.yaml", "data: " + "[" * 5000), files.read_profile),
    "corrections 100,000 deep": (_text("c.json", "[" * 100_000), files.read_corrections),
    "10^6 corrections": (
        _text("c.json", json.dumps({"edits": [{"kind": "remove", "at_s": 1}] * 10**6})),
        files.read_corrections),
    "a checkpoint whose header is 10^12 long": (
        _text("x.safetensors", struct.pack("<Q", MANY) + b"{}"), files.read_checkpoint),
    "a CSV of one line of 20 MB": (_text("x.csv", "1," * 10_000_000), files.read_recording),
    "a CSV of one line of 9 MB": (_text("x.csv", "1," * 4_500_000), files.read_recording),
    "a CSV of 10^6 columns' names": (
        _text("x.csv", ",".join(f"c{n}" for n in range(10**6)) + "\n1\n"), files.read_recording),
    "numbers of 5,000 digits": (_text("x.csv", ("9" * 5000 + "\n") * 500), files.read_recording),
}  # fmt: skip
