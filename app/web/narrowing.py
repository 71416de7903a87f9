"""Lists that one can narrow: what passes, the address of it, the ways to narrow, and its pages."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from app.api.lists import Slice, sliced
from app.errors import InvalidCursor
from app.web.contexts.parts import Choice, Facet

PER_PAGE = 50
MOST_CHOICES = 12
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing(ABC, Generic[Entry]):
    """What narrows a list; its fields are the parts, and an empty one lets everything through.

    path: where the list is.  everything: what it is called when nothing narrows it.  titles: what
    the parts are called.
    """

    path: ClassVar[str]
    everything: ClassVar[str]
    titles: ClassVar[Mapping[str, str]]

    @abstractmethod
    def values_of(self, entry: Entry, name: str) -> Sequence[str]:
        """What an entry has of a part."""

    def admitted(self, entries: Iterable[Entry], *, but: str = "") -> list[Entry]:
        """The entries that pass all parts but one, in order."""
        wanted = [(name, value) for name, value in self._parts().items() if value and name != but]
        return [
            entry
            for entry in entries
            if all(value in self.values_of(entry, name) for name, value in wanted)
        ]

    def url(self, **changes: str) -> str:
        """The address of the list with some parts changed."""
        known = {name: value for name, value in {**self._parts(), **changes}.items() if value}
        return self.path + (f"?{urlencode(known, errors='replace')}" if known else "")

    @property
    def heading(self) -> str:
        """What the list is, in a few words."""
        return " · ".join(filter(None, self._parts().values())) or self.everything

    def facets(self, every: Iterable[Entry]) -> Iterator[Facet]:
        """Ways to narrow the list, each with how many it would leave; the latest years first."""
        entries = list(every)
        for name, title in self.titles.items():
            chosen = self._parts()[name]
            left = self.admitted(entries, but=name)
            counts = ranked(value for one in left for value in self.values_of(one, name))
            if name == "year":
                counts.sort(reverse=True)
            choices = tuple(
                Choice(
                    text=value,
                    url=self.url(**{name: "" if value == chosen else value}),
                    count=count,
                    on=value == chosen,
                )
                for value, count in sorted(counts, key=lambda pair: pair[0] != chosen)
            )
            if choices:
                shown, rest = choices[:MOST_CHOICES], choices[MOST_CHOICES:]
                yield Facet(title=title, choices=shown, rest=rest, name=name)

    def _parts(self) -> dict[str, str]:
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


def ranked(values: Iterable[str]) -> list[tuple[str, int]]:
    """Values with how often they are there, the most frequent first."""
    return sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))


def page_of(
    kept: Sequence[Entry], *, named: str, key: Callable[[Entry], str], after: str | None
) -> Slice[Entry]:
    """One page of a list, after a cursor; one that is no good begins anew.

    named: the list that the cursor belongs to.  key: what tells an entry from the others.
    """
    try:
        return sliced(kept, named=named, key=key, limit=PER_PAGE, after=after)
    except InvalidCursor:
        return sliced(kept, named=named, key=key, limit=PER_PAGE, after=None)
