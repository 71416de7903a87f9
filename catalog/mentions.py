"""Where talks name papers: what was found, and what staff said of it.

Invariant: what staff confirmed or rejected stays so when the talk is looked at again; it belongs to
its talk, its paper and the nearest time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlmodel import Session, and_, col, delete, or_, select
from sqlmodel.sql.expression import Select

from catalog import events
from catalog.errors import NotThere
from catalog.names import new_public_id, row_id
from catalog.shown import HIDDEN_RECORDINGS
from catalog.tables import MentionLook, MentionRow, Paper, Talk

Rows: TypeAlias = "Select[MentionRow, Talk, Paper]"
Decision = Literal["confirmed", "rejected"]
NEAR_MS = 30_000
"""How far a mention may move in time, as with another transcript, and be the same."""
SHOWN_FROM = 0.8
"""From which confidence on a mention is shown that staff have not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMention:
    """A mention that was found; times in ms of the recording, none in text without times."""

    paper_id: int
    start_ms: int | None
    end_ms: int | None
    said: str
    text: str
    cues: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentioned:
    """A mention with its talk and its paper."""

    row: MentionRow
    talk: Talk
    paper: Paper


def replace(session: Session, talk: Talk, found: Sequence[NewMention]) -> None:
    """Write what was found in a talk in the place of what was found before."""
    before = list(session.exec(select(MentionRow).where(MentionRow.talk_id == talk.id)).all())
    before.sort(key=lambda row: (row.state == "found", row.id))  # staff's word goes first
    left = list(found)
    for row in before:
        near = min((one for one in left if _is_same(row, one)), key=_apart(row), default=None)
        if near is not None:
            left.remove(near)
            _set(row, near)
            session.add(row)
        elif row.state == "found":
            session.delete(row)
    for one in left:
        row = MentionRow(
            public_id=new_public_id(),
            talk_id=row_id(talk),
            paper_id=one.paper_id,
            confidence=one.confidence,
        )
        _set(row, one)
        session.add(row)
    session.flush()


def decide(
    session: Session, public_id: str, decision: Decision, *, who: str | None = None
) -> Mentioned:
    """Write down what staff say of a mention, as a deed.  Raises: NotThere.

    who: as in `events.note`.
    """
    found = session.exec(_all().where(MentionRow.public_id == public_id)).first()
    if found is None:
        raise NotThere("mention", public_id)
    row, talk, paper = found
    if row.state != decision:
        row.state = decision
        session.add(row)
        said = f"mention {public_id} of paper {paper.public_id} {decision}"
        events.note(session, "edit", talk, fields=["mentions"], said=said, who=who)
    return Mentioned(row=row, talk=talk, paper=paper)


def listed(
    session: Session,
    *,
    talk: Talk | None = None,
    paper: Paper | None = None,
    state: str | None = None,
) -> list[Mentioned]:
    """All mentions, or those of a talk, of a paper, in a state; by talk and time."""
    query = _all()
    if talk is not None:
        query = query.where(MentionRow.talk_id == talk.id)
    if paper is not None:
        query = query.where(MentionRow.paper_id == paper.id)
    if state is not None:
        query = query.where(MentionRow.state == state)
    return _read(session, query)


def shown_in(session: Session, talk: Talk) -> list[Mentioned]:
    """The mentions of public papers that a talk's readers see, in order of time."""
    return _read(
        session, _shown().where(MentionRow.talk_id == talk.id, Paper.visibility == "public")
    )


def shown_of(session: Session, papers: Iterable[Paper]) -> list[Mentioned]:
    """The mentions of these papers in public talks that readers see, by talk and time."""
    ids = [paper.id for paper in papers]
    return _read(
        session,
        _shown().where(
            col(MentionRow.paper_id).in_(ids),
            Talk.visibility == "public",
            col(Talk.recording_status).not_in(HIDDEN_RECORDINGS),
        ),
    )


def seen(session: Session) -> dict[int, str]:
    """By the talk's number: the digest of what it was last looked at with."""
    return {one.talk_id: one.seen_sha256 for one in session.exec(select(MentionLook))}


def look(session: Session, talk: Talk, sha256: str) -> None:
    """Note with what a talk was looked at."""
    session.exec(delete(MentionLook).where(col(MentionLook.talk_id) == talk.id))
    session.add(MentionLook(talk_id=row_id(talk), seen_sha256=sha256))
    session.flush()


def _all() -> Rows:
    return (
        select(MentionRow, Talk, Paper)
        .join(Talk, col(Talk.id) == MentionRow.talk_id)
        .join(Paper, col(Paper.id) == MentionRow.paper_id)
        .order_by(col(Talk.held_on).desc(), col(Talk.id).desc(), col(MentionRow.start_ms))
    )


def _shown() -> Rows:
    sure = and_(col(MentionRow.state) == "found", col(MentionRow.confidence) >= SHOWN_FROM)
    return _all().where(or_(col(MentionRow.state) == "confirmed", sure))


def _read(session: Session, query: Rows) -> list[Mentioned]:
    return [
        Mentioned(row=row, talk=talk, paper=paper) for row, talk, paper in session.exec(query).all()
    ]


def _is_same(row: MentionRow, one: NewMention) -> bool:
    if row.paper_id != one.paper_id or (row.start_ms is None) != (one.start_ms is None):
        return False
    return _distance(row, one) <= NEAR_MS


def _apart(row: MentionRow) -> Callable[[NewMention], int]:
    return lambda one: _distance(row, one)


def _distance(row: MentionRow, one: NewMention) -> int:
    return abs((row.start_ms or 0) - (one.start_ms or 0))


def _set(row: MentionRow, one: NewMention) -> None:
    row.start_ms, row.end_ms = one.start_ms, one.end_ms
    row.said, row.text = one.said, one.text
    row.cues = list(one.cues)
    row.confidence = one.confidence
