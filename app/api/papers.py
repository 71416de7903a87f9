"""GET /api/v1/papers and /api/v1/papers/{id}."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from app.api import inventory
from app.api.caching import keeping, tagged
from app.api.depends import Opened, named
from app.api.fields import Wanted, fields_of, written
from app.api.lists import sliced
from app.api.mentions import seen_from_paper, talks_mentioning
from app.api.places import paper_url, pdf_url
from app.api.problems import documented
from app.api.schemas import LinkAnswer, PaperAnswer, PaperItem, PaperList
from app.api.talks import item as talk_item
from app.errors import Withdrawn
from app.wiring import Service
from catalog import papers as catalog_papers
from catalog import talks as catalog_talks
from catalog.errors import NotThere
from catalog.mentions import Mentioned
from catalog.tables import Paper, Talk
from catalog.talks import TalkDetails

router = APIRouter(prefix="/api/v1/papers", tags=["papers"])
PaperKey = Annotated[
    str,
    Path(
        max_length=200, description="Id or slug of a paper.", examples=["notes-on-tangent-kernels"]
    ),
]


@router.get(
    "",
    response_model=PaperList,
    summary="List papers",
    responses={304: {"description": "Not changed"}, **documented(400, 422)},
)
def papers(
    request: Request,
    service: Opened,
    wanted: Annotated[Wanted, Depends(fields_of(PaperItem))],
    limit: Annotated[int, Query(ge=1, le=100, description="Papers per page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=400, description="From `next_cursor` of the page before.")
    ] = None,
) -> Response:
    """Public papers, newest first."""
    listed = inventory.papers(service)
    part = sliced(listed, named="papers", key=lambda one: one.public_id, limit=limit, after=cursor)
    rows = inventory.paper_rows(service, (one.public_id for one in part.items))
    answer = PaperList(items=[item(one) for one in rows], next_cursor=part.next_cursor)
    body = written(answer, wanted, within="items")
    return tagged(request, body, media_type="application/json")


@router.get(
    "/{paper_id}",
    response_model=PaperAnswer,
    summary="One paper",
    responses={304: {"description": "Not changed"}, **documented(404, 410, 422)},
)
def paper(
    request: Request,
    service: Opened,
    paper_id: PaperKey,
    wanted: Annotated[Wanted, Depends(fields_of(PaperAnswer))],
) -> Response:
    """A paper with its PDF and the talks that name it; unlisted ones too, by their id."""
    found = shown_paper(service, paper_id)
    answer = paper_answer(found, talks_naming(service, found), talks_mentioning(service, [found]))
    return tagged(
        request,
        written(answer, wanted),
        media_type="application/json",
        keep=keeping(answer.visibility),
    )


def paper_answer(
    found: Paper, naming: Sequence[TalkDetails], mentioned: Sequence[Mentioned]
) -> PaperAnswer:
    """A paper with everything that is known of it, the talks that name it, and where."""
    return PaperAnswer.model_validate(
        {
            **item(found).model_dump(),
            "abstract": found.abstract,
            "arxiv_id": found.arxiv_id,
            "doi": found.doi,
            "pdf_url": pdf_url(found),
            "visibility": found.visibility,
            "talks": [talk_item(one) for one in naming],
            "mentions": seen_from_paper(mentioned),
        }
    )


def shown_paper(service: Service, key: str) -> Paper:
    """The paper with this id or slug, if it may be shown.  Raises: NotThere, Withdrawn."""
    with service.catalog.read() as session:
        found = catalog_papers.find(session, named("paper", key))
    if not service.shows(found.public_id):
        raise NotThere("paper", key)
    if found.visibility == "withdrawn":
        raise Withdrawn("paper")
    return found


def talks_naming(service: Service, paper: Paper, *, also: Sequence[Talk] = ()) -> list[TalkDetails]:
    """Public talks for which this paper was named, newest first; then those of `also`."""
    with service.catalog.read() as session:
        linked = catalog_papers.talks_naming(session, paper)
        naming = list({one.public_id: one for one in (*linked, *also)}.values())
        shown = [one for one in naming if service.shows(one.public_id)]
        return catalog_talks.details(session, shown)


def item(one: Paper) -> PaperItem:
    """A paper as a list shows it."""
    return PaperItem(
        id=one.public_id,
        slug=one.slug,
        title=one.title,
        title_is_known=one.title_is_known,
        authors=one.authors,
        year=one.year,
        venue=one.venue,
        page_count=one.page_count,
        links=[LinkAnswer.model_validate(link) for link in one.links],
        url=paper_url(one),
    )
