from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.caching import holds
from app.api.cursors import (
    LONGEST,
    MOST_SEEN,
    NOTHING,
    Place,
    cursor_for,
    cursor_past,
    place_of,
    seen_by,
)
from app.api.lists import sliced
from app.errors import InvalidCursor
from app.web.formats import clock, counted, hours, length, listed
from app.web.transcript import paragraphs
from catalog.captions import Line, TimedWord

WORDS = st.text(alphabet="ab.?! ", min_size=1, max_size=8).filter(lambda text: bool(text.strip()))


@given(st.integers(0, 100_000), st.text(max_size=20), st.text())
def test_a_cursor_leads_back_to_its_place(offset: int, after: str, request: str) -> None:
    place = Place(offset=offset, after=after, request=request)
    assert place_of(cursor_for(place), request=request) == place


@given(st.sets(st.text(max_size=12), max_size=200), st.text())
def test_a_cursor_remembers_what_was_seen_and_nothing_else(ids: set[str], request: str) -> None:
    cursor = cursor_past(NOTHING.and_these(ids), request=request)
    seen = seen_by(cursor, request=request)
    assert all(one in seen for one in ids)
    assert "never shown" not in seen
    assert cursor is not None
    with pytest.raises(InvalidCursor):
        seen_by(cursor, request=request + "!")


def test_the_longest_cursor_is_as_long_as_may_be() -> None:
    seen = NOTHING.and_these(map(str, range(MOST_SEEN)))
    cursor = cursor_past(seen, request="r")
    assert cursor is not None
    assert len(cursor) <= LONGEST
    assert len(seen_by(cursor, request="r")) == MOST_SEEN
    assert cursor_past(seen.and_these(["one more"]), request="r") is None


@given(st.text(max_size=450))
def test_no_text_is_worse_than_an_invalid_cursor(text: str) -> None:
    with suppress(InvalidCursor):
        assert place_of(text, request="r").offset >= 0
    with suppress(InvalidCursor):
        assert len(seen_by(text, request="r")) >= 0


@given(st.lists(st.integers(), unique=True, max_size=30), st.integers(1, 7))
def test_a_list_by_pages_is_the_list(entries: list[int], limit: int) -> None:
    seen: list[int] = []
    after: str | None = None
    for _ in range(len(entries) + 1):
        part = sliced(entries, named="n", key=str, limit=limit, after=after)
        seen += part.items
        after = part.next_cursor
        if after is None:
            break
    assert seen == entries


@given(st.lists(st.lists(WORDS, max_size=12), max_size=12))
def test_every_word_is_on_the_page_once_and_in_order(segments: list[list[str]]) -> None:
    lines, at = [], 0
    for words in segments:
        timed = tuple(
            TimedWord(
                start_ms=at + n * 10, end_ms=at + n * 10 + 10, text=word, confidence=n % 2 / 1
            )
            for n, word in enumerate(words)
        )
        lines.append(
            Line(start_ms=at, end_ms=at + 200, text=" ".join(words) or "none", words=timed)
        )
        at += 3_000
    shown = "".join(
        "".join(said.text for said in spoken.parts) + " "
        for paragraph in paragraphs(lines, page_url="/talks/t")
        for spoken in paragraph.lines
    )
    wanted = [word for words in segments for word in (words or ["none"])]
    assert "".join(shown.split()) == "".join("".join(wanted).split())


def test_times_and_counts_are_written_for_people() -> None:
    assert [clock(ms) for ms in (0, 249_999, 3_600_000)] == ["00:00", "04:09", "1:00:00"]
    assert [length(ms) for ms in (None, 400, 59_400, 3_480_000, 4_320_000)] == [
        "",
        "1 s",
        "59 s",
        "58 min",
        "1 h 12 min",
    ]
    assert hours(7_200_000) == "2 h"
    assert [counted(1, "talk"), counted(1400, "talk")] == ["1 talk", "1,400 talks"]
    assert [listed(["a"]), listed(["a", "b", "c"])] == ["a", "a, b and c"]


def test_a_tag_is_compared_weakly() -> None:
    assert holds('W/"a"', 'W/"a"')
    assert holds('"b", "a"', 'W/"a"')
    assert holds("*", '"a"')
    assert not holds(None, '"a"')
    assert not holds('"b"', '"a"')


def test_a_doubtful_word_keeps_its_distance_from_its_neighbours() -> None:
    words = tuple(
        TimedWord(start_ms=n, end_ms=n + 1, text=text, confidence=confidence)
        for n, (text, confidence) in enumerate(((" As", 0.9), (" Belkin", 0.41), (" says.", 0.9)))
    )
    line = Line(start_ms=0, end_ms=3, text="As Belkin says.", words=words)
    parts = paragraphs([line], page_url="/talks/t")[0].lines[0].parts
    assert "".join(part.text for part in parts) == "As Belkin says."
    assert [part.text for part in parts if part.doubt] == ["Belkin"]
    assert [part.doubt for part in parts if part.doubt] == ["heard with 41 % confidence"]
