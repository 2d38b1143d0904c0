"""The embedded database is PhysioNet's, and damage to a database is named."""

import hashlib
import shutil

import numpy as np
import pytest
import wfdb

from ecgcore import paths
from ecgcore.constants import CHECKSUMS
from ecgcore.data import checksums, packing, records
from ecgcore.data.download import PHYSIONET_CHECKSUMS
from ecgcore.errors import DataError
from ecgcore.files import sha256

NAME = "223"
PARTS = ("atr", "dat", "hea")
SVDB, NSTDB = paths.DATA / "svdb", paths.DATA / "nstdb"


@pytest.fixture
def copy(database, tmp_path):
    """One record's files in a folder of their own, with their checksums."""
    listed = checksums.read_checksums(database / CHECKSUMS)
    names = [f"{NAME}.{part}" for part in PARTS]
    for name in names:
        shutil.copy(database / name, tmp_path)
    lines = [f"{listed[name]}  {name}\n" for name in names]
    (tmp_path / CHECKSUMS).write_text("".join(lines))
    return tmp_path


def format_212(samples):
    """(n, 2) digital samples as WFDB format 212 stores them: 12 bits each, two in three bytes."""
    first, second = (samples.astype(np.int32) & 0xFFF).T
    low, middle, high = first & 0xFF, first >> 8 | (second >> 8) << 4, second & 0xFF
    return np.stack([low, middle, high], axis=1).astype(np.uint8).tobytes()


def test_every_record_is_physionets_bit_for_bit(database):
    """Unpacked to PhysioNet's own format, each record has PhysioNet's own checksum."""
    original = checksums.read_checksums(database / PHYSIONET_CHECKSUMS)
    kept = checksums.read_checksums(database / checksums.SIGNAL_CHECKSUMS)
    names = records.record_names(database)
    assert len(names) == len(kept) == 48
    for name in names:
        samples = wfdb.rdrecord(str(database / name), physical=False).d_signal
        little_endian = samples.astype("<i2").tobytes()
        assert hashlib.sha256(format_212(samples)).hexdigest() == original[f"{name}.dat"], name
        assert hashlib.sha256(little_endian).hexdigest() == kept[name], name
        assert sha256(database / f"{name}.atr") == original[f"{name}.atr"], name


def test_every_noise_record_is_physionets_bit_for_bit():
    original = checksums.read_checksums(NSTDB / PHYSIONET_CHECKSUMS)
    assert records.record_names(NSTDB) == ["bw", "em", "ma"]
    for name in records.record_names(NSTDB):
        record = wfdb.rdrecord(str(NSTDB / name), physical=False)
        assert (record.fs, record.d_signal.shape) == (360, (650_000, 2))
        assert hashlib.sha256(format_212(record.d_signal)).hexdigest() == original[f"{name}.dat"]


def test_every_first_signal_of_svdb_is_the_one_in_physionets_header():
    """PhysioNet's checksum vouches for the header, the header's own for the first signal."""
    original = checksums.read_checksums(SVDB / PHYSIONET_CHECKSUMS)
    kept = checksums.read_checksums(SVDB / checksums.SIGNAL_CHECKSUMS)
    names = records.record_names(SVDB)
    assert len(names) == len(kept) == 78
    for name in names:
        assert sha256(SVDB / f"{name}.atr") == original[f"{name}.atr"], name
        assert sha256(SVDB / records.HEADERS / f"{name}.hea") == original[f"{name}.hea"]
        header = records.read_header(SVDB / records.HEADERS, name)
        record = wfdb.rdrecord(str(SVDB / name), physical=False)
        samples = record.d_signal[:, 0]
        first = header.signals[0]
        assert (len(header.signals), record.n_sig) == (2, 1), name
        assert (record.fs, len(samples)) == (header.fs, header.sig_len) == (128, 230_400), name
        assert record.adc_gain[0] == first.adc_gain == 200, name
        assert record.baseline[0] == first.baseline, name
        assert samples[0] == first.init_value, name
        assert samples.astype(np.int16).sum(dtype=np.int16) == first.checksum, name
        assert hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest() == kept[name], name


