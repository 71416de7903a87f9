"""What a feed is about: all talks, those of a series, or those of a speaker.

Invariant: a series or a speaker of whom nothing is shown does not exist here, so that a feed tells
of nobody whose talks are hidden.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from app.api import inventory
from app.api.depends import named
from app.api.places import series_url, speaker_url
from app.feeds.sending import EPOCH
from app.feeds.talk_facts import changed_at
from app.wiring import Service
from catalog import talks as catalog_talks
from catalog.errors import NotThere
from catalog.talks import TalkDetails

MOST = 100  # entries of a feed, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Talks under one name; `page` is the path where people see them, newest first."""

    urn: str
    title: str
    description: str
    page: str
    talks: tuple[TalkDetails, ...]

    @property
    def newest(self) -> tuple[TalkDetails, ...]:
        """The talks that changed last, latest first."""
        return tuple(sorted(self.talks, key=_order, reverse=True)[:MOST])


def everything(service: Service) -> Channel:
    """The talks that changed last, of all that may be shown."""
    changed = (one for one in inventory.changes(service) if one.kind == "talk" and not one.gone)
    latest = heapq.nlargest(MOST, changed, key=lambda one: (one.changed_at, one.public_id))
    return Channel(
        urn="urn:seminar-archive:feed:talks",
        title=service.settings.archive_name,
        description="New talks",
        page="/talks",
        talks=tuple(inventory.talk_rows(service, (one.public_id for one in latest))),
    )


def of_series(service: Service, key: str) -> Channel:
    """The talks of a series, by its slug or id.  Raises: NotThere."""
    talks = _those(service, "series", key, catalog_talks.of_series)
    series = talks[0].series
    if series is None:
        raise NotThere("series", key)
    return Channel(
        urn=f"urn:seminar-archive:feed:series:{series.public_id}",
        title=series.name,
        description=series.description or f"Talks of {series.name}",
        page=series_url(series),
        talks=talks,
    )


def of_speaker(service: Service, key: str) -> Channel:
    """The talks of a speaker, by slug or id.  Raises: NotThere."""
    talks = _those(service, "speaker", key, catalog_talks.of_speaker)
    speaker = next(one for one in talks[0].speakers if key in (one.slug, one.public_id))
    return Channel(
        urn=f"urn:seminar-archive:feed:speaker:{speaker.public_id}",
        title=speaker.name,
        description=f"Talks by {speaker.name}",
        page=speaker_url(speaker),
        talks=talks,
    )


def feed_path(kind: Literal["series", "speakers"], slug: str, ending: str) -> str:
    """Where the feed of a series or a speaker is."""
    return f"/feeds/{kind}/{slug}.{ending}"


def newest_change(talks: Sequence[TalkDetails]) -> datetime:
    """When the last of them changed; long ago where there are none."""
    return max((changed_at(one) for one in talks), default=EPOCH)


def _those(
    service: Service, kind: str, key: str, read: Callable[[Session, str], list[TalkDetails]]
) -> tuple[TalkDetails, ...]:
    with service.catalog.read() as session:
        every = read(session, named(kind, key))
    found = tuple(one for one in every if service.shows(one.talk.public_id))
    if not found:
        raise NotThere(kind, key)
    return found


def _order(one: TalkDetails) -> tuple[datetime, str]:
    return changed_at(one), one.talk.public_id
