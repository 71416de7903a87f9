"""What a search shows."""

from dataclasses import dataclass

from app.web.contexts.parts import Choice, Facet, Frame, HeadLink, Link, PassageLine, Timeline


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
class Order:
    """One order that results can have."""

    text: str
    url: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What narrows or orders a search, for the form to send along with other words."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """What was found; `empty` says what to do when nothing was.

    understood: filters and exclusions that were typed, each leading to the search without it;
    narrowed: what was chosen, each leading to the search without it; ordered: the order in words,
    with what it is an order of; covered: the same, talk by talk in order of time.
    """

    frame: Frame
    said: str
    ordered: str
    orders: tuple[Order, ...]
    covered: Link | None
    kept: tuple[Kept, ...]
    narrowed: tuple[Link, ...]
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
class CoveredTalk:
    """A talk in which a query was covered, with its best passages in order of time."""

    title: str
    url: str
    day: str
    day_iso: str
    who: tuple[str, ...]
    timeline: Timeline | None
    passages: tuple[PassageLine, ...]
    more: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredPage:
    """Where a query was covered, talk by talk in order of time.

    series: the series that one can choose, each with how many talks; kept: what the form sends.
    """

    frame: Frame
    heading: str
    said: str
    put_right: PutRight | None
    understood: tuple[Link, ...]
    series: tuple[Choice, ...]
    talks: tuple[CoveredTalk, ...]
    empty: str
    results: Link
    kept: tuple[Kept, ...]
    next: Link | None