def test_svdb_has_the_beats_that_are_known_of_it():
    symbol = np.concatenate([records.read_beats(SVDB, n)[1] for n in records.record_names(SVDB)])
    counts = dict(zip(*np.unique(symbol, return_counts=True), strict=True))
    assert counts == {
        "N": 162_339, "S": 12_188, "J": 9, "a": 1, "V": 9943, "F": 23, "Q": 79, "B": 1
    }  # fmt: skip


def test_bundle_branch_block_counts_as_normal():
    (name,) = [n for n in records.record_names(SVDB) if "B" in records.read_beats(SVDB, n)[1]]
    record = records.read_record(SVDB, name)
    assert (record.fs, record.lead, len(record.signal)) == (128, "ECG", 230_400)
    assert record.aami[record.symbol == "B"].tolist() == ["N"]


def test_overview_does_without_what_is_not_known_of_a_patient():
    (row,) = records.overview(SVDB, ["800"]).to_dict("records")
    assert (row["sex"], row["fs"], row["seconds"], row["leads"]) == ("", 128, 1800, "ECG")
    assert np.isnan(row["age"])


def test_headers_carry_the_scale_and_the_patient(database):
    for name in records.record_names(database):
        header = records.read_header(database, name)
        assert header.fs == 360
        assert [s.units for s in header.signals] == ["mV", "mV"]
        assert [s.adc_gain for s in header.signals] == [200.0, 200.0]
        assert [s.baseline for s in header.signals] == [1024, 1024]
        assert header.comments


def test_record_holds_the_lead_in_millivolts(database):
    record = records.read_record(database, "100")
    stored = wfdb.rdrecord(str(database / "100"), channel_names=["MLII"], physical=False)
    expected = (stored.d_signal[:, 0] - stored.baseline[0]) / stored.adc_gain[0]
    assert record.lead == "MLII"
    assert record.signal.dtype == np.float32
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6)
    assert len(record.sample) == len(record.symbol) == len(record.aami)
    assert (np.diff(record.sample) > 0).all()


@pytest.mark.parametrize("name", ["102", "104"])
def test_a_record_without_mlii_gives_its_first_signal(database, name):
    header = records.read_header(database, name)
    assert "MLII" not in header.sig_name
    assert records.read_record(database, name).lead == header.sig_name[0]


def test_mlii_is_found_where_it_is_the_second_signal(database):
    assert records.read_header(database, "114").sig_name[1] == "MLII"
    assert records.read_record(database, "114").lead == "MLII"


def test_marks_that_are_no_beats_are_left_out(database):
    annotation = wfdb.rdann(str(database / NAME), "atr")
    _, symbol = records.read_beats(database, NAME)
    assert set(annotation.symbol) - set(records.AAMI_OF_SYMBOL)  # rhythm changes, for example
    assert set(symbol) <= set(records.AAMI_OF_SYMBOL)
    assert len(symbol) == sum(s in records.AAMI_OF_SYMBOL for s in annotation.symbol)


def test_overview_counts_the_beats_that_are_read(database):
    table = records.overview(database, ["100", "104"]).set_index("record")
    for name in table.index:
        _, symbol = records.read_beats(database, name)
        assert table.loc[name, list(records.AAMI_SYMBOLS)].sum() == len(symbol)
    assert table.loc["100", "sex"] == "M"
    assert table.loc["100", "age"] == 69
    assert table.loc["100", "seconds"] == pytest.approx(1805, abs=1)


@pytest.mark.parametrize("database", records.embedded_databases(), ids=records.EMBEDDED)
def test_verify_finds_nothing_wrong_with_the_embedded_records(database):
    assert checksums.verify(database) == []
    found = {p.relative_to(database).as_posix() for p in database.rglob("*") if p.is_file()}
    about = {"README.md", CHECKSUMS, PHYSIONET_CHECKSUMS}  # not about the records
    assert set(checksums.read_checksums(database / CHECKSUMS)) == found - about
    parts = ("dat", "hea") if database == NSTDB else PARTS
    assert {f"{n}.{part}" for n in records.record_names(database) for part in parts} <= found


@pytest.mark.parametrize("part", PARTS)
def test_verify_names_a_missing_file(copy, part):
    (copy / f"{NAME}.{part}").unlink()
    (problem,) = checksums.verify(copy)
    assert f"{NAME}.{part}: missing" in problem


@pytest.mark.parametrize("part", PARTS)
def test_verify_names_a_damaged_file(copy, part):
    file = copy / f"{NAME}.{part}"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    (problem,) = checksums.verify(copy)
    assert f"{NAME}.{part}: damaged" in problem


