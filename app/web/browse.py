"""The list of talks, and ways to narrow it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from app.api.places import series_url, speaker_url
from app.feeds.offered import of_list
from app.web.contexts.lists import TalkGroup, TalksPage
from app.web.contexts.parts import Frame, Link
from app.web.formats import counted
from app.web.narrowing import Narrowing, page_of
from app.web.talk_view import talk_line
from app.wiring import Service
from catalog import talks as catalog_talks
from catalog.talks import TalkDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed(Narrowing[TalkDetails]):
    """Which talks a list shows."""

    path = "/talks"
    everything = "Talks"
    titles: ClassVar[Mapping[str, str]] = {"series": "Series", "speaker": "Speaker", "year": "Year"}
    series: str = ""
    speaker: str = ""
    year: str = ""

    def values_of(self, entry: TalkDetails, name: str) -> Sequence[str]:
        """See `Narrowing`."""
        return values_of(entry, name)


def values_of(talk: TalkDetails, name: str) -> tuple[str, ...]:
    """The series, the speakers or the year of a talk."""
    if name == "series":
        return (talk.series.name,) if talk.series else ()
    if name == "speaker":
        return talk.names
    return (str(talk.talk.held_on.year),) if talk.talk.held_on else ()


def talks_page(service: Service, narrowed: Narrowed, cursor: str | None, *, base: str) -> TalksPage:
    """One page of the talks that are asked for; a series or a speaker has its own address."""
    with service.catalog.read() as session:
        every = catalog_talks.listed(session)
    kept = [talk for talk in every if narrowed.admits(talk)]
    place = place_of(narrowed, kept)
    part = page_of(kept, named=repr(narrowed), key=lambda one: one.talk.public_id, after=cursor)
    return TalksPage(
        frame=Frame(
            title=narrowed.heading,
            archive=service.settings.archive_name,
            here="talks",
            description=f"{narrowed.heading}: {counted(len(kept), 'talk')}, newest first.",
            canonical=base + (place or narrowed.url()),
        ),
        heading=narrowed.heading,
        about=Link(text=f"About this {'series' if narrowed.series else 'speaker'}", url=place)
        if place
        else None,
        said=counted(len(kept), "talk"),
        facets=tuple(narrowed.facets(every)),
        groups=tuple(by_year(part.items)),
        next=Link(text="Earlier talks", url=narrowed.url(cursor=part.next_cursor))
        if part.next_cursor
        else None,
        feeds=()
        if narrowed.year
        else of_list(kept, series=narrowed.series, speaker=narrowed.speaker),
    )


def place_of(narrowed: Narrowed, talks: Sequence[TalkDetails]) -> str | None:
    """The page of the one series or speaker that a list is narrowed to."""
    if narrowed.year or not talks or bool(narrowed.series) == bool(narrowed.speaker):
        return None
    return place_urls(talks).get(narrowed.series or narrowed.speaker)


def place_urls(talks: Iterable[TalkDetails]) -> dict[str, str]:
    """The pages of the series and speakers of talks, by their names."""
    known: dict[str, str] = {}
    for one in talks:
        known |= {person.name: speaker_url(person) for person in one.speakers}
        known |= {one.series.name: series_url(one.series)} if one.series else {}
    return known


def by_year(talks: Sequence[TalkDetails], *, but: str = "") -> Iterable[TalkGroup]:
    """Talks in the order they come, under their years, without the name of where they stand."""
    for year, group in groupby(talks, key=lambda one: values_of(one, "year")):
        yield TalkGroup(
            heading=year[0] if year else "No date",
            talks=tuple(talk_line(one, but=but) for one in group),
        )
