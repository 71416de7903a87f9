"""Cursors: where a list goes on, as one opaque word.

Invariant: a cursor is good only for the request that it was given for; anything else is refused
before it is looked at further.  It carries a place and no secret, so it is checked, not signed.

A list that stands still goes on after a `Place`.  What a search found moves with every snapshot,
so its cursor carries what was `Seen`: the next page is the best of what was not.  Nothing comes
twice, and nothing that can still be found is passed over, whatever was published in between.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.errors import InvalidCursor

MAX_PLACE = 100_000
MOST_SEEN = 1000
LONGEST = 8000
_SEEN_BYTES = 4
_CHECK_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How many entries came before, the last of which is `after`, in the list of a request."""

    offset: int
    after: str
    request: str

    def __post_init__(self) -> None:
        if not 0 <= self.offset <= MAX_PLACE:
            raise InvalidCursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What pages before this one showed, by four bytes of the hash of each public id.

    Of 1,000 that were seen and 1,000 others, two are taken for each other once in 4,000 times.
    """

    marks: frozenset[bytes] = field(default_factory=frozenset)

    def __contains__(self, public_id: object) -> bool:
        """Whether it was shown."""
        return bool(self.marks) and _mark(str(public_id)) in self.marks

    def __len__(self) -> int:
        """How many were shown."""
        return len(self.marks)

    def and_these(self, public_ids: Iterable[str]) -> "Seen":
        """What was seen after another page."""
        return Seen(marks=self.marks.union(map(_mark, public_ids)))


NOTHING = Seen()


def cursor_for(place: Place) -> str:
    """The cursor for a place."""
    known = [place.offset, place.after, _short(place.request), _check(place)]
    return _word(json.dumps(known).encode())


def place_of(text: str, *, request: str) -> Place:
    """Where the list of a request goes on.  Raises: InvalidCursor."""
    try:
        offset, *words = json.loads(_bytes(text))
        after, of_request, check = words
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidCursor from error
    if type(offset) is not int or not all(isinstance(word, str) for word in words):
        raise InvalidCursor
    place = Place(offset=offset, after=after, request=request)
    if of_request != _short(request) or check != _check(place):
        raise InvalidCursor
    return place


def cursor_past(seen: Seen, *, request: str) -> str | None:
    """The cursor of what follows; None where more were seen than a cursor holds."""
    if len(seen) > MOST_SEEN:
        return None
    body = b"".join(sorted(seen.marks))
    return _word(_digest(request, body) + body)


def seen_by(text: str | None, *, request: str) -> Seen:
    """What was shown before; nothing without a cursor.  Raises: InvalidCursor."""
    if text is None:
        return NOTHING
    known = _bytes(text)
    check, body = known[:_CHECK_BYTES], known[_CHECK_BYTES:]
    if check != _digest(request, body) or len(body) % _SEEN_BYTES:
        raise InvalidCursor
    return Seen(marks=frozenset(_parts(body)))


def _parts(body: bytes) -> Sequence[bytes]:
    return [body[n : n + _SEEN_BYTES] for n in range(0, len(body), _SEEN_BYTES)]


def _mark(public_id: str) -> bytes:
    return hashlib.blake2b(public_id.encode(), digest_size=_SEEN_BYTES).digest()


def _digest(request: str, body: bytes) -> bytes:
    known = request.encode("utf-8", "replace") + b"|" + body
    return hashlib.blake2b(known, digest_size=_CHECK_BYTES).digest()


def _word(known: bytes) -> str:
    return base64.urlsafe_b64encode(known).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    if len(text) > LONGEST:
        raise InvalidCursor
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor from error


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _check(place: Place) -> str:
    return _short(f"{place.offset}|{place.after}|{place.request}")
