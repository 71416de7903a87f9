"""Home, lists of talks and papers, about, and what went wrong."""

from dataclasses import dataclass

from app.web.contexts.parts import Facet, Frame, HeadLink, Link, SimilarLine


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
class TalksPage:
    """All talks, or those of a series, a speaker or a year; about: the page of that one."""

    frame: Frame
    heading: str
    about: Link | None
    said: str
    facets: tuple[Facet, ...]
    groups: tuple[TalkGroup, ...]
    next: Link | None
    feeds: tuple[HeadLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersPage:
    """All papers, or those of an author or a year."""

    frame: Frame
    heading: str
    said: str
    facets: tuple[Facet, ...]
    papers: tuple[PaperLine, ...]
    empty: str
    next: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPage:
    """What the archive is, what it holds, and what it keeps of those who use it."""

    frame: Frame
    holds: tuple[tuple[str, str], ...]
    good: tuple[str, ...]
    models: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]
    state: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """What went wrong, what was perhaps meant, and the search box to go on with."""

    frame: Frame
    heading: str
    detail: str
    code: str
    found: tuple[SimilarLine, ...]
