"""Requests that say more than an operation reads are refused, not half obeyed.

Invariant: under `/api/v1` each parameter is known to its operation and given once, and what only
reads has no body.  What is known is read from the OpenAPI document, so the two cannot differ.  The
feed of a saved search is held to what the search knows.
"""

from collections import Counter
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.types import Scope

from app.errors import RepeatedParameter, UnexpectedBody, UnknownParameter

PREFIX = "/api/v1/"
SAVED_SEARCH, SEARCH = "/feeds/search.atom", "/api/v1/search"
READING = frozenset({"GET", "HEAD"})


async def strict(request: Request) -> None:
    """Look at names only.  Raises: UnknownParameter, RepeatedParameter, UnexpectedBody."""
    path = getattr(request.scope.get("route"), "path", "")
    path = SEARCH if path == SAVED_SEARCH else path
    if not path.startswith(PREFIX) or request.method not in READING:
        return
    if has_body(request.scope):
        raise UnexpectedBody
    given = Counter(name for name, _ in parse_qsl(request.url.query, keep_blank_values=True))
    if not given:
        return
    known = _known(request, path)
    if not given.keys() <= known:
        raise UnknownParameter(sorted(known))
    for name, times in given.items():
        if times > 1:
            raise RepeatedParameter(name)


def has_body(scope: Scope) -> bool:
    """Whether a request says that it carries something."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _known(request: Request, path: str) -> set[str]:
    operation = request.app.openapi()["paths"].get(path, {}).get("get", {})
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
