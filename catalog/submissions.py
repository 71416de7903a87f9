"""Submissions: what was accepted, and how far it is.  The row is the truth of a job.

A submission is written in the same transaction as the talk or paper that it will become;
from then on it is somebody's promise until it is done, failed or cancelled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, func, or_, select, update

from catalog import papers, talks
from catalog.errors import AlreadyThere, JobProblem, NotThere
from catalog.names import new_public_id, row_id
from catalog.papers import NewPaper
from catalog.store import StoredFile
from catalog.tables import Paper, Recording, Submission, Talk, now
from catalog.talks import NewTalk

Row = TypeVar("Row", bound=SQLModel)
OPEN = ("accepted", "running", "committed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A submission beside the talk or paper it is about; a link has none before it is fetched."""

    submission: Submission
    owner: Talk | Paper | None
    length_ms: int | None = None  # of its recording

    @property
    def keys(self) -> set[str]:
        """What staff may call it: its id, and the id or slug of its talk or paper."""
        owned = {self.owner.public_id, self.owner.slug} if self.owner else set()
        return {self.submission.public_id} | owned

    @property
    def title(self) -> str:
        """The title of its talk or paper, else what the file or address is called."""
        return self.owner.title if self.owner else self.submission.file_name


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFile:
    """A file in the store with its own name and kind."""

    stored: StoredFile
    name: str
    media_type: str
    duration_ms: int | None = None  # as the container says


def accept_recording(session: Session, new: NewTalk | Talk, file: OfferedFile) -> Submission:
    """Promise a talk for this recording, or to add it to a talk that is there.

    Raises: AlreadyThere, NotThere (a paper).
    """
    refuse_twice(session, file)
    talk = new if isinstance(new, Talk) else talks.add(session, new)
    talk.recording_status = "recorded"
    recording = Recording(
        talk_id=row_id(talk),
        sha256=file.stored.sha256,
        size_bytes=file.stored.size_bytes,
        file_name=file.name,
        media_type=file.media_type,
        duration_ms=file.duration_ms,
    )
    session.add_all([talk, recording])
    session.flush()
    return promise(
        session,
        Submission(
            public_id=new_public_id(),
            kind="talk",
            sha256=file.stored.sha256,
            file_name=file.name,
            talk_id=talk.id,
            recording_id=recording.id,
        ),
    )


def accept_captions(session: Session, new: NewTalk | Talk, file: OfferedFile) -> Submission:
    """Promise to give a talk these captions.  Raises: AlreadyThere, NotThere (a paper)."""
    refuse_twice(session, file)
    talk = new if isinstance(new, Talk) else talks.add(session, new)
    return promise(
        session,
        Submission(
            public_id=new_public_id(),
            kind="captions",
            sha256=file.stored.sha256,
            file_name=file.name,
            about={"origin": "captions"},
            talk_id=talk.id,
        ),
    )


def accept_corrections(session: Session, talk: Talk, file: OfferedFile) -> Submission:
    """Promise to give a talk this corrected transcript; one that it had before, anew.

    Raises: AlreadyThere (it is of another talk, or under way).
    """
    query = select(Submission).where(
        Submission.sha256 == file.stored.sha256, Submission.kind == "captions"
    )
    before = session.exec(query).first()
    if before is None:
        submission = accept_captions(session, talk, file)
    elif before.talk_id == talk.id and before.state not in OPEN:
        submission = _begun_anew(before)
    else:
        refuse_twice(session, file)
        raise NotThere("talk of job", before.public_id)
    submission.about = {"origin": "edited"}
    return promise(session, submission)


def accept_paper(session: Session, new: NewPaper, file: OfferedFile) -> Submission:
    """Promise a paper for this PDF.  Raises: AlreadyThere."""
    refuse_twice(session, file)
    return _promise_paper(session, papers.add(session, new), file)


def accept_paper_file(session: Session, paper_id: int, file: OfferedFile) -> Submission:
    """Promise the pages of a paper that had no file.  Raises: AlreadyThere."""
    refuse_twice(session, file)
    return _promise_paper(session, session.get_one(Paper, paper_id), file)


def _promise_paper(session: Session, paper: Paper, file: OfferedFile) -> Submission:
    paper.sha256 = file.stored.sha256
    paper.size_bytes = file.stored.size_bytes
    paper.file_name = file.name
    session.add(paper)
    return promise(
        session,
        Submission(
            public_id=new_public_id(),
            kind="paper",
            sha256=file.stored.sha256,
            file_name=file.name,
            paper_id=paper.id,
        ),
    )


