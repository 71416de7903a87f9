"""How feeds leave: tagged by their content, with the time of the newest thing in them.

Invariant: "not changed" is said by the tag only.  A withdrawal may leave the newest time as it is,
and must be seen all the same.
"""

from datetime import UTC, datetime
from email.utils import format_datetime

from fastapi import Request
from starlette.responses import Response

from app.api.caching import tagged

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sent(
    request: Request, body: bytes, *, media_type: str, updated_at: datetime | None = None
) -> Response:
    """The body, or 304 when the client has it."""
    answer = tagged(request, body, media_type=media_type)
    if updated_at is not None and updated_at > EPOCH:
        answer.headers["last-modified"] = format_datetime(updated_at.astimezone(UTC), usegmt=True)
    return answer


def stamp(at: datetime) -> str:
    """An instant to the second, as feeds write it: 2024-02-12T10:15:00Z.  Source: RFC 3339."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
