"""Asking one server; the only file that knows httpcore2.

Invariant: a connection goes to an address that the policy has checked, and nowhere else: whatever
the host is called, it is not looked up again; proxies and cookies are not known.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore2

from catalog.addresses import Target
from ingest.errors import LinkRefused, Unreachable
from ingest.sources.answers import Head
from ingest.sources.policy import Policy

_AGENT = "seminar-archive"
_LOST = "the connection broke off"
_SILENT = "it does not answer in time"


class OutOfTime(Exception):
    """The clock of a connection says that it has had its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server may take to begin, and to be silent."""

    headers_s: float = 60.0
    silence_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that begins; its body comes as it is read.  `clock` may be set for the body."""

    head: Head
    blocks: Iterator[bytes]
    clock: "Clock"


@contextmanager
def asked(
    target: Target, headers: Mapping[str, str], policy: Policy, patience: Patience
) -> Iterator[Answer]:
    """Ask for a target, for the block.  Raises: LinkRefused, Unreachable."""
    clock = Clock(until=time.monotonic() + patience.headers_s)
    pinned = _Pinned(policy.addresses(target), clock)
    with (
        _named(target),
        httpcore2.ConnectionPool(
            ssl_context=policy.trust(), network_backend=pinned, http2=False
        ) as pool,
        pool.stream(
            "GET",
            httpcore2.URL(
                scheme=target.scheme, host=target.host, port=target.port, target=target.path
            ),
            headers=[*_headers(target).items(), *headers.items()],
            extensions={
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), patience.silence_s)
            },
        ) as answer,
    ):
        read = {key.decode("latin-1").lower(): value for key, value in answer.headers}
        head = Head(
            target=target,
            status=answer.status,
            headers={name: value.decode("latin-1").strip() for name, value in read.items()},
        )
        yield Answer(head=head, blocks=answer.iter_stream(), clock=clock)


def _headers(target: Target) -> dict[str, str]:
    return {
        "Host": target.origin.partition("://")[2],
        "User-Agent": _AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }


@dataclass(slots=True, kw_only=True)
class Clock:
    """When a connection must have given what is awaited."""

    until: float


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the given addresses only, whatever the host is called."""

    def __init__(self, addresses: list[str], clock: Clock) -> None:
        self._addresses = addresses
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first of the addresses that takes one."""
        for number, address in enumerate(self._addresses, start=1):
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(self._addresses):
                    raise
            else:
                return _Timed(stream, self._clock)
        raise httpcore2.ConnectError("it has no address")


class _Timed(httpcore2.NetworkStream):
    """A connection whose reading ends when its clock says so, however slowly bytes drip."""

    def __init__(self, stream: httpcore2.NetworkStream, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See `NetworkStream.read`."""
        left_s = self._clock.until - time.monotonic()
        if left_s <= 0:
            raise OutOfTime
        if timeout is not None and timeout < left_s:
            return self._stream.read(max_bytes, timeout)
        try:
            return self._stream.read(max_bytes, left_s)
        except httpcore2.ReadTimeout as error:
            raise OutOfTime from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See `NetworkStream.write`."""
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """See `NetworkStream.close`."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """See `NetworkStream.start_tls`; the certificate must be for the host's name."""
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, timeout), self._clock)

    def get_extra_info(self, info: str) -> Any:
        """See `NetworkStream.get_extra_info`."""
        return self._stream.get_extra_info(info)


@contextmanager
def _named(target: Target) -> Iterator[None]:
    """The library's problems as ours."""
    try:
        yield
    except (httpcore2.TimeoutException, OutOfTime) as error:
        raise Unreachable(target.shown, _SILENT) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise LinkRefused(
                target.shown,
                f"its certificate does not prove that it is {target.host} ({cause.verify_message})",
                "check the address, or download the file yourself and add it",
            ) from error
        raise Unreachable(target.shown, str(error) or _LOST) from error
