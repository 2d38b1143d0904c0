"""What the page answers about whole records is what Python answers, of three databases."""

import shutil
from itertools import chain, zip_longest
from pathlib import Path

import ecg_files
import numpy as np
import wfdb
from in_node import PUBLISHED
from same_answers import same

from ecgcore import paths
from ecgcore.constants import FS
from ecgcore.data import noise, records
from ecgcore.inference import recording
from ecgcore.inference.published import rhythm_model

NAMES = ("mitdb/208", "svdb/800", "nstdb/118", "mitdb/102")  # many V; another rate; noise; paced
MINUTES = 7  # of each of these, unless more records are wanted (--records): two blocks
NOISE_FROM_S, NOISE_S, SNR_DB = 300, 120, (24, 18, 12, 6, 0)  # two minutes of noise, two without
GAIN = 200  # steps a mV, as the records of mitdb have


def wanted(number: int) -> list[str]:
    """Records in turn from mitdb, svdb, and mitdb with noise of nstdb over it."""
    mitdb, svdb = (records.record_names(paths.DATA / name) for name in ("mitdb", "svdb"))
    some = ([f"mitdb/{n}" for n in mitdb], [f"svdb/{n}" for n in svdb[::4]],
            [f"nstdb/{n}" for n in mitdb[::5]])  # fmt: skip
    named = [n for n in chain.from_iterable(zip_longest(*some)) if n]
    return list(dict.fromkeys([*NAMES, *named]))[: max(number, len(NAMES))]


def copied(where: str, folder: Path, minutes: float | None) -> Path:
    """An embedded record without suffix, or its first minutes."""
    source, name = paths.DATA / where, Path(where).name
    shutil.copy(source.with_suffix(".dat"), folder)
    lines = source.with_suffix(".hea").read_text().splitlines()
    words = lines[0].split()
    n = int(words[3]) if minutes is None else round(minutes * 60 * float(words[2]))
    words[3] = str(n)
    (folder / f"{name}.hea").write_text("\n".join([" ".join(words), *lines[1:]]) + "\n")
    annotated(source, n, name, folder)
    return folder / name


def annotated(source: Path, n: int, name: str, folder: Path) -> None:
    found = wfdb.rdann(str(source), "atr", sampto=n - 1)
    wfdb.wrann(name, "atr", found.sample, found.symbol, write_dir=str(folder))


def noisy(name: str, folder: Path, minutes: float | None) -> Path:
    """A record of mitdb with electrode motion over it every other two minutes, ever stronger, as
    the records of nstdb have it."""
    record = records.read_record(paths.DATA / "mitdb", name)
    n = len(record.signal) if minutes is None else round(minutes * 60 * record.fs)
    signal = record.signal.astype(np.float64)
    moved, _ = noise.read_noise("em")
    amplitude = noise.qrs_amplitude(signal, record.fs, record.sample, record.symbol)
    length = round(NOISE_S * record.fs)
    starts = range(round(NOISE_FROM_S * record.fs), len(signal) - length, 2 * length)
    for number, start in enumerate(starts):
        at = slice(start, start + length)
        piece = noise.excerpt(moved, length, seed=number)
        snr = SNR_DB[number % len(SNR_DB)]
        signal[at] = noise.add_noise(signal[at], piece, record.fs, amplitude, snr)
    named = f"{name}e"
    stored = ecg_files.digital(signal[:n], GAIN)[:, None]
    annotated(paths.DATA / "mitdb" / name, n, named, folder)
    return ecg_files.write_wfdb(folder, named, stored)


def test_the_answers_are_those_of_python(in_javascript, tmp_path, request):
    number = request.config.getoption("records")
    wheres = wanted(number)
    minutes = None if number > len(NAMES) else MINUTES
    assert len({w.split("/")[0] for w in wheres}) == 3
    files = []
    for where in wheres:
        database, name = where.split("/")
        of = noisy(name, tmp_path, minutes) if database == "nstdb" else None
        files.append(of or copied(where, tmp_path, minutes))
    model = rhythm_model(PUBLISHED)
    worst = []
    for own_peaks in (True, False):
        found = in_javascript("answer", files, wish={"ownPeaks": own_peaks})
        for file, theirs in zip(files, found, strict=True):
            own = recording.read(file, model, own_peaks=own_peaks)
            worst.append(same(theirs, own, file.name))
    beats, time, share = (np.array(column) for column in zip(*worst, strict=True))
    print(
        f"{len(files)} records, {beats.sum():,} beats with both kinds of R peaks: classes equal, "
        f"R peaks to {time.max() * FS:.2g} samples, probabilities to {share.max():.2g}"
    )
