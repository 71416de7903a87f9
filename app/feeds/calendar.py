"""GET /feeds/series/{slug}.ics: a series in a calendar, past talks and announced ones.

Invariant: a talk keeps its UID, so that a changed day moves it and adds none.  The archive knows
the day of a talk and no hour, so each is an event of a whole day.  Source: RFC 5545.
"""

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import __version__
from app.api.depends import Opened
from app.api.places import talk_url
from app.feeds.channels import Channel, newest_change, of_series
from app.feeds.places import base_of
from app.feeds.sending import sent
from app.feeds.talk_facts import changed_at, urn
from app.feeds.xml import legal
from catalog.talks import TalkDetails

if TYPE_CHECKING:
    from icalendar import Event

router = APIRouter(prefix="/feeds", include_in_schema=False)


@router.get("/series/{slug}.ics")
def calendar(request: Request, service: Opened, slug: str) -> Response:
    """The talks of a series that have a day."""
    channel = of_series(service, slug)
    body = written(channel, base_of(request, service))
    changed = newest_change(channel.talks)
    return sent(request, body, media_type="text/calendar", updated_at=changed)


def written(channel: Channel, base: str) -> bytes:
    """The channel's talks as a calendar."""
    from icalendar import Calendar  # takes long to import, and few ask for one

    made = Calendar()
    made.add("prodid", f"-//seminar archive//{__version__}//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", legal(channel.title))
    made.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    for one in channel.talks:
        if one.talk.held_on is not None:
            made.add_component(_event(one, one.talk.held_on, base))
    body: bytes = made.to_ical()
    return body


def _event(one: TalkDetails, held_on: date, base: str) -> "Event":
    from icalendar import Event

    changed = changed_at(one).astimezone(UTC).replace(microsecond=0)
    url = base + talk_url(one.talk)
    made = Event()
    made.add("uid", urn("talk", one.talk.public_id))
    made.add("dtstamp", changed)
    made.add("last-modified", changed)
    made.add("dtstart", held_on)
    made.add("dtend", held_on + timedelta(days=1))
    made.add("summary", _summary(one))
    made.add("description", legal("\n\n".join(filter(None, [one.talk.abstract, url]))))
    made.add("url", url)
    made.add("transp", "TRANSPARENT")
    if one.series:
        made.add("categories", [legal(one.series.name)])
    return made


def _summary(one: TalkDetails) -> str:
    """Who speaks on what, on one line."""
    said = ": ".join(filter(None, [", ".join(one.names), one.talk.title]))
    return " ".join(legal(said).split())
