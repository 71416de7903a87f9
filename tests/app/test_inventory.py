"""Lists and feeds read the rows that they show, however big the archive is."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.wiring import Service
from catalog import changes, papers
from catalog.changes import Change
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, served

LIST = "/oai?verb={}&metadataPrefix=oai_dc"
PATHS = (
    "/",
    "/talks",
    "/talks?year=2020",
    "/papers",
    "/about",
    "/series/small",
    "/speakers/ada",
    "/api/v1/talks",
    "/api/v1/papers",
    "/sitemap.xml",
    "/sitemaps/1.xml",
    "/feeds/talks.atom",
    "/feeds/series/small.atom",
    "/feeds/series/small.rss",
    "/feeds/series/small.ics",
    "/feeds/speakers/ada.atom",
    "/oai?verb=Identify",
    "/oai?verb=ListSets",
    LIST.format("ListIdentifiers"),
    LIST.format("ListRecords"),
)


def grown(shelf: Shelf, by: int, *, before: int = 0) -> None:
    """That many talks, and as many papers."""
    for number in range(before, before + by):
        held_on = date(2020, 1, 1) + timedelta(days=number)
        shelf.bare_talk(
            NewTalk(title=f"Talk {number}", speakers=("Grace",), series="Big", held_on=held_on)
        )
        with shelf.catalog.write() as session:
            papers.add(session, NewPaper(title=f"Paper {number}", authors=("Grace",)))


@contextmanager
def loaded() -> Iterator[Counter[str]]:
    """Counts the rows that are read as a whole, by table."""
    rows: Counter[str] = Counter()

    def note(_session: Session, row: object) -> None:
        rows[type(row).__name__] += 1

    event.listen(Session, "loaded_as_persistent", note)
    try:
        yield rows
    finally:
        event.remove(Session, "loaded_as_persistent", note)


def rows_of(client: TestClient, path: str) -> Counter[str]:
    with loaded() as rows:
        assert client.get(path).status_code == 200, path
    return rows


def test_an_archive_twice_as_big_has_no_more_rows_read_for_an_answer(shelf: Shelf) -> None:
    for number in range(2):
        shelf.bare_talk(
            NewTalk(
                title=f"Small {number}",
                speakers=("Ada",),
                series="Small",
                held_on=date(2019, 1, 1 + number),
            )
        )
    grown(shelf, 110)
    with served(shelf, wait=False) as client:
        before = {path: rows_of(client, path) for path in PATHS}
        grown(shelf, 110, before=110)
        after = {path: rows_of(client, path) for path in PATHS}
    assert after == before
    assert before["/feeds/series/small.atom"]["Talk"] == 2
    assert before["/feeds/talks.atom"]["Talk"] == 100
    assert not before["/sitemaps/1.xml"]


def test_what_orders_a_list_is_read_again_after_a_commit_and_not_before(shelf: Shelf) -> None:
    grown(shelf, 2)
    with served(shelf, wait=False) as client:
        service: Service = client.app.state.service  # type: ignore[attr-defined]

        def order() -> list[Change] | None:
            assert client.get(LIST.format("ListIdentifiers")).status_code == 200
            return service.orders.get((changes.with_gone, service.view.seen))

        first = order()
        assert first is not None
        assert order() is first
        shelf.bare_talk(NewTalk(title="One more"))
        assert len(order() or ()) == len(first) + 1
