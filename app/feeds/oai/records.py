"""Records: what the archive has for harvesters, in an order that lists can go on in.

Invariant: records are ordered by their last change, then by identifier, so that one that changes
during a harvest comes again at the end and none is passed over.  Who asks is shown what he may be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.feeds.oai.protocol import Place, Refused, Selection
from app.feeds.talk_facts import urn
from app.wiring import Service
from catalog import changes, names, papers, talks
from catalog.changes import Change
from catalog.tables import Paper, Series
from catalog.talks import TalkDetails

PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A record's identifier, its last change to the second, and its sets."""

    change: Change
    series: str | None = None  # slug

    @property
    def identifier(self) -> str:
        """Its name, which stays."""
        return urn(self.change.kind, self.change.public_id)

    @property
    def changed_at(self) -> datetime:
        """The last change, to the second, as it is told."""
        return self.change.changed_at.astimezone(UTC).replace(microsecond=0)

    @property
    def set(self) -> str:
        """The narrowest set that it is in; all above it hold it too."""
        kind = f"{self.change.kind}s"
        return f"{kind}:{self.series}" if self.series else kind

    @property
    def key(self) -> tuple[datetime, str]:
        """Its place in the order of all."""
        return self.changed_at, self.identifier

    def is_in(self, wanted: str | None) -> bool:
        """Whether the set holds it."""
        return wanted is None or self.set == wanted or self.set.startswith(f"{wanted}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of a list; `following` is the place that the next begins after."""

    headers: Sequence[Header]
    total: int
    shown_before: int
    following: Place | None


def headers(service: Service) -> list[Header]:
    """All that the caller may know of, in order.  Raises: CatalogUnavailable."""
    with service.catalog.read() as session:
        every = changes.with_gone(session)
        slugs = names.slugs(session, Series)
    known = (
        Header(change=one, series=slugs.get(one.series_id or ""))
        for one in every
        if service.shows(one.public_id)
    )
    return sorted(known, key=lambda one: one.key)


def listed(service: Service, asked: Selection) -> Listed:
    """The page of a list.  Raises: Refused (no record is like that), CatalogUnavailable."""
    every = [one for one in headers(service) if _is_asked(one, asked)]
    after = asked.after
    left = [one for one in every if after is None or one.key > (after.changed_at, after.identifier)]
    if not left:
        raise Refused("noRecordsMatch", "no record is in that set and time")
    page = left[:PER_PAGE]
    before = after.shown if after else 0
    last = page[-1]
    place = Place(changed_at=last.changed_at, identifier=last.identifier, shown=before + len(page))
    return Listed(
        headers=page,
        total=max(len(every), before + len(left)),
        shown_before=before,
        following=place if len(left) > len(page) else None,
    )


def found(service: Service, identifier: str) -> Header:
    """The record with this identifier.  Raises: Refused, CatalogUnavailable."""
    for one in headers(service):
        if one.identifier == identifier:
            return one
    raise Refused("idDoesNotExist", "the archive has no record with this identifier")


def contents(service: Service, wanted: Iterable[Header]) -> Mapping[str, TalkDetails | Paper]:
    """The talks and papers of these records by public id; those that are gone left out."""
    ids: dict[str, list[str]] = {"talk": [], "paper": []}
    for one in wanted:
        if not one.change.gone:
            ids[one.change.kind].append(one.change.public_id)
    with service.catalog.read() as session:
        known_talks = talks.by_ids(session, ids["talk"])
        known_papers = papers.by_ids(session, ids["paper"])
    return {
        **{key: one for key, one in known_talks.items() if one.talk.visibility == "public"},
        **{key: one for key, one in known_papers.items() if one.visibility == "public"},
    }


def _is_asked(one: Header, asked: Selection) -> bool:
    since, until = asked.from_at, asked.until_at
    return (
        one.is_in(asked.set)
        and (since is None or one.changed_at >= since)
        and (until is None or one.changed_at <= until)
    )


def series_of(service: Service) -> list[Series]:
    """The series with public talks that the caller may be shown, by name."""
    with service.catalog.read() as session:
        every = talks.listed(session)
    known = {
        one.series.public_id: one.series
        for one in every
        if one.series is not None and service.shows(one.talk.public_id)
    }
    return sorted(known.values(), key=lambda one: one.name)
