"""Answers to searches, kept as they left: no thread, no validation, no search for the next one.

Invariant: a kept answer is given only while the stamp that it was made under is the present one:
snapshot, encoder, and what the catalog shows; so it is never older than the last look at the
catalog.  It is kept under the address as it was asked, in the encoding that was asked for,
and for callers who are shown the same.  Who may ask, and how often, is settled before.
"""

from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.access import caller_of
from app.api.caching import holds
from app.wiring import Service

PATHS = frozenset({"/api/v1/search", "/api/v1/suggest", "/search"})
LONGEST_QUERY = 2_000
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An answer of status 200 as it was sent, with the route that made it."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: Any

    def __len__(self) -> int:
        """Roughly its bytes in memory."""
        return len(self.body) + 1000

    @property
    def tag(self) -> str | None:
        """Its ETag."""
        return next((value.decode() for name, value in self.headers if name == b"etag"), None)


class Remembered:
    """The layer that answers from memory where it can."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass the request on and keep the answer."""
        if not _may_be_kept(scope):
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        asked = dict(scope["headers"])
        stamp = service.stamp if service.view.is_fresh else None
        plain = b"gzip" not in asked.get(b"accept-encoding", b"")
        key = (scope["path"], scope["query_string"], plain, caller_of(scope).within, stamp)
        kept: Body | None = service.bodies.get(key)
        if kept is not None:
            service.metrics.answers_kept.inc()
            scope["route"] = kept.route
            await _send(kept, asked.get(b"if-none-match"), send)
            return
        taker = _Taker(send)
        await self._app(scope, receive, taker.send)
        if taker.is_whole and service.view.is_fresh and service.stamp == stamp:
            service.bodies.put(key, taker.taken(scope.get("route")))


class _Taker:
    """Passes an answer on and keeps a copy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._parts: list[bytes] = []
        self._ended = False

    @property
    def is_whole(self) -> bool:
        """Whether all of a good answer went by, and it is not too long to keep."""
        long = sum(map(len, self._parts)) > LARGEST
        return self._ended and self._start.get("status") == 200 and not long

    async def send(self, message: Message) -> None:
        """Note a message and pass it on."""
        if message["type"] == "http.response.start":
            self._start = {**message, "headers": list(message["headers"])}
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        await self._send(message)

    def taken(self, route: Any) -> Body:
        """The answer."""
        headers = tuple((bytes(name), bytes(value)) for name, value in self._start["headers"])
        return Body(headers=headers, body=b"".join(self._parts), route=route)


async def _send(kept: Body, if_none_match: bytes | None, send: Send) -> None:
    if if_none_match is not None and kept.tag and holds(if_none_match.decode("latin-1"), kept.tag):
        headers = [pair for pair in kept.headers if pair[0] in {b"etag", b"cache-control"}]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
    await send({"type": "http.response.body", "body": kept.body})


def _may_be_kept(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["path"] in PATHS
        and scope["method"] == "GET"
        and len(scope["query_string"]) <= LONGEST_QUERY
    )
