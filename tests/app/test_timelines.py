"""Ticks of a timeline: near ones are one, none covers another, each is reached."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.web.contexts.parts import Timeline
from app.web.timelines import APART, REACH, timeline
from catalog.shown import Shown
from index.contract import Hit
from index.passage import Passage, PassageId

HOUR_MS = 3_600_000
OWNER = Shown(kind="talk", public_id="a", slug="a", title="A Talk", duration_ms=HOUR_MS)


def drawn(starts_ms: list[int]) -> Timeline:
    """The timeline of an hour with passages from these moments, the best first."""
    passages = [
        Passage(
            id=PassageId(str(n)), kind="talk", owner_id="a", title="A Talk", text="Words.",
            start_ms=start, end_ms=start + 1,
        )
        for n, start in enumerate(starts_ms)
    ]  # fmt: skip
    found = [
        (
            Hit(
                row=n,
                owner_id="a",
                score=1 / (1 + n),
                dense=None,
                terms=1.0,
                read=passages.__getitem__,
            ),
            one,
        )
        for n, one in enumerate(passages)
    ]
    made = timeline(OWNER, found)
    assert made is not None
    return made


def number(percent: str) -> float:
    return float(percent.removesuffix("%"))


@given(st.lists(st.integers(0, HOUR_MS - 1), min_size=1, max_size=60))
def test_no_tick_lies_over_another_and_a_press_goes_to_one(starts_ms: list[int]) -> None:
    ticks = drawn(starts_ms).ticks
    assert [tick.best for tick in ticks].count(True) == 1
    for left, right in pairwise(ticks):
        assert number(right.x) - number(left.x) >= APART - 0.011
        assert number(left.reach_x) + number(left.reach_width) <= number(right.reach_x) + 0.021
    for tick in ticks:
        assert number(tick.reach_x) <= number(tick.x)
        assert number(tick.reach_width) <= 2 * REACH + 0.01


def test_near_passages_are_one_tick_that_says_how_many_and_leads_to_the_best() -> None:
    shown = drawn([1_800_000, 1_830_000, 600_000, 605_000, 610_000])
    assert [tick.label for tick in shown.ticks] == [
        "10:00, 3 passages",
        "30:00, the best, 2 passages",
    ]
    assert shown.ticks[0].url.endswith("t=600")
    assert shown.label.startswith("Five passages")
