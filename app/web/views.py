"""The way in and the search page."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from app.api import inventory, paging
from app.api.answers import SORTS, Ask, Chosen, Found, find
from app.api.mentions import talks_mentioning
from app.api.status import status_of
from app.errors import InvalidCursor
from app.feeds.offered import of_search
from app.web import orders, results
from app.web.browse import place_url, values_of
from app.web.contexts.lists import HomePage
from app.web.contexts.parts import Frame, Link
from app.web.contexts.search import SearchPage
from app.web.formats import counted, hours
from app.web.mention_view import first_places
from app.web.narrowing import ranked
from app.web.paper_view import paper_line
from app.web.talk_view import is_upcoming, talk_line
from app.wiring import Service
from catalog import papers as catalog_papers
from catalog.shown import Shown
from catalog.talks import TalkDetails
from index.contract import MODES
from index.passage import KINDS

GROUPS_PER_PAGE = 10
RECENT = 6
STARTS = 8
_BEGUN_ANEW = "This address does not say where to go on; these are the first results."


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What an address says beside the query; anything may stand there."""

    kind: str = ""
    series: str = ""
    speaker: str = ""
    year: str = ""
    mode: str = ""
    exact: str = ""
    sort: str = ""


def ask_of(text: str, narrowing: Narrowing) -> Ask:
    """What is asked for; parts that make no sense are left out."""
    year = narrowing.year if narrowing.year.isascii() and narrowing.year.isdigit() else ""
    return Ask(
        text=text,
        kind=narrowing.kind if narrowing.kind in KINDS else None,
        series=narrowing.series[:200] or None,
        speaker=narrowing.speaker[:200] or None,
        year=int(year) if 0 < len(year) <= 4 else None,
        mode=narrowing.mode if narrowing.mode in MODES else "hybrid",
        exact=narrowing.exact == "true",
        sort=narrowing.sort if narrowing.sort in SORTS else "relevance",
    )


def home_page(service: Service) -> HomePage:
    """Recent talks, and where to start."""
    talks, papers = inventory.talks(service), inventory.papers(service)
    status, newest = status_of(service), (one.public_id for one in papers[:RECENT])
    holds = [counted(len(talks), "talk"), counted(len(papers), "paper")]
    recorded = f" · {hours(status.recorded_ms)} of speech" if status.recorded_ms else ""
    return HomePage(
        frame=Frame(
            title="",
            archive=service.settings.archive_name,
            here="home",
            description="Recorded seminars and course papers, searched together: find the second "
            "of the talk, or the page of the paper, where it was said.",
        ),
        holds=" and ".join(holds) + recorded,
        talks=tuple(map(talk_line, islice(_held(service, talks), RECENT))),
        series=_starts(service, talks, "series"),
        speakers=_starts(service, talks, "speaker"),
        papers=tuple(map(paper_line, inventory.paper_rows(service, newest))),
    )


def _held(service: Service, talks: Sequence[Shown]) -> Iterator[TalkDetails]:
    """Talks that are not announced only, in order."""
    for start in range(0, len(talks), 2 * RECENT):
        some = talks[start : start + 2 * RECENT]
        rows = inventory.talk_rows(service, (one.public_id for one in some))
        yield from (one for one in rows if not is_upcoming(one))


def search_page(service: Service, ask: Ask, cursor: str | None) -> SearchPage:
    """One page of what was found.  Raises: InvalidQuery."""
    shown, notices = _page(service, ask, cursor)
    found = shown.found
    everywhere = find(service, ask.everywhere) if ask.narrowed else found
    mentioned = _mentioned(service, shown.chosen)
    return SearchPage(
        frame=_frame(
            service,
            ask,
            (*notices, *results.notices(found)),
            indexed=results.says_it(found, shown.chosen),
        ),
        said=results.said(found),
        ordered=orders.ordered(ask, found),
        orders=orders.orders(ask, found),
        covered=orders.covered(ask, found),
        kept=orders.kept(ask),
        narrowed=orders.narrowed(ask),
        how=results.how(found),
        understood=results.understood(ask, found),
        put_right=results.put_right(ask, found),
        facets=results.facets(ask, everywhere),
        results=tuple(results.result(ask, found.query, one, mentioned) for one in shown.chosen),
        empty=() if shown.chosen else _empty(ask, found),
        widen=Link(text="Search everything", url=results.search_url(ask.everywhere))
        if ask.narrowed and not found.groups and everywhere.groups
        else None,
        next=_next(ask, shown.next_cursor),
        feeds=of_search(ask),
    )


def _mentioned(service: Service, chosen: Sequence[Chosen]) -> Mapping[str, Link]:
    """By public id: a talk that names the paper, for the papers among what was found."""
    ids = [one.owner.public_id for one in chosen if one.owner.kind == "paper"]
    if not ids:
        return {}
    with service.catalog.read() as session:
        papers = catalog_papers.by_ids(session, ids)
    return first_places(talks_mentioning(service, list(papers.values())))


def no_search(service: Service, text: str, why: str) -> SearchPage:
    """The search page for a query that cannot be searched for."""
    return SearchPage(
        frame=_frame(service, Ask(text=text[:1000]), (), indexed=False),
        said="Nothing searched",
        ordered="",
        orders=(),
        covered=None,
        kept=(),
        narrowed=(),
        how="",
        understood=(),
        put_right=None,
        facets=(),
        results=(),
        empty=(why[:1].upper() + why[1:] + ".",),
        widen=None,
        next=None,
        feeds=(),
    )


def _next(ask: Ask, after: str | None) -> Link | None:
    if after is None:
        return None
    return Link(text="More results", url=results.search_url(ask, cursor=after))


def _frame(service: Service, ask: Ask, notices: tuple[str, ...], *, indexed: bool) -> Frame:
    return Frame(
        title=ask.text,
        archive=service.settings.archive_name,
        query=ask.text,
        notices=notices,
        description=f"What talks and papers say on “{ask.text[:200]}”.",
        indexed=indexed,
    )


def _page(
    service: Service, ask: Ask, cursor: str | None
) -> tuple[paging.SearchPage, tuple[str, ...]]:
    """The page after a cursor; one that is no good begins anew, and says so."""
    after: tuple[str | None, ...] = (cursor, None) if cursor else (None,)
    for one in after:
        with suppress(InvalidCursor):
            shown = paging.page(
                service, ask, limit=GROUPS_PER_PAGE, after=one, most=results.PASSAGES_SHOWN
            )
            return shown, () if one == cursor else (_BEGUN_ANEW,)
    raise InvalidCursor


def _empty(ask: Ask, found: Found) -> tuple[str, ...]:
    """What to do when nothing was found, or nothing is left to show."""
    if found.groups:
        return ("There is nothing more.",)
    narrowed = ask.narrowed or found.query.filters
    where = "of what is left comes" if narrowed else "in the archive comes"
    tips = [] if found.remarks else [f"Nothing {where} near this."]
    if narrowed:
        tips.append("The search is narrowed; take away what narrows it.")
    if ask.mode != "hybrid":
        tips.append("Only one of the two searches was asked for.")
    if '"' in ask.text:
        tips.append("Words in quotes are looked for exactly so; try without the quotes.")
    tips.append("Check the spelling, try other words for it, or ask a whole question.")
    return tuple(tips)


def _starts(service: Service, talks: Sequence[Shown], name: str) -> tuple[Link, ...]:
    """The series or speakers of the most talks."""
    counts = ranked(value for talk in talks for value in values_of(talk, name))
    return tuple(
        Link(text=f"{value} ({n})", url=url)
        for value, n in counts[:STARTS]
        if (url := place_url(service, name, value))
    )
