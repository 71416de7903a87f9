"""What a query finds inside one talk or paper, for its page."""

from dataclasses import dataclass

from app.api.answers import Ask
from app.api.paging import page
from app.web import results
from app.web.contexts.parts import PassageLine, Timeline
from app.web.timelines import timeline
from app.wiring import Service
from index.contract import Hit
from index.errors import InvalidQuery
from index.passage import Passage

MOST_IN_PAPER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Passages in the order of the talk or paper, and the talk's timeline."""

    lines: tuple[PassageLine, ...] = ()
    timeline: Timeline | None = None


def inside(service: Service, owner_id: str, query: str) -> Inside | None:
    """Every passage that is found in a talk, the best of a paper; None without a usable query."""
    if not query.strip():
        return None
    try:
        ask = Ask(text=query, owner=owner_id)
        shown = page(service, ask, limit=1, after=None, most=None)
    except InvalidQuery:
        return None
    if not shown.chosen:
        return Inside()
    owner, found = shown.chosen[0].owner, shown.chosen[0].passages
    listed = found if owner.kind == "talk" else found[:MOST_IN_PAPER]
    return Inside(
        lines=tuple(
            results.passage_line(shown.found.query, owner, hit, passage)
            for hit, passage in sorted(listed, key=place)
        ),
        timeline=timeline(owner, found) if owner.kind == "talk" else None,
    )


def place(found: tuple[Hit, Passage]) -> int:
    """Where in its talk or paper a passage is, for sorting."""
    return found[1].start_ms or found[1].page or 0
