"""What a series or a speaker shows: all that is theirs, in one place."""

from dataclasses import dataclass

from app.web.contexts.lists import PaperLine, TalkGroup
from app.web.contexts.parts import Card, Facet, Frame, HeadLink, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A search box that is held to a place: the parameter that holds it, and its value."""

    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A talk in the picture of a place; `x` and sizes are attributes of the drawing."""

    x: str
    y: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """Where a year begins in the picture."""

    x: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The talks of a place over time, in words for those who do not see it.

    first, last: the days at its ends.
    """

    label: str
    first: str
    last: str
    said: str
    marks: tuple[Mark, ...]
    years: tuple[Year, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacePage:
    """A series or a speaker: what it is, its search box, its talks and papers."""

    frame: Frame
    kind: str
    heading: str
    about: tuple[str, ...]
    said: tuple[str, ...]
    within: Within
    strip: Strip | None
    facets: tuple[Facet, ...]
    groups: tuple[TalkGroup, ...]
    next: Link | None
    papers_said: str
    papers: tuple[PaperLine, ...]
    feeds: tuple[HeadLink, ...]
    card: Card
