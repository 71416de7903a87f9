"""Where talks name papers, as far as the caller may see both."""

from collections.abc import Sequence

from sqlmodel import Session

from app.api.places import talk_url
from app.api.schemas import MentionAnswer
from app.wiring import Service
from catalog import mentions
from catalog.mentions import Mentioned
from catalog.shown import HIDDEN_RECORDINGS
from catalog.tables import Paper, Talk


def in_talk(session: Session, talk: Talk) -> list[Mentioned]:
    """Where a talk names public papers, in order of time; nothing where its recording is hidden."""
    if talk.recording_status in HIDDEN_RECORDINGS:
        return []
    return mentions.shown_in(session, talk)


def papers_mentioned(service: Service, talk: Talk) -> list[Mentioned]:
    """The same, of what the caller may be shown."""
    with service.catalog.read() as session:
        found = in_talk(session, talk)
    return [one for one in found if service.shows(one.paper.public_id)]


def talks_mentioning(service: Service, papers: Sequence[Paper]) -> list[Mentioned]:
    """Where public talks name these papers, by talk and time, of what the caller may be shown."""
    with service.catalog.read() as session:
        found = mentions.shown_of(session, papers)
    return [one for one in found if service.shows(one.talk.public_id)]


def seen_from_talk(found: Sequence[Mentioned]) -> list[MentionAnswer]:
    """Mentions as a talk's answer has them."""
    return [_answer(one, one.paper) for one in found]


def seen_from_paper(found: Sequence[Mentioned]) -> list[MentionAnswer]:
    """Mentions as a paper's answer has them."""
    return [_answer(one, one.talk) for one in found]


def _answer(one: Mentioned, other: Talk | Paper) -> MentionAnswer:
    row = one.row
    return MentionAnswer(
        id=other.public_id,
        title=other.title,
        url=talk_url(one.talk, row.start_ms),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        said=row.said,
        text=row.text,
        cues=row.cues,
        confidence=row.confidence,
        confirmed=row.state == "confirmed",
    )
