"""A download is complete and checked, or goes on later; nothing half is ever under a final name.

The server is a local one over real records, which can be told to misbehave.
"""

import hashlib
import shutil
import socket
import threading
from collections import Counter
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ecgcore import paths
from ecgcore.constants import CHECKSUMS
from ecgcore.data import checksums, records
from ecgcore.data.download import BASE_URLS, PHYSIONET_CHECKSUMS, UNFINISHED, download, registry
from ecgcore.errors import ConfigError, DataError, DownloadError

NAMES = ("100", "101")
PARTS = ("atr", "dat", "hea")


class Handler(SimpleHTTPRequestHandler):
    """Serves files; those in the server's `broken` end half-way, those in `gone` are not there."""

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        self.server.asked[name] += 1
        if name in self.server.gone:
            self.send_error(404)
        elif name in self.server.broken:
            content = (self.server.folder / name).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(database, tmp_path):
    """A server of two records, as PhysioNet serves its 48."""
    folder = tmp_path / "server"
    folder.mkdir()
    for name in NAMES:
        for part in PARTS:
            shutil.copy(database / f"{name}.{part}", folder)
    (folder / "RECORDS").write_text("\n".join(NAMES))

    def handler(*args):
        return Handler(*args, directory=folder)

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.folder, server.asked = folder, Counter()
        server.broken, server.gone = set(), set()
        server.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def files(server):
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(server.folder.iterdir())
    }


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target"


@pytest.fixture
def fetch(server, files, target):
    """Download from the local server; gives the lines of log."""

    def run(expected=files):
        lines = []
        assert download("mitdb", target, server.url, expected, 0, lines.append) == len(expected)
        return lines

    return run


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_complete(target, server):
    assert listing(target) == sorted([*listing(server.folder), CHECKSUMS])
    assert checksums.verify(target) == []
    for name in listing(server.folder):
        assert (target / name).read_bytes() == (server.folder / name).read_bytes()


def test_a_complete_download_can_be_verified_and_read(fetch, server, target):
    lines = fetch()
    assert_complete(target, server)
    assert records.record_names(target) == list(NAMES)
    assert len(records.read_record(target, NAMES[0]).sample)
    assert len(lines) == len(listing(server.folder))
    assert all("fetched" in line for line in lines)


def test_others_may_read_the_files_as_any_new_file(fetch, target):
    fetch()
    (target / "new").write_text("")
    assert len({path.stat().st_mode for path in target.iterdir()}) == 1


def test_what_a_killed_download_left_is_cleared_away(fetch, server, target):
    (target / UNFINISHED).mkdir(parents=True)
    (target / UNFINISHED / "tmp1234").write_bytes(b"half a file")
    fetch()
    assert_complete(target, server)


def test_files_that_are_there_are_not_fetched_again(fetch, server, target):
    fetch()
    server.asked.clear()
    lines = fetch()
    assert not server.asked
    assert all("already there" in line for line in lines)
    assert_complete(target, server)


def test_a_damaged_or_missing_file_is_fetched_again_and_no_other(fetch, server, target):
    fetch()
    server.asked.clear()
    (target / "100.dat").write_bytes(b"damaged")
    (target / "101.atr").unlink()
    fetch()
    assert server.asked == {"100.dat": 1, "101.atr": 1}
    assert_complete(target, server)


def test_a_broken_off_download_goes_on_where_it_was(fetch, server, target):
    server.broken.add("101.dat")
    with pytest.raises(DownloadError, match=r"101\.dat"):
        fetch()
    assert listing(target) == ["100.atr", "100.dat", "100.hea", "101.atr"]
    server.broken.clear()
    server.asked.clear()
    fetch()
    assert sorted(server.asked) == ["101.dat", "101.hea", "RECORDS"]
    assert_complete(target, server)


def test_a_hiccup_is_overcome_by_trying_again(server, files, target, monkeypatch):
    server.broken.add("100.hea")
    # pooch waits a second before it tries again; here that is when the server recovers.
    monkeypatch.setattr("time.sleep", lambda seconds: server.broken.clear())
    download("mitdb", target, server.url, files, 1, lambda line: None)
    assert server.asked["100.hea"] == 2
    assert_complete(target, server)


def test_a_file_with_a_wrong_checksum_is_named_and_removed(fetch, server, files, target):
    with pytest.raises(DownloadError, match=r"100\.dat: damaged on the way"):
        fetch(files | {"100.dat": files["101.dat"]})
    assert listing(target) == ["100.atr"]


def test_a_sound_file_is_not_replaced_by_a_damaged_one(fetch, server, files, target):
    fetch()
    sound = (target / "100.dat").read_bytes()
    with pytest.raises(DownloadError):
        fetch(files | {"100.dat": files["101.dat"]})
    assert (target / "100.dat").read_bytes() == sound


def test_a_file_that_the_server_has_not_is_named(fetch, server):
    server.gone.add("101.hea")
    with pytest.raises(DownloadError, match=r"101\.hea: the server answers 404"):
        fetch()


def test_no_network_is_told_in_one_line(files, target):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(DownloadError, match=f"no connection to 127.0.0.1:{port}") as error:
        download("mitdb", target, f"http://127.0.0.1:{port}/", files, 0)
    assert len(str(error.value).splitlines()) == 1
    assert listing(target) == []


def test_a_folder_that_cannot_be_written_is_named(server, files, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file"):
        download("mitdb", tmp_path / "file" / "below", server.url, files, 0)


@pytest.mark.parametrize("folder", records.EMBEDDED)
@pytest.mark.parametrize("name", records.EMBEDDED)
def test_the_embedded_records_are_never_overwritten(server, files, name, folder):
    with pytest.raises(ConfigError, match="holds the embedded records"):
        download(name, paths.DATA / folder, server.url, files)
    assert not server.asked


def test_an_unknown_database_is_named_with_the_known_ones(target):
    with pytest.raises(ConfigError, match="'ptbdb' is unknown; choose from mitdb, svdb, nstdb"):
        download("ptbdb", target)


def test_the_list_holds_physionets_files_of_the_48_records(database):
    listed = checksums.read_checksums(database / PHYSIONET_CHECKSUMS)
    files = registry("mitdb")
    expected = {f"{name}.{part}" for name in records.record_names(database) for part in PARTS}
    assert set(files) == expected | {"RECORDS"}
    assert files.items() <= listed.items()
    assert BASE_URLS["mitdb"] == "https://physionet.org/files/mitdb/1.0.0/"


def test_the_list_of_svdb_holds_physionets_files_of_the_78_records():
    names = records.record_names(paths.DATA / "svdb")
    files = registry("svdb")
    assert len(names) == 78
    assert set(files) == {f"{name}.{part}" for name in names for part in PARTS} | {"RECORDS"}
    assert BASE_URLS["svdb"] == "https://physionet.org/files/svdb/1.0.0/"


def test_the_list_of_nstdb_holds_the_noise_and_the_12_noisy_records():
    noisy = [f"{n}e{snr}" for n in (118, 119) for snr in ("24", "18", "12", "06", "00", "_6")]
    expected = {f"{name}.{part}" for name in noisy for part in PARTS}
    expected |= {f"{name}.{part}" for name in ("bw", "em", "ma") for part in ("dat", "hea")}
    assert set(registry("nstdb")) == expected | {"RECORDS"}
