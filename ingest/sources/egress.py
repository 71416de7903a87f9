"""A door to the outside for libraries that connect by themselves: a proxy in this process.

Invariant: it connects to what the policy has checked; it takes `CONNECT` alone, so that nothing
unencrypted passes.  It listens on the loopback address while its block lasts.
"""

import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ingest.errors import LinkRefused, Unreachable
from ingest.sources.policy import Policy, target_of

_CONNECT_S = 20.0
_IDLE_S = 60.0
_BLOCK_BYTES = 1 << 16
_HEAD_BYTES = 1 << 14


@contextmanager
def egress(policy: Policy) -> Iterator[str]:
    """The address of a proxy that leads where `policy` lets it, for the block."""

    class Door(_Door):
        places = policy

    with _Server(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _Door(socketserver.StreamRequestHandler):
    """One connection through the proxy."""

    places: Policy
    timeout = _IDLE_S

    def handle(self) -> None:
        """Read `CONNECT host:port`, check, connect, and pass bytes on."""
        with suppress(OSError):
            place = self._asked()
            if place is None:
                self._answer("405 Only CONNECT")
                return
            try:
                outside = self._connected(place)
            except LinkRefused:
                self._answer("403 Forbidden")
                return
            except (Unreachable, OSError):
                self._answer("502 Bad Gateway")
                return
            with outside:
                self._answer("200 Connected")
                _passed(self.connection, outside)

    def _asked(self) -> str | None:
        words = self.rfile.readline(_HEAD_BYTES).decode("latin-1").split()
        while self.rfile.readline(_HEAD_BYTES).strip():
            pass
        return words[1] if len(words) == 3 and words[0] == "CONNECT" else None

    def _connected(self, place: str) -> socket.socket:
        target = target_of(f"https://{place}/")
        problem: OSError = OSError("no address")
        for address in self.places.addresses(target):
            try:
                return socket.create_connection((address, target.port), _CONNECT_S)
            except OSError as error:
                problem = error
        raise problem

    def _answer(self, status: str) -> None:
        self.wfile.write(f"HTTP/1.1 {status}\r\n\r\n".encode())


def _passed(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until one side ends or both are silent."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while ready := selector.select(_IDLE_S):
            for key, _events in ready:
                source = key.fileobj
                block = source.recv(_BLOCK_BYTES) if isinstance(source, socket.socket) else b""
                if not block:
                    return
                key.data.sendall(block)
