"""Answers that a browser may keep, and must ask about again.

Invariant: the tag is a hash of what is shown, so that a withdrawn talk changes it; whatever is
kept is asked about again before it is used (`no-cache`).
"""

import hashlib

from fastapi import Request
from starlette.responses import Response

ASK_AGAIN = "no-cache"


def tagged(
    request: Request, body: bytes, *, media_type: str, same: bytes | None = None
) -> Response:
    """The body with its weak tag, or 304 when the client has it.

    same: what to hash when parts of the body may differ between equal answers.
    """
    tag = tag_of(body if same is None else same)
    headers = {"etag": tag, "cache-control": ASK_AGAIN}
    if holds(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def tag_of(body: bytes) -> str:
    """The weak tag of an answer with this body."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def holds(if_none_match: str | None, tag: str) -> bool:
    """Whether a client's If-None-Match names the tag, weakly.  Source: RFC 9110, 13.1.2."""
    if if_none_match is None:
        return False
    offered = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in offered or tag.removeprefix("W/") in offered