def promise(session: Session, submission: Submission) -> Submission:
    """Write a submission: from now on it is somebody's promise."""
    session.add(submission)
    session.flush()
    return submission


def holder_of(session: Session, sha256: str) -> Talk | Paper | None:
    """The talk or paper that these bytes belong to already."""
    recording = session.exec(select(Recording).where(Recording.sha256 == sha256)).first()
    if recording is not None:
        return session.get(Talk, recording.talk_id)
    query = select(Submission).where(Submission.sha256 == sha256, Submission.kind == "captions")
    captions = session.exec(query).first()
    if captions is not None:
        return session.get(Talk, captions.talk_id)
    return session.exec(select(Paper).where(Paper.sha256 == sha256)).first()


def may_hold(session: Session, size_bytes: int) -> bool:
    """Whether a recording or PDF of this size is here, so that its bytes are worth comparing."""
    recording = select(Recording.id).where(Recording.size_bytes == size_bytes)
    paper = select(Paper.id).where(Paper.size_bytes == size_bytes)
    return (session.exec(recording).first() or session.exec(paper).first()) is not None


def under_way(session: Session, public_id: str) -> str | None:
    """The newest job that is not at its end of the talk or paper with this id."""
    mine = or_(
        col(Submission.talk_id).in_(select(Talk.id).where(Talk.public_id == public_id)),
        col(Submission.paper_id).in_(select(Paper.id).where(Paper.public_id == public_id)),
    )
    query = select(Submission.public_id).where(mine, col(Submission.state).in_(OPEN))
    return session.exec(query.order_by(col(Submission.id).desc())).first()


def has_captions(session: Session, talk: Talk) -> bool:
    """Whether captions were brought for the talk, and are written or still promised."""
    query = select(Submission.id).where(
        Submission.talk_id == talk.id,
        Submission.kind == "captions",
        col(Submission.state).not_in(["failed", "cancelled"]),
    )
    return session.exec(query).first() is not None


def known_files(session: Session) -> set[str]:
    """The sha256 of every file that belongs to something."""
    columns = (Recording.sha256, Paper.sha256, Submission.sha256)
    return {one for column in columns for one in session.exec(select(col(column))) if one}


def find(session: Session, key: str) -> Job:
    """The job with this id, or the newest job of the talk or paper with it.  Raises: NotThere."""
    newest_first = reversed(listed(session))
    for job in sorted(newest_first, key=lambda job: job.submission.kind == "link"):
        if key in job.keys:
            return job
    raise NotThere("job", key)


def listed(session: Session, *, states: Sequence[str] = ()) -> list[Job]:
    """Jobs in the order they are to be done: by priority, then as they were accepted."""
    query = select(Submission).order_by(col(Submission.priority).desc(), col(Submission.id))
    if states:
        query = query.where(col(Submission.state).in_(states))
    return _beside(session, session.exec(query).all())


def seen(session: Session, public_id: str) -> Job:
    """The job with this id.  Raises: NotThere."""
    return _beside(session, [get(session, public_id)])[0]


def _beside(session: Session, found: Sequence[Submission]) -> list[Job]:
    """Submissions beside what they are about, by one query per table."""
    talk_rows = _rows(session, Talk, (one.talk_id for one in found))
    paper_rows = _rows(session, Paper, (one.paper_id for one in found))
    heard = _rows(session, Recording, (one.recording_id for one in found))
    return [
        Job(
            submission=one,
            owner=paper_rows.get(one.paper_id or 0) or talk_rows.get(one.talk_id or 0),
            length_ms=_length_ms(heard.get(one.recording_id or 0)),
        )
        for one in found
    ]


def owner_of(session: Session, one: Submission) -> Talk | Paper:
    """The talk or paper of a submission.  Raises: NotThere (a link that is not fetched yet)."""
    owner: Talk | Paper | None = None
    if one.paper_id is not None:
        owner = session.get(Paper, one.paper_id)
    elif one.talk_id is not None:
        owner = session.get(Talk, one.talk_id)
    if owner is None:
        raise NotThere("owner of job", one.public_id)
    return owner


def get(session: Session, public_id: str) -> Submission:
    """The submission with this id.  Raises: NotThere."""
    row = session.exec(select(Submission).where(Submission.public_id == public_id)).first()
    if row is None:
        raise NotThere("job", public_id)
    return row


def change(session: Session, public_id: str, **values: Any) -> None:
    """Set columns of a submission and its heartbeat."""
    session.exec(
        update(Submission)
        .where(col(Submission.public_id) == public_id)
        .values(heartbeat_at=now(), **values)
    )


