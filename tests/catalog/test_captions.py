import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.caption_files import read_timed
from catalog.captions import (
    LONGEST_CUE_MS,
    ROW_CHARS,
    ROWS,
    Line,
    TimedWord,
    clock,
    cues,
    joined,
    json_text,
    srt,
    txt,
    vtt,
)

ODD = ["-->", "<i>", "&amp;", "a<b", "&", "x>y", "WEBVTT", "NOTE", "1", "学习", "é", "<00:01.000>"]
PLAIN = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12)
SPEC = st.lists(
    st.tuples(st.one_of(st.sampled_from(ODD), PLAIN), st.integers(0, 4000), st.integers(1, 1500)),
    max_size=80,
)


def line_of(spec: list[tuple[str, int, int]], *, start_ms: int = 0) -> Line:
    now, words = start_ms, []
    for text, pause, lasts in spec:
        words.append(TimedWord(start_ms=now + pause, end_ms=now + pause + lasts, text=text))
        now += pause + lasts
    return Line(
        start_ms=start_ms, end_ms=now, text=joined(w.text for w in words), words=tuple(words)
    )


def said(text: str, start_ms: int, end_ms: int) -> Line:
    return Line(start_ms=start_ms, end_ms=end_ms, text=text)


def read_back(text: str) -> list[Line]:
    return list(read_timed(text).lines)


def dense(text: str) -> str:
    return "".join(text.split())


@given(SPEC)
def test_every_word_is_in_one_cue_in_order(spec: list[tuple[str, int, int]]) -> None:
    made = cues([line_of(spec)])
    assert dense("".join("".join(c.rows) for c in made)) == dense("".join(s[0] for s in spec))


@given(SPEC)
def test_cues_are_small_short_and_never_overlap(spec: list[tuple[str, int, int]]) -> None:
    made = cues([line_of(spec)])
    assert all(len(c.rows) <= ROWS for c in made)
    assert all(len(row) <= ROW_CHARS for c in made for row in c.rows)
    assert all(c.end_ms - c.start_ms <= LONGEST_CUE_MS for c in made)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(made))


def test_a_cue_breaks_after_punctuation() -> None:
    text = (
        "We fix the width of the network, and then we let the depth grow without any bound at all"
    )
    first, *_ = cues([said(text, 0, 6000)])
    assert first.rows[-1].endswith("network,") or len(" ".join(first.rows)) > ROW_CHARS


def test_a_line_without_words_is_spread_over_its_time() -> None:
    made = cues([said("word " * 40, 1000, 21_000)])
    assert made[0].start_ms == 1000
    assert made[-1].end_ms == 21_000
    assert len(made) > 2


def test_a_word_longer_than_a_row_is_not_cut() -> None:
    (cue,) = cues([said("x" * 60, 0, 1000)])
    assert cue.rows == ("x" * 60,)


def test_scripts_without_spaces_are_parted_and_not_spaced() -> None:
    made = cues([said("学" * 200, 0, 40_000)])
    assert all(len(row) <= ROW_CHARS for c in made for row in c.rows)
    assert joined(["学", "习", "GPU", "了"]) == "学习 GPU 了"


def test_webvtt_is_escaped() -> None:
    text = vtt([said("if a<b & b-->c", 0, 2000)])
    assert text == ("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nif a&lt;b &amp; b--&gt;c\n")


def test_subrip_numbers_its_cues_and_has_commas() -> None:
    assert srt([said("One.", 0, 1000), said("Two.", 3_600_000, 3_601_500)]) == (
        "1\n00:00:00,000 --> 00:00:01,000\nOne.\n\n2\n01:00:00,000 --> 01:00:01,500\nTwo.\n"
    )


def test_an_arrow_cannot_break_subrip() -> None:
    (line,) = read_back(srt([said("x --> y", 0, 1000)]))
    assert line.text == "x -> y"


def test_text_has_a_new_paragraph_after_a_pause() -> None:
    lines = [said("One.", 0, 1000), said("Two.", 1200, 2000), said("Three.", 4500, 5000)]
    assert txt(lines) == "One. Two.\n\nThree.\n"


def test_a_long_paragraph_ends_with_a_sentence() -> None:
    lines = [said("word " * 80 + "end.", n * 1000, n * 1000 + 900) for n in range(8)]
    paragraphs = txt(lines).strip().split("\n\n")
    assert len(paragraphs) > 1
    assert all(p.endswith("end.") for p in paragraphs)


def test_nothing_said_is_an_empty_transcript() -> None:
    assert vtt([]) == "WEBVTT\n"
    assert srt([]) == ""
    assert txt([]) == ""
    assert json.loads(json_text([])) == []
    assert read_back(vtt([])) == []
    assert read_back("") == []


def test_json_holds_lines_and_words() -> None:
    line = line_of([("So", 0, 200), ("it", 10, 90)])
    (row,) = json.loads(json_text([line]))
    assert row["text"] == "So it"
    assert row["words"][1] == {"start_ms": 210, "end_ms": 300, "text": "it", "confidence": None}


@given(SPEC)
def test_webvtt_read_back_says_the_same(spec: list[tuple[str, int, int]]) -> None:
    lines = [line_of(spec)]
    back = read_back(vtt(lines))
    assert [(b.start_ms, b.end_ms) for b in back] == [(c.start_ms, c.end_ms) for c in cues(lines)]
    assert dense("".join(b.text for b in back)) == dense("".join(s[0] for s in spec))
    assert [dense(b.text) for b in read_back(vtt(back))] == [dense(b.text) for b in back]


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9,.?!]{1,9}", fullmatch=True),
            st.integers(0, 4000),
            st.integers(1, 1500),
        ),
        max_size=80,
    )
)
def test_subrip_read_back_says_the_same(spec: list[tuple[str, int, int]]) -> None:
    lines = [line_of(spec)]
    back = read_back(srt(lines))
    assert [(b.start_ms, b.end_ms) for b in back] == [(c.start_ms, c.end_ms) for c in cues(lines)]
    assert " ".join(b.text for b in back).split() == [s[0] for s in spec]


def test_webvtt_of_others_is_read() -> None:
    text = (
        "\ufeffWEBVTT - a title\r\nKind: captions\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
        "NOTE a note\r\n\r\nintro\r\n00:01.500 --> 00:03.000 align:start\r\n"
        "<v Speaker>Let <i>f</i> be &lt; 1\r\n- and so on\r\n\r\n"
        "10:00:00.000 --> 10:00:01.000\r\nlate\r\n"
    )
    first, second = read_back(text)
    assert (first.start_ms, first.end_ms, first.text) == (1500, 3000, "Let f be < 1 - and so on")
    assert second.start_ms == 36_000_000


def test_subrip_of_others_is_read() -> None:
    text = (
        "1\n0:00:01,5 --> 0:00:02,0\n<b>Hello</b>\n\n\n\n2\n00:00:03,000 --> 00:00:04,000\nthere\n"
    )
    assert [(b.start_ms, b.text) for b in read_back(text)] == [(1500, "Hello"), (3000, "there")]


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "00:00:00.000"), (3_661_001, "01:01:01.001"), (360_000_000, "100:00:00.000")],
)
def test_clock_times_have_hours(ms: int, text: str) -> None:
    assert clock(ms) == text
