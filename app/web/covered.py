"""Where something was covered: its passages over a series, talk by talk in order of time.

Invariant: a talk is here because a search finds it, by words or by a meaning nearer than chance,
with the passages that the search calls best.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from app.api import facets, paging
from app.api.answers import Ask, Chosen, Found, Group, find
from app.api.places import owner_url
from app.errors import InvalidCursor
from app.web import results
from app.web.contexts.parts import Choice, Frame, Link, PassageLine
from app.web.contexts.search import CoveredPage, CoveredTalk, Kept
from app.web.evidence import AROUND
from app.web.formats import counted, length, short_day
from app.web.inside import place
from app.web.orders import covered_url
from app.wiring import Service
from index.contract import MEANING_FLOOR
from index.query import ParsedQuery, parse

TALKS_PER_PAGE = 20


def covered_page(service: Service, ask: Ask, cursor: str | None) -> CoveredPage:
    """The talks in which something was covered, of a series or narrowed otherwise.

    A phrase in quotes is looked for alone: in order of time, what only comes near would stand
    before it.  Raises: InvalidQuery.
    """
    phrased = bool(parse(ask.text).phrases)
    ask = replace(ask, kind="talk", sort="oldest", mode="keyword" if phrased else "hybrid")
    shown = _page(service, ask, cursor)
    found = shown.found
    everywhere = find(service, ask.everywhere)
    everywhere = replace(everywhere, groups=tuple(filter(_covers, everywhere.groups)))
    parts = (("in", ask.series), ("by", ask.speaker), ("in", ask.year))
    where = "".join(f" {word} {value}" for word, value in parts if value)
    said = ask.text if phrased else f"“{ask.text}”"
    return CoveredPage(
        frame=Frame(
            title=f"{ask.text}{where}",
            archive=service.settings.archive_name,
            query=ask.text,
            notices=results.notices(found),
        ),
        heading=f"Where {said} was covered{where}",
        said=_said(found),
        put_right=results.put_right(ask, found, address=covered_url),
        understood=results.understood(ask, found, address=covered_url),
        series=_series(ask, everywhere),
        talks=tuple(_talk(ask, found.query, one) for one in shown.chosen),
        empty="" if shown.chosen else "No talk here comes near this.",
        results=Link(
            text="All results, best first",
            url=results.search_url(replace(ask, kind=None, sort="relevance", mode="hybrid")),
        ),
        kept=tuple(
            Kept(name=name, value=str(value))
            for name in ("series", "speaker", "year")
            if (value := getattr(ask, name))
        ),
        next=_next(ask, shown.next_cursor),
    )


def _page(service: Service, ask: Ask, cursor: str | None) -> paging.SearchPage:
    """The page after a cursor; one that is no good begins anew."""
    for after in (cursor, None):
        with suppress(InvalidCursor):
            return paging.page(
                service,
                ask,
                limit=TALKS_PER_PAGE,
                after=after,
                most=results.PASSAGES_SHOWN,
                only=_covers,
            )
    raise InvalidCursor


def _covers(group: Group) -> bool:
    """Whether a talk says it; in order of time, what only comes near could stand before that."""
    return any(
        hit.terms is not None or (hit.dense is not None and hit.dense >= MEANING_FLOOR)
        for hit in group.hits
    )


def _said(found: Found) -> str:
    count = len(found.groups)
    if count == 0:
        return "No talks"
    talks = counted(count, "talk")
    return (
        f"{talks}, oldest first"
        if found.total_is == "exact"
        else f"The {talks} that come nearest, oldest first"
    )


def _series(ask: Ask, everywhere: Found) -> tuple[Choice, ...]:
    counts = facets.counted(ask, everywhere)["series"]
    if not counts:
        return ()
    every = Choice(
        text="All talks",
        url=covered_url(ask, series=None),
        count=sum(group.owner.kind == "talk" for group in everywhere.groups),
        on=ask.series is None,
    )
    chosen = (ask.series or "").casefold()
    return (
        every,
        *(
            Choice(
                text=str(name),
                url=covered_url(ask, series=str(name)),
                count=count,
                on=str(name).casefold() == chosen,
            )
            for name, count in counts
        ),
    )


def _talk(ask: Ask, query: ParsedQuery, chosen: Chosen) -> CoveredTalk:
    one, owner = results.result(ask, query, chosen, {}), chosen.owner
    return CoveredTalk(
        title=one.title,
        url=owner_url(owner),
        day=short_day(owner.held_on),
        day_iso=owner.held_on.isoformat() if owner.held_on else "",
        who=tuple(part for part in (", ".join(owner.names), length(owner.duration_ms)) if part),
        timeline=one.timeline,
        passages=_told_once(
            results.passage_line(query, owner, *found)
            for found in sorted(chosen.passages, key=place)
        ),
        more=one.more,
    )


def _told_once(lines: Iterable[PassageLine]) -> tuple[PassageLine, ...]:
    """What is no evidence of the passage itself, as a title, is told with the first alone."""
    told: set[str] = set()
    made = []
    for one in lines:
        made.append(replace(one, kind="") if one.kind in told else one)
        told |= {one.kind} & AROUND
    return tuple(made)


def _next(ask: Ask, after: str | None) -> Link | None:
    if after is None:
        return None
    return Link(text="Later talks", url=covered_url(ask, cursor=after))
