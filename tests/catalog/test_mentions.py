"""What staff decide of mentions stays, whatever is found again."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from catalog import events, mentions, papers, removal, talks
from catalog.engine import Catalog, open_catalog
from catalog.errors import CatalogProblem, NotThere
from catalog.mentions import NewMention
from catalog.names import row_id
from catalog.papers import NewPaper
from catalog.tables import MentionRow, Paper, Talk
from catalog.talks import NewTalk


@pytest.fixture
def catalog(database_url: str) -> Iterator[Catalog]:
    opened = open_catalog(database_url)
    with opened.write() as session:
        talks.add(session, NewTalk(title="Talk"))
        papers.add(session, NewPaper(title="Paper"))
    yield opened
    opened.close()


def pair(session: Session) -> tuple[Talk, Paper]:
    return talks.find(session, "talk"), papers.find(session, "paper")


def new(paper: Paper, at_s: int | None, *, confidence: float = 0.9, said: str = "it") -> NewMention:
    return NewMention(
        paper_id=row_id(paper),
        start_ms=None if at_s is None else at_s * 1000,
        end_ms=None if at_s is None else at_s * 1000 + 500,
        said=said,
        text=f"We name {said}.",
        cues=("name",),
        confidence=confidence,
    )


def find(catalog: Catalog, *at_s: int | None, confidence: float = 0.9) -> dict[int | None, str]:
    """Write these as found; id by second, of all that are there."""
    with catalog.write() as session:
        talk, paper = pair(session)
        mentions.replace(session, talk, [new(paper, one, confidence=confidence) for one in at_s])
    with catalog.read() as session:
        return {
            None if one.row.start_ms is None else one.row.start_ms // 1000: one.row.public_id
            for one in mentions.listed(session)
        }


def states(catalog: Catalog) -> list[tuple[int, str]]:
    with catalog.read() as session:
        return [
            ((one.row.start_ms or 0) // 1000, one.row.state) for one in mentions.listed(session)
        ]


def test_found_again_nothing_changes(catalog: Catalog) -> None:
    assert find(catalog, 10, 200, None) == find(catalog, 10, 200, None)


def test_what_is_found_no_more_goes_unless_staff_spoke(catalog: Catalog) -> None:
    ids = find(catalog, 10, 200, 400)
    with catalog.write() as session:
        mentions.decide(session, ids[10], "confirmed")
        mentions.decide(session, ids[200], "rejected")
    find(catalog)
    assert states(catalog) == [(10, "confirmed"), (200, "rejected")]


def test_a_rejected_mention_stays_rejected_when_its_time_moves(catalog: Catalog) -> None:
    ids = find(catalog, 100, 300)
    with catalog.write() as session:
        mentions.decide(session, ids[100], "rejected")
    find(catalog, 112, 300)
    assert states(catalog) == [(112, "rejected"), (300, "found")]


def test_only_the_sure_and_the_confirmed_are_shown(catalog: Catalog) -> None:
    ids = find(catalog, 10, 200, 400, confidence=0.5)
    with catalog.write() as session:
        mentions.decide(session, ids[200], "confirmed")
        talk, paper = pair(session)
        assert [one.row.public_id for one in mentions.shown_in(session, talk)] == [ids[200]]
        assert [one.row.public_id for one in mentions.shown_of(session, [paper])] == [ids[200]]
        mentions.decide(session, ids[200], "rejected")
        assert mentions.shown_in(session, talk) == []


def test_a_decision_is_a_deed_and_says_it_once(catalog: Catalog) -> None:
    ids = find(catalog, 10)
    for _ in range(2):
        with catalog.write() as session:
            mentions.decide(session, ids[10], "confirmed", who="ada")
    with catalog.read() as session:
        [deed] = [one for one in events.listed(session) if one.fields == ["mentions"]]
        assert (deed.who, deed.deed, deed.kind) == ("ada", "edit", "talk")
        assert ids[10] in deed.note
    with catalog.write() as session, pytest.raises(NotThere):
        mentions.decide(session, "nothing", "confirmed")


@pytest.mark.parametrize("kind", ["talk", "paper"])
def test_a_removal_takes_the_mentions_with_it(catalog: Catalog, kind: str) -> None:
    ids = find(catalog, 10)
    with catalog.write() as session:
        mentions.decide(session, ids[10], "confirmed")
        talk, paper = pair(session)
        mentions.look(session, talk, "0")
        removal.remove(session, talk if kind == "talk" else paper)
    with catalog.read() as session:
        assert session.exec(select(MentionRow)).all() == []
        assert len(mentions.seen(session)) == (0 if kind == "talk" else 1)


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1.5}, {"state": "maybe"}, {"start_ms": 5}, {"end_ms": 5}]
)
def test_the_database_refuses_what_makes_no_sense(
    catalog: Catalog, wrong: dict[str, object]
) -> None:
    with pytest.raises((IntegrityError, CatalogProblem)), catalog.write() as session:
        talk, paper = pair(session)
        said = {"confidence": 0.5, **wrong}
        row = MentionRow(
            public_id="m",
            talk_id=row_id(talk),
            paper_id=row_id(paper),
            **said,  # type: ignore[arg-type]
        )
        session.add(row)
        session.flush()
