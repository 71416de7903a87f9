"""Fetching one file over HTTP; the only file that knows httpcore2.

Invariant: a connection goes to an address that the policy has checked, and nowhere else: redirects
are checked again, proxies and cookies are not known.  What comes is written to disk as it comes;
what was interrupted goes on where it was, if the server can say that the file is still the same.
"""

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import httpcore2

from ingest.errors import LinkRefused, Unreachable
from ingest.sources.policy import Policy, Target, target_of

MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_NAME_BYTES = 120
_ROOM_EVERY_BYTES = 64 << 20
_PAGE_TYPES = {"text/html", "application/xhtml+xml"}
_PAGE_BEGINS = (b"<!doctype html", b"<html")
_AGENT = "seminar-archive"
_LOST = "the connection broke off"

Told = Callable[[int, int | None], None]
"""Told how many bytes are there, of how many if that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one fetching may take."""

    size_bytes: int
    time_s: float
    headers_s: float = 60.0
    silence_s: float = 30.0
    least_bytes_per_s: int = 8192
    least_over_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole file, as its server called it."""

    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What is known of a file that is not whole yet."""

    validator: str
    total: int | None
    name: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches under a policy and within limits; `require_room` refuses when the disk is full."""

    policy: Policy
    limits: Limits
    require_room: Callable[[int], None] = lambda _bytes: None

    def fetch(self, url: str, part: Path, told: Told) -> Fetched:
        """Write the file at `url` to `part`, going on with what is there.

        Raises: LinkRefused, Unreachable (and `part` stays), StoreFull, what `told` raises.
        """
        known = _read_part(part)
        begun = part.stat().st_size if known and part.exists() else 0
        with self._answer(url, _range(known, begun)) as (target, answer, clock):
            goes_on = _goes_on(answer, known, begun)
            if answer.status in {206, 416} and not goes_on:
                part.unlink(missing_ok=True)
                raise Unreachable(target.shown, "the server cannot go on; it begins anew")
            begun = begun if goes_on else 0
            now_known = _described(answer, target, begun)
            self._require_takeable(target, answer, now_known, begun)
            part.parent.mkdir(parents=True, exist_ok=True)
            _note_of(part).write_text(json.dumps(asdict(now_known)))
            with part.open("ab" if begun else "wb") as file:
                writing = _Writing(self, target, now_known, clock)
                size = writing.run(answer, file, begun, told)
        _note_of(part).unlink()
        return Fetched(name=now_known.name, media_type=now_known.media_type, size_bytes=size)

    def read(self, url: str) -> bytes:
        """A small answer as it is, up to the limit on size.  Raises: LinkRefused, Unreachable."""
        with self._answer(url, {}) as (target, answer, clock):
            clock.until = time.monotonic() + self.limits.time_s
            read = b""
            if answer.status != 200:
                raise Unreachable(target.shown, f"the server answers {answer.status}")
            for block in answer.iter_stream():
                read += block
                if len(read) > self.limits.size_bytes:
                    raise _too_large(target, self.limits.size_bytes)
            return read

    @contextmanager
    def _answer(
        self, url: str, headers: Mapping[bytes | str, bytes | str]
    ) -> Iterator[tuple[Target, httpcore2.Response, "_Clock"]]:
        """The answer at the end of the redirects, each of them checked."""
        target = first = target_of(url)
        for _hop in range(MAX_REDIRECTS + 1):
            with self._asked(target, headers) as (answer, clock):
                if answer.status not in _REDIRECTS:
                    _require_success(target, answer)
                    yield target, answer, clock
                    return
                target = target_of(urljoin(target.url, _header(answer, "location")))
        raise LinkRefused(
            first.shown, f"it redirects more than {MAX_REDIRECTS} times", "give the last address"
        )

    @contextmanager
    def _asked(
        self, target: Target, headers: Mapping[bytes | str, bytes | str]
    ) -> Iterator[tuple[httpcore2.Response, "_Clock"]]:
        clock = _Clock(until=time.monotonic() + self.limits.headers_s)
        backend = _Pinned(self.policy.addresses(target), clock)
        silence = dict.fromkeys(("connect", "read", "write", "pool"), self.limits.silence_s)
        with (
            _named(target),
            httpcore2.ConnectionPool(
                ssl_context=self.policy.trust(), network_backend=backend, http2=False
            ) as pool,
            pool.stream(
                "GET",
                httpcore2.URL(
                    scheme=target.scheme, host=target.host, port=target.port, target=target.path
                ),
                headers={
                    "Host": target.origin.partition("://")[2],
                    "User-Agent": _AGENT,
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                    **headers,
                },
                extensions={"timeout": silence},
            ) as answer,
        ):
            yield answer, clock

    def _require_takeable(
        self, target: Target, answer: httpcore2.Response, known: _Part, begun: int
    ) -> None:
        if known.media_type in _PAGE_TYPES:
            raise page_instead(target)
        if _header(answer, "content-encoding") not in {"", "identity"}:
            raise LinkRefused(
                target.shown, "the server sends it packed", "download the file yourself and add it"
            )
        if known.total is not None:
            if known.total > self.limits.size_bytes:
                raise _too_large(target, self.limits.size_bytes)
            self.require_room(known.total - begun)


class _Writing:
    """Writes a body to disk and watches its size, time and speed."""

    def __init__(self, fetcher: Fetcher, target: Target, known: _Part, clock: "_Clock") -> None:
        self._limits = fetcher.limits
        self._require_room = fetcher.require_room
        self._target = target
        self._known = known
        self._until = clock.until = time.monotonic() + fetcher.limits.time_s
        self._marked: tuple[int, float] | None = None
        self._roomed = 0

    def run(self, answer: httpcore2.Response, file: Any, size: int, told: Told) -> int:
        """Write until the end; returns the size of the whole."""
        told(size, self._known.total)
        try:
            for block in answer.iter_stream():
                size = self._wrote(block, file, size)
                told(size, self._known.total)
                self._require_speed(size)
        except httpcore2.TimeoutException:
            if time.monotonic() < self._until:
                raise
            raise self._out_of_time() from None
        if self._known.total is not None and size != self._known.total:
            raise Unreachable(self._target.shown, _LOST)
        return size

    def _wrote(self, block: bytes, file: Any, size: int) -> int:
        if size == 0 and block[:64].lstrip().lower().startswith(_PAGE_BEGINS):
            raise page_instead(self._target)
        size += len(block)
        if size > self._limits.size_bytes:
            raise _too_large(self._target, self._limits.size_bytes)
        if size - self._roomed > _ROOM_EVERY_BYTES:
            self._roomed = size
            self._require_room(0)
        file.write(block)
        return size

    def _require_speed(self, size: int) -> None:
        if self._marked is None:
            self._marked = size, time.monotonic()
        marked, marked_at = self._marked
        over_s = time.monotonic() - marked_at
        if over_s > self._limits.least_over_s:
            if size - marked < self._limits.least_bytes_per_s * over_s:
                slow = f"it gives only {(size - marked) / over_s / 1000:.1f} kB a second"
                raise Unreachable(self._target.shown, slow)
            self._marked = size, time.monotonic()

    def _out_of_time(self) -> LinkRefused | Unreachable:
        hours = f"{self._limits.time_s / 3600:.3g} hours"
        if self._known.validator and self._known.total is not None:
            return Unreachable(self._target.shown, f"it is not whole after {hours}")
        return LinkRefused(
            self._target.shown,
            f"it does not end within {hours}, the limit",
            "a broadcast has no end; else raise SEMINAR_LINK_MAX_HOURS",
        )


@dataclass(slots=True, kw_only=True)
class _Clock:
    """When a connection must have given what is awaited."""

    until: float


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the given addresses only, whatever the host is called."""

    def __init__(self, addresses: list[str], clock: _Clock) -> None:
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

    def __init__(self, stream: httpcore2.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See `NetworkStream.read`."""
        left_s = self._clock.until - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout("it took too long")
        return self._stream.read(max_bytes, left_s if timeout is None else min(timeout, left_s))

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
    except httpcore2.TimeoutException as error:
        raise Unreachable(target.shown, "it does not answer in time") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise LinkRefused(
                target.shown,
                f"its certificate does not prove that it is {target.host} ({cause.verify_message})",
                "check the address, or download the file yourself and add it",
            ) from error
        raise Unreachable(target.shown, str(error) or _LOST) from error


def _require_success(target: Target, answer: httpcore2.Response) -> None:
    status = answer.status
    if status in {200, 206, 416}:
        return
    if status in _PASSING or status >= 500:
        raise Unreachable(
            target.shown, f"the server answers {status}", after_s=_retry_after(answer)
        )
    if status in {404, 410}:
        raise LinkRefused(target.shown, f"there is nothing ({status})", "check the address")
    if status in {401, 402, 403, 407, 451}:
        raise LinkRefused(
            target.shown,
            f"the server does not give it to us ({status})",
            "download the file yourself and add it",
        )
    raise LinkRefused(target.shown, f"the server answers {status}", "check the address")


def page_instead(target: Target) -> LinkRefused:
    """The refusal of a page where a file was expected."""
    return LinkRefused(
        target.shown,
        "this address shows a page, not a file",
        "give the address of the recording or PDF itself",
    )


def _too_large(target: Target, limit_bytes: int) -> LinkRefused:
    return LinkRefused(
        target.shown,
        f"it gives more than {limit_bytes / 1e9:.3g} GB, the limit",
        "raise SEMINAR_LINK_MAX_GB if it is meant",
    )


# going on with a part


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_part(part: Path) -> _Part | None:
    try:
        known = _Part(**json.loads(_note_of(part).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return known if known.validator else None


def _range(known: _Part | None, begun: int) -> dict[bytes | str, bytes | str]:
    if known is None or begun == 0:
        return {}
    return {"Range": f"bytes={begun}-", "If-Range": known.validator}


def _goes_on(answer: httpcore2.Response, known: _Part | None, begun: int) -> bool:
    """Whether the answer is the rest of the same file."""
    if answer.status != 206:
        return False
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", _header(answer, "content-range"))
    if known is None or span is None:
        return False
    return int(span[1]) == begun and _validator(answer) in {"", known.validator}


def _described(answer: httpcore2.Response, target: Target, begun: int) -> _Part:
    length = _header(answer, "content-length")
    return _Part(
        validator=_validator(answer),
        total=begun + int(length) if length.isdecimal() else None,
        name=_name(answer, target),
        media_type=_header(answer, "content-type").partition(";")[0].strip().lower(),
    )


def _validator(answer: httpcore2.Response) -> str:
    """What tells that a file is still the same; a weak tag does not.  Source: RFC 9110, 13.1.5."""
    tag = _header(answer, "etag")
    return tag if tag and not tag.startswith("W/") else _header(answer, "last-modified")


def _name(answer: httpcore2.Response, target: Target) -> str:
    """What the server calls the file, else the end of the address; never a path."""
    message = Message()
    message["Content-Disposition"] = _header(answer, "content-disposition")
    named = message.get_filename() or unquote(target.path.partition("?")[0])
    last = named.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(c if c.isalnum() or c in " .-_()" else "_" for c in last)
    return clean.encode()[-_NAME_BYTES:].decode(errors="ignore").strip(". ") or target.host


def _header(answer: httpcore2.Response, name: str) -> str:
    for key, value in answer.headers:
        if key.decode("latin-1").lower() == name:
            return value.decode("latin-1").strip()
    return ""


def _retry_after(answer: httpcore2.Response) -> float | None:
    said = _header(answer, "retry-after")
    return float(said) if said.isdecimal() else None
