"""All that is public, in the orders of lists and feeds, read again when anybody has committed.

Invariant: an order is read after the look that it is kept under, so all that was committed before a
request is in it.  What an answer says of a talk or paper is read for that answer, of its own
entries only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from sqlmodel import Session

from app.wiring import Service
from catalog import changes as catalog_changes
from catalog import names
from catalog import papers as catalog_papers
from catalog import talks as catalog_talks
from catalog.changes import Change
from catalog.shown import Shown
from catalog.tables import Paper, Person, Series
from catalog.talks import TalkDetails

T = TypeVar("T")


def talks(service: Service) -> list[Shown]:
    """Public talks, newest first, those without a date last.  Raises: CatalogUnavailable."""
    return _known(service, _kept(service, catalog_talks.in_order))


def papers(service: Service) -> list[Shown]:
    """Public papers, newest first.  Raises: CatalogUnavailable."""
    return _known(service, _kept(service, catalog_papers.in_order))


def changes(service: Service) -> Sequence[Change]:
    """What is public or went, of what the caller may know, by its last change.

    Raises: CatalogUnavailable.
    """
    every, reach = _kept(service, catalog_changes.with_gone), service.reach()
    return every if reach is None else [one for one in every if one.public_id in reach]


def series_slugs(service: Service) -> Mapping[str, str]:
    """The slug of every series by its name, whoever may be shown it."""
    return _kept(service, _slugs_of_series)


def speaker_slugs(service: Service) -> Mapping[str, str]:
    """The slug of everybody who speaks by their name, whoever may be shown them."""
    return _kept(service, _slugs_of_people)


def talk_rows(service: Service, ids: Iterable[str]) -> list[TalkDetails]:
    """The talks with these public ids, in order, without what is not public any more."""
    wanted = list(ids)
    with service.catalog.read() as session:
        rows = catalog_talks.by_ids(session, wanted)
    found = (rows[one] for one in wanted if one in rows)
    return [one for one in found if one.talk.visibility == "public"]


def paper_rows(service: Service, ids: Iterable[str]) -> list[Paper]:
    """The papers with these public ids, in order, without what is not public any more."""
    wanted = list(ids)
    with service.catalog.read() as session:
        rows = catalog_papers.by_ids(session, wanted)
    found = (rows[one] for one in wanted if one in rows)
    return [one for one in found if one.visibility == "public"]


def _kept(service: Service, read: Callable[[Session], T]) -> T:
    service.view.look()
    key = read, service.view.seen
    known: T | None = service.orders.get(key)
    if known is None:
        with service.catalog.read() as session:
            known = read(session)
        service.orders.put(key, known)
    return known


def _known(service: Service, ids: Sequence[str]) -> list[Shown]:
    reach, owners = service.reach(), service.view.owners
    reached = ids if reach is None else [one for one in ids if one in reach]
    return [owner for one in reached if (owner := owners.get(one)) is not None]


def _slugs_of_series(session: Session) -> dict[str, str]:
    return names.slugs(session, Series)


def _slugs_of_people(session: Session) -> dict[str, str]:
    return names.slugs(session, Person)
