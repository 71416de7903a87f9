"""The talks of a series or a speaker over time, as a drawing.

Pure.  Invariant: every dated talk has one mark, between the first and the last.
"""

from collections.abc import Sequence
from datetime import date

from app.web.contexts.places import Mark, Strip, Year
from app.web.formats import counted, short_day
from catalog.talks import TalkDetails

FEWEST = 3
MOST_YEARS = 6  # named under the drawing
TALL, LOW, GROUND = 20, 9, 22
WIDTH, LAST_YEAR = 99, 92  # percent of the drawing, so that nothing is cut off at its end


def strip(talks: Sequence[TalkDetails]) -> Strip | None:
    """A mark for each talk, tall where its words can be searched; None for too few days."""
    dated = sorted(
        ((one.talk.held_on, one.transcript is not None) for one in talks if one.talk.held_on),
        key=lambda pair: pair[0],
    )
    if len({held_on for held_on, _ in dated}) < FEWEST:
        return None
    first, last = dated[0][0], dated[-1][0]
    heights = [(held_on, TALL if heard else LOW) for held_on, heard in dated]
    return Strip(
        label=f"{counted(len(dated), 'talk')} from {short_day(first)} to {short_day(last)}",
        first=short_day(first),
        last=short_day(last),
        said="Each line is a talk."
        if len({height for _, height in heights}) == 1
        else "Each line is a talk; the words of the tall ones can be searched.",
        marks=tuple(
            Mark(x=_place(held_on, first, last), y=GROUND - height, height=height)
            for held_on, height in heights
        ),
        years=_years(first, last),
    )


def _years(first: date, last: date) -> tuple[Year, ...]:
    every = range(first.year + (first > date(first.year, 1, 31)), last.year + 1)
    step = max(1, -(-len(every) // MOST_YEARS))
    named = ((year, max(first, date(year, 1, 1))) for year in every[::step])
    return tuple(
        Year(x=_place(begins, first, last), text=str(year))
        for year, begins in named
        if 100 * (begins - first) <= LAST_YEAR * (last - first)
    )


def _place(day: date, first: date, last: date) -> str:
    return f"{WIDTH * (day - first).days / (last - first).days:.2f}%"
