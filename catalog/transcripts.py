"""Transcripts: versions of what was said in a talk; exactly one is current."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlmodel import Session, col, delete, select, update

from catalog import captions
from catalog.captions import Line, TimedWord
from catalog.errors import NotATranscript, Untimed
from catalog.names import row_id
from catalog.tables import Recording, Segment, Talk, Transcript

Shape = Literal["txt", "vtt", "srt", "json"]
TIMED_SHAPES: tuple[Shape, ...] = ("vtt", "srt")
Origin = Literal["captions", "edited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSegment:
    """One segment to be written; times in ms of the recording."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[tuple[Any, ...], ...]
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
    timed: bool = True


def put(session: Session, recording: Recording, new: NewTranscript) -> Transcript:
    """Write what an engine heard in a recording and make it the talk's current transcript.

    The same engine and model again replaces its own earlier version, so that a repeated step
    leaves one; another model makes a new version beside the old.  What staff corrected stays
    current.
    """
    talk_id = recording.talk_id
    versions = _versions(session, talk_id)
    same = [
        one
        for one in versions
        if one.recording_id == recording.id
        and (one.engine, one.model_fingerprint) == (new.engine, new.model_fingerprint)
        and one.origin == "machine"
    ]
    for one in same:
        session.exec(delete(Transcript).where(col(Transcript.id) == one.id))
    edited = any(one.is_current and one.origin == "edited" for one in versions)
    transcript = _transcript(
        new,
        talk_id=talk_id,
        recording_id=row_id(recording),
        version=same[0].version if same else _next_version(versions),
        is_current=not edited,
    )
    return _written(session, transcript, new.segments)


def put_by_hand(session: Session, talk: Talk, new: NewTranscript, *, origin: Origin) -> Transcript:
    """Write captions, or what staff corrected, as a new version and make it current.

    The same file again leaves the version that is current, so that a repeated step makes one.
    """
    talk_id = row_id(talk)
    present = _current(session, talk)
    if present and (present.origin, present.model_fingerprint) == (origin, new.model_fingerprint):
        return present
    recording = newest_recording(session, talk)
    transcript = _transcript(
        new,
        talk_id=talk_id,
        recording_id=recording.id if recording else None,
        version=_next_version(_versions(session, talk_id)),
        is_current=True,
        origin=origin,
    )
    return _written(session, transcript, new.segments)


def newest_recording(session: Session, talk: Talk) -> Recording | None:
    """The talk's current recording, if it has one."""
    query = select(Recording).where(Recording.talk_id == talk.id)
    return session.exec(query.order_by(col(Recording.id).desc())).first()


def current(session: Session, talk: Talk) -> tuple[Transcript, list[Segment]]:
    """A talk's current transcript.  Raises: NotATranscript."""
    transcript = _current(session, talk)
    if transcript is None:
        raise NotATranscript(
            f'talk {talk.public_id}, "{talk.title}", has no transcript yet; '
            "`seminar jobs` shows what is under way"
        )
    return transcript, segments(session, transcript)


def versions(session: Session, talk: Talk) -> Sequence[Transcript]:
    """All versions of a talk's transcript, oldest first."""
    return _versions(session, row_id(talk))


def make_current(session: Session, talk: Talk, version: int) -> Transcript:
    """Make a version the current one; its text stays as it is.  Raises: NotATranscript."""
    found = {one.version: one for one in versions(session, talk)}
    if version not in found:
        there = ", ".join(map(str, found)) or "none"
        raise NotATranscript(
            f"talk {talk.public_id} has no transcript of version {version}; there are: {there}"
        )
    chosen = found[version]
    for value, wanted in ((False, Transcript.id != chosen.id), (True, Transcript.id == chosen.id)):
        session.exec(
            update(Transcript)
            .where(col(Transcript.talk_id) == talk.id, wanted)  # type: ignore[arg-type]
            .values(is_current=value)
        )
    session.refresh(chosen)
    return chosen


def is_by_hand(session: Session, talk: Talk) -> bool:
    """Whether the talk's current transcript came as captions or was corrected by staff."""
    transcript = _current(session, talk)
    return transcript is not None and transcript.origin != "machine"


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


def rendered(talk: Talk, transcript: Transcript, spoken: Sequence[Segment], shape: Shape) -> str:
    """A transcript as the text of a file of this shape.  Raises: Untimed."""
    said = lines(spoken)
    if not transcript.timed and shape in TIMED_SHAPES:
        raise Untimed(talk.title, shape)
    if not transcript.timed and shape == "txt":
        return "".join(f"{line.text}\n\n" for line in said).removesuffix("\n")
    write = {
        "txt": captions.txt,
        "vtt": captions.vtt,
        "srt": captions.srt,
        "json": captions.json_text,
    }
    return write[shape](said)


def _current(session: Session, talk: Talk) -> Transcript | None:
    query = select(Transcript).where(Transcript.talk_id == talk.id, col(Transcript.is_current))
    return session.exec(query).first()


def _versions(session: Session, talk_id: int) -> Sequence[Transcript]:
    query = select(Transcript).where(Transcript.talk_id == talk_id)
    return session.exec(query.order_by(col(Transcript.version))).all()


def _transcript(new: NewTranscript, **placed: Any) -> Transcript:
    return Transcript(
        **placed,
        timed=new.timed,
        engine=new.engine,
        model=new.model,
        model_fingerprint=new.model_fingerprint,
        language=new.language,
        complete=new.complete and not new.gaps,
        gaps=[list(gap) for gap in new.gaps],
    )


def _next_version(versions: Sequence[Transcript]) -> int:
    return max((one.version for one in versions), default=0) + 1


def _written(
    session: Session, transcript: Transcript, segments: Sequence[NewSegment]
) -> Transcript:
    if transcript.is_current:
        session.exec(
            update(Transcript)
            .where(col(Transcript.talk_id) == transcript.talk_id)
            .values(is_current=False)
        )
    session.add(transcript)
    session.flush()
    session.add_all(_segments(row_id(transcript), segments))
    session.flush()
    return transcript


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
