"""GET /api/v1/search: one ranked list over what was said and what was written."""

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.api import facets
from app.api.answers import Ask, Chosen, Sort, find
from app.api.caching import tagged
from app.api.cursors import LONGEST
from app.api.depends import Opened, named
from app.api.fields import Wanted, fields_of, written
from app.api.paging import page
from app.api.papers import shown_paper
from app.api.places import owner_url, passage_url
from app.api.problems import documented
from app.api.schemas import (
    FacetsAnswer,
    HitAnswer,
    PassageAnswer,
    SearchAnswer,
    SnippetSpan,
    TwinAnswer,
    UnderstoodPart,
)
from app.api.talks import shown_talk
from app.errors import SeriesRefused
from app.wiring import Service
from catalog.errors import NotThere
from catalog.shown import Shown
from index.contract import Hit, Mode
from index.passage import Kind, Passage
from index.query import MAX_CHARS, ParsedQuery
from index.snippet import snippet

router = APIRouter(prefix="/api/v1", tags=["search"])
PASSAGES_SHOWN = 5
TOOK = re.compile(rb'"took_ms":[0-9.]+,')  # in a text its quotes would be escaped

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
    "total_is": "exact",
    "facets": {
        "kind": [{"value": "talk", "count": 1}],
        "series": [{"value": "Foundations of Deep Learning", "count": 1}],
        "speaker": [{"value": "Jonas Feldmann", "count": 1}],
        "year": [{"value": "2024", "count": 1}],
    },
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
            "twins": [],
        }
    ],
    "next_cursor": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The query and what narrows it; talk and paper as they were named."""

    ask: Ask
    talk: str | None
    paper: str | None


async def parameters_of(
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=MAX_CHARS,
            description='Words; "quotes" for phrases; `speaker:`, `series:`, `year:` and '
            "`kind:` to narrow; `-` before what to leave out.",
            examples=["why does test error fall again"],
        ),
    ],
    kind: Annotated[Kind | None, Query(description="Only talks, or only papers.")] = None,
    series: Annotated[
        str | None, Query(max_length=200, description="A series: its name, slug or id.")
    ] = None,
    speaker: Annotated[
        str | None, Query(max_length=200, description="Part of a speaker's or author's name.")
    ] = None,
    year: Annotated[
        int | None,
        Query(ge=1000, le=9999, description="Of the talk, or of the paper.", examples=[2024]),
    ] = None,
    mode: Annotated[Mode, Query(description="Which of the two searches to run.")] = "hybrid",
    exact: Annotated[bool, Query(description="Put no word right.")] = False,
    sort: Annotated[
        Sort,
        Query(
            description="`newest` and `oldest` order the best that were found, `total` of them, "
            "by the day of the talk or the year of the paper."
        ),
    ] = "relevance",
    talk: Annotated[
        str | None, Query(max_length=200, description="Only inside this talk: id or slug.")
    ] = None,
    paper: Annotated[
        str | None, Query(max_length=200, description="Only inside this paper: id or slug.")
    ] = None,
) -> Parameters:
    """What a request searches for."""
    ask = Ask(
        text=q,
        mode=mode,
        kind=kind,
        series=series or None,
        speaker=speaker or None,
        year=year,
        exact=exact,
        sort=sort,
    )
    return Parameters(ask=ask, talk=talk or None, paper=paper or None)


@router.get(
    "/search",
    response_model=SearchAnswer,
    summary="Search talks and papers",
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE}}},
        304: {"description": "Not changed"},
        **documented(400, 404, 410, 422),
    },
)
async def search(
    request: Request,
    service: Opened,
    parameters: Annotated[Parameters, Depends(parameters_of)],
    wanted: Annotated[Wanted, Depends(fields_of(HitAnswer))],
    limit: Annotated[int, Query(ge=1, le=100, description="Talks and papers per page.")] = 10,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST, description="From `next_cursor`.")
    ] = None,
) -> Response:
    """Find the second of the talk, or the page of the paper, where it was said.

    Talks and papers in one list, best first, each with its best passages.  Inside one talk or
    paper (`talk`, `paper`) every passage that was found, best first.
    """

    def work() -> Response:
        answer = answered(service, asked_in(service, parameters), limit, cursor)
        body = written(answer, wanted, within="hits")
        same = TOOK.sub(b"", body, count=1)
        return tagged(request, body, media_type="application/json", same=same)

    return await service.turns.run(work)


def asked_in(service: Service, parameters: Parameters) -> Ask:
    """What is asked for, with series, talk and paper named as the catalog names them.

    Raises: NotThere, Withdrawn, SeriesRefused.
    """
    ask = parameters.ask
    if ask.series is not None:
        ask = replace(ask, series=service.keys.series_called(ask.series))
        _require_series(service, ask.series)
    wanted = {"talk": parameters.talk, "paper": parameters.paper}
    for kind, key in wanted.items():
        if key is not None:
            service.view.look()
            owner = service.view.called(named(kind, key), kind)
            if owner is None or not service.shows(owner.public_id):
                (shown_talk if kind == "talk" else shown_paper)(service, key)  # it was withdrawn
                raise NotThere(kind, key)
            if ask.owner not in (None, owner.public_id):
                raise NotThere(kind, key)
            ask = replace(ask, owner=owner.public_id)
    return ask


def _require_series(service: Service, series: str | None) -> None:
    """Refuse a series that the caller is not let into.  Raises: SeriesRefused."""
    if series is None or service.within is None:
        return
    if series.casefold() not in {name.casefold() for name in service.within}:
        raise SeriesRefused


def answered(service: Service, ask: Ask, limit: int, after: str | None) -> SearchAnswer:
    """One page of what is found.  Raises: InvalidCursor, InvalidQuery, CatalogUnavailable."""
    most = PASSAGES_SHOWN if ask.owner is None else None
    shown = page(service, ask, limit=limit, after=after, most=most)
    everywhere = find(service, ask.everywhere) if ask.narrowed and not ask.owner else shown.found
    return SearchAnswer(
        query=ask.text,
        understood=[
            UnderstoodPart(part=one.part, value=one.value, excluded=one.excluded)
            for one in shown.found.query.understood
        ],
        showing_for=shown.found.showing_for,
        remarks=list(shown.found.remarks),
        generation=shown.found.generation,
        took_ms=shown.found.took_ms,
        legs=dict(shown.found.legs),
        reranker=shown.found.reranker,
        degraded=list(shown.found.degraded),
        total=len(shown.found.groups),
        total_is=shown.found.total_is,
        facets=FacetsAnswer.of(facets.counted(ask, everywhere)),
        hits=[_hit(shown.found.query, one) for one in shown.chosen],
        next_cursor=shown.next_cursor,
    )


def _hit(query: ParsedQuery, chosen: Chosen) -> HitAnswer:
    owner = chosen.owner
    return HitAnswer(
        kind=owner.kind,
        id=owner.public_id,
        title=owner.title,
        speakers=list(owner.names),
        date=owner.held_on,
        year=owner.year,
        series=owner.series,
        url=owner_url(owner),
        score=_in_range(chosen.group.score),
        passages=[_passage(query, owner, *one) for one in chosen.passages],
        more=chosen.more,
        twins=[
            TwinAnswer(id=one.public_id, title=one.title, year=one.year, url=owner_url(one))
            for one in chosen.group.twins
        ],
    )


def _passage(query: ParsedQuery, owner: Shown, hit: Hit, passage: Passage) -> PassageAnswer:
    return PassageAnswer(
        id=passage.id,
        start_ms=passage.start_ms,
        end_ms=passage.end_ms,
        page=passage.page,
        url=passage_url(owner, passage),
        snippet=[
            SnippetSpan(text=span.text, hit=span.hit) for span in snippet(passage.text, query)
        ],
        score=_in_range(hit.score),
        found_by=hit.found_by,
    )


def _in_range(score: float) -> float:
    return round(min(1.0, max(0.0, score)), 4)
