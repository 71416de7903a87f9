"""Records: what the archive has for harvesters, in an order that lists can go on in.

Invariant: records are ordered by their last change, then by identifier, so that one that changes
during a harvest comes again at the end and none is passed over.  Who asks is shown what he may be.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.api import inventory
from app.feeds.oai.protocol import Place, Refused, Selection
from app.feeds.talk_facts import urn
from app.wiring import Service
from catalog.changes import Change
from catalog.tables import Paper
from catalog.talks import TalkDetails

PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of a list; `following` is the place that the next begins after."""

    headers: Sequence[Change]
    total: int
    shown_before: int
    following: Place | None


def identifier_of(one: Change) -> str:
    """The record's name, which stays."""
    return urn(one.kind, one.public_id)


def told_at(one: Change) -> datetime:
    """The record's last change, to the second, as it is told."""
    return one.changed_at.astimezone(UTC).replace(microsecond=0)


def set_of(one: Change) -> str:
    """The narrowest set that the record is in; all above it hold it too."""
    return f"{one.kind}s:{one.series}" if one.series else f"{one.kind}s"


def listed(service: Service, asked: Selection) -> Listed:
    """The page of a list.  Raises: Refused (no record is like that), CatalogUnavailable."""
    every = _asked_of(inventory.changes(service), asked)
    after = asked.after
    last = (after.changed_at, after.identifier) if after else None
    first = bisect_right(every, last, key=_key) if last else 0
    page = every[first : first + PER_PAGE]
    if not page:
        raise Refused("noRecordsMatch", "no record is in that set and time")
    before = after.shown if after else 0
    at, identifier = _key(page[-1])
    place = Place(changed_at=at, identifier=identifier, shown=before + len(page))
    left = len(every) - first
    return Listed(
        headers=page,
        total=max(len(every), before + left),
        shown_before=before,
        following=place if left > len(page) else None,
    )


def found(service: Service, identifier: str) -> Change:
    """The record with this identifier.  Raises: Refused, CatalogUnavailable."""
    for one in inventory.changes(service):
        if identifier_of(one) == identifier:
            return one
    raise Refused("idDoesNotExist", "the archive has no record with this identifier")


def contents(service: Service, wanted: Iterable[Change]) -> Mapping[str, TalkDetails | Paper]:
    """The talks and papers of these records by public id; those that are gone left out."""
    ids: dict[str, list[str]] = {"talk": [], "paper": []}
    for one in wanted:
        if not one.gone:
            ids[one.kind].append(one.public_id)
    return {
        **{one.talk.public_id: one for one in inventory.talk_rows(service, ids["talk"])},
        **{one.public_id: one for one in inventory.paper_rows(service, ids["paper"])},
    }


def series_of(service: Service) -> list[tuple[str, str]]:
    """The series with public talks that the caller may be shown, (slug, name), by name."""
    slugs = inventory.series_slugs(service)
    names = {one.series for one in inventory.talks(service) if one.series}
    return [(slugs[name], name) for name in sorted(names & slugs.keys())]


def _asked_of(every: Sequence[Change], asked: Selection) -> Sequence[Change]:
    """The records of the set that changed in the time."""
    since, until, wanted = asked.from_at, asked.until_at, asked.set
    first = 0 if since is None else bisect_left(every, since, key=told_at)
    end = len(every) if until is None else bisect_right(every, until, key=told_at)
    within = every[first:end]
    if wanted is None:
        return within
    return [one for one in within if f"{set_of(one)}:".startswith(f"{wanted}:")]


def _key(one: Change) -> tuple[datetime, str]:
    return told_at(one), identifier_of(one)
