"""What was found, as a page shows it: results, timelines, facets and the quiet lines about them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from app.api.answers import Ask, Found, Group, page_of
from app.api.places import owner_url, paper_url, passage_url, pdf_url
from app.api.talks import duration_ms
from app.web.contexts import (
    Choice,
    Facet,
    Link,
    PassageLine,
    Piece,
    PutRight,
    Result,
    Tick,
    Timeline,
)
from app.web.formats import clock, counted, length, short_day
from catalog.tables import Paper
from catalog.talks import TalkDetails
from index.query import ParsedQuery, Understood
from index.searcher import OK, Hit
from index.snippet import snippet

PASSAGES_SHOWN = 3
SNIPPET_CHARS = 260
TICK_LOW, TICK_HIGH = 6, 20


def search_url(ask: Ask, **changes: object) -> str:
    """The address of this search, with some of it changed; None leaves a part out."""
    known: dict[str, object] = {
        "q": ask.text,
        "kind": ask.kind,
        "series": ask.series,
        "speaker": ask.speaker,
        "year": ask.year,
        "mode": None if ask.mode == "hybrid" else ask.mode,
        "exact": "true" if ask.exact else None,
        **changes,
    }
    return "/search?" + urlencode({k: v for k, v in known.items() if v is not None})


def understood(ask: Ask, found: Found) -> tuple[Link, ...]:
    """What was typed beside words, each leading to the search without it."""
    return tuple(
        Link(text=f"{_said(one)} ×", url=search_url(ask, q=found.query.without(one)))
        for one in found.query.understood
        if not one.is_phrase
    )


def put_right(ask: Ask, found: Found) -> PutRight | None:
    """What is shown in the place of what was typed, and the way back."""
    if found.showing_for is None:
        return None
    return PutRight(
        shown=found.showing_for,
        typed=Link(text=ask.text, url=search_url(ask, exact="true")),
    )


def _said(one: Understood) -> str:
    """A filter or an exclusion in words."""
    value = f"“{one.value}”" if one.part == "phrase" else one.value
    named = value if not one.is_filter else f"{one.part}: {value}"
    return f"without {named}" if one.excluded else named


def result(ask: Ask, found: Found, group: Group) -> Result:
    """One talk or paper that was found."""
    owner, shown = group.owner, group.hits[:PASSAGES_SHOWN]
    return Result(
        kind=group.kind,
        title=owner.title if isinstance(owner, Paper) else owner.talk.title,
        url=_best_url(group),
        who=who_of_paper(owner) if isinstance(owner, Paper) else who_of_talk(owner),
        timeline=None if isinstance(owner, Paper) else timeline(owner, group.hits),
        passages=tuple(passage_line(found.query, owner, hit) for hit in shown),
        more=_more(ask, group),
        also=(Link(text="About this paper", url=paper_url(owner)),)
        if isinstance(owner, Paper) and owner.sha256
        else (),
    )


def passage_line(query: ParsedQuery, owner: TalkDetails | Paper, hit: Hit) -> PassageLine:
    """A passage with its time or page in the margin."""
    start_ms = hit.passage.start_ms
    place = page_of(hit) if start_ms is None else clock(start_ms)
    title = owner.title if isinstance(owner, Paper) else owner.talk.title
    return PassageLine(
        place=place,
        url=passage_url(owner, hit),
        label=f"{title}, {place}",
        pieces=tuple(
            Piece(text=span.text, hit=span.hit)
            for span in snippet(hit.passage.text, query, max_chars=SNIPPET_CHARS)
        ),
    )


def timeline(talk: TalkDetails, hits: Sequence[Hit]) -> Timeline | None:
    """The talk from end to end with a tick for each passage; None where nothing has a time."""
    if any(hit.passage.start_ms is None for hit in hits):
        return None
    total_ms = max(duration_ms(talk) or 0, *(hit.passage.end_ms or 0 for hit in hits), 1)
    best = hits[0]
    placed = sorted(hits, key=lambda hit: hit.passage.start_ms or 0)
    return Timeline(
        label=_timeline_label(placed, best),
        ticks=tuple(_tick(talk, hit, best, total_ms) for hit in placed),
        end=clock(total_ms),
    )


def who_of_talk(talk: TalkDetails) -> tuple[str, ...]:
    """Speakers, series, day and length."""
    return _known(
        ", ".join(talk.names),
        talk.series.name if talk.series else "",
        short_day(talk.talk.held_on),
        length(duration_ms(talk)),
    )


def who_of_paper(paper: Paper) -> tuple[str, ...]:
    """Authors, venue, year and pages."""
    pages = counted(paper.page_count, "page") if paper.page_count else ""
    return _known(", ".join(paper.authors), paper.venue or "", str(paper.year or ""), pages)


def said(found: Found) -> str:
    """How much was found: 14 talks and 6 papers."""
    kinds = Counter(group.kind for group in found.groups)
    parts = [counted(kinds[kind], kind) for kind in ("talk", "paper") if kinds[kind]]
    return " and ".join(parts) or "Nothing found"


def how(found: Found) -> str:
    """Which searches ran, and how long they took."""
    ran = {"dense": "by meaning", "terms": "by words"}
    legs = [ran[leg] for leg in ran if found.legs.get(leg) == OK]
    took = f"{found.took_ms:.0f} ms" if found.took_ms >= 1 else "under 1 ms"
    return f"{' and '.join(legs) or 'by words, from the catalog'} · {took}"


def notices(found: Found) -> tuple[str, ...]:
    """What does not work, in words."""
    parts = list(found.remarks)
    if "terms" in found.degraded:
        parts.append(
            "The index is not available at the moment; words are looked up in the catalog, "
            "so results are fewer and in a rougher order."
        )
    elif "dense" in found.degraded:
        loading = "being loaded" in found.legs.get("dense", "")
        when = "is just starting" if loading else "is not available at the moment"
        parts.append(f"Search by meaning {when}; these are found by their words only.")
    if "snapshot" in found.degraded:
        parts.append("The newest index cannot be used; an older one answers, so talks may lack.")
    return tuple(parts)


def facets(ask: Ask, everywhere: Found) -> tuple[Facet, ...]:
    """Ways to narrow, each with how many it would leave beside the others."""
    if not everywhere.groups:
        return ()
    return tuple(
        facet
        for facet in (
            _kinds(ask, everywhere),
            _facet(ask, everywhere, "Series", "series", lambda group: group.series),
            _facet(ask, everywhere, "Speaker or author", "speaker", None),
            _facet(ask, everywhere, "Year", "year", lambda group: group.year),
        )
        if len(facet.choices) > 1 or any(choice.on for choice in facet.choices)
    )


MOST_CHOICES = 8


def _kinds(ask: Ask, found: Found) -> Facet:
    counts = Counter(group.kind for group in found.groups if _fits(ask, group, but="kind"))
    every = Choice(
        text="Everything",
        url=search_url(ask, kind=None),
        count=counts.total(),
        on=ask.kind is None,
    )
    kinds = [
        Choice(
            text=f"{kind.capitalize()}s",
            url=search_url(ask, kind=kind),
            count=n,
            on=kind == ask.kind,
        )
        for kind in ("talk", "paper")
        if (n := counts[kind]) or kind == ask.kind
    ]
    return Facet(title="Kind", choices=(every, *kinds))


def _facet(
    ask: Ask, found: Found, title: str, name: str, value: Callable[[Group], object] | None
) -> Facet:
    chosen = getattr(ask, name)
    fitting = [group for group in found.groups if _fits(ask, group, but=name)]
    counts: Counter[object] = Counter()
    for group in fitting:
        for one in names_of(group) if value is None else (value(group),):
            if one is not None:
                counts[one] += 1
    if chosen is not None and chosen not in counts:
        counts[chosen] = 0
    ranked = sorted(counts.items(), key=lambda pair: (pair[0] != chosen, -pair[1], str(pair[0])))
    if name == "year":
        ranked.sort(key=lambda pair: -int(str(pair[0])))
    return Facet(
        title=title,
        choices=tuple(
            Choice(
                text=str(one),
                url=search_url(ask, **{name: None if one == chosen else one}),
                count=count,
                on=one == chosen,
            )
            for one, count in ranked[:MOST_CHOICES]
        ),
    )


def names_of(group: Group) -> tuple[str, ...]:
    """Who speaks in it or wrote it."""
    return tuple(group.owner.authors) if isinstance(group.owner, Paper) else group.owner.names


def _fits(ask: Ask, group: Group, *, but: str) -> bool:
    """Whether a group passes all the filters but one."""
    values: Mapping[str, Callable[[], bool]] = {
        "kind": lambda: ask.kind in {None, group.kind},
        "series": lambda: ask.series in {None, group.series},
        "year": lambda: ask.year in {None, group.year},
        "speaker": lambda: (
            ask.speaker is None
            or any(ask.speaker.casefold() in name.casefold() for name in names_of(group))
        ),
    }
    return all(passes() for name, passes in values.items() if name != but)


def _more(ask: Ask, group: Group) -> Link | None:
    more = len(group.hits) - PASSAGES_SHOWN
    if more <= 0:
        return None
    url = f"{owner_url(group.owner)}?{urlencode({'q': ask.text})}"
    return Link(text=f"{more} more in this {group.kind}", url=url)


def _best_url(group: Group) -> str:
    """Where a title leads: the talk's best second; a paper's page, or its PDF's best page."""
    if isinstance(group.owner, Paper):
        return pdf_url(group.owner, group.hits[0].passage.page) or owner_url(group.owner)
    return passage_url(group.owner, group.hits[0])


def _tick(talk: TalkDetails, hit: Hit, best: Hit, total_ms: int) -> Tick:
    start_ms = hit.passage.start_ms or 0
    near = hit.score / best.score if best.score > 0 else 1.0
    height = TICK_HIGH if hit is best else round(TICK_LOW + (TICK_HIGH - TICK_LOW - 4) * near**3)
    return Tick(
        url=passage_url(talk, hit),
        label=f"{clock(start_ms)}{', the best' if hit is best else ''}",
        x=f"{100 * min(start_ms, total_ms) / total_ms:.2f}%",
        y=22 - height,
        width=7 if hit is best else 5,
        height=height,
        best=hit is best,
    )


def _timeline_label(placed: Sequence[Hit], best: Hit) -> str:
    at = clock(best.passage.start_ms or 0)
    if len(placed) == 1:
        return f"One passage, at {at}"
    first, last = (clock(placed[n].passage.start_ms or 0) for n in (0, -1))
    return f"{len(placed)} passages between {first} and {last}, the best at {at}"


def _known(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in parts if part)
