"""Which pages of other hosts may read our answers.

Invariant: an origin is compared byte by byte with those that are allowed, and answered by name:
never `*`, never with credentials, because a key travels in a header and nothing in a cookie.
Source: Fetch, "CORS protocol".
"""

from collections.abc import Collection

from starlette.responses import Response

from app.api.access import Door

SHARED = ("/api/", "/media/")
"""What other pages may read at all; our own pages are for people."""

MAX_AGE_S = 600
ASKED_HEADERS = (
    *("Authorization", "Content-Type", "If-Match", "If-None-Match", "Last-Event-ID", "Range"),
    *("Tus-Resumable", "Upload-Checksum", "Upload-Length", "Upload-Metadata", "Upload-Offset"),
)
EXPOSED_HEADERS = (
    *("Content-Disposition", "Content-Range", "ETag", "Link", "Location", "RateLimit"),
    *("RateLimit-Policy", "Retry-After", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable"),
    *("Tus-Version", "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset"),
    "WWW-Authenticate",
)
_EXPOSED = ", ".join(EXPOSED_HEADERS).encode()
_VARY = (b"vary", b"Origin, Authorization")


def headers_for(origin: str | None, allowed: Collection[str]) -> list[tuple[bytes, bytes]]:
    """What an answer says to a page of that origin."""
    if origin is None or origin not in allowed:
        return [_VARY]
    return [
        _VARY,
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-expose-headers", _EXPOSED),
    ]


def preflight(door: Door, origin: str) -> Response:
    """The answer to a page of an allowed origin that asks what it may send."""
    return Response(
        status_code=204,
        headers={
            "access-control-allow-origin": origin,
            "access-control-allow-methods": door.methods,
            "access-control-allow-headers": ", ".join(ASKED_HEADERS),
            "access-control-max-age": str(MAX_AGE_S),
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        },
    )
