"""What feeds say of a talk or paper beside what is in its row.

Invariant: of a recording that is hidden nothing is told, not even when it came.
"""

from datetime import datetime

from app.api.answers import hidden_recording
from catalog.tables import Paper, Recording, Transcript
from catalog.talks import TalkDetails


def playable(one: TalkDetails) -> Recording | None:
    """The recording that may be heard now."""
    return None if hidden_recording(one) else one.recording


def heard(one: TalkDetails) -> Transcript | None:
    """The transcript that may be read now."""
    return None if hidden_recording(one) else one.transcript


def is_video(one: TalkDetails) -> bool:
    """Whether there is a picture to see."""
    recording = playable(one)
    return recording is not None and recording.media_type.startswith("video/")


def changed_at(one: TalkDetails) -> datetime:
    """When the talk last became other than it was: its facts, its recording or its transcript."""
    recording, transcript = playable(one), heard(one)
    return max(
        one.talk.updated_at,
        *([recording.added_at] if recording else []),
        *([transcript.created_at] if transcript else []),
        one.talk.created_at,
    )


def paper_changed_at(paper: Paper) -> datetime:
    """When the paper last became other than it was."""
    return max(paper.updated_at, paper.created_at)


def urn(kind: str, public_id: str) -> str:
    """A name that stays when the archive moves to another host."""
    return f"urn:seminar-archive:{kind}:{public_id}"


def iso_duration(ms: int | None) -> str | None:
    """A length as PT3723S.  Source: ISO 8601."""
    return None if ms is None else f"PT{max(1, round(ms / 1000))}S"


def words(text: str, most: int = 300) -> str:
    """The beginning of a text on one line, ended at a word."""
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    return plain[:most].rsplit(" ", 1)[0] + " …"
