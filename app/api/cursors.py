"""Cursors: where a list goes on, as one opaque word.

Invariant: a cursor is good only for the request and the snapshot that it was given for; anything
else is refused before it is looked at further.  It carries a place and no secret, so it is
checked, not signed.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from app.errors import InvalidCursor, StaleCursor

MAX_PLACE = 100_000
_LONGEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How many entries came before, in which generation of which request."""

    offset: int
    generation: str
    request: str

    def __post_init__(self) -> None:
        if not 0 <= self.offset <= MAX_PLACE:
            raise InvalidCursor


def cursor_for(place: Place) -> str:
    """The cursor for a place."""
    known = [place.offset, place.generation, _short(place.request), _check(place)]
    return base64.urlsafe_b64encode(json.dumps(known).encode()).decode().rstrip("=")


def offset_of(text: str | None, *, generation: str, request: str) -> int:
    """Where the list goes on; 0 without a cursor.  Raises: InvalidCursor, StaleCursor."""
    if text is None:
        return 0
    offset, given_for, of_request, check = _read(text)
    place = Place(offset=offset, generation=given_for, request=request)
    if of_request != _short(request) or check != _check(place):
        raise InvalidCursor
    if given_for != generation:
        raise StaleCursor
    return offset


def _read(text: str) -> tuple[int, str, str, str]:
    if len(text) > _LONGEST:
        raise InvalidCursor
    try:
        padded = text + "=" * (-len(text) % 4)
        offset, *words = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        generation, request, check = words
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidCursor from error
    if type(offset) is not int or not all(isinstance(word, str) for word in words):
        raise InvalidCursor
    return offset, generation, request, check


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _check(place: Place) -> str:
    return _short(f"{place.offset}|{place.generation}|{place.request}")


def read_generation(text: str) -> str:
    """What a cursor was given for.  Raises: InvalidCursor."""
    return _read(text)[1]
