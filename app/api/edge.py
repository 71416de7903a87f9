"""What every request passes on its way in and out: headers, HEAD, counting, the last net.

Invariant: nothing that was typed is written down: no query string, no address, only the route's
pattern.  An exception that nobody expected ends here as a problem, never as a bare 500.
"""

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.metrics import Metrics
from app.api.problems import problem_of, respond
from catalog.settings import Settings

log = structlog.get_logger("app.requests")

PAGES_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# A browser shows a recording or a PDF in a page that it makes itself; that page must work.
MEDIA_POLICY = "frame-ancestors 'none'; base-uri 'none'"
FOR_EVER = "public, max-age=31536000, immutable"  # the address names the content
TUS = "1.0.0"
"""The version of the upload protocol, which every answer to an upload says."""

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_OF_PAGES = ((b"content-security-policy", PAGES_POLICY.encode()), *_ALWAYS)
EMBEDS = "/embed/talks/"  # pages for the frames of other sites
_OF_MEDIA = ((b"content-security-policy", MEDIA_POLICY.encode()), *_ALWAYS)


class Edge:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, settings: Settings) -> None:
        self._app = app
        self._metrics = metrics
        self._of_embeds = ((b"content-security-policy", embeds_policy(settings)), *_ALWAYS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; every answer leaves with our headers and is counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, method = time.perf_counter(), 0, _method(scope)

        async def send_out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(message, scope)
            await send(message)

        try:
            await self._app(scope, receive, send_out)
        except Exception as error:
            log.exception("request failed", route=_route(scope))
            if status:
                raise
            await respond(problem_of(error, scope["path"]))(scope, receive, send_out)
        self._count(method, _route(scope), status, time.perf_counter() - began)

    def _add_headers(self, message: Message, scope: Scope) -> None:
        path: str = scope["path"]
        if path.startswith("/static/"):
            headers = MutableHeaders(scope=message)
            kept = FOR_EVER if scope["query_string"].startswith(b"v=") else "no-cache"
            headers["cache-control"] = kept if message["status"] in {200, 304} else "no-store"
        if path.startswith("/api/v1/uploads"):
            message["headers"] = [*message["headers"], (b"tus-resumable", TUS.encode())]
        added = _OF_MEDIA if path.startswith("/media/") else _OF_PAGES
        if path.startswith(EMBEDS):
            added = self._of_embeds
        message["headers"] = [*message["headers"], *added]

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


class HeadAsGet:
    """Answers HEAD as GET without its body, where the answer is made in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET; files know HEAD themselves and need not be read for it."""
        known = scope["type"] != "http" or scope["path"].startswith(("/media/", "/static/"))
        if known or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            scope["method"] = "HEAD"  # again, or the server misses the body that it was told of
            if message["type"] == "http.response.body":
                message = {"type": message["type"], "body": b"", "more_body": False}
            await send(message)

        scope["method"], scope["head"] = "GET", True
        await self._app(scope, receive, send_head)


def embeds_policy(settings: Settings) -> bytes:
    """The policy of pages for frames: that of all pages, but for who may show them."""
    origins = " ".join(settings.framing_origins)
    return PAGES_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {origins}").encode()


def _route(scope: Scope) -> str:
    if scope["path"].startswith("/static/"):
        return "/static"
    return str(getattr(scope.get("route"), "path", None) or "other")


def _method(scope: Scope) -> str:
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "other"
