"""Which talks and papers harvesters are told of, and when each last became other than it was.

Invariant: unlisted ones are not here at all.  Of one that was withdrawn or removed, nothing is here
but its id, its kind and when it went, so that a harvester lets go of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from catalog.shown import HIDDEN_RECORDINGS
from catalog.tables import Event, Paper, Recording, Series, Talk, Transcript

Kind = Literal["talk", "paper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A talk or paper, and its last change; `series` is the slug of a series with public talks."""

    kind: Kind
    public_id: str
    changed_at: datetime
    series: str | None = None
    is_gone: bool = False


def every(session: Session) -> list[Change]:
    """Public, withdrawn and removed talks and papers, in no order."""
    return [*_talks(session), *_papers(session), *_removed(session)]


def _talks(session: Session) -> list[Change]:
    heard = (
        sa.select(col(Recording.talk_id), sa.func.max(col(Recording.added_at)).label("at"))
        .group_by(col(Recording.talk_id))
        .subquery()
    )
    read = (
        sa.select(col(Transcript.talk_id), col(Transcript.created_at).label("at"))
        .where(col(Transcript.is_current))
        .subquery()
    )
    rows = session.execute(
        sa.select(
            *map(col, (Talk.public_id, Talk.visibility, Talk.recording_status)),
            *(col(Series.slug), col(Talk.updated_at), heard.c.at, read.c.at),
        )
        .join(Series, col(Series.id) == Talk.series_id, isouter=True)
        .join(heard, heard.c.talk_id == col(Talk.id), isouter=True)
        .join(read, read.c.talk_id == col(Talk.id), isouter=True)
        .where(col(Talk.visibility) != "unlisted")
    ).all()
    shown = {series for _, visibility, _, series, *_ in rows if visibility == "public"}
    changes = []
    for public_id, visibility, status, series, updated_at, *further in rows:
        tells = visibility == "public" and status not in HIDDEN_RECORDINGS
        times = [updated_at, *(at for at in further if at is not None and tells)]
        changes.append(
            Change(
                kind="talk",
                public_id=public_id,
                changed_at=max(times),
                series=series if series in shown else None,
                is_gone=visibility == "withdrawn",
            )
        )
    return changes


def _papers(session: Session) -> list[Change]:
    rows = session.execute(
        sa.select(col(Paper.public_id), col(Paper.visibility), col(Paper.updated_at)).where(
            col(Paper.visibility) != "unlisted"
        )
    )
    return [
        Change(
            kind="paper",
            public_id=public_id,
            changed_at=updated_at,
            is_gone=visibility == "withdrawn",
        )
        for public_id, visibility, updated_at in rows
    ]


def _removed(session: Session) -> list[Change]:
    rows = session.execute(
        sa.select(col(Event.kind), col(Event.public_id), col(Event.at)).where(
            col(Event.deed) == "remove", col(Event.kind).in_(["talk", "paper"])
        )
    )
    return [
        Change(kind=kind, public_id=public_id, changed_at=at, is_gone=True)
        for kind, public_id, at in rows
    ]
