"""GET /series/{slug} and /speakers/{slug}: a series or a person with all that is theirs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from app.api import inventory
from app.api.depends import Opened
from app.feeds.channels import Channel, of_series, of_speaker
from app.feeds.places import base_of
from app.web.place_view import Asked, named_papers, series_page, speaker_page
from app.web.rendering import render
from app.wiring import Service
from catalog.errors import NotThere
from catalog.tables import Paper

router = APIRouter(include_in_schema=False)
Words = Annotated[str, Query()]


@router.get("/series/{slug}")
def series(request: Request, service: Opened, slug: str, cursor: Words = "") -> Response:
    """A series.  Raises: NotThere."""
    channel = of_series(service, slug)
    found = channel.talks[0].series
    if found is None:
        raise NotThere("series", slug)
    if slug != found.slug:
        return RedirectResponse(channel.page, status_code=308)
    papers = [one for one in named_papers(channel.talks) if service.shows(one.public_id)]
    asked = _asked(request, service, channel, cursor)
    return render("place.html", series_page(channel, found, papers, asked))


@router.get("/speakers/{slug}")
def speaker(request: Request, service: Opened, slug: str, cursor: Words = "") -> Response:
    """A speaker.  Raises: NotThere."""
    channel = of_speaker(service, slug)
    found = next(p for one in channel.talks for p in one.speakers if p.name == channel.title)
    if slug != found.slug:
        return RedirectResponse(channel.page, status_code=308)
    asked = _asked(request, service, channel, cursor)
    return render(
        "place.html", speaker_page(channel, found, _written_by(service, found.name), asked)
    )


def _written_by(service: Service, name: str) -> list[Paper]:
    """Papers that name exactly this author, newest first."""
    theirs = (one.public_id for one in inventory.papers(service) if name in one.names)
    return inventory.paper_rows(service, theirs)


def _asked(request: Request, service: Service, channel: Channel, cursor: str) -> Asked:
    ids = {one.talk.public_id for one in channel.talks}
    return Asked(
        archive=service.settings.archive_name,
        base=base_of(request, service),
        cursor=cursor or None,
        shown=[one for one in inventory.talks(service) if one.public_id in ids],
    )
