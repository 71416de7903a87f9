"""One page of a list: the entries after a cursor.

Invariant: the cursor names the last entry that was shown, so that what is added meanwhile moves
nothing; when that entry is gone, its place is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.api.cursors import Place, cursor_for, offset_of, read_generation

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    """Some entries of a list, and the cursor of what follows."""

    items: Sequence[T]
    next_cursor: str | None


def sliced(
    entries: Sequence[T], *, named: str, key: Callable[[T], str], limit: int, after: str | None
) -> Slice[T]:
    """The `limit` entries after a cursor.  Raises: InvalidCursor."""
    start = 0
    if after is not None:
        last = read_generation(after)
        start = offset_of(after, generation=last, request=named)
        place = next((n for n, entry in enumerate(entries) if key(entry) == last), None)
        start = start if place is None else place + 1
    items = entries[start : start + limit]
    end = start + len(items)
    if end >= len(entries) or not items:
        return Slice(items=items, next_cursor=None)
    place_of_next = Place(offset=end, generation=key(items[-1]), request=named)
    return Slice(items=items, next_cursor=cursor_for(place_of_next))
