"""Atom feeds: new talks of all, of a series, of a speaker, and what is new for a saved search.

Invariant: an entry keeps its id for ever, its `updated` moves only when it changed, and the newest
comes first.  Source: RFC 4287.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import __version__
from app.api.depends import Opened
from app.api.places import media_url, paper_url, talk_url
from app.feeds.channels import Channel, everything, of_series, of_speaker
from app.feeds.places import base_of
from app.feeds.sending import EPOCH, sent, stamp
from app.feeds.talk_facts import changed_at, playable, urn
from app.feeds.xml import node, written
from app.wiring import Service
from catalog.talks import TalkDetails

router = APIRouter(prefix="/feeds", include_in_schema=False)
ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in a feed; addresses are absolute, `url` is where a person reads on."""

    urn: str
    title: str
    url: str
    updated_at: datetime
    published_at: datetime
    authors: tuple[str, ...] = ()
    summary: str = ""
    category: str = ""
    links: tuple[ET.Element, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Entries under a title; `here` and `page` are absolute."""

    urn: str
    title: str
    subtitle: str
    archive: str
    here: str
    page: str
    entries: tuple[Entry, ...]

    @property
    def updated_at(self) -> datetime:
        """When the newest entry changed; long ago for an empty feed."""
        return max((one.updated_at for one in self.entries), default=EPOCH)


@router.get("/talks.atom")
def talks_feed(request: Request, service: Opened) -> Response:
    """New talks."""
    return _answered(request, service, everything(service))


@router.get("/series/{slug}.atom")
def series_feed(request: Request, service: Opened, slug: str) -> Response:
    """New talks of a series."""
    return _answered(request, service, of_series(service, slug))


@router.get("/speakers/{slug}.atom")
def speaker_feed(request: Request, service: Opened, slug: str) -> Response:
    """New talks of a speaker."""
    return _answered(request, service, of_speaker(service, slug))


def here_of(request: Request, base: str) -> str:
    """The absolute address that was asked for."""
    query = request.scope["query_string"].decode("latin-1")
    return base + request.url.path + (f"?{query}" if query else "")


def answered(request: Request, feed: Feed) -> Response:
    """A feed as an answer."""
    return sent(request, written(tree(feed)), media_type=ATOM_TYPE, updated_at=feed.updated_at)


def tree(feed: Feed) -> ET.Element:
    """A feed as XML."""
    return node(
        "feed",
        {"xmlns": ATOM},
        node("id", None, feed.urn),
        node("title", None, feed.title),
        node("subtitle", None, feed.subtitle),
        node("updated", None, stamp(feed.updated_at)),
        node("author", None, node("name", None, feed.archive)),
        node("generator", {"version": __version__}, "seminar archive"),
        node("link", {"rel": "self", "type": ATOM_TYPE, "href": feed.here}),
        node("link", {"rel": "alternate", "type": "text/html", "href": feed.page}),
        *map(_entry, feed.entries),
    )


def _entry(one: Entry) -> ET.Element:
    return node(
        "entry",
        None,
        node("id", None, one.urn),
        node("title", None, one.title),
        node("updated", None, stamp(one.updated_at)),
        node("published", None, stamp(one.published_at)),
        *(node("author", None, node("name", None, name)) for name in one.authors),
        node("link", {"rel": "alternate", "type": "text/html", "href": one.url}),
        *one.links,
        node("category", {"term": one.category}) if one.category else None,
        node("summary", None, one.summary) if one.summary else None,
    )


def _answered(request: Request, service: Service, channel: Channel) -> Response:
    base = base_of(request, service)
    feed = Feed(
        urn=channel.urn,
        title=channel.title,
        subtitle=channel.description,
        archive=service.settings.archive_name,
        here=here_of(request, base),
        page=base + channel.page,
        entries=tuple(talk_entries(channel.newest, base)),
    )
    return answered(request, feed)


def talk_entries(talks: Sequence[TalkDetails], base: str) -> Iterable[Entry]:
    """An entry for each talk."""
    for one in talks:
        yield Entry(
            urn=urn("talk", one.talk.public_id),
            title=one.talk.title,
            url=base + talk_url(one.talk),
            updated_at=changed_at(one),
            published_at=one.talk.created_at,
            authors=one.names,
            summary=one.talk.abstract,
            category=one.series.name if one.series else "",
            links=tuple(_links(one, base)),
        )


def _links(one: TalkDetails, base: str) -> Iterable[ET.Element]:
    recording = playable(one)
    if recording is not None:
        yield node(
            "link",
            {
                "rel": "enclosure",
                "href": base + media_url(one.talk),
                "type": recording.media_type,
                "length": str(recording.size_bytes),
            },
        )
    for paper in one.papers:
        yield node(
            "link", {"rel": "related", "href": base + paper_url(paper), "title": paper.title}
        )
