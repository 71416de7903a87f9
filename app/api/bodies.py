"""How much a request may carry: what is more is refused before anything reads it.

Invariant: of what is no upload, a whole body is in memory and no larger than the bound.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem_of, respond
from app.errors import BodyTooLarge

MOST_BYTES = 1 << 20
UPLOADS = "/api/v1/uploads/"
"""Under it files are taken in piece by piece; they have a bound of their own."""


class Bodies:
    """The layer that bounds what requests carry."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body, or refuse it."""
        if scope["type"] != "http" or scope["path"].startswith(UPLOADS) or not _carries(scope):
            await self._app(scope, receive, send)
            return
        body = await _read(Request(scope, receive))
        if body is None:
            problem = problem_of(BodyTooLarge(MOST_BYTES), scope["path"])
            await respond(problem, {"connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


def _carries(scope: Scope) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])


async def _read(request: Request) -> bytes | None:
    """The body, or None when it is too large."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > MOST_BYTES:
        return None
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MOST_BYTES:
            return None
    return bytes(read)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body once, then what the connection says."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