def test_verify_names_every_file(copy):
    (copy / f"{NAME}.atr").unlink()
    (copy / f"{NAME}.dat").write_bytes(b"")
    assert len(checksums.verify(copy)) == 2


@pytest.mark.parametrize("listing", [None, b"", b"one-word\n", b"\xff\xfe\x00"])
def test_verify_says_when_it_has_nothing_to_compare_with(copy, listing):
    if listing is None:
        (copy / CHECKSUMS).unlink()
    else:
        (copy / CHECKSUMS).write_bytes(listing)
    (problem,) = checksums.verify(copy)
    assert CHECKSUMS in problem


@pytest.mark.parametrize("part", PARTS)
def test_reading_names_a_missing_file(copy, part):
    (copy / f"{NAME}.{part}").unlink()
    with pytest.raises(DataError, match=rf"{NAME}\.{part}"):
        records.read_record(copy, NAME)


@pytest.mark.parametrize("part", ["dat", "hea"])
def test_reading_names_a_damaged_file(copy, part):
    (copy / f"{NAME}.{part}").write_bytes(b"no record at all")
    with pytest.raises(DataError, match=rf"{NAME}\.{part}"):
        records.read_record(copy, NAME)


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(DataError, match="no WFDB records"):
        records.record_names(tmp_path)


@pytest.fixture
def original(database, tmp_path):
    """One record in format 212, as PhysioNet publishes it."""
    folder = tmp_path / "original"
    folder.mkdir()
    record = wfdb.rdrecord(str(database / NAME), physical=False)
    record.fmt = ["212", "212"]
    record.wrsamp(write_dir=str(folder))
    shutil.copy(database / f"{NAME}.atr", folder)
    return folder


def test_packing_keeps_samples_scale_comments_and_annotations(original, database, tmp_path):
    target = tmp_path / "packed"
    packing.pack(original, target)
    assert checksums.verify(target) == []
    assert records.record_names(target) == [NAME]
    assert (target / f"{NAME}.dat").stat().st_size < (original / f"{NAME}.dat").stat().st_size / 2
    signals = checksums.read_checksums(target / checksums.SIGNAL_CHECKSUMS)
    embedded = checksums.read_checksums(database / checksums.SIGNAL_CHECKSUMS)
    assert signals == {NAME: embedded[NAME]}
    before, after = (wfdb.rdrecord(str(folder / NAME)) for folder in (original, target))
    np.testing.assert_array_equal(before.p_signal, after.p_signal)
    assert (before.sig_name, before.comments) == (after.sig_name, after.comments)
    assert (original / f"{NAME}.atr").read_bytes() == (target / f"{NAME}.atr").read_bytes()


def test_packing_the_first_signal_keeps_the_header_that_tells_of_the_others(original, tmp_path):
    target = tmp_path / "packed"
    packing.pack(original, target, first_signal=True)
    assert checksums.verify(target) == []
    before, after = (wfdb.rdrecord(str(folder / NAME)) for folder in (original, target))
    np.testing.assert_array_equal(before.p_signal[:, :1], after.p_signal)
    assert (after.sig_name, after.comments) == (before.sig_name[:1], before.comments)
    kept = target / records.HEADERS / f"{NAME}.hea"
    assert kept.read_bytes() == (original / f"{NAME}.hea").read_bytes()
    digest = checksums.signal_sha256(original, NAME, [0])
    assert checksums.read_checksums(target / checksums.SIGNAL_CHECKSUMS) == {NAME: digest}
    kept.write_bytes(b"")
    (problem,) = checksums.verify(target)
    assert f"{NAME}.hea: damaged" in problem


def test_packing_takes_the_named_records_and_no_others(tmp_path):
    packing.pack(NSTDB, tmp_path, ["ma", "bw"])
    assert records.record_names(tmp_path) == ["bw", "ma"]
    assert sorted(p.name for p in tmp_path.glob("*.dat")) == ["bw.dat", "ma.dat"]
    assert checksums.verify(tmp_path) == []


def test_packing_names_a_record_that_it_cannot_read(original, tmp_path):
    (original / f"{NAME}.dat").unlink()
    with pytest.raises(DataError, match=rf"{NAME}\.dat"):
        packing.pack(original, tmp_path / "packed")
