"""What each page shows, as values; the templates hold no logic beyond "if" and "for".

Invariant: everything here is ready to be shown and not yet escaped; the templates escape all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words that lead somewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has around it: `here` is its place in the bar, `query` stands in the box."""

    title: str
    archive: str
    here: str = ""
    query: str = ""
    notices: tuple[str, ...] = ()


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
    """A passage with its place in the margin; `why` says quietly how it was found."""

    place: str
    url: str
    label: str
    why: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A passage on the timeline; `x` and sizes are attributes of the drawing."""

    url: str
    label: str
    x: str
    y: int
    width: int
    height: int
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A talk from end to end, in words for those who do not see it."""

    label: str
    ticks: tuple[Tick, ...]
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRight:
    """What a query is shown for in the place of what was typed, and the way back to that."""

    shown: str
    typed: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One talk or paper that was found."""

    kind: str
    title: str
    url: str
    who: tuple[str, ...]
    timeline: Timeline | None
    passages: tuple[PassageLine, ...]
    more: Link | None
    also: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to narrow, with how many it leaves."""

    text: str
    url: str
    count: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One thing to narrow by; `rest` is shown when asked for."""

    title: str
    choices: tuple[Choice, ...]
    rest: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkLine:
    """A talk in a list; a stand-in is no title that anybody gave."""

    title: str
    stand_in: bool
    url: str
    day: str
    day_iso: str
    who: tuple[str, ...]
    state: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkGroup:
    """Talks of one year."""

    heading: str
    talks: tuple[TalkLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """A paper in a list; one that is known by name only has links elsewhere."""

    title: str
    stand_in: bool
    url: str
    year: str
    who: tuple[str, ...]
    state: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """The way in."""

    frame: Frame
    holds: str
    talks: tuple[TalkLine, ...]
    series: tuple[Link, ...]
    speakers: tuple[Link, ...]
    papers: tuple[PaperLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """What was found; `empty` says what to do when nothing was.

    understood: filters and exclusions that were typed, each leading to the search without it.
    """

    frame: Frame
    said: str
    how: str
    understood: tuple[Link, ...]
    put_right: PutRight | None
    facets: tuple[Facet, ...]
    results: tuple[Result, ...]
    empty: tuple[str, ...]
    widen: Link | None
    next: Link | None
    feeds: tuple[HeadLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalksPage:
    """All talks, or those of a series, a speaker or a year."""

    frame: Frame
    heading: str
    said: str
    facets: tuple[Facet, ...]
    groups: tuple[TalkGroup, ...]
    next: Link | None
    feeds: tuple[HeadLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """The recording: `source` begins at the wanted second even without scripts."""

    kind: Literal["video", "audio"]
    source: str
    media_type: str
    start_s: int
    captions: str | None
    language: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Some words of the transcript; `doubt` is what to say of them, or empty."""

    text: str
    doubt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """A sentence: what lights up while it is said; `anchors` name passages that begin in it."""

    start_ms: int
    end_ms: int
    parts: tuple[Said, ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Some sentences under one time in the margin; `gap` says what is missing before them."""

    place: str
    url: str
    lines: tuple[SpokenLine, ...]
    gap: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPage:
    """A talk: player and facts left, transcript right."""

    frame: Frame
    title: str
    speakers: tuple[Link, ...]
    series: Link | None
    day: str
    day_iso: str
    length: str
    notices: tuple[Notice, ...]
    player: Player | None
    found: tuple[PassageLine, ...]
    found_said: str
    timeline: Timeline | None
    share: Link
    downloads: tuple[Link, ...]
    links: tuple[Link, ...]
    abstract: tuple[str, ...]
    papers: tuple[Link, ...]
    similar: tuple[SimilarLine, ...]
    language: str
    paragraphs: tuple[Paragraph, ...]
    timed: bool
    heard_said: str
    cited: tuple[Link, ...]
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedPage:
    """A talk in another site's frame: player and transcript; `url` is its own page."""

    frame: Frame
    title: str
    url: str
    who: tuple[str, ...]
    notices: tuple[Notice, ...]
    player: Player | None
    language: str
    paragraphs: tuple[Paragraph, ...]
    timed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersPage:
    """All papers."""

    frame: Frame
    said: str
    papers: tuple[PaperLine, ...]
    next: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """A page of a paper: its sections, how it begins, and all of its text."""

    place: str
    url: str
    sections: tuple[str, ...]
    excerpt: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPage:
    """A paper: facts and abstract left, its pages right."""

    frame: Frame
    title: str
    facts: tuple[str, ...]
    notices: tuple[Notice, ...]
    links: tuple[Link, ...]
    abstract: tuple[str, ...]
    talks: tuple[TalkLine, ...]
    similar: tuple[SimilarLine, ...]
    found: tuple[PassageLine, ...]
    found_said: str
    pages: tuple[PageLine, ...]
    cited: tuple[Link, ...]
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPage:
    """What the archive is, what it holds, and what it keeps of those who use it."""

    frame: Frame
    holds: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]
    state: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """What went wrong, and the search box to go on with."""

    frame: Frame
    heading: str
    detail: str
    code: str
