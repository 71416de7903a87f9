"""Ways to narrow a search, each with how many talks and papers it would leave beside the others.

Invariant: counted over what the words find everywhere, never over what is narrowed already, so
that a count says what a click would show.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TypeAlias

from app.api.answers import Ask, Found, Group

Value: TypeAlias = str | int
Counts: TypeAlias = Mapping[str, Sequence[tuple[Value, int]]]

NARROWS = ("kind", "series", "speaker", "year")
MOST_VALUES = 20


def counted(ask: Ask, everywhere: Found) -> Counts:
    """For each way to narrow its values, most frequent first and as they were found (years:
    latest first), chosen ones always.

    Nothing inside one talk or paper: there is nothing to narrow.
    """
    if ask.owner is not None:
        return dict.fromkeys(NARROWS, ())
    return {name: _ranked(ask, everywhere.groups, name) for name in NARROWS}


def _ranked(ask: Ask, groups: Iterable[Group], name: str) -> Sequence[tuple[Value, int]]:
    chosen: Value | None = getattr(ask, name)
    others = [one for one in NARROWS if one != name and getattr(ask, one) is not None]
    if others:
        groups = [one for one in groups if all(_FITS[other](ask, one) for other in others)]
    counts: Counter[Value] = Counter(filter(None, _VALUES[name](groups)))
    if chosen is not None and chosen not in counts:
        counts[chosen] = 0
    if name == "year":
        years = sorted(counts.items(), key=itemgetter(0), reverse=True)
        return [pair for n, pair in enumerate(years) if n < MOST_VALUES or pair[0] == chosen]
    ranked = sorted(counts.items(), key=itemgetter(1), reverse=True)
    if chosen is not None:
        ranked.sort(key=lambda pair: pair[0] != chosen)
    return ranked[:MOST_VALUES]


_VALUES: Mapping[str, Callable[[Iterable[Group]], Iterable[Value | None]]] = {
    "kind": partial(map, attrgetter("owner.kind")),
    "series": partial(map, attrgetter("owner.series")),
    "speaker": lambda groups: chain.from_iterable(map(attrgetter("owner.names"), groups)),
    "year": partial(map, attrgetter("owner.year")),
}
_FITS: Mapping[str, Callable[[Ask, Group], bool]] = {
    "kind": lambda ask, group: ask.kind == group.owner.kind,
    "series": lambda ask, group: _same(ask.series, group.owner.series),
    "year": lambda ask, group: ask.year == group.owner.year,
    "speaker": lambda ask, group: any(
        (ask.speaker or "").casefold() in name.casefold() for name in group.owner.names
    ),
}


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").casefold() == (other or "").casefold()
