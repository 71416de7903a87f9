"""Which talk of the archive a file belongs to: the one that staff name, or the one with exactly
its title and day.

Invariant: nothing is joined by guess; where several fit, none is taken.
"""

from collections.abc import Callable, Sequence

from sqlmodel import Session, col, select

from catalog import submissions, talks, transcripts
from catalog.errors import Ambiguous, NotTaken
from catalog.names import by_key, row_id
from catalog.tables import Paper, Talk, TalkPaper
from catalog.talks import NewTalk


def talk_for_recording(session: Session, new: NewTalk, key: str | None) -> Talk | None:
    """The talk that this recording is of; None when it is a new one.

    Raises: NotThere, Ambiguous, NotTaken (it has a recording, or must not have one).
    """
    talk = _found(session, new, key, lacks=_has_no_recording)
    if talk is None:
        return None
    _lock(session, talk)
    recording = transcripts.newest_recording(session, talk)
    if recording is not None:
        raise NotTaken(f"{_named(talk)} has a recording already, {recording.file_name}")
    _refuse_hidden(talk)
    return _filled(session, talk, new)


def talk_for_captions(session: Session, new: NewTalk, key: str | None) -> Talk | None:
    """The talk that these captions are of; None when it is a new one.

    Raises: NotThere, Ambiguous, NotTaken (its transcript was corrected by staff, or must not be).
    """
    talk = _found(session, new, key, lacks=_has_no_captions)
    if talk is None:
        return None
    _lock(session, talk)
    _refuse_hidden(talk)
    current = talks.details(session, [talk])[0].transcript
    if current is not None and current.origin == "edited":
        raise NotTaken(
            f"the transcript of {_named(talk)} was corrected by staff; "
            f"`seminar transcript import {talk.public_id} FILE` corrects it again"
        )
    return _filled(session, talk, new)


def look(session: Session, new: NewTalk, key: str | None) -> None:
    """See whether a file's talk can be told.  Raises: NotThere, Ambiguous."""
    _found(session, new, key, lacks=_has_no_recording)


def _found(
    session: Session, new: NewTalk, key: str | None, *, lacks: Callable[[Session, Talk], bool]
) -> Talk | None:
    if key is not None:
        return talks.find(session, key)
    fitting = [talk for talk in _alike(session, new) if lacks(session, talk)]
    if len(fitting) > 1:
        named = ", ".join(talk.public_id for talk in fitting)
        raise Ambiguous(
            f'several talks are called "{new.title}" on {new.held_on}: {named}; '
            "say which with --talk, or `talk:` in a list"
        )
    return fitting[0] if fitting else None


def _alike(session: Session, new: NewTalk) -> Sequence[Talk]:
    if new.held_on is None:
        return ()
    title = " ".join(new.title.split())
    rows = session.exec(select(Talk).where(Talk.held_on == new.held_on).order_by(col(Talk.id)))
    return [talk for talk in rows if " ".join(talk.title.split()) == title]


def _has_no_recording(session: Session, talk: Talk) -> bool:
    return transcripts.newest_recording(session, talk) is None


def _has_no_captions(session: Session, talk: Talk) -> bool:
    return not submissions.has_captions(session, talk)


def _refuse_hidden(talk: Talk) -> None:
    if talk.recording_status in {"declined", "withdrawn"}:
        raise NotTaken(
            f"what was said in {_named(talk)} must not be shown: its recording is marked "
            f"{talk.recording_status}"
        )


def _lock(session: Session, talk: Talk) -> None:
    """Let no other transaction join something to the talk at the same time."""
    if session.get_bind().dialect.name == "postgresql":
        session.exec(select(Talk.id).where(Talk.id == talk.id).with_for_update())


def _filled(session: Session, talk: Talk, new: NewTalk) -> Talk:
    """What the file brings and the talk lacks; what the talk has stays."""
    talk.language = talk.language or new.language
    talk.abstract = talk.abstract or new.abstract
    known = {link["url"] for link in talk.links}
    added = [{"kind": kind, "url": url} for kind, url in new.links if url not in known]
    talk.links = [*talk.links, *added]
    session.add(talk)
    papers = session.exec(select(TalkPaper.paper_id).where(TalkPaper.talk_id == talk.id)).all()
    for key in dict.fromkeys(new.papers):
        paper = by_key(session, Paper, "paper", key)
        if paper.id not in papers:
            session.add(TalkPaper(talk_id=row_id(talk), paper_id=row_id(paper)))
    return talk


def _named(talk: Talk) -> str:
    return f'talk {talk.public_id}, "{talk.title}",'
