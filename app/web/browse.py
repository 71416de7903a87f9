"""The list of talks, and ways to narrow it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from urllib.parse import urlencode

from app.api.lists import Slice, sliced
from app.api.places import series_url, speaker_url
from app.errors import InvalidCursor
from app.feeds.offered import of_list
from app.web.contexts.lists import TalkGroup, TalksPage
from app.web.contexts.parts import Choice, Facet, Frame, Link
from app.web.formats import counted
from app.web.talk_view import talk_line
from app.wiring import Service
from catalog import talks as catalog_talks
from catalog.talks import TalkDetails

PER_PAGE = 50
MOST_CHOICES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which talks a list shows; empty parts let everything through."""

    series: str = ""
    speaker: str = ""
    year: str = ""

    def admits(self, talk: TalkDetails, *, but: str = "") -> bool:
        """Whether a talk passes all parts but one."""
        return all(
            value in ("", *values_of(talk, name))
            for name, value in self._parts().items()
            if name != but
        )

    def url(self, **changes: str) -> str:
        """The address of the list with some parts changed."""
        known = {k: v for k, v in {**self._parts(), **changes}.items() if v}
        return "/talks" + (f"?{urlencode(known, errors='replace')}" if known else "")

    @property
    def heading(self) -> str:
        """What the list is, in a few words."""
        return " · ".join(value for value in self._parts().values() if value) or "Talks"

    def _parts(self) -> dict[str, str]:
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


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
    part = _part(kept, repr(narrowed), cursor)
    return TalksPage(
        frame=Frame(
            title=narrowed.heading,
            archive=service.settings.archive_name,
            here="talks",
            description=f"{narrowed.heading}: {counted(len(kept), 'talk')}, newest first.",
            canonical=base + (place_of(narrowed, kept) or narrowed.url()),
        ),
        heading=narrowed.heading,
        said=counted(len(kept), "talk"),
        facets=tuple(facets(narrowed, every)),
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


def ranked(talks: Iterable[TalkDetails], name: str) -> list[tuple[str, int]]:
    """Values with how many talks have them, the most frequent first."""
    counts = Counter(value for talk in talks for value in values_of(talk, name))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def by_year(talks: Sequence[TalkDetails], *, but: str = "") -> Iterable[TalkGroup]:
    """Talks in the order they come, under their years, without the name of where they stand."""
    for year, group in groupby(talks, key=lambda one: values_of(one, "year")):
        yield TalkGroup(
            heading=year[0] if year else "No date",
            talks=tuple(talk_line(one, but=but) for one in group),
        )


def _part(kept: Sequence[TalkDetails], named: str, cursor: str | None) -> Slice[TalkDetails]:
    """The talks after the cursor; a cursor that is no good begins anew."""

    def key(one: TalkDetails) -> str:
        return one.talk.public_id

    try:
        return sliced(kept, named=named, key=key, limit=PER_PAGE, after=cursor)
    except InvalidCursor:
        return sliced(kept, named=named, key=key, limit=PER_PAGE, after=None)


def facets(narrowed: Narrowed, every: Sequence[TalkDetails]) -> Iterable[Facet]:
    """Ways to narrow a list of talks, each with how many it would leave."""
    for name, title in (("series", "Series"), ("speaker", "Speaker"), ("year", "Year")):
        chosen = getattr(narrowed, name)
        counts = ranked((talk for talk in every if narrowed.admits(talk, but=name)), name)
        if name == "year":
            counts.sort(reverse=True)
        choices = tuple(
            Choice(
                text=value,
                url=narrowed.url(**{name: "" if value == chosen else value}),
                count=count,
                on=value == chosen,
            )
            for value, count in sorted(counts, key=lambda pair: pair[0] != chosen)
        )
        if choices:
            shown, rest = choices[:MOST_CHOICES], choices[MOST_CHOICES:]
            yield Facet(title=title, choices=shown, rest=rest, name=name)
