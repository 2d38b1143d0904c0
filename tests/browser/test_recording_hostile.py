"""Files that lie or are damaged get one sentence in the page, in bounded time and memory."""

import gzip
import io
import struct
import zipfile

import ecg_files
import numpy as np
from csv_signals import FS, MV, T, frame

SEEDS = 120  # of each reader; tens of thousands have been tried
MOST_MB = 400  # of Node and all that it read; a file here has some 100 kB


def edf(records: int, seconds: int, counts: list[int], samples: bytes, marked: str = "") -> bytes:
    """A file of one ECG lead, and where there is a second one of time-keeping annotations."""
    labels = ["ECG II", "EDF Annotations"][: len(counts)]
    fixed = f"{'0':8}{'':160}{'01.01.0100.00.00'}{256 * (len(counts) + 1):<8}{marked:44}"
    fixed += f"{records:<8}{seconds:<8}{len(counts):<4}"
    fields = [
        (16, labels),
        (80, ["", ""]),
        (8, ["uV", ""]),
        (8, ["-5000", "-1"]),
        (8, ["5000", "1"]),
    ]
    fields += [(8, ["-32768"] * 2), (8, ["32767"] * 2), (80, ["", ""]), (8, counts), (32, ["", ""])]
    head = "".join(f"{v!s:{w}}" for w, values in fields for v in values[: len(counts)])
    return (fixed + head).encode() + samples


def whole_files(folder):
    """A file, or those of a record, for each reader."""
    stored = ecg_files.digital(np.tile(MV, 3))[:, None]
    raw = stored.astype("<i2").tobytes()
    second = [raw[at : at + 2 * FS] for at in range(0, len(raw), 2 * FS)]
    times = [b"+%d\x14\x14" % (i + 5 * (i > 9)) for i in range(len(second))]
    broken = b"".join(s + t.ljust(20, b"\0") for s, t in zip(second, times, strict=True))
    wide = stored.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    text = frame(time=T.round(6), V1=-MV, II=MV).to_csv(index=False).encode()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d/ecg.csv", text)
        archive.writestr("README.md", "about")
    contents = {
        "a.edf": edf(30, 1, [FS], raw),
        "d.edf": edf(30, 1, [FS, 10], broken, "EDF+D"),
        "a.bdf": b"\xffBIOSEMI" + edf(30, 1, [FS], wide)[8:],
        "time.csv": text,
        "plain.csv": "".join(f"{v:.3f}\n" for v in MV).encode(),
        "packed.csv.gz": gzip.compress(text),
        "packed.zip": zipped.getvalue(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    found = [[folder / name] for name in contents]
    for fmt in ("16", "212", "310"):
        lines = [f"r{fmt}.dat {fmt} 200/mV 12 0 0 0 0 MLII"]
        record = ecg_files.write_wfdb(folder, f"r{fmt}", stored, fmt, lines)
        found.append([record.with_suffix(".hea"), record.with_suffix(".dat")])
    return [*found, annotated(folder), flac(folder)]


def annotated(folder):
    import wfdb

    stored = ecg_files.digital(MV)[:, None]
    ecg_files.write_wfdb(folder, "atr", stored)
    beats = np.arange(200, len(MV) - 200, 300)
    wfdb.wrann("atr", "atr", beats, ["N"] * len(beats), write_dir=str(folder))
    return [folder / f"atr.{suffix}" for suffix in ("hea", "dat", "atr")]


def flac(folder):
    import wfdb

    how = {"fs": FS, "units": ["mV"], "sig_name": ["II"], "fmt": ["516"], "adc_gain": [200.0]}
    signal = ecg_files.digital(MV)[:, None]
    wfdb.wrsamp("flac", write_dir=str(folder), baseline=[0], d_signal=signal, **how)
    return [folder / "flac.hea", folder / "flac.dat"]


def test_damaged_files_are_read_or_refused(in_javascript, tmp_path):
    groups = whole_files(tmp_path)
    found = in_javascript("damaged", groups, seeds=SEEDS)
    for files, told in zip(groups, found, strict=True):
        assert "error" not in told
        checked = files[0].suffix in (".gz", ".zip")  # of which every byte is
        assert (told["read"] or checked) and told["refused"], files
        assert told["megabytes"] < MOST_MB, (files, told)


def member(name: str, content: bytes, size: int, packed: int) -> bytes:
    """A ZIP archive of one file, which tells sizes of its own."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    made = bytearray(raw.getvalue())
    at = made.rindex(b"PK\1\2")
    made[at + 20 : at + 28] = struct.pack("<II", packed, size)
    return bytes(made)


FAR = "0:00:00,1\n0:00:00.003,2\n0:00:00.006,2\n0:00:00.009,1\n9999-12-31 00:00:00,3\n"
RATE = f"# {FS} Hz\n"
LYING = {
    "promised.hea": (b"promised 1 360 999999999999\npromised.hea 16\n", "short:"),
    "gap.hea": (b"gap/2 1 360 999999999999\n~ 999999999990\ngap 9\n", "longer than any recording"),
    "up.hea": (b"up 1 360\n../../../etc/passwd 16\n", "which is not among the files"),
    "promised.edf": (edf(99999999, 1, [FS], b"\0" * 720), None),
    "endless.edf": (edf(2, 9_999_999, [FS], b"\0" * 1440), "implausible"),
    "wide.edf": (edf(1, 1, [99999999], b"\0" * 100), "annotations only, or nothing"),
    "late.edf": (
        edf(2, 1, [FS, 10], bytes(720) + b"+0\x14\x14".ljust(20, b"\0") + bytes(720)
            + b"+99999999999\x14\x14".ljust(20, b"\0"), "EDF+D"),
        "longer than any recording",
    ),
    "late.csv": (FAR, "longer than any recording"),
    "wide.csv": (",".join("1" * 90_000) + "\n" + ",".join("2" * 90_000), "columns are beats"),
    "one_line.csv": (RATE + "1 " * 6_000_000, "characters"),
    "brackets.csv": ("(" * 60_000 + "\n" + "1\n2\n1\n2\n" * 9, None),
    "quotes.csv": (f"1\n2\n{chr(34) * 60_000}x\n3\n" * 9, None),
    "spaces.csv": (f"1\n2\n1{' ' * 60_000}x\n3\n" * 9, None),
    "<script>alert(1)<script>.csv": ("no numbers", "no rows of numbers"),
    "lying.zip": (member("a.csv", bytes(60 << 20), 100, 60000), "unpacked it has more than"),
    "far.zip": (member("a.csv", b"1\n" * 500, 100, 4_000_000_000), "it ends within a file"),
    "up.zip": (member("../../<img src=x>.csv", b"1\n", 2, 4), "names a file outside of itself"),
    "bomb.gz": (gzip.compress(bytes(300 << 20)), "unpacked it has more than"),
}  # fmt: skip


def test_files_that_lie_get_a_sentence(in_javascript, tmp_path):
    paths = []
    for name, (content, _) in LYING.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    found = in_javascript("recording", [[p] for p in paths], wish={"fs": FS})
    for path, told in zip(paths, found, strict=True):
        sentence = LYING[path.name][1]
        if sentence is None:
            assert told["n"] < 10_000
        else:
            assert "error" in told, path
            assert sentence in told["error"] and told["error"].startswith(path.stem.split(".")[0])
