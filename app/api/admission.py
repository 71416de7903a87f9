"""The door of the service: who asks, from where, how often, and whether the address is his.

Invariant: it stands before what is kept and before every route, so that nobody is answered what is
not for him; a refusal repeats nothing of what was sent.  An answer to a key is kept by nobody else.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from anyio import to_thread
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import cors
from app.api.access import ANYBODY, DOORS, Caller, Door, Doors, Needs, require
from app.api.limits import Limits, Standing, client_named, headers_of
from app.api.problems import Page, problem_of, respond
from app.errors import KeyInUrl, OriginRefused, ServiceProblem
from app.keyring import HeldKey, KeyRing
from app.wiring import Service
from catalog.errors import CatalogProblem
from catalog.keys import SECRET
from catalog.origins import checked_origin
from catalog.settings import Settings

_KEY_NAMES = frozenset(
    {"key", "apikey", "accesstoken", "token", "authorization", "bearer", "secret", "searchkey"}
)
_MAY_HOLD_A_KEY = re.compile(rb"key|token|authorization|bearer|secret|seminar|%", re.IGNORECASE)
SIGNED = "/media/talks/"
"""What a player asks for, which cannot send a key."""
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself; `preflight` says that a browser asks before it asks."""

    path: str
    method: str
    origin: str | None
    secret: str | None
    preflight: bool

    @property
    def shared(self) -> bool:
        """Whether pages of other hosts may read it at all."""
        return self.path.startswith(cors.SHARED)


