"""Taking a talk or paper out of view, or out of the archive for good.

Invariant: a removal deletes every row that holds anything of it in one transaction, and that same
transaction notes what is still to be taken from the disk; so a kill in between loses no duty.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from catalog import events
from catalog.errors import JobProblem
from catalog.submissions import OPEN
from catalog.tables import (
    Event,
    Paper,
    Person,
    Recording,
    Series,
    Submission,
    Talk,
    TalkSpeaker,
    now,
)

CANCEL_GRACE_S = 10


def withdraw(
    session: Session, owner: Talk | Paper, *, said: str = "", who: str | None = None
) -> bool:
    """Take it out of view; everything of it is kept.  Whether it was in view before.

    who: as in `events.note`.
    """
    if owner.visibility == "withdrawn":
        return False
    events.note(session, "withdraw", owner, fields=_shown(owner), said=said, who=who)
    owner.visibility = "withdrawn"
    owner.updated_at = now()
    session.add(owner)
    return True


def remove(
    session: Session, owner: Talk | Paper, *, said: str = "", who: str | None = None
) -> Event:
    """Delete it with all that was made of it; its files go when the removal is swept.

    who: as in `events.note`.  Raises: JobProblem while a job of it is open.
    """
    jobs = _submissions(session, owner)
    for job in jobs:
        if job.state in OPEN or _may_still_run(job):
            raise JobProblem(_refusal(owner, job))
    event = events.note(session, "remove", owner, fields=_shown(owner), said=said, who=who)
    events.leave(
        session,
        event,
        {
            "owners": [owner.public_id],
            "files": sorted(_files(session, owner, jobs)),
            "jobs": [job.public_id for job in jobs],
        },
    )
    session.exec(delete(type(owner)).where(col(type(owner).id) == owner.id))
    session.expunge(owner)
    _drop_orphans(session)
    return event


def _shown(owner: Talk | Paper) -> list[str]:
    """What of it is no longer as everybody saw it: nothing, where only some could."""
    return ["visibility"] if owner.visibility == "public" else []


def _refusal(owner: Talk | Paper, job: Submission) -> str:
    kind = events.kind_of(owner)
    if job.state == "cancelled":
        what = f"give the worker {CANCEL_GRACE_S} seconds to stop"
    elif job.state == "committed":
        what = "wait until the worker has published it"
    else:
        what = f"stop it with `seminar jobs cancel {job.public_id}`"
    return (
        f'{kind} {owner.public_id}, "{owner.title}", has a job that is {job.state}; {what}, then '
        f"remove the {kind}. `seminar {kind}s withdraw {owner.public_id}` hides it at once"
    )


def _may_still_run(job: Submission) -> bool:
    """Whether a worker may not have noticed yet that the job was cancelled."""
    if job.state != "cancelled" or job.started_at is None or job.finished_at is None:
        return False
    return (now() - job.finished_at).total_seconds() < CANCEL_GRACE_S


def _submissions(session: Session, owner: Talk | Paper) -> Sequence[Submission]:
    column = Submission.talk_id if isinstance(owner, Talk) else Submission.paper_id
    return session.exec(select(Submission).where(col(column) == owner.id)).all()


def _files(session: Session, owner: Talk | Paper, jobs: Sequence[Submission]) -> set[str]:
    """The sha256 of every file that belongs to it."""
    known = {job.sha256 for job in jobs}
    if isinstance(owner, Paper):
        known.add(owner.sha256 or "")
    else:
        query = select(Recording.sha256).where(Recording.talk_id == owner.id)
        known.update(session.exec(query))
    return known - {""}


def _drop_orphans(session: Session) -> None:
    """People who speak in no talk any more, and series without talks, are gone too."""
    spoken = sa.exists().where(col(TalkSpeaker.person_id) == Person.id)
    session.exec(delete(Person).where(~spoken))
    held = sa.exists().where(col(Talk.series_id) == Series.id)
    session.exec(delete(Series).where(~held))
    session.flush()
