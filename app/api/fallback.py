"""Search without a snapshot: the words of a query looked up in the catalog's passages.

Invariant: it ranks by nothing but how many of the words a passage has, and never claims more.
"""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from catalog import papers as catalog_papers
from catalog import talks as catalog_talks
from catalog.tables import Paper, PassageRow, Talk
from index.contract import Hit, SearchRequest
from index.filters import Filters
from index.passage import Passage, PassageId
from index.query import ParsedQuery, parse
from index.rows import Owner
from index.stopwords import STOP_WORDS
from index.terms import leaves_out

_MOST_ROWS = 400
_MOST_WORDS = 12


def hits_in_catalog(session: Session, request: SearchRequest) -> list[Hit]:
    """Passages of public talks and papers with any of the words, those with most first."""
    query = parse(request.text)
    words, filters = _words(query), request.filters.with_typed(query.filters)
    passages = [*_of_talks(session, words), *_of_papers(session, words)]
    hits = [
        _hit(2 * number, one, words)  # neighbours only by their times
        for number, one in enumerate(passages)
        if _admitted(one, filters) and not leaves_out(query, one.text)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.row))


def _words(query: ParsedQuery) -> tuple[str, ...]:
    words = dict.fromkeys((*query.words.split(), *" ".join(query.phrases).split()))
    telling = [word for word in words if word not in STOP_WORDS and len(word) > 1]
    return tuple((telling or list(words))[:_MOST_WORDS])


def _with_any(words: Sequence[str]) -> sa.ColumnElement[bool]:
    """Any of the words; everything for a query of filters only."""
    if not words:
        return sa.true()
    return sa.or_(
        *(sa.func.lower(col(PassageRow.text)).contains(w, autoescape=True) for w in words)
    )


def _of_talks(session: Session, words: Sequence[str]) -> Iterator[Passage]:
    rows = session.exec(
        select(PassageRow, Talk)
        .join(Talk, col(Talk.id) == PassageRow.talk_id)
        .where(Talk.visibility == "public", _with_any(words))
        .limit(_MOST_ROWS)
    ).all()
    details = catalog_talks.by_ids(session, {talk.public_id for _, talk in rows})
    for row, talk in rows:
        one = details[talk.public_id]
        yield Passage(
            id=PassageId(row.public_id),
            kind="talk",
            owner_id=talk.public_id,
            title=talk.title,
            speakers=one.names,
            series=one.series.name if one.series else None,
            year=talk.held_on.year if talk.held_on else None,
            text=row.text,
            start_ms=row.start_ms,
            end_ms=row.end_ms,
        )


def _of_papers(session: Session, words: Sequence[str]) -> Iterator[Passage]:
    rows = session.exec(
        select(PassageRow, Paper)
        .join(Paper, col(Paper.id) == PassageRow.paper_id)
        .where(Paper.visibility == "public", _with_any(words))
        .limit(_MOST_ROWS)
    ).all()
    details = catalog_papers.by_ids(session, {paper.public_id for _, paper in rows})
    for row, paper in rows:
        yield Passage(
            id=PassageId(row.public_id),
            kind="paper",
            owner_id=paper.public_id,
            title=paper.title,
            speakers=tuple(details[paper.public_id].authors),
            year=paper.year,
            text=row.text,
            page=row.page,
            section=row.section,
        )


def _admitted(passage: Passage, filters: Filters) -> bool:
    return filters.admits(
        Owner(
            kind=passage.kind,
            owner_id=passage.owner_id,
            series=passage.series,
            year=passage.year,
            speakers=passage.speakers,
        )
    )


def _hit(row: int, passage: Passage, words: Sequence[str]) -> Hit:
    text = passage.text.lower()
    score = sum(word in text for word in words) / len(words) if words else 1.0
    return Hit(
        row=row,
        owner_id=passage.owner_id,
        score=score,
        dense=None,
        terms=score,
        read=lambda _: passage,
    )
