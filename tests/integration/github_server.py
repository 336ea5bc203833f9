"""The model of GitHub behind a real HTTP server: pages, limits, redirects, slow and broken answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.github_model import GitHub, Reply, html


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine. Requests take effect one at a time."""

    daemon_threads = True

    def __init__(self, prefix: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.github = GitHub(f"http://127.0.0.1:{self.server_port}{prefix}")
        self.lock = threading.Lock()
        self.seen: list[dict[str, str]] = []
        """Headers of every request."""
        self.redirects: dict[str, tuple[int, str]] = {}
        """Path -> status and place to send a request to, each for once."""
        self.delays: list[tuple[str, float]] = []
        """Method and seconds, each for once: so long until the request takes effect."""
        self.drips: list[str] = []
        """Methods whose next answer comes a byte a second."""
        self.broken: list[str] = []
        """Methods whose next request takes effect, and whose connection is then closed."""
        self.is_web_page = False

    def answer(self, method: str, path: str, headers: dict[str, str], payload: bytes | None) -> Reply:
        """What to say to one request."""
        self.seen.append(headers)
        if self.is_web_page:
            return html(200)
        if path.split("?", maxsplit=1)[0] in self.redirects:
            status, place = self.redirects.pop(path.split("?", maxsplit=1)[0])
            return Reply(status, {"location": place, "content-type": "text/html"}, b"moved")
        for entry in self.delays:
            if entry[0] == method:
                self.delays.remove(entry)
                time.sleep(entry[1])
                break
        with self.lock:
            return self.github.handle(method, f"{self.github.base.removesuffix(self.prefix)}{path}", headers, payload)

    @property
    def prefix(self) -> str:
        """The path of the API."""
        return self.github.base.split(str(self.server_port), 1)[1]


class Handler(BaseHTTPRequestHandler):
    """Hands a request to its server."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do(self) -> None:
        """Answer a request of any method."""
        size = int(self.headers.get("content-length", "0"))
        payload = self.rfile.read(size) if size else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, extra, body = self.server.answer(self.command, self.path, headers, payload)
        if self.command in self.server.broken:
            self.server.broken.remove(self.command)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command in self.server.drips:
            self.server.drips.remove(self.command)
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1.0)
            return
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = do  # noqa: N815  the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class has it so
        """Keep quiet."""

    def handle(self) -> None:
        """A client that went away is no fault."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True


@contextmanager
def serve(prefix: str = "") -> Iterator[Server]:
    """A server while the block runs; `prefix` is /api/v3 on GitHub Enterprise and /api/v1 on Gitea."""
    server = Server(prefix)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
