"""One page of a search, for the API and for the pages.

Invariant: what a cursor names was shown before and is not shown again; the list ends where nothing
more is found, or where a cursor can hold no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from app.api.answers import Ask, Chosen, Found, Group, choose, find_past
from app.api.cursors import Seen, cursor_past, seen_by
from app.wiring import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some groups of what was found, and the cursor of what follows."""

    found: Found
    chosen: tuple[Chosen, ...]
    next_cursor: str | None


def page(
    service: Service, ask: Ask, *, limit: int, after: str | None, most: int | None
) -> SearchPage:
    """The best `limit` groups that were not seen, each with at most `most` passages.

    Raises: InvalidCursor, InvalidQuery, CatalogUnavailable.
    """
    seen = seen_by(after, request=repr(ask))
    wanted = partial(_is_new, seen=seen) if seen else None
    found = find_past(service, ask, wanted=wanted, limit=limit + 1)
    left = [group for group in found.groups if _is_new(group, seen)] if seen else found.groups
    chosen: list[Chosen] = []
    taken = 0
    while len(chosen) < limit and taken < len(left):
        part = left[taken : taken + limit - len(chosen)]
        chosen += choose(service, part, most)
        taken += len(part)
    now = seen.and_these(_ids(left[:taken])) if taken < len(left) else None
    return SearchPage(
        found=found,
        chosen=tuple(chosen),
        next_cursor=cursor_past(now, request=repr(ask)) if now else None,
    )


def _is_new(group: Group, seen: Seen) -> bool:
    return group.owner.public_id not in seen


def _ids(groups: Sequence[Group]) -> list[str]:
    """The public ids of groups and of all that are the same as they."""
    return [one.public_id for group in groups for one in (group.owner, *group.twins)]
