"""What staff did to the catalog, and when: rows that are only added; just `unswept` is emptied.

The newest row's number says cheaply whether anything that search shows may have changed.
"""

import getpass
import os
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from catalog.tables import Event, Paper, Talk


def note(
    session: Session,
    deed: str,
    owner: Talk | Paper | None,
    *,
    fields: Iterable[str] = (),
    said: str = "",
    who: str | None = None,
) -> Event:
    """Write down a deed; `owner` is None for the whole catalogue.

    who: whose deed it is, where that is not whoever runs this program.
    """
    event = Event(
        who=who or whoever(),
        deed=deed,
        kind="catalogue" if owner is None else kind_of(owner),
        public_id="" if owner is None else owner.public_id,
        fields=list(fields),
        note=said,
    )
    session.add(event)
    session.flush()
    return event


def newest(session: Session) -> int:
    """The number of the newest deed; 0 before the first."""
    return session.exec(select(sa.func.max(Event.id))).one() or 0


def listed(session: Session, *, limit: int | None = None) -> list[Event]:
    """Deeds, newest first."""
    return list(session.exec(select(Event).order_by(col(Event.id).desc()).limit(limit)).all())


def unswept(session: Session) -> Sequence[Event]:
    """Removals of which something may still be on the disk, oldest first."""
    removals = session.exec(
        select(Event).where(Event.deed == "remove").order_by(col(Event.id))
    ).all()
    return [one for one in removals if one.unswept]


def swept(session: Session, numbers: Iterable[int]) -> None:
    """These removals left nothing behind."""
    for event in session.exec(select(Event).where(col(Event.id).in_(list(numbers)))):
        event.unswept = {}
        session.add(event)


def leave(session: Session, event: Event, files: Mapping[str, Iterable[str]]) -> None:
    """Note what a removal has still to take from the disk."""
    event.unswept = {kind: list(names) for kind, names in files.items()}
    session.add(event)
    session.flush()


def kind_of(owner: Talk | Paper) -> str:
    """What it is, in a word."""
    return "talk" if isinstance(owner, Talk) else "paper"


def whoever() -> str:
    """Who runs this program: the person behind sudo, else the system's user."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"
