"""GET /api/v1/suggest: what the search box offers while somebody types."""

from typing import Annotated
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.caching import tagged
from app.api.depends import Opened
from app.api.places import owner_url
from app.api.problems import documented
from app.api.schemas import SuggestAnswer, Suggestion
from app.suggestions import Entry
from app.wiring import Service

router = APIRouter(prefix="/api/v1", tags=["search"])


@router.get(
    "/suggest",
    response_model=SuggestAnswer,
    summary="Suggest while typing",
    responses={304: {"description": "Not changed"}, **documented(422)},
)
async def suggest(
    request: Request,
    service: Opened,
    q: Annotated[
        str, Query(max_length=200, description="What was typed so far.", examples=["second"])
    ] = "",
    limit: Annotated[int, Query(ge=1, le=20, description="How many at the most.")] = 8,
) -> Response:
    """Titles, people, series and terms with words that begin so; where none do, what was meant."""
    if service.within is None:
        offered = suggested(service, q, limit)
    else:  # what his series have may have to be gone through first
        offered = await to_thread.run_sync(suggested, service, q, limit)
    answer = SuggestAnswer(query=q, suggestions=offered)
    return tagged(request, answer.model_dump_json().encode(), media_type="application/json")


def suggested(service: Service, typed: str, limit: int) -> list[Suggestion]:
    """What is offered; nothing while the archive is being read."""
    known = service.suggestions()
    if known is None:
        return []
    offered = known.offered(typed, limit, service.owner)
    return [
        Suggestion(kind=one.kind, text=one.text, url=url)
        for one in offered
        if (url := _url(service, one)) is not None
    ]


def _url(service: Service, entry: Entry) -> str | None:
    if entry.kind in {"talk", "paper"}:
        owner = service.owner(entry.owners[0])
        return owner_url(owner) if owner else None
    if entry.kind == "term":
        return "/search?" + urlencode({"q": entry.text})
    if entry.kind == "series":
        return "/talks?" + urlencode({"series": entry.text})
    speaks = any(
        owner is not None and owner.kind == "talk" for owner in map(service.owner, entry.owners)
    )
    if speaks:
        return "/talks?" + urlencode({"speaker": entry.text})
    return "/search?" + urlencode({"q": entry.text, "kind": "paper", "speaker": entry.text})
