"""One page of a list: the entries after a cursor.

Invariant: the cursor names the last entry that was shown, so that what is added meanwhile moves
nothing; when that entry is gone, its place is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.api.cursors import Place, cursor_for, place_of

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
        last = place_of(after, request=named)
        found = next((n for n, entry in enumerate(entries) if key(entry) == last.after), None)
        start = last.offset if found is None else found + 1
    items = entries[start : start + limit]
    end = start + len(items)
    if end >= len(entries) or not items:
        return Slice(items=items, next_cursor=None)
    return Slice(
        items=items,
        next_cursor=cursor_for(Place(offset=end, after=key(items[-1]), request=named)),
    )