def finish(
    session: Session,
    public_id: str,
    state: str,
    *,
    failure: str | None = None,
    reason: str | None = None,
) -> None:
    """End a job as done or failed; `failure` says what, which and what to do."""
    change(session, public_id, state=state, failure=failure, reason=reason, finished_at=now())


def step_ended(session: Session, one: Submission, step: str, seconds: float) -> None:
    """Note how long a step took, and that the job moves: the deaths so far are forgiven."""
    timings = {**one.timings, step: round(one.timings.get(step, 0.0) + seconds, 3)}
    change(session, one.public_id, timings=timings, starts=min(one.starts, 1))


def published(session: Session, committed: Submission, seconds: float) -> None:
    """End a job whose text is in a snapshot, unless it was written anew in the meantime."""
    timings = {**committed.timings, "publish": round(seconds, 3)}
    session.exec(
        update(Submission)
        .where(
            col(Submission.id) == committed.id,
            col(Submission.state) == "committed",
            col(Submission.heartbeat_at) == committed.heartbeat_at,
        )
        .values(state="done", timings=timings, failure=None, finished_at=now())
    )


def publish_again(session: Session, talk: Talk) -> bool:
    """Have the talk's newest job published once more; False when it has none that ended well."""
    query = select(Submission).where(Submission.talk_id == talk.id)
    found = session.exec(query.order_by(col(Submission.id).desc())).all()
    if any(one.state == "committed" for one in found):
        wanted = next(one for one in found if one.state == "committed")
    else:
        ended = [one for one in found if one.state == "done"]
        if not ended:
            return False
        wanted = ended[0]
    change(session, wanted.public_id, state="committed", step="publish", finished_at=None)
    return True


def retry(session: Session, public_id: str) -> None:
    """Promise a failed or cancelled one anew, or end a wait.  Raises: JobProblem, NotThere."""
    one = get(session, public_id)
    waits = one.state == "accepted" and one.not_before is not None
    if one.state not in {"failed", "cancelled"} and not waits:
        raise JobProblem(
            f"job {public_id} is {one.state}; only a failed or cancelled one can be retried"
        )
    change(
        session,
        public_id,
        state="accepted",
        attempt=one.attempt + 1,
        starts=0,
        worker=None,
        failure=None,
        reason=None,
        finished_at=None,
        not_before=None,
        step=None,
        done=0,
        speed=None,
        timings={},
    )


def cancel(session: Session, public_id: str) -> None:
    """Stop a job before its next segment.  Raises: JobProblem, NotThere."""
    one = get(session, public_id)
    if one.state not in {"accepted", "running"}:
        raise JobProblem(f"job {public_id} is {one.state}; there is nothing to cancel")
    change(session, public_id, state="cancelled", finished_at=now())


def prioritise(session: Session, public_id: str, priority: int | None = None) -> int:
    """Have a waiting job done earlier or later: higher goes first; without a number, before all.

    Returns its priority.  Raises: JobProblem, NotThere.
    """
    one = get(session, public_id)
    if one.state not in {"accepted", "running"}:
        raise JobProblem(f"job {public_id} is {one.state}; it waits for nothing")
    if priority is None:
        waiting = select(func.max(Submission.priority)).where(
            Submission.state == "accepted", Submission.public_id != public_id
        )
        priority = max(one.priority, (session.exec(waiting).one() or 0) + 1)
    change(session, public_id, priority=priority)
    return priority


def _begun_anew(one: Submission) -> Submission:
    one.state, one.attempt, one.starts = "accepted", one.attempt + 1, 0
    one.step = one.failure = one.finished_at = None
    return one


def refuse_twice(session: Session, file: OfferedFile) -> None:
    """Refuse bytes that the archive has.  Raises: AlreadyThere."""
    owner = holder_of(session, file.stored.sha256)
    if owner is not None:
        raise AlreadyThere(
            file_name=file.name,
            kind="talk" if isinstance(owner, Talk) else "paper",
            public_id=owner.public_id,
            title=owner.title,
        )


def _length_ms(recording: Recording | None) -> int | None:
    return (recording.duration_ms or recording.decoded_ms) if recording else None


def _rows(session: Session, table: type[Row], ids: Iterable[int | None]) -> dict[int, Row]:
    wanted = {one for one in ids if one is not None}
    column = table.id  # type: ignore[attr-defined]
    rows = session.exec(select(table).where(col(column).in_(wanted))).all()
    return {row_id(row): row for row in rows}
