"""The list of papers, and ways to narrow it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.api.lists import Slice, sliced
from app.errors import InvalidCursor
from app.web.browse import MOST_CHOICES, PER_PAGE
from app.web.contexts.lists import PapersPage
from app.web.contexts.parts import Choice, Facet, Frame, Link
from app.web.formats import counted
from app.web.paper_view import paper_line
from app.wiring import Service
from catalog import papers as catalog_papers
from catalog.tables import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowedPapers:
    """Which papers a list shows; empty parts let everything through."""

    author: str = ""
    year: str = ""

    def admits(self, paper: Paper, *, but: str = "") -> bool:
        """Whether a paper passes all parts but one."""
        return all(
            value in ("", *values_of(paper, name))
            for name, value in self._parts().items()
            if name != but
        )

    def url(self, **changes: str) -> str:
        """The address of the list with some parts changed."""
        known = {name: value for name, value in {**self._parts(), **changes}.items() if value}
        return "/papers" + (f"?{urlencode(known, errors='replace')}" if known else "")

    @property
    def heading(self) -> str:
        """What the list is, in a few words."""
        return " · ".join(filter(None, self._parts().values())) or "Papers"

    def _parts(self) -> dict[str, str]:
        return {"author": self.author, "year": self.year}


def values_of(paper: Paper, name: str) -> Sequence[str]:
    """The authors or the year of a paper."""
    if name == "author":
        return paper.authors
    return (str(paper.year),) if paper.year else ()


def papers_page(
    service: Service, narrowed: NarrowedPapers, cursor: str | None, *, base: str
) -> PapersPage:
    """One page of the papers that are asked for."""
    with service.catalog.read() as session:
        every = catalog_papers.listed(session)
    kept = [paper for paper in every if narrowed.admits(paper)]
    part = _part(kept, repr(narrowed), cursor)
    return PapersPage(
        frame=Frame(
            title=narrowed.heading,
            archive=service.settings.archive_name,
            here="papers",
            description=f"{narrowed.heading}: {counted(len(kept), 'paper')}, newest first.",
            canonical=base + narrowed.url(),
        ),
        heading=narrowed.heading,
        said=counted(len(kept), "paper"),
        facets=tuple(_facets(narrowed, every)),
        papers=tuple(paper_line(paper) for paper in part.items),
        empty="No paper is like that." if every else "The archive has no papers yet.",
        next=Link(text="More papers", url=narrowed.url(cursor=part.next_cursor))
        if part.next_cursor
        else None,
    )


def _part(kept: Sequence[Paper], named: str, cursor: str | None) -> Slice[Paper]:
    """The papers after the cursor; a cursor that is no good begins anew."""

    def key(one: Paper) -> str:
        return one.public_id

    try:
        return sliced(kept, named=named, key=key, limit=PER_PAGE, after=cursor)
    except InvalidCursor:
        return sliced(kept, named=named, key=key, limit=PER_PAGE, after=None)


def _facets(narrowed: NarrowedPapers, every: Sequence[Paper]) -> Iterable[Facet]:
    for name, title in (("author", "Author"), ("year", "Year")):
        chosen = {"author": narrowed.author, "year": narrowed.year}[name]
        counts = Counter(
            value
            for paper in every
            if narrowed.admits(paper, but=name)
            for value in values_of(paper, name)
        )
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        if name == "year":
            ordered.sort(reverse=True)
        choices = tuple(
            Choice(
                text=value,
                url=narrowed.url(**{name: "" if value == chosen else value}),
                count=count,
                on=value == chosen,
            )
            for value, count in sorted(ordered, key=lambda pair: pair[0] != chosen)
        )
        if choices:
            shown, rest = choices[:MOST_CHOICES], choices[MOST_CHOICES:]
            yield Facet(title=title, choices=shown, rest=rest, name=name)
