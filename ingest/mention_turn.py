"""Looks for the archive's papers in its talks: where anything changed, and a bounded time at once.

Invariant: a talk is looked at again when its text or any paper changed, and only then; a talk that
cannot be looked at costs nobody else anything.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from catalog import mentions, transcripts
from catalog.captions import Line
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.mentions import NewMention
from catalog.names import row_id
from catalog.tables import Paper, Person, Talk, TalkSpeaker, Transcript
from ingest.mentions import VERSION, Finder, Mention, together
from ingest.naming import KnownPaper

log = structlog.get_logger(__name__)
AT_ONCE_S = 10.0
"""The most time that a worker takes for it beside its jobs; the rest waits for the next minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How many talks were looked at, and how many still wait."""

    talks: int
    waiting: int


def find_mentions(
    catalog: Catalog,
    *,
    only: str | None = None,
    within_s: float = AT_ONCE_S,
    clock: Callable[[], float] = time.monotonic,
) -> Looked:
    """Look at the talks whose mentions may have changed, for as long as allowed.

    only: this talk, by its public id, whether or not anything changed.  Raises: CatalogUnavailable.
    """
    began = clock()
    with catalog.read() as session:
        papers = session.exec(select(Paper).order_by(col(Paper.id))).all()
        known = [_known(paper) for paper in papers]
        due = _due(session, _digest(known), only)
    if not due:
        return Looked(talks=0, waiting=0)
    finder = Finder(known)
    looked = 0
    for public_id, sha256 in due:
        if looked and clock() - began >= within_s:
            break
        _look(catalog, finder, public_id, sha256)
        looked += 1
    return Looked(talks=looked, waiting=len(due) - looked)


def _due(session: Session, papers: str, only: str | None) -> list[tuple[str, str]]:
    """(public id, digest) of the talks to look at, those that came last first."""
    seen = mentions.seen(session)
    transcripts_now = session.exec(
        select(Transcript.talk_id, Transcript.id, Transcript.created_at).where(
            col(Transcript.is_current)
        )
    )
    current = {talk_id: [number, at.isoformat()] for talk_id, number, at in transcripts_now}
    rows = session.exec(
        select(Talk.id, Talk.public_id, Talk.abstract).order_by(col(Talk.id).desc())
    ).all()
    due = []
    for number, public_id, abstract in rows:
        sha256 = _sha256([papers, current.get(number or 0), abstract])
        if public_id == only or (only is None and seen.get(number or 0) != sha256):
            due.append((public_id, sha256))
    return due


def _look(catalog: Catalog, finder: Finder, public_id: str, sha256: str) -> None:
    """Find and write the mentions of one talk; what goes wrong is noted and not tried again."""
    try:
        with catalog.read() as session:
            talk = session.exec(select(Talk).where(Talk.public_id == public_id)).first()
            if talk is None:
                return
            lines, timed = _lines(session, talk)
            speakers = _speakers(session, talk)
        said = together(finder.find(lines, speakers=speakers)) if lines else []
        written = _written(finder, talk.abstract, speakers)
    except CatalogProblem:
        raise
    except Exception:
        log.exception("mentions could not be looked for", talk=public_id)
        said, written, timed = [], [], False
    with catalog.write() as session:
        talk = session.exec(select(Talk).where(Talk.public_id == public_id)).first()
        if talk is None:
            return
        numbers = {paper.public_id: row_id(paper) for paper in session.exec(select(Paper))}
        found = [
            *(_new(one, numbers, timed=timed) for one in said if one.paper in numbers),
            *(_new(one, numbers, timed=False) for one in written if one.paper in numbers),
        ]
        mentions.replace(session, talk, found)
        mentions.look(session, talk, sha256)


def _lines(session: Session, talk: Talk) -> tuple[Sequence[Line], bool]:
    current = session.exec(
        select(Transcript).where(Transcript.talk_id == talk.id, col(Transcript.is_current))
    ).first()
    if current is None:
        return (), False
    return transcripts.lines(transcripts.segments(session, current)), current.timed


def _speakers(session: Session, talk: Talk) -> list[str]:
    query = select(Person.name).join(TalkSpeaker, col(TalkSpeaker.person_id) == Person.id)
    return list(session.exec(query.where(TalkSpeaker.talk_id == talk.id)).all())


def _written(finder: Finder, abstract: str, speakers: Sequence[str]) -> list[Mention]:
    """The surest naming of each paper in the talk's abstract."""
    lines = [Line(start_ms=0, end_ms=0, text=abstract)]
    return together(finder.find(lines, speakers=speakers))


def _new(one: Mention, numbers: dict[str, int], *, timed: bool) -> NewMention:
    return NewMention(
        paper_id=numbers[one.paper],
        start_ms=one.start_ms if timed else None,
        end_ms=one.end_ms if timed else None,
        said=one.said,
        text=one.text,
        cues=one.cues,
        confidence=one.confidence,
    )


def _known(paper: Paper) -> KnownPaper:
    return KnownPaper(
        key=paper.public_id,
        title=paper.title if paper.title_is_known else "",
        labels=tuple(paper.labels),
        authors=tuple(paper.authors),
        year=paper.year,
        arxiv_id=paper.arxiv_id,
        doi=paper.doi,
    )


def _digest(papers: Sequence[KnownPaper]) -> str:
    said = [
        [one.key, one.title, one.labels, one.authors, one.year, one.arxiv_id, one.doi]
        for one in papers
    ]
    return _sha256([VERSION, said])


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
