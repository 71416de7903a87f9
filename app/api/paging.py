"""One page of a search, for the API and for the pages.

Invariant: what a cursor names was shown before and is not shown again; the list ends where nothing
more is found, or where a cursor can hold no more.  A list by date is of the best that a search
proposes at first and of nothing else, so that no later page holds what belongs before an earlier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from app.api.answers import Ask, Chosen, Found, Group, Sort, choose, find, find_past
from app.api.cursors import Seen, cursor_past, seen_by
from app.wiring import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some groups of what was found, and the cursor of what follows."""

    found: Found
    chosen: tuple[Chosen, ...]
    next_cursor: str | None


def page(
    service: Service,
    ask: Ask,
    *,
    limit: int,
    after: str | None,
    most: int | None,
    only: Callable[[Group], bool] | None = None,
) -> SearchPage:
    """The first `limit` groups that were not seen, each with at most `most` passages.

    only: which groups count, of a list by date; None: all that were found.
    Raises: InvalidCursor, InvalidQuery, CatalogUnavailable.
    """
    seen = seen_by(after, request=repr(ask))
    wanted = partial(_is_new, seen=seen) if seen else None
    by_date = ask.sort != "relevance"
    found = (
        find(service, ask) if by_date else find_past(service, ask, wanted=wanted, limit=limit + 1)
    )
    if only is not None:
        found = replace(found, groups=tuple(filter(only, found.groups)))
    groups = sorted_by_date(found.groups, ask.sort) if by_date else found.groups
    left = [group for group in groups if _is_new(group, seen)] if seen else groups
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


def sorted_by_date(groups: Sequence[Group], sort: Sort) -> list[Group]:
    """Groups by the day of the talk or the year of the paper; without either last, ties as ranked.

    A year without a day is before the days of that year.
    """
    dated = [group for group in groups if group.owner.year is not None]
    dated.sort(key=_date, reverse=sort == "newest")
    return dated + [group for group in groups if group.owner.year is None]


def _date(group: Group) -> tuple[int, int, int]:
    owner = group.owner
    if owner.held_on is None:
        return owner.year or 0, 0, 0
    return owner.held_on.year, owner.held_on.month, owner.held_on.day


def _is_new(group: Group, seen: Seen) -> bool:
    return group.owner.public_id not in seen


def _ids(groups: Sequence[Group]) -> list[str]:
    """The public ids of groups and of all that are the same as they."""
    return [one.public_id for group in groups for one in (group.owner, *group.twins)]
