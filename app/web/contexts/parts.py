"""Values that more than one page shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words that lead somewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has around it: `here` is its place in the bar, `query` stands in the box.

    description: for search engines, where the page's card has none; canonical: its one address;
    indexed: whether search engines may keep it.
    """

    title: str
    archive: str
    here: str = ""
    query: str = ""
    notices: tuple[str, ...] = ()
    description: str = ""
    canonical: str = ""
    indexed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """A fact for other sites, under a name or, as Open Graph has it, a property."""

    content: str
    name: str = ""
    property: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLink:
    """The same thing in another form, for programs."""

    rel: str
    type: str
    url: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a page says of itself to other sites; `data` is its JSON-LD."""

    metas: tuple[Meta, ...]
    links: tuple[HeadLink, ...]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words of a text, marked where they are found."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageLine:
    """A passage with its place in the margin; `why` says quietly how it was found.

    kind: what evidence it is, in one word: said, written, abstract, title, speaker, author.
    """

    place: str
    url: str
    label: str
    why: str
    pieces: tuple[Piece, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Passages on the timeline; places and sizes are attributes of the drawing.

    reach_x, reach_width: where a press is meant for it.
    """

    url: str
    label: str
    x: str
    y: int
    width: int
    height: int
    best: bool
    reach_x: str
    reach_width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A talk from end to end, in words for those who do not see it."""

    label: str
    ticks: tuple[Tick, ...]
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to narrow, with how many it leaves."""

    text: str
    url: str
    count: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One thing to narrow by, as an address names it; `rest` is shown when asked for."""

    title: str
    choices: tuple[Choice, ...]
    rest: tuple[Choice, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The state of a talk in words; `percent` where it can tell."""

    text: str
    percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarLine:
    """A talk or paper that is like the one on the page."""

    title: str
    url: str
    kind: str
    who: tuple[str, ...]
