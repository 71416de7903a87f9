"""What may be shown of every public talk and paper, and which of them changed since.

Invariant: what is not public is not here at all.  Rows are plain values, read by a few queries for
many owners at once, so that a process can keep all of them and follow the catalog.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from sys import intern  # names stand in many rows, and searches count them
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from catalog.submissions import OPEN
from catalog.tables import (
    Event,
    Paper,
    PassageRow,
    Person,
    Recording,
    Series,
    Submission,
    Talk,
    TalkSpeaker,
    Transcript,
    now,
)

WORDS_OF_A_NAME = 3  # a title of fewer ("Introduction") is no sign that two are the same
HIDDEN_RECORDINGS = frozenset({"withdrawn", "declined"})
MOST_TOUCHED = 2000
"""From how many changed talks and papers on all of them are read again."""
_AT_ONCE = 500
_TALK: tuple[Any, ...] = (
    Talk.id,
    Talk.public_id,
    Talk.slug,
    Talk.title,
    Talk.held_on,
    Talk.recording_status,
)
_PAPER: tuple[Any, ...] = (
    Paper.public_id,
    Paper.slug,
    Paper.title,
    Paper.authors,
    Paper.year,
    Paper.venue,
    Paper.page_count,
    Paper.sha256,
)
_EXISTING = sa.select(col(PassageRow.public_id)).where(
    col(PassageRow.public_id).in_(sa.bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A public talk or paper as a list of results shows it.

    `heard`: whether what was said or written in it may be shown; `has_file`: a paper's PDF is here;
    `alike`: equal for two that are the same, of one kind with the same title and people.
    """

    kind: Literal["talk", "paper"]
    public_id: str
    slug: str
    title: str
    names: tuple[str, ...] = ()
    series: str | None = None
    held_on: date | None = None
    year: int | None = None
    duration_ms: int | None = None
    venue: str = ""
    page_count: int | None = None
    heard: bool = True
    has_file: bool = False
    alike: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alike", hash(self._name))

    @property
    def _name(self) -> object:
        title = self.title.casefold().split()
        if len(title) < WORDS_OF_A_NAME or not self.names:
            return self.public_id
        return self.kind, *title, frozenset(name.casefold() for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far the catalog is: another mark, and something that is shown may have changed."""

    newest: tuple[int, ...]  # the highest number in each table that matters
    jobs: tuple[tuple[str, int], ...]  # how many are in each state


def mark(session: Session) -> Mark:
    """The mark of this moment; a progress report does not change it."""
    tables = (Event, Talk, Paper, Recording, Transcript, PassageRow, Submission)
    newest = session.execute(
        sa.select(*(sa.select(sa.func.max(col(table.id))).scalar_subquery() for table in tables))
    ).one()
    jobs = session.execute(
        sa.select(col(Submission.state), sa.func.count()).group_by(col(Submission.state))
    )
    return Mark(
        newest=tuple(number or 0 for number in newest),
        jobs=tuple(sorted((state, count) for state, count in jobs)),
    )


def touched(session: Session, since: Mark, *, within_s: float = 120.0) -> set[str] | None:
    """Public ids of what may have changed since a mark; None when it may be anything.

    Talks and papers with an open job, or one that ended `within_s`, always count: a job writes
    into its talk or paper without a deed.
    """
    deed, talk, paper, recording, transcript, *_ = since.newest
    deeds = session.execute(
        sa.select(col(Event.kind), col(Event.public_id)).where(col(Event.id) > deed)
    ).all()
    if any(kind == "catalogue" for kind, _ in deeds):
        return None
    ended = col(Submission.finished_at) > now() - timedelta(seconds=within_s)
    alive = col(Submission.state).in_(OPEN) | ended
    queries = (
        sa.select(col(Talk.public_id)).where(col(Talk.id) > talk),
        sa.select(col(Paper.public_id)).where(col(Paper.id) > paper),
        sa.select(col(Talk.public_id)).join(Recording).where(col(Recording.id) > recording),
        sa.select(col(Talk.public_id)).join(Transcript).where(col(Transcript.id) > transcript),
        sa.select(col(Talk.public_id)).join(Submission).where(alive),
        sa.select(col(Paper.public_id)).join(Submission).where(alive),
    )
    ids = {public_id for _, public_id in deeds}
    for query in queries:
        ids.update(session.execute(query.limit(MOST_TOUCHED + 1)).scalars())
    return ids if len(ids) <= MOST_TOUCHED else None


def owners(session: Session, only: Collection[str] | None = None) -> Iterator[Shown]:
    """Every public talk and paper, or those of `only` that are public now."""
    if only is None:
        yield from _talks(session, sa.true())
        yield from _papers(session, sa.true())
        return
    wanted = sorted(only)
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        yield from _talks(session, col(Talk.public_id).in_(part))
        yield from _papers(session, col(Paper.public_id).in_(part))


def existing(connection: sa.Connection, passage_ids: Collection[str]) -> set[str]:
    """Which of these passages the catalog still has, whoever they belong to."""
    if not passage_ids:
        return set()
    found = connection.execute(_EXISTING, {"ids": list(passage_ids)})
    return {public_id for (public_id,) in found.all()}


def _talks(session: Session, which: sa.ColumnElement[bool]) -> Iterator[Shown]:
    public = sa.and_(col(Talk.visibility) == "public", which)
    names = _names(session, public)
    lengths = _lengths(session, public)
    rows = session.connection().execute(
        sa.select(*map(col, _TALK), col(Series.name))
        .join(Series, col(Series.id) == Talk.series_id, isouter=True)
        .where(public)
    )
    for number, public_id, slug, title, held_on, status, series in (tuple(row) for row in rows):
        yield Shown(
            kind="talk",
            public_id=public_id,
            slug=slug,
            title=title,
            names=tuple(names.get(number, ())),
            series=intern(series) if series else None,
            held_on=held_on,
            year=held_on.year if held_on else None,
            duration_ms=lengths.get(number),
            heard=status not in HIDDEN_RECORDINGS,
        )


def _names(session: Session, public: sa.ColumnElement[bool]) -> dict[int, list[str]]:
    rows = session.connection().execute(
        sa.select(col(TalkSpeaker.talk_id), col(Person.name))
        .join(Person, col(Person.id) == TalkSpeaker.person_id)
        .join(Talk, col(Talk.id) == col(TalkSpeaker.talk_id))
        .where(public)
        .order_by(col(TalkSpeaker.talk_id), col(TalkSpeaker.position))
    )
    names: dict[int, list[str]] = {}
    for talk_id, name in rows:
        names.setdefault(talk_id, []).append(intern(name))
    return names


def _lengths(session: Session, public: sa.ColumnElement[bool]) -> dict[int, int | None]:
    """Of the newest recording of each talk: as the container says, else as could be read."""
    rows = session.connection().execute(
        sa.select(
            col(Recording.talk_id),
            sa.func.coalesce(col(Recording.duration_ms), col(Recording.decoded_ms)),
        )
        .join(Talk, col(Talk.id) == col(Recording.talk_id))
        .where(public)
        .order_by(col(Recording.id))
    )
    return {row[0]: row[1] for row in rows}


def _papers(session: Session, which: sa.ColumnElement[bool]) -> Iterator[Shown]:
    rows = session.connection().execute(
        sa.select(*map(col, _PAPER)).where(col(Paper.visibility) == "public", which)
    )
    for public_id, slug, title, authors, year, venue, page_count, sha256 in (
        tuple(row) for row in rows
    ):
        yield Shown(
            kind="paper",
            public_id=public_id,
            slug=slug,
            title=title,
            names=tuple(map(intern, authors)),
            year=year,
            venue=venue or "",
            page_count=page_count,
            has_file=sha256 is not None,
        )
