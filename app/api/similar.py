"""GET /api/v1/talks/{id}/similar and /api/v1/papers/{id}/similar.

Invariant: nothing that is not public is ever similar; what was worked out is kept for its snapshot,
and checked with what may be shown each time it is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.api.answers import NO_GENERATION
from app.api.caching import keeping, tagged
from app.api.depends import Opened
from app.api.fields import Wanted, fields_of, written
from app.api.papers import PaperKey, shown_paper
from app.api.places import owner_url
from app.api.problems import documented
from app.api.schemas import SimilarAnswer, SimilarItem
from app.api.talks import TalkKey, shown_talk
from app.wiring import Service
from catalog.shown import Shown
from catalog.tables import Paper, Talk
from index.likeness import Likeness

router = APIRouter(prefix="/api/v1", tags=["talks"])
MOST = 6
_WORKED_OUT = 2 * MOST  # some may be hidden by the time they are shown
LEAST_LIKE = 0.3
SimilarFields: TypeAlias = Annotated[Wanted, Depends(fields_of(SimilarItem))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A talk or paper that may be shown, and how like it is."""

    owner: Shown
    cosine: float


@router.get(
    "/talks/{talk_id}/similar",
    response_model=SimilarAnswer,
    summary="Talks and papers like a talk",
    responses={304: {"description": "Not changed"}, **documented(404, 410, 422)},
)
def similar_to_talk(
    request: Request, service: Opened, talk_id: TalkKey, wanted: SimilarFields
) -> Response:
    """By the meaning of what was said; empty while nothing of it can be searched."""
    return _answer(request, service, shown_talk(service, talk_id).talk, wanted)


@router.get(
    "/papers/{paper_id}/similar",
    response_model=SimilarAnswer,
    summary="Talks and papers like a paper",
    responses={304: {"description": "Not changed"}, **documented(404, 410, 422)},
)
def similar_to_paper(
    request: Request, service: Opened, paper_id: PaperKey, wanted: SimilarFields
) -> Response:
    """By the meaning of its text; empty while nothing of it can be searched."""
    return _answer(request, service, shown_paper(service, paper_id), wanted)


def similar_to(service: Service, owner_id: str) -> list[Similar]:
    """At most `MOST` talks and papers like this one, most similar first."""
    searcher = service.live.searcher()
    if searcher is None:
        return []
    reach = service.reach()
    key = (searcher.generation, searcher.legs["dense"], owner_id, reach)
    known: Sequence[Likeness] | None = service.similar.get(key)
    if known is None:
        known = searcher.similar(owner_id, _WORKED_OUT, reach)
        service.similar.put(key, known)
    service.view.look()
    this = service.view.owner(owner_id)
    found = [
        Similar(owner=owner, cosine=one.cosine)
        for one in known
        if one.cosine >= LEAST_LIKE
        and (owner := service.owner(one.owner_id)) is not None
        and owner.heard
        and (this is None or owner.alike != this.alike)
    ]
    return sorted(found[:MOST], key=lambda one: -one.cosine)


def _answer(request: Request, service: Service, this: Talk | Paper, wanted: Wanted) -> Response:
    searcher = service.live.searcher()
    answer = SimilarAnswer(
        generation=searcher.generation if searcher else NO_GENERATION,
        items=[_item(one) for one in similar_to(service, this.public_id)],
    )
    return tagged(
        request,
        written(answer, wanted, within="items"),
        media_type="application/json",
        keep=keeping(this.visibility),
    )


def _item(one: Similar) -> SimilarItem:
    owner = one.owner
    return SimilarItem(
        kind=owner.kind,
        id=owner.public_id,
        title=owner.title,
        speakers=list(owner.names),
        date=owner.held_on,
        year=owner.year,
        series=owner.series,
        url=owner_url(owner),
        score=round(max(-1.0, min(1.0, one.cosine)), 4),
    )
