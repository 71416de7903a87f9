"""In which order a search shows what it found, what narrows it, and how to take that away.

Invariant: an order by date says of what it is an order: of the best that were found.
"""

from app.api.answers import SORTS, Ask, Found, Sort
from app.web.contexts.parts import Link
from app.web.contexts.search import Kept, Order
from app.web.results import asking, search_url

NAMES: dict[Sort, str] = {
    "relevance": "Best first",
    "newest": "Newest first",
    "oldest": "Oldest first",
}
NARROWS = ("kind", "series", "speaker", "year")


def orders(ask: Ask, found: Found) -> tuple[Order, ...]:
    """Every order, each leading to this search in it; none where there is nothing to order."""
    if len(found.groups) <= 1 and ask.sort == "relevance":
        return ()
    return tuple(
        Order(
            text=NAMES[one],
            url=search_url(ask, sort=None if one == "relevance" else one),
            on=one == ask.sort,
        )
        for one in SORTS
    )


def ordered(ask: Ask, found: Found) -> str:
    """The order in words; of the best only, where more may have been found."""
    words = NAMES[ask.sort].lower()
    if ask.sort == "relevance" or found.total_is == "exact":
        return words
    return f"the {len(found.groups):,} best, {words}"


def kept(ask: Ask) -> tuple[Kept, ...]:
    """What the form sends along, so that other words are searched for in the same way."""
    known = {name: getattr(ask, name) for name in NARROWS}
    known["mode"] = None if ask.mode == "hybrid" else ask.mode
    known["sort"] = None if ask.sort == "relevance" else ask.sort
    return tuple(Kept(name=name, value=str(value)) for name, value in known.items() if value)


def narrowed(ask: Ask) -> tuple[Link, ...]:
    """What was chosen to narrow the search, each leading to the search without it."""
    chosen = ((name, getattr(ask, name)) for name in NARROWS)
    return tuple(
        Link(
            text=f"{value.capitalize()}s" if name == "kind" else str(value),
            url=search_url(ask, **{name: None}),
        )
        for name, value in chosen
        if value is not None
    )


def covered(ask: Ask, found: Found) -> Link | None:
    """The same in order of time, narrowed as it is; None without a series."""
    if not any(group.owner.series for group in found.groups):
        return None
    words = "Talk by talk in this series" if ask.series else "Talk by talk"
    return Link(text=words, url=covered_url(ask))


def covered_url(ask: Ask, **changes: object) -> str:
    """Where something was covered, narrowed as `ask` is, with other values of some parameters."""
    return asking("/covered", ask, {"kind": None, "mode": None, "sort": None, **changes})
