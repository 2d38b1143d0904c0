"""What is killed in a process of its own, where the command line needs more than there is here:
`python -m torture.child download FOLDER TARGET` fetches files from a server on this machine, and
`... publish PROFILE` publishes a small run, which `ecgcore publish` would refuse.
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from ecgcore.files import sha256


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


def download(folder: str, target: str) -> None:
    from ecgcore.data.download import download

    files = {path.name: sha256(path) for path in sorted(Path(folder).iterdir())}
    handler = partial(Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/"
            download("mitdb", Path(target), url, files)
        finally:
            server.shutdown()


def publish(profile: str) -> None:
    from ecgcore.workflow import publication

    publication.refuse = lambda *given: None  # a run of two chapters is not worth it
    publication.verdict.tolerances = lambda runs: {}
    publication.fill_readme = lambda text, metrics: text
    publication.publish(profile)


if __name__ == "__main__":
    {"download": download, "publish": publish}[sys.argv[1]](*sys.argv[2:])
