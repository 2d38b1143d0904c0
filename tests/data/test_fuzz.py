"""Damage anywhere in a file of any format: a sentence or a signal, never anything else.

ECGCORE_FUZZ=500 tries more of it; the suite tries little.
"""

import os
import random
import shutil

import ecg_files
import numpy as np
import pandas as pd
import pytest
import scipy.io

from ecgcore.data.formats.opening import open_file
from ecgcore.errors import EcgError

TRIES = int(os.environ.get("ECGCORE_FUZZ", 20))
UV = np.round(1000 * ecg_files.samples(seconds=4)).astype(int)
TWO = np.stack([UV, UV // 2], 1)


def wfdb(folder):
    path = ecg_files.write_wfdb(folder, "a", TWO, "212", ["a.dat 212 200/mV 12 0 0 0 0 II"] * 2)
    path.with_suffix(".atr").write_bytes(ecg_files.annotations([(360 * i, 1) for i in range(4)]))
    return path


def segments(folder):
    wfdb(folder)
    (folder / "m.hea").write_text(f"m/3 2 360 3000\na {len(UV)}\n~ 100\na {len(UV)}\n")
    return folder / "m.hea"


def edf(folder):
    edfio = pytest.importorskip("edfio")
    signal = edfio.EdfSignal(UV.astype(float), 360, label="ECG", physical_range=(-9000, 9000))
    edfio.Edf([signal], annotations=[edfio.EdfAnnotation(1, None, "x")]).write(folder / "x.edf")
    return folder / "x.edf"


def mat(folder):
    scipy.io.savemat(folder / "x.mat", {"ecg": UV, "fs": 360}, do_compression=True)
    return folder / "x.mat"


def npy(folder):
    np.save(folder / "x.npy", TWO)
    return folder / "x.npy"


def npz(folder):
    np.savez_compressed(folder / "x.npz", ecg=UV, fs=360)
    return folder / "x.npz"


def table(folder):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"ecg": UV, "resp": UV}).to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def text(folder):
    frame = pd.DataFrame({"time": np.arange(len(UV)) / 360, "ecg": UV})
    frame.to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


MAKERS = {
    "header": wfdb, "samples": lambda f: wfdb(f).with_suffix(".dat"),
    "annotations": lambda f: wfdb(f).with_suffix(".atr"), "segments": segments, "edf": edf,
    "ishne": lambda f: ecg_files.write_ishne(f / "x.ecg", TWO, 360, [5, 6]),
    "kardia": lambda f: ecg_files.write_atc(f / "x.atc", [UV, UV]),
    "dicom": lambda f: ecg_files.write_dicom(f / "x.dcm", {"I": UV, "II": UV}, 360.0),
    "mat": mat, "npy": npy, "npz": npz, "parquet": table, "text": text,
    "gzip": lambda f: ecg_files.write_gzip(f / "x.csv.gz", text(f).read_bytes()),
    "zip": lambda f: ecg_files.write_zip(f / "x.zip", {"x.csv": text(f).read_bytes()}),
}  # fmt: skip


def damaged(content: bytes, rng: random.Random) -> bytes:
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 10])):
        at = rng.randrange(min(len(content), rng.choice([64, 600, 10**6])) or 1)
        kind = rng.randrange(5)
        if kind == 0:
            content[at : at + 1] = bytes([rng.choice([0, 255, 127, 48, 57, rng.randrange(256)])])
        elif kind == 1:
            content[at : at + 4] = rng.choice([b"\xff\xff\xff\x7f", bytes(4), b"\xff" * 4, b"9999"])
        elif kind == 2:
            del content[at : at + rng.randrange(1, 100)]
        elif kind == 3:
            content[at:at] = rng.randbytes(rng.randrange(1, 20))
        else:
            del content[at:]
    return bytes(content)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MAKERS)
def test_damage_is_told_in_one_sentence(tmp_path, name):
    whole = tmp_path / "whole"
    whole.mkdir()
    path = MAKERS[name](whole)
    file = path if path.is_file() else path.with_suffix(".hea")
    content = file.read_bytes()
    rng = random.Random(name)
    for attempt in range(TRIES):
        folder = tmp_path / str(attempt)
        shutil.copytree(whole, folder)
        (folder / file.name).write_bytes(damaged(content, rng))
        try:
            found = open_file(folder / path.name, "", rng.choice([None, 360.0]))
            if found.rows is not None:
                list(found.rows)
            else:
                n = found.signal.n_samples
                found.signal.read(0, min(n, 100_000))
                found.signal.read(max(n - 1000, 0), n)
        except EcgError as error:
            assert "\n" not in str(error)
        shutil.rmtree(folder)
