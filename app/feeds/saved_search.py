"""GET /feeds/search.atom: what is new for a saved search.

Invariant: an entry is a passage, under the passage's own id, which stays while its words do; it is
as new as the text it stands in.  What is weak for the query is left out: of the best `GROUPS` talks
and papers only.
"""

import hashlib
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.api.answers import Ask, Chosen
from app.api.depends import Opened
from app.api.paging import page
from app.api.places import passage_url
from app.api.search import Parameters, asked_in, parameters_of
from app.api.strict import strict
from app.feeds.atom import Entry, Feed, answered, here_of
from app.feeds.offered import search_query
from app.feeds.places import base_of
from app.feeds.sending import EPOCH
from app.feeds.talk_facts import heard, paper_changed_at, urn
from app.web.formats import clock
from app.wiring import Service
from catalog import papers as catalog_papers
from catalog import talks as catalog_talks
from index.passage import Passage

router = APIRouter(prefix="/feeds", include_in_schema=False)
GROUPS = 50
PASSAGES = 3  # of one talk or paper
MOST = 100


@router.get("/search.atom", dependencies=[Depends(strict)])
async def search_feed(
    request: Request,
    service: Opened,
    parameters: Annotated[Parameters, Depends(parameters_of)],
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> Response:
    """Passages that match, the newest first."""

    def work() -> Response:
        base = base_of(request, service)
        ask = asked_in(service, parameters)
        entries = _entries(service, ask, base)
        feed = Feed(
            urn=_feed_urn(ask),
            title=f"{ask.text} – {service.settings.archive_name}",
            subtitle="New passages that match",
            archive=service.settings.archive_name,
            here=here_of(request, base),
            page=f"{base}/search?{search_query(ask)}",
            entries=tuple(entries[:limit]),
        )
        return answered(request, feed)

    return await service.turns.run(work)


def _entries(service: Service, ask: Ask, base: str) -> list[Entry]:
    found = page(service, ask, limit=GROUPS, after=None, most=PASSAGES)
    since = _since(service, found.chosen)
    made = [
        _entry(one, passage, base, since.get(one.owner.public_id, EPOCH))
        for one in found.chosen
        for _, passage in one.passages
    ]
    return sorted(made, key=lambda one: (-one.updated_at.timestamp(), one.urn))


def _since(service: Service, chosen: tuple[Chosen, ...]) -> dict[str, datetime]:
    """Since when the text of each talk and paper has been there."""
    ids = [one.owner.public_id for one in chosen]
    with service.catalog.read() as session:
        talks = catalog_talks.by_ids(session, ids)
        papers = catalog_papers.by_ids(session, ids)
    known = {key: paper_changed_at(one) for key, one in papers.items()}
    for key, one in talks.items():
        transcript = heard(one)
        known[key] = transcript.created_at if transcript else one.talk.created_at
    return known


def _entry(chosen: Chosen, passage: Passage, base: str, at: datetime) -> Entry:
    owner = chosen.owner
    return Entry(
        urn=urn("passage", passage.id),
        title=f"{owner.title}{_place(passage)}",
        url=base + passage_url(owner, passage),
        updated_at=at,
        published_at=at,
        authors=owner.names,
        summary=passage.text,
        category=owner.series or "",
    )


def _place(passage: Passage) -> str:
    if passage.start_ms is not None:
        return f", {clock(passage.start_ms)}"
    return f", p. {passage.page}" if passage.page is not None else ""


def _feed_urn(ask: Ask) -> str:
    return urn("search", hashlib.sha256(repr(ask).encode("utf-8", "replace")).hexdigest()[:32])
