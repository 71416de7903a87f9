"""What a search shows."""

from dataclasses import dataclass

from app.web.contexts.parts import Facet, Frame, HeadLink, Link, PassageLine, Timeline


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
