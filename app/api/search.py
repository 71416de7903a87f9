"""GET /api/v1/search: one ranked list over what was said and what was written."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.api.answers import Ask, Found, Group, find
from app.api.caching import tagged
from app.api.cursors import MAX_PLACE, Place, cursor_for, offset_of
from app.api.depends import Opened
from app.api.places import owner_url, passage_url
from app.api.problems import documented
from app.api.schemas import HitAnswer, PassageAnswer, SearchAnswer, SnippetSpan, UnderstoodPart
from catalog.tables import Paper
from index.passage import Kind
from index.query import MAX_CHARS, ParsedQuery
from index.searcher import Hit, Mode
from index.snippet import snippet

router = APIRouter(prefix="/api/v1", tags=["search"])
PASSAGES_SHOWN = 5

EXAMPLE: dict[str, Any] = {
    "query": "why does test error fall again",
    "understood": [],
    "showing_for": None,
    "remarks": [],
    "generation": "20240212T101500000000-0a1b2c3d",
    "took_ms": 9.1,
    "legs": {"dense": "ok", "terms": "ok"},
    "reranker": "off",
    "degraded": [],
    "total": 1,
    "hits": [
        {
            "kind": "talk",
            "id": "k3v9q2m7xa",
            "title": "The Second Descent",
            "speakers": ["Jonas Feldmann"],
            "date": "2024-02-12",
            "year": 2024,
            "series": "Foundations of Deep Learning",
            "url": "/talks/the-second-descent",
            "score": 0.83,
            "passages": [
                {
                    "id": "5d41402abc4b2a76b971",
                    "start_ms": 91400,
                    "end_ms": 128000,
                    "page": None,
                    "url": "/talks/the-second-descent?t=91",
                    "snippet": [
                        {"text": "and yet the ", "hit": False},
                        {"text": "test error", "hit": True},
                        {"text": " turns round", "hit": False},
                    ],
                    "score": 0.83,
                    "found_by": "both",
                }
            ],
            "more": 2,
        }
    ],
    "next_cursor": None,
}


class SearchParameters:
    """The query and what narrows it."""

    def __init__(
        self,
        q: Annotated[
            str,
            Query(
                min_length=1,
                max_length=MAX_CHARS,
                description='Words; "quotes" for phrases; `speaker:`, `series:`, `year:` and '
                "`kind:` to narrow; `-` before what to leave out.",
            ),
        ],
        kind: Annotated[Kind | None, Query(description="Only talks, or only papers.")] = None,
        series: Annotated[str | None, Query(max_length=200, description="A series' name.")] = None,
        speaker: Annotated[
            str | None, Query(max_length=200, description="Part of a speaker's or author's name.")
        ] = None,
        year: Annotated[int | None, Query(ge=1000, le=9999)] = None,
        mode: Annotated[Mode, Query(description="Which of the two searches to run.")] = "hybrid",
        exact: Annotated[bool, Query(description="Put no word right.")] = False,
    ) -> None:
        self.ask = Ask(
            text=q,
            mode=mode,
            kind=kind,
            series=series or None,
            speaker=speaker or None,
            year=year,
            exact=exact,
        )


@router.get(
    "/search",
    response_model=SearchAnswer,
    summary="Search talks and papers",
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE}}},
        304: {"description": "Not changed"},
        **documented(400, 410, 422),
    },
)
async def search(
    request: Request,
    service: Opened,
    parameters: Annotated[SearchParameters, Depends()],
    limit: Annotated[int, Query(ge=1, le=100, description="Talks and papers per page.")] = 10,
    cursor: Annotated[str | None, Query(max_length=400, description="From `next_cursor`.")] = None,
) -> Response:
    """Find the second of the talk, or the page of the paper, where it was said.

    Talks and papers in one list, best first, each with its best passages.
    """
    ask = parameters.ask

    def work() -> Response:
        answer = answered(ask, find(service, ask), limit, cursor)
        same = answer.model_copy(update={"took_ms": 0.0}).model_dump_json().encode()
        body = answer.model_dump_json().encode()
        return tagged(request, body, media_type="application/json", same=same)

    return await service.turns.run(work)


def answered(ask: Ask, found: Found, limit: int, after: str | None) -> SearchAnswer:
    """One page of what was found.  Raises: InvalidCursor, StaleCursor."""
    start = offset_of(after, generation=found.generation, request=repr(ask))
    return SearchAnswer(
        query=ask.text,
        understood=[
            UnderstoodPart(part=one.part, value=one.value, excluded=one.excluded)
            for one in found.query.understood
        ],
        showing_for=found.showing_for,
        remarks=list(found.remarks),
        generation=found.generation,
        took_ms=found.took_ms,
        legs=dict(found.legs),
        reranker=found.reranker,
        degraded=list(found.degraded),
        total=len(found.groups),
        hits=[_hit(found.query, group) for group in found.groups[start : start + limit]],
        next_cursor=next_cursor(ask, found, start + limit),
    )


def next_cursor(ask: Ask, found: Found, offset: int) -> str | None:
    """The cursor of the page that begins at `offset`, if there is one."""
    if offset >= min(len(found.groups), MAX_PLACE):
        return None
    return cursor_for(Place(offset=offset, generation=found.generation, request=repr(ask)))


def _hit(query: ParsedQuery, group: Group) -> HitAnswer:
    owner = group.owner
    about: dict[str, Any] = (
        {"id": owner.public_id, "title": owner.title, "speakers": owner.authors, "date": None}
        if isinstance(owner, Paper)
        else {
            "id": owner.talk.public_id,
            "title": owner.talk.title,
            "speakers": list(owner.names),
            "date": owner.talk.held_on,
        }
    )
    return HitAnswer(
        **about,
        kind=group.kind,
        year=group.year,
        series=group.series,
        url=owner_url(owner),
        score=_in_range(group.score),
        passages=[_passage(query, group, hit) for hit in group.hits[:PASSAGES_SHOWN]],
        more=max(0, len(group.hits) - PASSAGES_SHOWN),
    )


def _passage(query: ParsedQuery, group: Group, hit: Hit) -> PassageAnswer:
    return PassageAnswer(
        id=hit.passage.id,
        start_ms=hit.passage.start_ms,
        end_ms=hit.passage.end_ms,
        page=hit.passage.page,
        url=passage_url(group.owner, hit),
        snippet=[
            SnippetSpan(text=span.text, hit=span.hit) for span in snippet(hit.passage.text, query)
        ],
        score=_in_range(hit.score),
        found_by=hit.found_by,
    )


def _in_range(score: float) -> float:
    return round(min(1.0, max(0.0, score)), 4)
