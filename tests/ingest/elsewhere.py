"""A server of somebody else's, on the loopback address, that answers as a test tells it."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ingest.sources.fetch import Fetcher, Limits
from ingest.sources.policy import Policy

Answering = Callable[["Handler"], None]


@dataclass(slots=True)
class Elsewhere:
    """The server: what it answers by path, and what it was asked."""

    port: int
    scheme: str = "http"
    routes: dict[str, Answering] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _headers, _at in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    elsewhere: Elsewhere

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.elsewhere.asked.append((self.path, headers, time.time()))
        self.elsewhere.routes.get(path, status(404))(self)

    def log_message(self, *_args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, _request: object, _address: object) -> None:
        pass  # clients that leave early are what some tests are about


@contextmanager
def elsewhere(trust: ssl.SSLContext | None = None) -> Iterator[Elsewhere]:
    class Mine(Handler):
        pass

    with _Server(("127.0.0.1", 0), Mine) as server:
        server.daemon_threads = True
        server.block_on_close = False
        if trust is not None:
            server.socket = trust.wrap_socket(server.socket, server_side=True)
        Mine.elsewhere = Elsewhere(server.server_address[1], "https" if trust else "http")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield Mine.elsewhere
        finally:
            server.shutdown()


def status(code: int, **headers: str) -> Answering:
    def answer(to: Handler) -> None:
        to.send_response(code)
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        to.send_header("Content-Length", "0")
        to.end_headers()

    return answer


def body(content: bytes, breaks_at: int | None = None, /, **headers: str) -> Answering:
    """Gives `content`, or the range of it that is asked for; breaks off once at a byte."""
    left = [breaks_at]

    def answer(to: Handler) -> None:
        start = _start(dict(to.headers.items()), headers)
        to.send_response(206 if start else 200)
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        if start:
            to.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        to.send_header("Content-Length", str(len(content) - start))
        to.end_headers()
        stop, left[0] = left[0], None
        to.wfile.write(content[start:stop])
        if stop is not None:
            to.close_connection = True
            to.connection.close()

    return answer


def _start(asked: Mapping[str, str], headers: Mapping[str, str]) -> int:
    if "Range" not in asked or asked["If-Range"] not in {
        headers.get("ETag"),
        headers.get("Last_Modified"),
    }:
        return 0
    return int(asked["Range"].removeprefix("bytes=").removesuffix("-"))


def endless(to: Handler) -> None:
    to.send_response(200)
    to.send_header("Content-Type", "audio/mpeg")
    to.end_headers()
    to.close_connection = True
    while True:
        to.wfile.write(b"x" * 65536)


def around(server: Elsewhere) -> Policy:
    """The policy of an operator who named this server, and nothing else."""
    return Policy(inside=frozenset({f"127.0.0.1:{server.port}"}))


def fetcher(policy: Policy, size_bytes: int = 1 << 20, time_s: float = 30) -> Fetcher:
    return Fetcher(policy=policy, limits=Limits(size_bytes=size_bytes, time_s=time_s))


def untold(_size: int, _total: int | None) -> None:
    pass
