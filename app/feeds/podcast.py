"""GET /feeds/series/{slug}.rss: the recordings of a series, for podcast programs.

Invariant: an item is a recording that may be heard now.
Source: RSS 2.0; Apple's podcast tags; the Podcasting 2.0 namespace (`podcast:transcript`).
"""

from datetime import UTC, datetime, time
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.depends import Opened
from app.api.places import media_url, talk_url, transcript_url
from app.api.talks import duration_ms
from app.feeds.atom import here_of
from app.feeds.channels import Channel, newest_change, of_series
from app.feeds.places import base_of
from app.feeds.sending import sent
from app.feeds.talk_facts import heard, playable, urn
from app.feeds.xml import node, written
from catalog.talks import TalkDetails

router = APIRouter(prefix="/feeds", include_in_schema=False)
MOST = 500
_SPACES = {
    "version": "2.0",
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "xmlns:podcast": "https://podcastindex.org/namespace/1.0",
}


@router.get("/series/{slug}.rss")
def podcast(request: Request, service: Opened, slug: str) -> Response:
    """The recordings of a series, the latest talk first."""
    channel, base = of_series(service, slug), base_of(request, service)
    heard_here = [one for one in channel.talks if playable(one)]
    known = _channel(channel, heard_here[:MOST], base, here_of(request, base))
    known.extend(_cover(channel, base, service.settings.podcast_cover))
    root = node("rss", _SPACES, known)
    changed = newest_change(heard_here)
    return sent(request, written(root), media_type="application/rss+xml", updated_at=changed)


def _channel(channel: Channel, talks: list[TalkDetails], base: str, here: str) -> ET.Element:
    language = next((one.language for talk in talks if (one := heard(talk)) and one.language), None)
    return node(
        "channel",
        None,
        node("title", None, channel.title),
        node("link", None, base + channel.page),
        node("atom:link", {"rel": "self", "type": "application/rss+xml", "href": here}),
        node("description", None, channel.description),
        node("language", None, language or "en"),
        node("lastBuildDate", None, format_datetime(newest_change(talks), usegmt=True)),
        node("itunes:author", None, channel.title),
        node("itunes:explicit", None, "false"),
        node("itunes:category", {"text": "Education"}),
        *(_item(one, base) for one in talks),
    )


def _cover(channel: Channel, base: str, picture: str) -> list[ET.Element]:
    """The picture, as podcast directories and as readers of feeds look for it."""
    if not picture:
        return []
    said = {"url": picture, "title": channel.title, "link": base + channel.page}
    image = node("image", None, *(node(name, None, text) for name, text in said.items()))
    return [node("itunes:image", {"href": picture}), image]


def _item(one: TalkDetails, base: str) -> ET.Element:
    talk, recording, transcript = one.talk, playable(one), heard(one)
    length_ms = duration_ms(one)
    url = base + talk_url(talk)
    timed = transcript is not None and transcript.timed
    subtitles = {"url": base + transcript_url(talk, "vtt"), "type": "text/vtt"}
    return node(
        "item",
        None,
        node("title", None, talk.title),
        node("link", None, url),
        node("guid", {"isPermaLink": "false"}, urn("talk", talk.public_id)),
        node("pubDate", None, format_datetime(_held_at(one), usegmt=True)),
        node("description", None, talk.abstract or talk.title),
        node("enclosure", _enclosure(one, base)) if recording else None,
        node("itunes:author", None, ", ".join(one.names)) if one.names else None,
        node("itunes:duration", None, str(round(length_ms / 1000))) if length_ms else None,
        node("itunes:explicit", None, "false"),
        node("podcast:transcript", subtitles) if timed else None,
    )


def _enclosure(one: TalkDetails, base: str) -> dict[str, str]:
    recording = playable(one)
    if recording is None:
        return {}
    return {
        "url": base + media_url(one.talk),
        "length": str(recording.size_bytes),
        "type": recording.media_type,
    }


def _held_at(one: TalkDetails) -> datetime:
    """When the talk was held, as the start of its day; without a day, when it came here."""
    held_on = one.talk.held_on
    return datetime.combine(held_on, time(), UTC) if held_on else one.talk.created_at
