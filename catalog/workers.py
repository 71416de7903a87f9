"""Workers: who says that it lives.

Invariant: a row is what a worker said of itself; whether it lives still is a matter of its last
heartbeat and, where only one may work, of the lock that it holds.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session, col, delete, select

from catalog import lock
from catalog.settings import Settings
from catalog.tables import WorkerRow, now


def say(session: Session, worker: WorkerRow) -> None:
    """Write the worker's row with the present moment as its heartbeat."""
    known = worker.model_dump()
    session.merge(WorkerRow(**{**known, "beat_at": now()}))


def leave(session: Session, name: str) -> None:
    """Remove a worker that has gone."""
    session.exec(delete(WorkerRow).where(col(WorkerRow.name) == name))


def listed(session: Session) -> Sequence[WorkerRow]:
    """Every worker that has not gone, by name; some may be dead."""
    return session.exec(select(WorkerRow).order_by(WorkerRow.name)).all()


def alive(session: Session, settings: Settings) -> list[WorkerRow]:
    """The workers that live, by name."""
    if not settings.is_shared:
        return list(listed(session)) if lock.is_held(settings.worker_lock) else []
    silent_since = now() - timedelta(seconds=settings.worker_lease_s)
    return [one for one in listed(session) if one.beat_at > silent_since]


def any_alive(session: Session, settings: Settings) -> bool:
    """Whether some worker lives; one that has just begun counts."""
    if not settings.is_shared:
        return lock.is_held(settings.worker_lock)
    return bool(alive(session, settings))
