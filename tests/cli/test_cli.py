"""The command line says what is wrong in one line, and its exit code says it to scripts."""

import errno
import shutil
import subprocess
import sys

import pytest

from ecgcore import __version__
from ecgcore.cli import main
from ecgcore.constants import CHECKSUMS
from ecgcore.data import checksums, intervals, records
from ecgcore.data import download as downloads
from ecgcore.errors import DataError, DownloadError
from ecgcore.files import sha256

NAME = "101"
PARTS = ("atr", "dat", "hea")


@pytest.fixture
def ecgcore(monkeypatch, capsys):
    """Run the console entry point; gives exit code, lines on stdout, lines on stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ecgcore", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main.main()
        out, err = capsys.readouterr()
        return stop.value.code, out.splitlines(), err.splitlines()

    return run


@pytest.fixture
def copy(database, tmp_path):
    """A database of one record."""
    folder = tmp_path / "database"
    folder.mkdir()
    for part in PARTS:
        shutil.copy(database / f"{NAME}.{part}", folder)
    sums = [f"{sha256(p)}  {p.name}\n" for p in sorted(folder.iterdir())]
    (folder / CHECKSUMS).write_text("".join(sums))
    return folder


def test_help_names_the_commands_and_is_quick_to_load(ecgcore):
    code, out, _ = ecgcore("--help")
    assert code == 0
    assert any(line.split()[:1] == ["data"] for line in out)
    heavy = "torch", "pandas", "wfdb", "matplotlib", "sklearn"
    check = f"import sys, ecgcore.cli.main; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]", loaded.stderr


def test_version(ecgcore):
    assert ecgcore("--version")[:2] == (0, [f"ecgcore {__version__}"])


def test_verify_is_content_with_the_embedded_records_in_a_line_each(ecgcore):
    code, out, err = ecgcore("data", "verify")
    embedded = [*records.embedded_databases(), intervals.default_database()]
    assert (code, err) == (0, [])
    for folder, line in zip(embedded, out, strict=True):
        assert line.startswith(f"{folder}: all ")


def test_verify_goes_on_after_a_database_that_is_damaged(ecgcore, copy, database, monkeypatch):
    (copy / f"{NAME}.dat").unlink()
    monkeypatch.setattr(records, "embedded_databases", lambda: [copy, database])
    code, out, _ = ecgcore("data", "verify")
    assert code == 1
    assert f"{NAME}.dat: missing" in out[0]
    assert "as they should be" in out[1]


def test_verify_names_each_missing_and_damaged_file(ecgcore, copy):
    assert ecgcore("data", "verify", copy)[0] == 0
    (copy / f"{NAME}.atr").unlink()
    (copy / f"{NAME}.hea").write_text("changed")
    code, out, _ = ecgcore("data", "verify", copy)
    assert code == 1
    assert len(out) == 2
    assert f"{NAME}.atr: missing" in out[0]
    assert f"{NAME}.hea: damaged" in out[1]


def test_verify_of_no_database_says_so(ecgcore, tmp_path):
    code, out, _ = ecgcore("data", "verify", tmp_path / "nowhere")
    assert code == 1
    assert len(out) == 1


def test_pack_makes_a_database_that_verifies(ecgcore, copy, tmp_path):
    code, out, _ = ecgcore("data", "pack", copy, tmp_path / "packed")
    assert (code, len(out)) == (0, 1)
    assert ecgcore("data", "verify", tmp_path / "packed")[0] == 0


def test_pack_takes_named_records_and_their_first_signal(ecgcore, database, tmp_path):
    options = ("--record", NAME, "--record", "100", "--first-signal")
    code, out, _ = ecgcore("data", "pack", database, tmp_path / "packed", *options)
    assert (code, len(out)) == (0, 1)
    assert out[0].endswith("2 records packed, none changed")
    assert records.record_names(tmp_path / "packed") == ["100", NAME]
    assert len(records.read_header(tmp_path / "packed", NAME).signals) == 1


def test_pack_of_no_database_is_one_line_and_code_2(ecgcore, tmp_path):
    code, out, err = ecgcore("data", "pack", tmp_path, tmp_path / "packed")
    assert (code, out, len(err)) == (2, [], 1)
    assert str(tmp_path) in err[0]


def test_download_without_a_network_is_one_line_and_code_1(ecgcore, tmp_path, monkeypatch):
    nowhere = {"mitdb": "http://127.0.0.1:9/"}  # the discard port, which nothing serves
    monkeypatch.setattr(downloads, "BASE_URLS", nowhere)
    monkeypatch.setattr(downloads, "RETRIES", 0)
    code, _, err = ecgcore("data", "download", "mitdb", "--to", tmp_path / "mitdb")
    assert (code, len(err)) == (1, 1)
    assert "no connection to 127.0.0.1:9" in err[0]


def test_download_of_an_unknown_database_is_one_line_and_code_2(ecgcore):
    code, _, err = ecgcore("data", "download", "ptbdb")
    assert (code, len(err)) == (2, 1)
    assert "choose from mitdb" in err[0]


@pytest.mark.parametrize(("error", "code"), [(DataError, 2), (DownloadError, 1)])
def test_an_error_of_any_command_is_one_line(ecgcore, monkeypatch, error, code):
    def fail(folder):
        raise error("what is wrong and where")

    monkeypatch.setattr(checksums, "verify", fail)
    assert ecgcore("data", "verify") == (code, [], ["ecgcore: what is wrong and where"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "", "runs/beats.npz"), "runs/beats.npz: no space left on device"),
        (OSError(errno.EROFS, "", "runs"), "runs: read-only file system"),
        (OSError(errno.EMFILE, ""), "too many open files"),
        (MemoryError(), "no memory left"),
    ],
)
def test_what_the_machine_refuses_is_one_line(ecgcore, monkeypatch, error, words):
    def fails(*args, **options):
        raise error

    monkeypatch.setattr(downloads, "download", fails)
    assert ecgcore("data", "download", "mitdb") == (2, [], [f"ecgcore: {words}"])


@pytest.mark.parametrize("arguments", [["nonsense"], ["data", "download"], ["data", "--nonsense"]])
def test_a_mistyped_command_is_explained(ecgcore, arguments):
    code, _, err = ecgcore(*arguments)
    assert code == 2
    assert err[-1].startswith("Error: ")
