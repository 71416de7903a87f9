"""Answers that a browser or a CDN may keep, and for how long.

Invariant: the tag is a hash of what is shown, so that a withdrawn talk changes it.  A browser asks
again each time; a shared cache may answer by itself for one second, because what is withdrawn has
to be gone within that, and never with something stale.  What only some may see stays private.
Source: RFC 9111, 5.2.2; `docs/decisions/0026-a-second-at-the-most.md`.
"""

import hashlib

from fastapi import Request
from starlette.responses import Response

SHARED = "public, max-age=0, s-maxage=1, must-revalidate"
PRIVATE = "private, no-cache"
FILES = "public, no-cache"
STEADY = "public, max-age=3600, stale-while-revalidate=86400"  # what no deed of staff changes
VARY = "Authorization"


def tagged(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    same: bytes | None = None,
    keep: str = SHARED,
) -> Response:
    """The body with its weak tag, or 304 when the client has it.

    same: what to hash when parts of the body may differ between equal answers.
    keep: its Cache-Control, where the request has no key.
    """
    tag = tag_of(body if same is None else same)
    headers = {"etag": tag, "cache-control": kept_by(request, keep), "vary": VARY}
    if holds(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def kept_by(request: Request, keep: str) -> str:
    """The Cache-Control of an answer: what was asked for with a key is nobody else's."""
    return PRIVATE if "authorization" in request.headers else keep


def keeping(visibility: str, keep: str = SHARED) -> str:
    """How what has this visibility may be kept: what is unlisted stays with who knows its id."""
    return keep if visibility == "public" else PRIVATE


def tag_of(body: bytes) -> str:
    """The weak tag of an answer with this body."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def holds(if_none_match: str | None, tag: str) -> bool:
    """Whether a client's If-None-Match names the tag, weakly.  Source: RFC 9110, 13.1.2."""
    if if_none_match is None:
        return False
    offered = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in offered or tag.removeprefix("W/") in offered
