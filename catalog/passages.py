"""Passages: what is retrieved.  A talk's or a paper's passages are always replaced whole."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from catalog.names import row_id
from catalog.tables import Paper, PassageRow, Person, Series, Talk, TalkSpeaker

_AT_ONCE = 500
"""How many talks or papers are asked for in one query."""


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
    rows = [
        PassageRow(
            public_id=public_id(owner.public_id, position, one),
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
    ]
    session.add_all(rows)
    owner.passages_sha256 = hash_of(owner.public_id, new)
    session.add(owner)
    session.flush()


def hash_of(owner_id: str, new: Sequence[NewPassage]) -> str:
    """What `passages_sha256` of a talk or paper says when these are its passages; "" for none."""
    if not new:
        return ""
    hashed = hashlib.sha256()
    for position, one in enumerate(new):
        hashed.update(repr((public_id(owner_id, position, one), one.end_ms, one.section)).encode())
    return hashed.hexdigest()


def searchable(
    session: Session, only: Collection[str] | None = None
) -> Iterator[SearchablePassage]:
    """Every passage of a public talk or paper, by owner and position.

    only: the ids of the talks and papers asked for; None is all.
    """
    for kind in ("talk", "paper"):
        for some in _batches(_owners(session, kind, only)):
            yield from _passages_of(session, kind, some)


def stamps(session: Session) -> dict[str, str]:
    """What each searchable talk and paper shows, as a hash by its id; costs no look at passages."""
    return {
        one.owner_id: _hash(one.passages, one.title, one.names, one.series, one.year)
        for kind in ("talk", "paper")
        for one in _owners(session, kind)
    }


def digest(session: Session) -> str:
    """A hash of everything a snapshot is made from; equal digests need no new snapshot."""
    return digest_of(stamps(session))


def digest_of(stamped: Mapping[str, str]) -> str:
    """The digest of a catalog with these stamps."""
    hashed = hashlib.sha256()
    for owner_id, stamp in stamped.items():
        hashed.update(f"{owner_id} {stamp}\n".encode())
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """What a search shows of a public talk or paper that has passages."""

    id: int
    owner_id: str
    title: str
    names: tuple[str, ...]
    series: str | None
    year: int | None
    passages: str


def _owners(session: Session, kind: str, only: Collection[str] | None = None) -> Iterator[_Owner]:
    return _talks(session, only) if kind == "talk" else _papers(session, only)


def _talks(session: Session, only: Collection[str] | None) -> Iterator[_Owner]:
    names: dict[int, list[str]] = {}
    for talk_id, name in session.exec(
        select(TalkSpeaker.talk_id, Person.name)
        .join(Person, col(Person.id) == TalkSpeaker.person_id)
        .order_by(col(TalkSpeaker.talk_id), col(TalkSpeaker.position))
    ):
        names.setdefault(talk_id, []).append(name)
    query = (
        sa.select(
            col(Talk.id),
            col(Talk.public_id),
            col(Talk.title),
            col(Talk.held_on),
            col(Series.name),
            col(Talk.passages_sha256),
        )
        .join(Series, col(Series.id) == Talk.series_id, isouter=True)
        .where(col(Talk.visibility) == "public", *_wanted(Talk, only))
        .order_by(col(Talk.id))
    )
    for number, owner_id, title, held_on, series, passages in session.execute(query).all():
        yield _Owner(
            id=number,
            owner_id=owner_id,
            title=title,
            names=tuple(names.get(number, ())),
            series=series,
            year=held_on.year if held_on else None,
            passages=passages,
        )


def _papers(session: Session, only: Collection[str] | None) -> Iterator[_Owner]:
    query = (
        sa.select(
            col(Paper.id),
            col(Paper.public_id),
            col(Paper.title),
            col(Paper.authors),
            col(Paper.year),
            col(Paper.passages_sha256),
        )
        .where(col(Paper.visibility) == "public", *_wanted(Paper, only))
        .order_by(col(Paper.id))
    )
    for number, owner_id, title, authors, year, passages in session.execute(query).all():
        yield _Owner(
            id=number,
            owner_id=owner_id,
            title=title,
            names=tuple(authors),
            series=None,
            year=year,
            passages=passages,
        )


def _wanted(
    table: type[Talk] | type[Paper], only: Collection[str] | None
) -> list[sa.ColumnElement[bool]]:
    has_any = col(table.passages_sha256) != ""
    return [has_any] if only is None else [has_any, col(table.public_id).in_(list(only))]


def _batches(owners: Iterator[_Owner]) -> Iterator[list[_Owner]]:
    while some := list(islice(owners, _AT_ONCE)):
        yield some


def _passages_of(
    session: Session, kind: str, owners: Sequence[_Owner]
) -> Iterator[SearchablePassage]:
    column = col(PassageRow.talk_id if kind == "talk" else PassageRow.paper_id)
    known = {one.id: one for one in owners}
    rows = session.exec(
        select(PassageRow).where(column.in_(list(known))).order_by(column, col(PassageRow.position))
    )
    for row in rows:
        one = known[(row.talk_id if kind == "talk" else row.paper_id) or 0]
        yield SearchablePassage(
            row=row,
            kind=kind,
            owner_id=one.owner_id,
            title=one.title,
            names=one.names,
            series=one.series,
            year=one.year,
        )


def _hash(*known: object) -> str:
    return hashlib.sha256(repr(known).encode("utf-8", "replace")).hexdigest()[:32]


def public_id(owner_id: str, position: int, one: NewPassage) -> str:
    """The id of a passage: the same content in the same place keeps it."""
    place = one.start_ms if one.page is None else one.page
    known = f"{owner_id}|{position}|{place}|{one.text}"
    return hashlib.sha256(known.encode()).hexdigest()[:20]
