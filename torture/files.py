"""One good file of every kind that the project reads, how each is read, and how it is damaged.

A kind is a name, a function that writes a good file into a folder and returns its path, and one
that reads it. What is damaged is the file at that path, or one of those that belong to it.
"""

import random
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.io

from ecgcore.data.formats.opening import open_file
from ecgcore.errors import EcgError
from torture.common import CODE

sys.path.append(str(CODE / "tests" / "shared"))
import ecg_files

FS = 360


@dataclass(frozen=True)
class Kind:
    """read(path, fs): reads what `make` wrote, and all of it. suffix: of the file to damage, where
    that is not the one that is read; fs: the rate (Hz) to read it with, where it has none."""

    make: Callable[[Path], Path]
    read: Callable[[Path, float | None], object]
    suffix: str = ""
    fs: float | None = None


def _samples() -> np.ndarray:
    return np.round(1000 * ecg_files.samples(seconds=4)).astype(int)


def _two() -> np.ndarray:
    one = _samples()
    return np.stack([one, one // 2], axis=1)


def read_recording(path: Path, fs: float | None) -> None:
    found = open_file(path, "", fs)
    if found.rows is not None:
        list(found.rows)
        return
    n = found.signal.n_samples
    found.signal.read(0, min(n, 100_000))
    found.signal.read(max(n - 1000, 0), n)


def wfdb(folder: Path) -> Path:
    path = ecg_files.write_wfdb(folder, "a", _two(), "212", ["a.dat 212 200/mV 12 0 0 0 0 II"] * 2)
    path.with_suffix(".atr").write_bytes(ecg_files.annotations([(FS * i, 1) for i in range(4)]))
    return path


def segments(folder: Path) -> Path:
    wfdb(folder)
    n = len(_samples())
    (folder / "m.hea").write_text(f"m/3 2 360 3000\na {n}\n~ 100\na {n}\n")
    return folder / "m.hea"


def edf(folder: Path) -> Path:
    import edfio

    signal = edfio.EdfSignal(
        _samples().astype(float), FS, label="ECG", physical_range=(-9000, 9000)
    )
    edfio.Edf([signal], annotations=[edfio.EdfAnnotation(1, None, "x")]).write(folder / "x.edf")
    return folder / "x.edf"


def bdf(folder: Path) -> Path:
    import edfio

    signal = edfio.BdfSignal(
        _samples().astype(float), FS, label="ECG", physical_range=(-9000, 9000)
    )
    edfio.Bdf([signal]).write(folder / "x.bdf")
    return folder / "x.bdf"


def mat(folder: Path) -> Path:
    scipy.io.savemat(folder / "x.mat", {"ecg": _samples(), "fs": FS}, do_compression=True)
    return folder / "x.mat"


def npy(folder: Path) -> Path:
    np.save(folder / "x.npy", _two())
    return folder / "x.npy"


def npz(folder: Path) -> Path:
    np.savez_compressed(folder / "x.npz", ecg=_samples(), fs=FS)
    return folder / "x.npz"


def parquet(folder: Path) -> Path:
    pd.DataFrame({"ecg": _samples(), "resp": _samples()}).to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def text(folder: Path) -> Path:
    uv = _samples()
    pd.DataFrame({"time": np.arange(len(uv)) / FS, "ecg": uv}).to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def beat_rows(folder: Path) -> Path:
    rows = np.round(np.random.default_rng(0).random((20, 188)), 3)
    rows[:, -1] = np.arange(20) % 5
    np.savetxt(folder / "b.csv", rows, delimiter=",", fmt="%g")
    return folder / "b.csv"


def apple(folder: Path) -> Path:
    head = "Name,A\nDate of Birth,1. Jan. 1980\nSample Rate,512 hertz\nLead,Lead I\nUnit,µV\n\n"
    (folder / "ecg.csv").write_text(head + "\n".join(map(str, _samples())) + "\n", "utf-8")
    return folder / "ecg.csv"


def aecg(folder: Path) -> Path:
    digits = " ".join(map(str, _samples()[:800]))
    kind = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    (folder / "x.xml").write_text(
        f'<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3" {kind}><component><series>'
        "<component><sequenceSet><component><sequence>"
        '<code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS"><head value="20240101"/>'
        '<increment value="0.00277777" unit="s"/></value></sequence></component>'
        '<component><sequence><code code="MDC_ECG_LEAD_II"/><value xsi:type="SLIST_PQ">'
        '<origin value="0" unit="uV"/><scale value="1" unit="uV"/>'
        f"<digits>{digits}</digits></value></sequence></component>"
        "</sequenceSet></component></series></component></AnnotatedECG>"
    )
    return folder / "x.xml"


def packed(suffix: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import bz2
        import gzip
        import lzma

        pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[suffix]
        path = text(folder).with_suffix(f".csv.{suffix}")
        path.write_bytes(pack((folder / "x.csv").read_bytes()))
        (folder / "x.csv").unlink()
        return path

    return make


def zipped(folder: Path) -> Path:
    path = ecg_files.write_zip(folder / "x.zip", {"x.csv": text(folder).read_bytes()})
    (folder / "x.csv").unlink()
    return path


# What the project itself writes


def _network(folder: Path) -> Path:
    import torch

    from ecgcore.models import networks
    from ecgcore.models.checkpoints import save_weights
    from ecgcore.models.config import train_config

    torch.manual_seed(0)
    config = train_config(filters=[2, 2, 2], lstm_hidden=2)
    about = {
        "config": config.as_dict(), "fingerprint": "", "protocol": "random", "seed": 0,
        "commit": "unknown", "classes": list("NSVFQ"),
    }  # fmt: skip
    path = folder / "random.safetensors"
    save_weights(path, networks.build(config).state_dict(), about)
    return path


def read_checkpoint(path: Path, fs: float | None) -> None:
    from ecgcore.inference import classifier

    classifier.load(path).probabilities(np.zeros((2, 187), np.float32))


def onnx(folder: Path) -> Path:
    from ecgcore.inference import onnx_export

    path = _network(folder)
    exported = onnx_export.export(path, folder / "random.onnx")
    path.unlink()
    return exported


def _beats():
    from ecgcore.beats.cutting import segment
    from ecgcore.data.records import default_database, read_record

    return segment(read_record(default_database(), "100"))[:60]


def beats_cache(folder: Path) -> Path:
    _beats().save(folder / "beats.npz")
    return folder / "beats.npz"


def read_beats(path: Path, fs: float | None) -> None:
    from ecgcore.beats.cutting import Beats

    found = Beats.load(path)
    found.class_counts()
    found[:10]


def predictions(folder: Path) -> Path:
    from ecgcore.evaluation.predictions import Predictions

    beats = _beats()
    p = np.full((len(beats), 5), 0.2, np.float32)
    Predictions(beats.aami, beats.aami, p, beats.record, beats.sample).save(folder / "p.npz")
    return folder / "p.npz"


def read_predictions(path: Path, fs: float | None) -> None:
    from ecgcore.evaluation.predictions import Predictions

    Predictions.load(path)


def profile(folder: Path) -> Path:
    (folder / "x.yaml").write_text((CODE / "profiles" / "smoke.yaml").read_text("utf-8"), "utf-8")
    return folder / "x.yaml"


def read_profile(path: Path, fs: float | None) -> None:
    from ecgcore import paths
    from ecgcore.workflow.profiles import load_profile

    before, paths.PROFILES = paths.PROFILES, path.parent
    try:
        load_profile(path.stem)
    finally:
        paths.PROFILES = before


def corrections(folder: Path) -> Path:
    from ecgcore.inference import corrections as module

    edits = [module.Edit("move", 1.0, 1.5), module.Edit("add", 2.0, letter="V")]
    module.write(folder / "c.json", edits, "a", 10.0)
    return folder / "c.json"


def read_corrections(path: Path, fs: float | None) -> None:
    from ecgcore.inference import corrections as module

    module.read(path, 10.0)


KINDS: dict[str, Kind] = {
    "WFDB header": Kind(wfdb, read_recording, ".hea"),
    "WFDB samples": Kind(wfdb, read_recording, ".dat"),
    "WFDB annotations": Kind(wfdb, read_recording, ".atr"),
    "WFDB segments": Kind(segments, read_recording),
    "EDF": Kind(edf, read_recording),
    "BDF": Kind(bdf, read_recording),
    "ISHNE": Kind(lambda f: ecg_files.write_ishne(f / "x.ecg", _two(), FS, [5, 6]), read_recording),
    "WAV": Kind(lambda f: ecg_files.write_wav(f / "x.wav", _two(), FS), read_recording),
    "Kardia": Kind(
        lambda f: ecg_files.write_atc(f / "x.atc", [_samples(), _samples()]), read_recording
    ),
    "DICOM": Kind(
        lambda f: ecg_files.write_dicom(f / "x.dcm", {"I": _samples(), "II": _samples()}, 360.0),
        read_recording,
    ),
    "HL7 aECG": Kind(aecg, read_recording),
    "MATLAB": Kind(mat, read_recording),
    "NPY": Kind(npy, read_recording, fs=FS),
    "NPZ": Kind(npz, read_recording),
    "Parquet": Kind(parquet, read_recording, fs=FS),
    "CSV of a signal": Kind(text, read_recording),
    "CSV of beats": Kind(beat_rows, read_recording),
    "Apple Watch": Kind(apple, read_recording),
    "gzip": Kind(packed("gz"), read_recording),
    "bzip2": Kind(packed("bz2"), read_recording),
    "xz": Kind(packed("xz"), read_recording),
    "ZIP": Kind(zipped, read_recording),
    "checkpoint": Kind(_network, read_checkpoint),
    "ONNX": Kind(onnx, read_checkpoint),
    "cached beats": Kind(beats_cache, read_beats),
    "predictions": Kind(predictions, read_predictions),
    "profile": Kind(profile, read_profile),
    "corrections": Kind(corrections, read_corrections),
}


def damaged_file(kind: Kind, path: Path) -> Path:
    """The file of a kind that is to be damaged."""
    return path.with_suffix(kind.suffix) if kind.suffix else path


# Damage

NUMBERS = [b"0", b"-1", b"1000000000000", b"9" * 40, b"1e400", b"nan", b"-inf", b"", b"0.0000001"]
WORDS = [
    b"../../../etc/passwd",
    b"/etc/passwd",
    b"a" * 5000,
    b"\x00",
    b"<script>alert(1)</script>",
    "a\u0308\u202e".encode(),
    b"%s%n",
    b"[[[[[",
    b"{}",
    b'"',
    b"!!python/object/apply:os.system",
]
NUMBER = re.compile(rb"[-+]?\d+(\.\d+)?")
WORD = re.compile(rb"[A-Za-z_]{2,}")


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A few changes to bytes, or to what stands in them."""
    for _ in range(rng.choice([1, 1, 1, 3, 10])):
        content = rng.choice(WAYS)(content, rng)
    return content


def _at(content: bytes, rng: random.Random) -> int:
    """A place, more often near the start, where headers are."""
    return rng.randrange(min(len(content), rng.choice([64, 600, 10**6])) or 1)


def _byte(content: bytes, rng: random.Random) -> bytes:
    at = _at(content, rng)
    value = rng.choice([0, 255, 127, 48, 57, 10, 44, rng.randrange(256)])
    return content[:at] + bytes([value]) + content[at + 1 :]


def _bit(content: bytes, rng: random.Random) -> bytes:
    at = _at(content, rng)
    flipped = content[at : at + 1] and bytes([content[at] ^ 1 << rng.randrange(8)])
    return content[:at] + flipped + content[at + 1 :]


def _integer(content: bytes, rng: random.Random) -> bytes:
    """An extreme number of two, four or eight bytes, as headers hold them."""
    code, values = rng.choice(
        [("h", (-1, 32767, -32768, 0)), ("i", (-1, 2**31 - 1, -(2**31), 0, 10**9)),
         ("q", (-1, 2**63 - 1, 10**12)), ("d", (1e308, float("nan"), -0.0))]
    )  # fmt: skip
    stored = struct.pack(rng.choice("<>") + code, rng.choice(values))
    at = _at(content, rng) & ~1
    return content[:at] + stored + content[at + len(stored) :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    at = _at(content, rng)
    return content[:at] + content[at + rng.randrange(1, 100) :]


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = _at(content, rng)
    return content[:at] + rng.randbytes(rng.randrange(1, 20)) + content[at:]


def _end(content: bytes, rng: random.Random) -> bytes:
    return content[: _at(content, rng)]


def _again(content: bytes, rng: random.Random) -> bytes:
    at, size = _at(content, rng), rng.randrange(1, 2000)
    return content[:at] + content[at : at + size] * rng.choice([2, 2, 50]) + content[at + size :]


def _token(pattern: re.Pattern, others: list[bytes]):
    def way(content: bytes, rng: random.Random) -> bytes:
        found = list(pattern.finditer(content[:4096]))
        if not found:
            return _byte(content, rng)
        at = rng.choice(found)
        return content[: at.start()] + rng.choice(others) + content[at.end() :]

    return way


def _line(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(rng.randrange(len(lines)), lines[at])
    else:
        lines[at] = lines[at][::-1]
    return b"\n".join(lines)


WAYS = [_byte, _bit, _integer, _cut, _insert, _end, _again, _line,
        _token(NUMBER, NUMBERS), _token(WORD, WORDS)]  # fmt: skip


def tell(kind: Kind, path: Path, fs: float | None) -> tuple[str, str]:
    """(what became of reading a file, what was said)."""
    try:
        kind.read(path, fs)
    except EcgError as error:
        said = str(error)
        if "\n" in said:
            return "lost", f"more than a sentence: {said.splitlines()[0]} …"
        return "refused", said
    except MemoryError:
        return "lost", "MemoryError"
    except Exception as error:
        place = error.__traceback__
        while place.tb_next:
            place = place.tb_next
        at = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
        return "lost", f"{type(error).__name__}: {str(error)[:150]} ({at})"
    return "right", ""
