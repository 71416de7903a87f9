"""The timeline of a talk: a tick for each passage that was found, or for several that are near.

Pure.  Invariant: no tick covers another, and a press beside some goes to the nearest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.api.places import passage_url
from app.web.contexts.parts import Tick, Timeline
from app.web.evidence import spread
from app.web.formats import clock, counted
from catalog.shown import Shown
from index.contract import Hit
from index.passage import Passage

LOW, HIGH, GROUND = 6, 20, 22
APART = 2.0  # percent; on the smallest screen a little more than a tick is wide
REACH = 4.0  # percent to either side, where no other tick is
_Found = tuple[Hit, Passage]


@dataclass(slots=True, kw_only=True)
class _Place:
    """A place of the timeline: its best passage, and how many are near it."""

    percent: float
    found: _Found
    others: list[_Found] = field(default_factory=list)


def timeline(owner: Shown, found: Sequence[_Found]) -> Timeline | None:
    """The talk from end to end; None where nothing was found, or something without a time."""
    if not found or any(passage.start_ms is None for _, passage in found):
        return None
    total_ms = max(owner.duration_ms or 0, *(passage.end_ms or 0 for _, passage in found), 1)
    places = _places(found, total_ms)
    between = [(left.percent + right.percent) / 2 for left, right in pairwise(places)]
    return Timeline(
        label=_label(found),
        ticks=tuple(
            _tick(owner, place, found[0], left, right)
            for place, left, right in zip(places, [0.0, *between], [*between, 100.0], strict=True)
        ),
        end=clock(total_ms),
    )


def _places(found: Sequence[_Found], total_ms: int) -> list[_Place]:
    """In the order of the talk; a passage that is near a better one is counted there."""
    places: list[_Place] = []
    for one in found:
        percent = 100 * min(_start_ms(one), total_ms) / total_ms
        nearest = min(places, key=lambda place: abs(place.percent - percent), default=None)
        if nearest and abs(nearest.percent - percent) < APART:
            nearest.others.append(one)
        else:
            places.append(_Place(percent=percent, found=one))
    return sorted(places, key=lambda place: place.percent)


def _tick(owner: Shown, place: _Place, best: _Found, left: float, right: float) -> Tick:
    is_best = place.found is best
    near = place.found[0].score / best[0].score if best[0].score > 0 else 1.0
    height = HIGH if is_best else round(LOW + (HIGH - LOW - 4) * near**3)
    left, right = max(left, place.percent - REACH), min(right, place.percent + REACH)
    several = f", {counted(1 + len(place.others), 'passage')}" if place.others else ""
    return Tick(
        url=passage_url(owner, place.found[1]),
        label=f"{clock(_start_ms(place.found))}{', the best' if is_best else ''}{several}",
        x=f"{place.percent:.2f}%",
        y=GROUND - height,
        width=7 if is_best else 5,
        height=height,
        best=is_best,
        reach_x=f"{left:.2f}%",
        reach_width=f"{right - left:.2f}%",
    )


def _label(found: Sequence[_Found]) -> str:
    at = clock(_start_ms(found[0]))
    if len(found) == 1:
        return f"One passage, at {at}"
    return f"{spread(sorted(map(_start_ms, found)))}, the best at {at}"


def _start_ms(found: _Found) -> int:
    return found[1].start_ms or 0
