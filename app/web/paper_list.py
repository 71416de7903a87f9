"""The list of papers, and ways to narrow it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.api import inventory
from app.web.contexts.lists import PapersPage
from app.web.contexts.parts import Frame, Link
from app.web.formats import counted
from app.web.narrowing import Narrowing, page_of
from app.web.paper_view import paper_line
from app.wiring import Service
from catalog.shown import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowedPapers(Narrowing[Shown]):
    """Which papers a list shows."""

    path = "/papers"
    everything = "Papers"
    titles: ClassVar[Mapping[str, str]] = {"author": "Author", "year": "Year"}
    author: str = ""
    year: str = ""

    def values_of(self, entry: Shown, name: str) -> Sequence[str]:
        """See `Narrowing`."""
        if name == "author":
            return entry.names
        return (str(entry.year),) if entry.year else ()


def papers_page(
    service: Service, narrowed: NarrowedPapers, cursor: str | None, *, base: str
) -> PapersPage:
    """One page of the papers that are asked for."""
    every = inventory.papers(service)
    kept = narrowed.admitted(every)
    part = page_of(kept, named=repr(narrowed), key=lambda one: one.public_id, after=cursor)
    rows = inventory.paper_rows(service, (one.public_id for one in part.items))
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
        facets=tuple(narrowed.facets(every)),
        papers=tuple(map(paper_line, rows)),
        empty="No paper is like that." if every else "The archive has no papers yet.",
        next=Link(text="More papers", url=narrowed.url(cursor=part.next_cursor))
        if part.next_cursor
        else None,
    )
