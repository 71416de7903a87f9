"""Transcripts: versions of what was said in a recording; exactly one is current."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, delete, select, update

from catalog import captions
from catalog.captions import Line, TimedWord
from catalog.errors import NotATranscript
from catalog.names import row_id
from catalog.tables import Recording, Segment, Talk, Transcript

Shape = Literal["txt", "vtt", "srt", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSegment:
    """One segment to be written; times in ms of the recording."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[tuple[int | float | str, ...], ...]
    """(start_ms, end_ms, text, confidence), and what was heard instead of a repaired text."""
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTranscript:
    """A transcript to be written; `gaps` are the stretches that are known to be missing.

    A recording that stops before its own end mark is not complete and has no gap of known length.
    """

    engine: str
    model: str
    model_fingerprint: str
    language: str | None
    segments: tuple[NewSegment, ...]
    complete: bool = True
    gaps: tuple[tuple[int, int], ...] = ()


def put(session: Session, recording: Recording, new: NewTranscript) -> Transcript:
    """Write a transcript and make it the current one.

    The same engine and model again replaces its own earlier version, so that a repeated
    step leaves one; another model makes a new version beside the old.
    """
    versions = _versions(session, recording)
    same = [
        one
        for one in versions
        if (one.engine, one.model_fingerprint) == (new.engine, new.model_fingerprint)
    ]
    for one in same:
        session.exec(delete(Transcript).where(col(Transcript.id) == one.id))
    session.exec(
        update(Transcript)
        .where(col(Transcript.recording_id) == recording.id)
        .values(is_current=False)
    )
    newest = max((one.version for one in versions), default=0)
    transcript = Transcript(
        recording_id=row_id(recording),
        version=same[0].version if same else newest + 1,
        is_current=True,
        engine=new.engine,
        model=new.model,
        model_fingerprint=new.model_fingerprint,
        language=new.language,
        complete=new.complete and not new.gaps,
        gaps=[list(gap) for gap in new.gaps],
    )
    session.add(transcript)
    session.flush()
    session.add_all(_segments(row_id(transcript), new.segments))
    session.flush()
    return transcript


def current(session: Session, talk: Talk) -> tuple[Transcript, list[Segment]]:
    """The current transcript of a talk's newest recording.  Raises: NotATranscript."""
    transcript = session.exec(
        select(Transcript)
        .join(Recording, col(Recording.id) == Transcript.recording_id)
        .where(Recording.talk_id == talk.id, col(Transcript.is_current))
        .order_by(col(Recording.id).desc())
    ).first()
    if transcript is None:
        raise NotATranscript(
            f'talk {talk.public_id}, "{talk.title}", has no transcript yet; '
            "`seminar jobs` shows what is under way"
        )
    return transcript, segments(session, transcript)


def segments(session: Session, transcript: Transcript) -> list[Segment]:
    """The segments of a transcript in order."""
    query = (
        select(Segment)
        .where(Segment.transcript_id == transcript.id)
        .order_by(col(Segment.position))
    )
    return list(session.exec(query).all())


def lines(spoken: Sequence[Segment]) -> list[Line]:
    """Segments as caption lines with timed words."""
    return [
        Line(
            start_ms=one.start_ms,
            end_ms=one.end_ms,
            text=one.text,
            words=tuple(
                TimedWord(start_ms=start, end_ms=end, text=text, confidence=confidence)
                for start, end, text, confidence, *_heard in one.words
            ),
        )
        for one in spoken
    ]


def rendered(spoken: Sequence[Segment], shape: Shape) -> str:
    """A transcript as the text of a file of this shape."""
    write = {
        "txt": captions.txt,
        "vtt": captions.vtt,
        "srt": captions.srt,
        "json": captions.json_text,
    }
    return write[shape](lines(spoken))


def _versions(session: Session, recording: Recording) -> Sequence[Transcript]:
    query = select(Transcript).where(Transcript.recording_id == recording.id)
    return session.exec(query.order_by(col(Transcript.version))).all()


def _segments(transcript_id: int, new: Sequence[NewSegment]) -> list[Segment]:
    return [
        Segment(
            transcript_id=transcript_id,
            position=position,
            start_ms=segment.start_ms,
            end_ms=segment.end_ms,
            text=segment.text,
            words=[list(word) for word in segment.words],
            doubtful=segment.doubtful,
        )
        for position, segment in enumerate(new)
    ]
