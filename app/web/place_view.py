"""The pages of a series and of a speaker.

Invariant: they show what the channel of the same name has, so that feed and page agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.talks import duration_ms
from app.feeds.channels import Channel
from app.feeds.offered import of_list
from app.feeds.structured import place_data
from app.web.browse import Narrowed, by_year
from app.web.contexts.parts import Card, Frame, Link, Meta
from app.web.contexts.places import PlacePage, Within
from app.web.formats import counted, day, hours, listed
from app.web.narrowing import page_of
from app.web.paper_view import paper_line
from app.web.strip import strip
from app.web.talk_view import split_paragraphs
from catalog.shown import Shown
from catalog.tables import Paper, Person, Series
from catalog.talks import TalkDetails

MOST_PAPERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where a page is asked for: the archive's name, its address, and how far to go on.

    shown: the channel's talks, to narrow them.
    """

    archive: str
    base: str
    cursor: str | None
    shown: Sequence[Shown]


def series_page(
    channel: Channel, series: Series, papers: Sequence[Paper], asked: Asked
) -> PlacePage:
    """A series: its talks, and the papers that they name."""
    speakers = {name for one in channel.talks for name in one.names}
    said = (*_said(channel.talks), counted(len(speakers), "speaker") if speakers else "")
    data = place_data("CreativeWorkSeries", series.name, channel.page, asked.base)
    return _page(
        channel,
        asked,
        kind="Series",
        about=split_paragraphs(series.description),
        said=said,
        within=Within(name="series", value=series.name, label=f"Search in {series.name}"),
        papers=papers,
        data=data,
    )


def speaker_page(
    channel: Channel, speaker: Person, papers: Sequence[Paper], asked: Asked
) -> PlacePage:
    """A speaker across all series, and what they wrote."""
    names = list(dict.fromkeys(one.series.name for one in channel.talks if one.series))
    said = (speaker.affiliation or "", *_said(channel.talks), listed(names) if names else "")
    data = place_data("Person", speaker.name, channel.page, asked.base)
    return _page(
        channel,
        asked,
        kind="Speaker",
        about=(),
        said=said,
        within=Within(
            name="speaker", value=speaker.name, label=f"Search in talks by {speaker.name}"
        ),
        papers=papers,
        data=data,
    )


def named_papers(talks: Iterable[TalkDetails]) -> list[Paper]:
    """The papers that talks name, newest first."""
    known = {paper.public_id: paper for one in talks for paper in one.papers}
    return sorted(known.values(), key=lambda paper: (-(paper.year or 0), paper.title))


def _page(
    channel: Channel,
    asked: Asked,
    *,
    kind: str,
    about: tuple[str, ...],
    said: tuple[str, ...],
    within: Within,
    papers: Sequence[Paper],
    data: dict[str, Any],
) -> PlacePage:
    facts = tuple(filter(None, said))
    described = about[0] if about else " · ".join((channel.title, *facts))
    narrowed = Narrowed(**{within.name: within.value})
    talks, onward = _part(channel, asked.cursor)
    return PlacePage(
        frame=Frame(
            title=channel.title,
            archive=asked.archive,
            here="talks",
            description=described[:300],
            canonical=asked.base + channel.page,
        ),
        kind=kind,
        heading=channel.title,
        about=about,
        said=facts,
        within=within,
        strip=strip(channel.talks),
        facets=tuple(
            one
            for one in narrowed.facets(asked.shown)
            if one.name != within.name and len(one.choices) > 1
        ),
        groups=tuple(by_year(talks, but=within.value)),
        next=onward,
        papers_said=counted(len(papers), "paper") if papers else "",
        papers=tuple(paper_line(paper) for paper in papers[:MOST_PAPERS]),
        feeds=of_list(channel.talks, **{"series": "", "speaker": "", within.name: within.value}),
        card=_card(channel, asked, described[:300], data),
    )


def _part(channel: Channel, cursor: str | None) -> tuple[Sequence[TalkDetails], Link | None]:
    """The talks after a cursor, and the way on."""
    part = page_of(
        channel.talks, named=channel.urn, key=lambda one: one.talk.public_id, after=cursor
    )
    onward = part.next_cursor
    url = f"{channel.page}?cursor={onward}"
    return part.items, Link(text="Earlier talks", url=url) if onward else None


def _card(channel: Channel, asked: Asked, described: str, data: dict[str, Any]) -> Card:
    return Card(
        metas=(
            Meta(property="og:site_name", content=asked.archive),
            Meta(property="og:url", content=asked.base + channel.page),
            Meta(property="og:title", content=channel.title),
            Meta(property="og:description", content=described),
            Meta(property="og:type", content="website"),
        ),
        links=(),
        data=data,
    )


def _said(talks: Sequence[TalkDetails]) -> tuple[str, ...]:
    """How many talks, how long, and from when to when."""
    days = sorted(one.talk.held_on for one in talks if one.talk.held_on)
    recorded = sum(duration_ms(one) or 0 for one in talks)
    span = "" if not days else day(days[0])
    if days and days[0] != days[-1]:
        span = f"{span} to {day(days[-1])}"
    return (counted(len(talks), "talk"), hours(recorded) if recorded else "", span)
