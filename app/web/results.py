"""What was found, as a page shows it: results, timelines, facets and the quiet lines about them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from app.api.answers import Ask, Chosen, Found, page_of
from app.api.facets import Value
from app.api.facets import counted as counted_facets
from app.api.places import owner_url, passage_url
from app.api.similar import Similar
from app.web.contexts.parts import (
    Choice,
    Facet,
    Link,
    PassageLine,
    Piece,
    SimilarLine,
)
from app.web.contexts.search import PutRight, Result
from app.web.evidence import evidence
from app.web.formats import clock, counted, length, short_day
from app.web.timelines import timeline
from catalog.shown import Shown
from catalog.tables import Paper
from index.contract import OK, FoundBy, Hit
from index.passage import Passage
from index.query import ParsedQuery, Understood
from index.snippet import has_every_word, snippet

PASSAGES_SHOWN = 3
SNIPPET_CHARS = 260
MOST_TWINS = 3
MOST_NAMES = 3
WHY: Mapping[FoundBy, str] = {
    "words": "found by its words",
    "meaning": "found by its meaning",
    "both": "found by words and meaning",
}


def search_url(ask: Ask, **changes: object) -> str:
    """The address of this search, with some of it changed; None leaves a part out."""
    return asking("/search", ask, changes)


def asking(path: str, ask: Ask, changes: Mapping[str, object]) -> str:
    """The address of a page that asks the same, with some of it changed; None leaves a part out."""
    known: dict[str, object] = {
        "q": ask.text,
        "kind": ask.kind,
        "series": ask.series,
        "speaker": ask.speaker,
        "year": ask.year,
        "mode": None if ask.mode == "hybrid" else ask.mode,
        "exact": "true" if ask.exact else None,
        "sort": None if ask.sort == "relevance" else ask.sort,
        **changes,
    }
    given = {k: v for k, v in known.items() if v is not None}
    return f"{path}?{urlencode(given, errors='replace')}"


def understood(
    ask: Ask, found: Found, address: Callable[..., str] = search_url
) -> tuple[Link, ...]:
    """What was typed beside words, each leading to the search without it."""
    return tuple(
        Link(text=f"{_said(one)} ×", url=address(ask, q=found.query.without(one)))
        for one in found.query.understood
        if not one.is_phrase
    )


def put_right(ask: Ask, found: Found, address: Callable[..., str] = search_url) -> PutRight | None:
    """What is shown in the place of what was typed, and the way back."""
    if found.showing_for is None:
        return None
    return PutRight(
        shown=found.showing_for,
        typed=Link(text=ask.text, url=address(ask, exact="true")),
    )


def says_it(found: Found, shown: Sequence[Chosen]) -> bool:
    """Whether a passage shown has each word that was typed: then the page says what is in it.

    Any other page of results could be made to say what its sender likes.
    """
    as_typed = found.showing_for is None and all(one.is_phrase for one in found.query.understood)
    return as_typed and any(
        has_every_word(passage.text, found.query) for one in shown for _, passage in one.passages
    )


def _said(one: Understood) -> str:
    """A filter or an exclusion in words."""
    value = f"“{one.value}”" if one.part == "phrase" else one.value
    named = value if not one.is_filter else f"{one.part}: {value}"
    return f"without {named}" if one.excluded else named


def result(ask: Ask, query: ParsedQuery, chosen: Chosen, mentioned: Mapping[str, Link]) -> Result:
    """One talk or paper that was found; `mentioned` says where papers are named, by public id."""
    owner = chosen.owner
    return Result(
        kind=owner.kind,
        title=owner.title,
        url=_best_url(chosen),
        who=who(owner),
        timeline=timeline(owner, read(chosen.hits)) if owner.kind == "talk" else None,
        passages=tuple(passage_line(query, owner, *one) for one in chosen.passages),
        more=_more(ask, chosen),
        also=_also(chosen, mentioned.get(owner.public_id)),
    )


def read(hits: Sequence[Hit]) -> list[tuple[Hit, Passage]]:
    """Hits with their passages."""
    return [(hit, hit.passage) for hit in hits]


def passage_line(query: ParsedQuery, owner: Shown, hit: Hit, passage: Passage) -> PassageLine:
    """A passage with its time or page in the margin."""
    place = page_of(passage) if passage.start_ms is None else clock(passage.start_ms)
    spans = snippet(passage.text, query, max_chars=SNIPPET_CHARS)
    in_text = hit.terms is None or any(span.hit for span in spans)
    kind = evidence(query, owner, passage, words_in_text=in_text)
    where = place if passage.page is None else f"page {passage.page}"
    return PassageLine(
        place=place,
        url=passage_url(owner, passage),
        label=f"{owner.title}, {where}, {kind.words}",
        kind=kind.short,
        why=WHY[hit.found_by],
        pieces=tuple(Piece(text=span.text, hit=span.hit) for span in spans),
    )


def who(owner: Shown) -> tuple[str, ...]:
    """Speakers, series, day and length of a talk; authors, venue, year and pages of a paper."""
    names = ", ".join(owner.names)
    if owner.kind == "paper":
        pages = counted(owner.page_count, "page") if owner.page_count else ""
        return _known(names, owner.venue, str(owner.year or ""), pages)
    day = short_day(owner.held_on)
    return _known(names, owner.series or "", day, length(owner.duration_ms))


def who_of_paper(paper: Paper) -> tuple[str, ...]:
    """Authors, venue, year and pages."""
    pages = counted(paper.page_count, "page") if paper.page_count else ""
    return _known(", ".join(paper.authors), paper.venue or "", str(paper.year or ""), pages)


def similar_line(one: Similar) -> SimilarLine:
    """A talk or paper that is like the one on the page."""
    owner = one.owner
    when = short_day(owner.held_on) or str(owner.year or "")
    names = [*owner.names[:MOST_NAMES], *(["and others"] if len(owner.names) > MOST_NAMES else [])]
    return SimilarLine(
        title=owner.title,
        url=owner_url(owner),
        kind=owner.kind,
        who=_known(", ".join(names), when),
    )


def said(found: Found) -> str:
    """How much was found: 14 talks and 6 papers; at least so much where going on finds more."""
    kinds = Counter(group.owner.kind for group in found.groups)
    parts = [counted(kinds[kind], kind) for kind in ("talk", "paper") if kinds[kind]]
    least = "At least " if found.total_is == "at least" and parts else ""
    return least + " and ".join(parts) or "Nothing found"


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
    counts = counted_facets(ask, everywhere)
    made = (_kinds(ask, counts["kind"]), *(_facet(ask, name, counts[name]) for name in TITLES))
    return tuple(
        facet
        for facet in made
        if len(facet.choices) > 1 or any(choice.on for choice in facet.choices)
    )


MOST_CHOICES = 8
TITLES = {"series": "Series", "speaker": "Speaker or author", "year": "Year"}


def _kinds(ask: Ask, counts: Sequence[tuple[Value, int]]) -> Facet:
    known = dict(counts)
    every = Choice(
        text="Everything",
        url=search_url(ask, kind=None),
        count=sum(known.values()),
        on=ask.kind is None,
    )
    kinds = [
        Choice(
            text=f"{kind.capitalize()}s",
            url=search_url(ask, kind=kind),
            count=known[kind],
            on=kind == ask.kind,
        )
        for kind in ("talk", "paper")
        if kind in known
    ]
    return Facet(title="Kind", choices=(every, *kinds))


def _facet(ask: Ask, name: str, counts: Sequence[tuple[Value, int]]) -> Facet:
    chosen = getattr(ask, name)
    choices = [
        Choice(
            text=str(one),
            url=search_url(ask, **{name: None if one == chosen else one}),
            count=count,
            on=one == chosen,
        )
        for one, count in counts
    ]
    shown = [one for n, one in enumerate(choices) if n < MOST_CHOICES or one.on]
    rest = [one for one in choices[MOST_CHOICES:] if not one.on]
    return Facet(title=TITLES[name], choices=tuple(shown), rest=tuple(rest))


def _more(ask: Ask, chosen: Chosen) -> Link | None:
    if chosen.more <= 0:
        return None
    url = f"{owner_url(chosen.owner)}?{urlencode({'q': ask.text})}"
    return Link(text=f"{chosen.more} more in this {chosen.owner.kind}", url=url)


def _also(chosen: Chosen, mentioned: Link | None) -> tuple[Link, ...]:
    """Where else it is: a paper's own page, a talk that names it, and what is the same."""
    owner = chosen.owner
    about = [Link(text="About this paper", url=owner_url(owner))] if owner.has_file else []
    twins = [Link(text=_twin(one), url=owner_url(one)) for one in chosen.group.twins[:MOST_TWINS]]
    return (*about, *([mentioned] if mentioned else []), *twins)


def _twin(owner: Shown) -> str:
    when = short_day(owner.held_on) or str(owner.year or "")
    words = "Also held" if owner.kind == "talk" else "Another version"
    return f"{words}, {when}" if when else words


def _best_url(chosen: Chosen) -> str:
    """Where a title leads: the talk's best second; a paper's page, or its PDF's best page."""
    return passage_url(chosen.owner, chosen.passages[0][1])


def _known(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in parts if part)
