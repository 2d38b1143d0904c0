"""A real ECG written in many formats, each as the tests need it."""

import gzip
import struct
import wave
import zipfile
from pathlib import Path

import numpy as np

from ecgcore.data.records import default_database, read_record

FS = 360.0
SECONDS = 20


def samples(name: str = "100", seconds: float = SECONDS) -> np.ndarray:
    """(n,) float64 mV of lead MLII, rounded to the steps of its converter."""
    record = read_record(default_database(), name)
    return record.signal[: round(seconds * record.fs)].astype(np.float64)


def digital(mv: np.ndarray, gain: float = 200) -> np.ndarray:
    return np.round(mv * gain).astype(np.int64)


def write_wfdb(
    folder: Path,
    name: str,
    stored: np.ndarray,
    fmt: str = "16",
    lines: list[str] | None = None,
    record: str = "",
    content: bytes | None = None,
) -> Path:
    """A record of (n, k) integers. lines: of the header, a signal each; record: its first line."""
    n, k = stored.shape
    (folder / f"{name}.dat").write_bytes(pack(stored, fmt) if content is None else content)
    lines = lines or [f"{name}.dat {fmt} 200/mV 16 0 0 0 0 MLII"] * k
    header = record or f"{name} {k} {FS:g} {n}"
    (folder / f"{name}.hea").write_text("\n".join([header, *lines]) + "\n")
    return folder / name


def pack(stored: np.ndarray, fmt: str) -> bytes:
    """Integers as WFDB stores them, signal(5)."""
    flat = stored.reshape(-1)
    if fmt in ("16", "61", "32"):
        return flat.astype({"16": "<i2", "61": ">i2", "32": "<i4"}[fmt]).tobytes()
    if fmt == "80":
        return (flat + 128).astype(np.uint8).tobytes()
    if fmt == "160":
        return (flat + 32768).astype("<u2").tobytes()
    if fmt == "24":
        return flat.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    if fmt == "8":
        return np.diff(stored, axis=0, prepend=stored[:1]).astype(np.int8).tobytes()
    if fmt == "212":
        a, b = _in_groups(flat, 2, 12).T
        return np.stack([a & 255, a >> 8 | (b >> 8) << 4, b & 255], 1).astype(np.uint8).tobytes()
    a, b, c = _in_groups(flat, 3, 10).T
    if fmt == "310":
        words = np.stack([a << 1 | (c & 31) << 11, b << 1 | (c >> 5) << 11], axis=1)
        return words.astype("<u2").tobytes()
    assert fmt == "311"
    return (a | b << 10 | c << 20).astype("<u4").tobytes()


def _in_groups(flat: np.ndarray, size: int, bits: int) -> np.ndarray:
    flat = np.concatenate([flat, np.zeros(-len(flat) % size, flat.dtype)])
    return flat.reshape(-1, size) & ((1 << bits) - 1)


def annotations(beats: list[tuple[int, int]]) -> bytes:
    """(sample, code) pairs in the order given, as annot(5) stores them."""
    words, now = [], 0
    for sample, code in beats:
        step = sample - now
        words += [59 << 10, step >> 16 & 0xFFFF, step & 0xFFFF, code << 10]
        now = sample
    return np.array([*words, 0], dtype="<u2").tobytes()


def write_ishne(path: Path, leads: np.ndarray, fs: int, specs: list[int]) -> Path:
    """(n, k) integers of 5 µV a step."""
    n, k = leads.shape
    header = bytearray(522)
    header[:8] = b"ISHNE1.0"
    struct.pack_into("<iii", header, 14, n, 522, 522)
    struct.pack_into("<3h", header, 138, 2, 1, 2024)
    struct.pack_into("<3h", header, 150, 23, 59, 50)
    struct.pack_into("<h", header, 156, k)
    struct.pack_into(f"<{k}h", header, 158, *specs)
    struct.pack_into(f"<{k}h", header, 206, *[5000] * k)
    struct.pack_into("<h", header, 272, fs)
    path.write_bytes(bytes(header) + leads.astype("<i2").tobytes())
    return path


def write_wav(path: Path, leads: np.ndarray, fs: int, width: int = 2) -> Path:
    """(n, k) integers as sound, so many bytes each."""
    stored = leads + 128 if width == 1 else leads  # eight bits have no sign
    content = stored.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((leads.shape[1], width, fs, len(leads), "NONE", ""))
        file.writeframes(content)
    return path


def write_atc(path: Path, leads: list[np.ndarray], fs: int = 300) -> Path:
    """Integers of 0.5 µV a step, lead I first."""
    parts = [(b"info", b"2024-01-02T03:04:05.000+01:00".ljust(264, b"\0"))]
    parts.append((b"fmt ", struct.pack("<BHHBH", 1, fs, 500, 2, 0)))
    names = (b"ecg ", b"ecg2", b"ecg3", b"ecg4", b"ecg5", b"ecg6")
    parts += [(n, s.astype("<i2").tobytes()) for n, s in zip(names, leads, strict=False)]
    chunks = b"".join(n + struct.pack("<I", len(d)) + d + bytes(4) for n, d in parts)
    path.write_bytes(b"ALIVE\0\0\0\3\0\0\0" + chunks)
    return path


def write_dicom(path: Path, leads: dict[str, np.ndarray], fs: float) -> Path:
    """Integers of 5 µV a step, by the names of the leads."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid

    group = Dataset()
    group.NumberOfWaveformChannels = len(leads)
    group.NumberOfWaveformSamples = len(next(iter(leads.values())))
    group.SamplingFrequency = fs
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformData = np.stack(list(leads.values()), 1).astype("<i2").tobytes()
    group.WaveformOriginality = "ORIGINAL"
    channels = []
    for name in leads:
        channel, source, unit = Dataset(), Dataset(), Dataset()
        source.CodeMeaning, source.CodeValue = name, "1"
        unit.CodeValue = "uV"
        channel.ChannelSourceSequence = [source]
        channel.ChannelSensitivityUnitsSequence = [unit]
        channel.ChannelSensitivity, channel.ChannelBaseline = 5.0, 0.0
        channel.ChannelSensitivityCorrectionFactor = 1.0
        channel.WaveformBitsStored = 16
        channels.append(channel)
    group.ChannelDefinitionSequence = channels
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = TwelveLeadECGWaveformStorage, generate_uid()
    data.Modality, data.AcquisitionDateTime = "ECG", "20240102030405"
    data.WaveformSequence = [group]
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    pydicom.dcmwrite(path, data, enforce_file_format=True)
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_gzip(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path
