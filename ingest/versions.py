"""Further versions of a talk's transcript: heard anew, or another one made current.

Invariant: a version is never changed by another; which one is current, and the talk's passages,
change together in one transaction.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from catalog import passages, submissions, talks, transcripts
from catalog.engine import Catalog
from catalog.errors import JobProblem
from catalog.names import new_public_id
from catalog.tables import Recording, Submission, Talk, Transcript
from ingest.captions import cuts_of
from ingest.engines.choose import EngineName, require_engine
from ingest.steps import new_passages


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """By what a recording is to be heard; an empty model is the device's usual one."""

    engine: EngineName
    model: str = ""


def hear_again(catalog: Catalog, key: str, hearing: Hearing) -> Submission:
    """Promise a new transcript of a talk's newest recording, beside those it has.

    Raises: NotThere, JobProblem, EngineMissing, SpeechModelMissing.
    """
    with catalog.write() as session:
        talk = talks.find(session, key)
        recording = _to_be_heard(session, talk)
        require_engine(hearing.engine, hearing.model)
        return submissions.promise(
            session,
            Submission(
                public_id=new_public_id(),
                kind="transcribe",
                sha256=recording.sha256,
                file_name=recording.file_name,
                talk_id=talk.id,
                recording_id=recording.id,
                about={"engine": hearing.engine, "model": hearing.model},
            ),
        )


def use(catalog: Catalog, key: str, version: int) -> bool:
    """Make a version current, with its passages; whether a worker will publish it.

    Raises: NotThere, NotATranscript, JobProblem.
    """
    with catalog.write() as session:
        talk = talks.find(session, key)
        _require_nothing_open(session, talk)
        chosen = transcripts.make_current(session, talk, version)
        lines = transcripts.lines(transcripts.segments(session, chosen))
        passages.replace(session, talk, new_passages(cuts_of(lines, timed=chosen.timed)))
        return submissions.publish_again(session, talk)


def versions(session: Session, talk: Talk) -> list[tuple[Transcript, int]]:
    """A talk's transcripts, oldest first, each with its number of segments."""
    return [
        (one, len(transcripts.segments(session, one)))
        for one in transcripts.versions(session, talk)
    ]


def _to_be_heard(session: Session, talk: Talk) -> Recording:
    named = f'talk {talk.public_id}, "{talk.title}"'
    hidden = talk.recording_status in {"declined", "withdrawn"}
    if talk.visibility == "withdrawn" or hidden:
        raise JobProblem(f"{named} is withdrawn; what was said in it is not transcribed")
    recording = transcripts.newest_recording(session, talk)
    if recording is None:
        raise JobProblem(f"{named} has no recording; attach one with `seminar add` first")
    _require_nothing_open(session, talk)
    return recording


def _require_nothing_open(session: Session, talk: Talk) -> None:
    query = select(Submission).where(
        Submission.talk_id == talk.id, col(Submission.state).in_(submissions.OPEN)
    )
    under_way = session.exec(query).first()
    if under_way is not None and under_way.state != "committed":
        raise JobProblem(
            f"job {under_way.public_id} of talk {talk.public_id} is {under_way.state}; wait until "
            "it is done, or cancel it"
        )
