"""Passages: what is retrieved.  A talk's or a paper's passages are always replaced whole."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from catalog.names import row_id
from catalog.tables import Paper, PassageRow, Person, Series, Talk, TalkSpeaker


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassage:
    """One passage to be written: with times (talk) or with a page (paper)."""

    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    page: int | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchablePassage:
    """A passage with what a search shows and filters by."""

    row: PassageRow
    kind: str
    owner_id: str
    title: str
    names: tuple[str, ...]
    series: str | None
    year: int | None


def replace(session: Session, owner: Talk | Paper, new: Sequence[NewPassage]) -> None:
    """Write the owner's passages in the place of all its earlier ones."""
    column = PassageRow.talk_id if isinstance(owner, Talk) else PassageRow.paper_id
    session.exec(delete(PassageRow).where(col(column) == owner.id))
    session.add_all(
        PassageRow(
            public_id=_public_id(owner.public_id, position, one),
            talk_id=row_id(owner) if isinstance(owner, Talk) else None,
            paper_id=row_id(owner) if isinstance(owner, Paper) else None,
            position=position,
            start_ms=one.start_ms,
            end_ms=one.end_ms,
            page=one.page,
            section=one.section,
            text=one.text,
        )
        for position, one in enumerate(new)
    )
    session.flush()


def searchable(session: Session) -> Iterator[SearchablePassage]:
    """Every passage of a public talk or paper, by owner and position."""
    yield from _of_talks(session)
    yield from _of_papers(session)


def digest(session: Session) -> str:
    """A hash of everything a snapshot is made from; equal digests need no new snapshot."""
    hashed = hashlib.sha256()
    for one in searchable(session):
        known = (one.row.public_id, one.owner_id, one.title, one.names, one.series, one.year)
        hashed.update(repr(known).encode())
    return hashed.hexdigest()


def shown(session: Session, public_ids: Iterable[str]) -> set[str]:
    """Which of these passages exist and belong to something public, now."""
    wanted = list(public_ids)
    talks = (
        select(PassageRow.public_id)
        .join(Talk, col(Talk.id) == PassageRow.talk_id)
        .where(col(PassageRow.public_id).in_(wanted), Talk.visibility == "public")
    )
    papers = (
        select(PassageRow.public_id)
        .join(Paper, col(Paper.id) == PassageRow.paper_id)
        .where(col(PassageRow.public_id).in_(wanted), Paper.visibility == "public")
    )
    return {*session.exec(talks), *session.exec(papers)}


def of(session: Session, owner: Talk | Paper) -> list[PassageRow]:
    """The owner's passages in order."""
    column = PassageRow.talk_id if isinstance(owner, Talk) else PassageRow.paper_id
    query = select(PassageRow).where(col(column) == owner.id).order_by(col(PassageRow.position))
    return list(session.exec(query).all())


def _of_talks(session: Session) -> Iterator[SearchablePassage]:
    names: dict[int, list[str]] = {}
    for talk_id, name in session.exec(
        select(TalkSpeaker.talk_id, Person.name)
        .join(Person, col(Person.id) == TalkSpeaker.person_id)
        .order_by(col(TalkSpeaker.talk_id), col(TalkSpeaker.position))
    ):
        names.setdefault(talk_id, []).append(name)
    rows = session.exec(
        select(PassageRow, Talk, Series)
        .join(Talk, col(Talk.id) == PassageRow.talk_id)
        .join(Series, col(Series.id) == Talk.series_id, isouter=True)
        .where(Talk.visibility == "public")
        .order_by(col(Talk.id), col(PassageRow.position))
        .execution_options(yield_per=1000)
    )
    for row, talk, series in rows:
        yield SearchablePassage(
            row=row,
            kind="talk",
            owner_id=talk.public_id,
            title=talk.title,
            names=tuple(names.get(row_id(talk), ())),
            series=series.name if series else None,
            year=talk.held_on.year if talk.held_on else None,
        )


def _of_papers(session: Session) -> Iterator[SearchablePassage]:
    rows = session.exec(
        select(PassageRow, Paper)
        .join(Paper, col(Paper.id) == PassageRow.paper_id)
        .where(Paper.visibility == "public")
        .order_by(col(Paper.id), col(PassageRow.position))
        .execution_options(yield_per=1000)
    )
    for row, paper in rows:
        yield SearchablePassage(
            row=row,
            kind="paper",
            owner_id=paper.public_id,
            title=paper.title,
            names=tuple(paper.authors),
            series=None,
            year=paper.year,
        )


def _public_id(owner_id: str, position: int, one: NewPassage) -> str:
    place = one.start_ms if one.page is None else one.page
    known = f"{owner_id}|{position}|{place}|{one.text}"
    return hashlib.sha256(known.encode()).hexdigest()[:20]
