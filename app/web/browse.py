"""The list of talks, and ways to narrow it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from app.api import inventory
from app.feeds.offered import of_list
from app.web.contexts.lists import TalkGroup, TalksPage
from app.web.contexts.parts import Frame, Link
from app.web.formats import counted
from app.web.narrowing import Narrowing, page_of
from app.web.talk_view import talk_line
from app.wiring import Service
from catalog.shown import Shown
from catalog.talks import TalkDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed(Narrowing[Shown]):
    """Which talks a list shows."""

    path = "/talks"
    everything = "Talks"
    titles: ClassVar[Mapping[str, str]] = {"series": "Series", "speaker": "Speaker", "year": "Year"}
    series: str = ""
    speaker: str = ""
    year: str = ""

    def values_of(self, entry: Shown, name: str) -> Sequence[str]:
        """See `Narrowing`."""
        return values_of(entry, name)


def values_of(talk: Shown, name: str) -> tuple[str, ...]:
    """The series, the speakers or the year of a talk."""
    if name == "series":
        return (talk.series,) if talk.series else ()
    if name == "speaker":
        return talk.names
    return (str(talk.year),) if talk.year else ()


def talks_page(service: Service, narrowed: Narrowed, cursor: str | None, *, base: str) -> TalksPage:
    """One page of the talks that are asked for; a series or a speaker has its own address."""
    every = inventory.talks(service)
    kept = narrowed.admitted(every)
    place = place_of(service, narrowed, kept)
    part = page_of(kept, named=repr(narrowed), key=lambda one: one.public_id, after=cursor)
    rows = inventory.talk_rows(service, (one.public_id for one in part.items))
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
        groups=tuple(by_year(rows)),
        next=Link(text="Earlier talks", url=narrowed.url(cursor=part.next_cursor))
        if part.next_cursor
        else None,
        feeds=()
        if narrowed.year
        else of_list(rows, series=narrowed.series, speaker=narrowed.speaker),
    )


def place_of(service: Service, narrowed: Narrowed, talks: Sequence[Shown]) -> str | None:
    """The page of the one series or speaker that a list is narrowed to."""
    if narrowed.year or not talks or bool(narrowed.series) == bool(narrowed.speaker):
        return None
    name = "series" if narrowed.series else "speaker"
    return place_url(service, name, narrowed.series or narrowed.speaker)


def place_url(service: Service, name: str, value: str) -> str | None:
    """The page of a series or a speaker by name, None where there is none any more."""
    if name == "series":
        slug = inventory.series_slugs(service).get(value)
        return f"/series/{slug}" if slug else None
    slug = inventory.speaker_slugs(service).get(value)
    return f"/speakers/{slug}" if slug else None


def by_year(talks: Sequence[TalkDetails], *, but: str = "") -> Iterable[TalkGroup]:
    """Talks in the order they come, under their years, without the name of where they stand."""
    for year, group in groupby(talks, key=_year):
        yield TalkGroup(
            heading=year or "No date",
            talks=tuple(talk_line(one, but=but) for one in group),
        )


def _year(one: TalkDetails) -> str:
    return str(one.talk.held_on.year) if one.talk.held_on else ""
