"""Who has a job: a worker takes it, holds it while it works, and loses it when it falls silent.

Invariant: at most one worker is named in a job's row, and nothing of a job is written by another:
whoever writes locks the row first and looks for its own name (`hold`).
"""

from collections.abc import Iterable

from sqlmodel import Session, col, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from catalog.errors import NotThere
from catalog.tables import Submission, now

UNFINISHED = ("accepted", "running")
QUEUES = {
    "speech": ("talk", "transcribe"),  # bound to a GPU where there is one
    "text": ("paper", "captions", "link"),  # and publishing
}
"""Kinds of jobs by queue; a worker serves one or more."""


def queue_of(kind: str) -> str:
    """The queue that a kind of job waits in."""
    return next(name for name, kinds in QUEUES.items() if kind in kinds)


def kinds_of(queues: Iterable[str]) -> tuple[str, ...]:
    """The kinds of jobs in these queues."""
    return tuple(kind for name in queues for kind in QUEUES[name])


def take(session: Session, worker: str, queues: Iterable[str]) -> Submission | None:
    """Give a worker its job: the one that it has, else the first that nobody has."""
    due = or_(col(Submission.not_before).is_(None), col(Submission.not_before) <= now())
    held = session.exec(_unfinished().where(Submission.worker == worker, due)).first()
    if held is not None:
        return held
    kinds = col(Submission.kind).in_(kinds_of(queues))
    free = _unfinished().where(col(Submission.worker).is_(None), kinds, due)
    taken = session.exec(free.limit(1).with_for_update(skip_locked=True)).first()
    if taken is not None:
        taken.worker = worker
        taken.heartbeat_at = now()
        session.add(taken)
    return taken


def hold(session: Session, public_id: str, worker: str | None) -> Submission | None:
    """Lock a job's row to the end of the transaction; None when the worker has it no more.

    Without a worker (a command that does a step itself) the row is locked for whoever asks.
    Raises: NotThere.
    """
    query = select(Submission).where(Submission.public_id == public_id).with_for_update()
    row = session.exec(query).first()
    if row is None:
        raise NotThere("job", public_id)
    return row if worker is None or row.worker == worker else None


def release(session: Session, worker: str, *, stopped: bool = False) -> list[str]:
    """Let go of a worker's unfinished jobs; returns their ids.

    One that `stopped` of its own will did not die over its job: that start does not count.
    Rows that the worker has locked at this moment are left for the next time.
    """
    query = _unfinished().where(Submission.worker == worker).with_for_update(skip_locked=True)
    rows = session.exec(query).all()
    for row in rows:
        row.worker = None
        row.starts = max(0, row.starts - 1) if stopped else row.starts
        session.add(row)
    return [row.public_id for row in rows]


def holders(session: Session) -> set[str]:
    """The workers that are named in unfinished jobs."""
    query = select(Submission.worker).where(col(Submission.state).in_(UNFINISHED)).distinct()
    return {name for name in session.exec(query) if name}


def beat(session: Session, worker: str) -> None:
    """Say that the jobs of this worker are being worked at."""
    session.exec(
        update(Submission)
        .where(col(Submission.worker) == worker, col(Submission.state) == "running")
        .values(heartbeat_at=now())
    )


def _unfinished() -> SelectOfScalar[Submission]:
    return (
        select(Submission)
        .where(col(Submission.state).in_(UNFINISHED))
        .order_by(col(Submission.priority).desc(), col(Submission.id))
    )
