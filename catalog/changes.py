"""What other programs must learn of: which talks and papers changed or went, and when.

Invariant: of what was taken away only its id, its kind and the time are here.  What is unlisted, or
was when it was taken away, is not here at all: its id is an address.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from catalog.shown import HIDDEN_RECORDINGS
from catalog.tables import Event, Paper, Recording, Series, Talk, Transcript

Kind = Literal["talk", "paper"]
KINDS: tuple[Kind, ...] = ("talk", "paper")
_OF_A_TALK: tuple[Any, ...] = (
    Talk.id,
    Talk.public_id,
    Talk.slug,
    Talk.created_at,
    Talk.updated_at,
    Talk.recording_status,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A talk or paper as it stands; `gone`: withdrawn, or removed from the archive."""

    kind: Kind
    public_id: str
    slug: str
    changed_at: datetime
    series: str | None = None  # slug
    gone: bool = False

    @property
    def key(self) -> tuple[datetime, Kind, str]:
        """Its place in the order of all: by the second."""
        return self.changed_at.replace(microsecond=0), self.kind, self.public_id


def with_gone(session: Session) -> list[Change]:
    """Every talk and paper that is public, was withdrawn or removed, by its last change."""
    every = (*_talks(session), *_papers(session), *_taken_away(session))
    return sorted(every, key=lambda one: one.key)


def _talks(session: Session) -> Iterator[Change]:
    recordings = _newest(session, Recording.talk_id, Recording.added_at, sa.true())
    current = col(Transcript.is_current)
    transcripts = _newest(session, Transcript.talk_id, Transcript.created_at, current)
    rows = session.connection().execute(
        sa.select(*map(col, _OF_A_TALK), col(Series.slug))
        .join(Series, col(Series.id) == col(Talk.series_id), isouter=True)
        .where(col(Talk.visibility) == "public")
    )
    for number, public_id, slug, created, updated, status, series in (tuple(row) for row in rows):
        heard = [] if status in HIDDEN_RECORDINGS else [recordings, transcripts]
        times = [known[number] for known in heard if number in known]
        yield Change(
            kind="talk",
            public_id=public_id,
            slug=slug,
            changed_at=max([created, updated, *times]),
            series=series,
        )


def _newest(
    session: Session, talk_id: int, at: datetime, which: sa.ColumnExpressionArgument[bool]
) -> dict[int, datetime]:
    """By the talk's number: the newest time of its rows that count."""
    rows = session.connection().execute(
        sa.select(col(talk_id), col(at)).where(which).order_by(col(at))
    )
    return {row[0]: row[1] for row in rows}


def _papers(session: Session) -> Iterator[Change]:
    rows = session.exec(
        select(Paper.public_id, Paper.slug, Paper.created_at, Paper.updated_at).where(
            Paper.visibility == "public"
        )
    )
    for public_id, slug, created, updated in rows:
        yield Change(kind="paper", public_id=public_id, slug=slug, changed_at=max(created, updated))


def _taken_away(session: Session) -> Iterator[Change]:
    """What everybody could see until it was withdrawn or removed, once each, by its last time.

    What is unlisted again is not told of: its id is an address.
    """
    rows = session.exec(
        select(Event).where(col(Event.deed).in_(("withdraw", "remove"))).order_by(col(Event.id))
    )
    last = {(one.kind, one.public_id): one.at for one in rows if "visibility" in one.fields}
    for kind in KINDS:
        table = Talk if kind == "talk" else Paper
        here = set(session.exec(select(table.public_id).where(table.visibility != "withdrawn")))
        yield from (
            _gone(kind, public_id, at)
            for (known, public_id), at in last.items()
            if known == kind and public_id not in here
        )


def _gone(kind: Kind, public_id: str, at: datetime) -> Change:
    return Change(kind=kind, public_id=public_id, slug="", changed_at=at, gone=True)
