"""How good the transcripts are, from their own rows.

Invariant: only what is public and current counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from catalog.shown import HIDDEN_RECORDINGS
from catalog.tables import Segment, Talk, Transcript

NEWEST = 30  # transcripts whose words are read one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How many transcripts there are by origin, and how many words of the newest are doubtful.

    words, doubtful: of the `read` newest that a machine made.
    """

    machine: int = 0
    captions: int = 0
    edited: int = 0
    read: int = 0
    words: int = 0
    doubtful: int = 0

    @property
    def every(self) -> int:
        """All transcripts."""
        return self.machine + self.captions + self.edited


def measured(session: Session, *, doubt_below: float) -> Quality:
    """Counts over current transcripts of public talks; a word below `doubt_below` is doubtful."""
    shown = sa.and_(
        col(Transcript.is_current),
        col(Talk.visibility) == "public",
        col(Talk.recording_status).not_in(HIDDEN_RECORDINGS),
    )
    counted = session.execute(
        sa.select(col(Transcript.origin), sa.func.count())
        .join(Talk, col(Talk.id) == col(Transcript.talk_id))
        .where(shown)
        .group_by(col(Transcript.origin))
    )
    by_origin = {str(row[0]): int(row[1]) for row in counted}
    newest = session.execute(
        sa.select(col(Transcript.id))
        .join(Talk, col(Talk.id) == col(Transcript.talk_id))
        .where(shown, col(Transcript.origin) == "machine")
        .order_by(col(Transcript.id).desc())
        .limit(NEWEST)
    ).scalars()
    ids = list(newest)
    words, doubtful = _counted(session, ids, doubt_below)
    return Quality(**by_origin, read=len(ids), words=words, doubtful=doubtful)


def _counted(session: Session, ids: Sequence[int | None], doubt_below: float) -> tuple[int, int]:
    """All words with a confidence, and those that are doubtful."""
    words = doubtful = 0
    rows = session.execute(
        sa.select(col(Segment.words)).where(col(Segment.transcript_id).in_(ids))
    ).scalars()
    for row in rows:
        known = [word[3] for word in row if len(word) > 3 and word[3] is not None]
        words += len(known)
        doubtful += sum(confidence < doubt_below for confidence in known)
    return words, doubtful