class Admission:
    """Lets requests in by the table of doors; add it around what keeps answers."""

    def __init__(self, app: ASGIApp, *, settings: Settings, page: Page) -> None:
        """Raises: InvalidSetting."""
        self._app = app
        self._page = page
        self._limits = Limits(settings)
        self._doors = Doors(DOORS)
        self._open_to_read = settings.reading == "open"
        self._further = frozenset(map(checked_origin, settings.further_origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        visit = _Visit(asked=_asked(scope))
        try:
            refuse_key_in_url(scope)
            if self._doors.at(visit.asked.path) is None:  # its page may search, so it counts
                await self._count_client(scope, visit)
            door, needs = self._door(visit.asked)
            if visit.asked.preflight:
                await self._preflight(door, visit.asked, service.keys)(scope, receive, send)
                return
            if needs is not Needs.NOTHING:
                await self._admit(scope, visit, needs, service.keys)
        except (ServiceProblem, CatalogProblem, HTTPException) as problem:
            answer = await self._refusal(scope, problem)
            service.metrics.refusals.labels(str(answer.status_code)).inc()
            added = self._added(visit, service.keys)
            await answer(scope, receive, _adding(send, added, private=False))
            return
        if needs is Needs.NOTHING:
            await self._app(scope, receive, send)
            return
        scope["caller"] = visit.caller
        added = self._added(visit, service.keys)
        private = visit.caller.key is not None
        await self._app(scope, receive, _adding(send, added, private=private))

    def _door(self, asked: Asked) -> tuple[Door, Needs]:
        """The door, and what it needs.  Raises: HTTPException (no such address or method)."""
        door = self._doors.at(asked.path)
        if door is None:
            raise HTTPException(404)
        method = "GET" if asked.method == "HEAD" else asked.method
        needs = door.needs.get(method)
        if asked.preflight:
            return door, Needs.NOTHING
        if needs is None:
            raise HTTPException(405, headers={"allow": door.methods})
        return door, needs

    async def _admit(self, scope: Scope, visit: "_Visit", needs: Needs, ring: KeyRing) -> None:
        """Find out who asks, count it, and refuse who may not.

        Raises: ServiceProblem, CatalogUnavailable (no key can be believed).
        """
        await self._count_client(scope, visit)
        secret, signed_by = visit.asked.secret, self._signed_by(scope)
        if secret is not None or signed_by is not None:
            if not ring.is_current:
                await to_thread.run_sync(ring.look)
            key = visit.key = ring.of(secret) if secret else ring.named(signed_by or "")
            key.require_active()
            if secret is not None:  # a player says no origin
                self._require_origin(key, visit.asked.origin)
            visit.caller = Caller(key=key)
            await self._count(visit, "key", key.public_id)
        require(needs, visit.caller, open_to_read=self._open_to_read)

    async def _count_client(self, scope: Scope, visit: "_Visit") -> None:
        client = scope.get("client")
        await self._count(visit, "client", client_named(client[0] if client else "unknown"))

    def _signed_by(self, scope: Scope) -> str | None:
        """The id of the key for which the address of a recording was signed.

        Raises: AddressRefused.
        """
        if self._open_to_read or not scope["path"].startswith(SIGNED):
            return None
        service: Service = scope["app"].state.service
        query = scope["query_string"].decode("latin-1")
        return service.signer.key_of(scope["path"], query, at_s=time.time())

    async def _count(self, visit: "_Visit", policy: str, who: str) -> None:
        standing = await self._limits.count(policy, who)
        if standing is not None:
            visit.standings.append(standing)
            standing.require()

    def _require_origin(self, key: HeldKey, origin: str | None) -> None:
        """Raises: OriginRefused, unless the key may come from there.

        A key that names origins comes from them only; one that names none comes from no page, but
        of the origins that the settings allow to everybody.
        """
        allowed = key.origins or self._further
        if origin not in allowed and (origin is not None or key.origins):
            raise OriginRefused(said=origin is not None)

    def _preflight(self, door: Door, asked: Asked, ring: KeyRing) -> Response:
        """Raises: OriginRefused."""
        origin = asked.origin
        known = origin in ring.origins_ever or origin in self._further
        if origin is None or not known or not asked.shared:
            raise OriginRefused(said=origin is not None)
        return cors.preflight(door, origin)

    async def _refusal(self, scope: Scope, error: Exception) -> Response:
        in_path = SECRET.search(scope["path"].lower())
        request = Request({**scope, "path": "/"}) if in_path else Request(scope)
        problem = problem_of(error, request.url.path)
        headers = getattr(error, "headers", None) or {}
        answer = await self._page(request, problem) or respond(problem)
        answer.headers.update(headers)
        if scope["method"] == "HEAD":
            answer.body = b""
        return answer

    def _added(self, visit: "_Visit", ring: KeyRing) -> Headers:
        """The headers that tell other pages, caches and the caller where they are."""
        standing = headers_of(visit.standings)
        if not visit.asked.shared:
            return [*standing, (b"vary", b"Authorization")]
        own = ring.origins if visit.key is None else visit.key.origins
        origin = visit.asked.origin
        allowed = self._further if origin in self._further else own
        return [*standing, *cors.headers_for(origin, allowed)]


@dataclass(slots=True, kw_only=True)
class _Visit:
    """What was found out about a request so far; `key` may be one that has ended."""

    asked: Asked
    key: HeldKey | None = None
    caller: Caller = ANYBODY
    standings: list[Standing] = field(default_factory=list)


def refuse_key_in_url(scope: Scope) -> None:
    """Refuse an address with a key in it, or with a parameter for one.  Raises: KeyInUrl."""
    query: bytes = scope["query_string"]
    if query and _MAY_HOLD_A_KEY.search(query) and _holds_a_key(query.decode("latin-1")):
        raise KeyInUrl
    path: str = scope["path"]
    if "seminar" in path.lower() and SECRET.search(path.lower()):
        raise KeyInUrl


def _holds_a_key(query: str) -> bool:
    if SECRET.search(unquote_plus(query).lower()):
        return True
    names = (part.partition("=")[0] for part in query.split("&"))
    return any(re.sub("[-_]", "", unquote_plus(one)).lower() in _KEY_NAMES for one in names)


def _asked(scope: Scope) -> Asked:
    origins: list[str] = []
    secrets: list[str] = []
    asks_method = False
    for name, value in scope["headers"]:
        if name == b"origin":
            origins.append(value.decode("latin-1"))
        elif name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                secrets.append(rest.strip())
        elif name == b"access-control-request-method":
            asks_method = True
    return Asked(
        path=scope["path"],
        method=scope["method"],
        origin=", ".join(origins) if origins else None,  # several match nothing
        secret=", ".join(secrets) if secrets else None,
        preflight=asks_method and bool(origins) and scope["method"] == "OPTIONS",
    )


def _adding(send: Send, added: Iterable[tuple[bytes, bytes]], *, private: bool) -> Send:
    """Passes an answer on with these headers; a private one is for the caller alone."""

    async def send_out(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if not private or not _shares(pair)]
            if private and not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"private, no-cache"))
            message["headers"] = [*headers, *added]
        await send(message)

    return send_out


def _shares(pair: tuple[bytes, bytes]) -> bool:
    return pair[0] == b"cache-control" and b"no-store" not in pair[1]
