"""A web server that keeps a list of what it was asked: also as the proxy through which a browser
sends all that any of its processes asks, of any host."""

import http.server
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

DATA = "application/octet-stream"


@dataclass
class Site:
    """folder: what is served, under `prefix`; headers: sent with everything; as_data: endings of
    files that this server does not know; asked: method, address and bytes sent, in order."""

    folder: Path
    prefix: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    as_data: tuple[str, ...] = ()
    address: str = ""
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Of the folder, without a slash at its end."""
        return self.address + self.prefix.rstrip("/")


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args, site: Site):
        self.site = site
        super().__init__(*args, directory=str(site.folder))

    def do_GET(self):
        if self._note():
            super().do_GET()

    def do_HEAD(self):
        if self._note():
            super().do_HEAD()

    def _refuse(self):
        self._note()
        self.close_connection = True
        self.send_error(403)

    do_POST = do_PUT = do_CONNECT = do_OPTIONS = _refuse

    def _note(self) -> bool:
        """Write down what is asked; whether it is a file of this site."""
        whole = self.site.address + self.path if self.path.startswith("/") else self.path
        length = int(self.headers.get("Content-Length") or 0)
        self.site.asked.append((self.command, whole, length))
        if self.command not in ("GET", "HEAD"):
            return False
        parts = urlsplit(whole)
        here = f"{parts.scheme}://{parts.netloc}" == self.site.address
        if not here or not parts.path.startswith(self.site.prefix):
            self.send_error(404)
            return False
        self.path = "/" + parts.path.removeprefix(self.site.prefix)
        return True

    def guess_type(self, path):
        return DATA if str(path).endswith(self.site.as_data or "\0") else super().guess_type(path)

    def end_headers(self):
        for name, value in self.site.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def serving(folder: Path, prefix: str = "/", headers: dict | None = None, as_data=()):
    """Serve a folder; gives its Site."""
    site = Site(folder, prefix, headers or {}, tuple(as_data))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site=site)) as server:
        site.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()
