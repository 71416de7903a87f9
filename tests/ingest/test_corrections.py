"""Corrections keep the times of what was not corrected."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import captions
from catalog.caption_files import read_timed, read_untimed
from catalog.captions import Line, TimedWord, joined
from ingest.corrections import Heard

TEXT = (
    "So we take the kernal trick, and the margin is what you'd expect. "
    "Then Rademacher complexity bounds it: the the sample of size n gives one over root n. "
    "是学习理论 & <that> is --> all."
)


def heard(text: str, *, start_ms: int = 5_000) -> Heard:
    """Segments of ten words, each word 300 ms long with a pause of 100 ms."""
    words = [
        TimedWord(start_ms=at, end_ms=at + 300, text=one, confidence=0.25 + n % 7 / 10)
        for n, one in enumerate(text.split())
        for at in (start_ms + 400 * n,)
    ]
    parts = [words[n : n + 10] for n in range(0, len(words), 10)]
    lines = tuple(
        Line(
            start_ms=part[0].start_ms,
            end_ms=part[-1].end_ms,
            text=joined(word.text for word in part),
            words=tuple(part),
        )
        for part in parts
    )
    return Heard(lines=lines, doubtful=frozenset({0, 1}))


WORDS = st.lists(st.sampled_from([*TEXT.split(), "the", "a", "[Music]"]), min_size=1, max_size=60)


@given(WORDS)
@settings(max_examples=60)
def test_what_was_exported_and_not_changed_is_no_change(words: list[str]) -> None:
    one = heard(" ".join(words))
    assert one.corrected(read_timed(captions.vtt(one.lines))) is None
    assert one.corrected(read_untimed(captions.txt(one.lines))) is None


@given(WORDS, st.data())
@settings(max_examples=60)
def test_a_changed_word_keeps_all_others_as_they_were(
    words: list[str], data: st.DataObject
) -> None:
    one = heard(" ".join(words))
    n = data.draw(st.integers(0, len(words) - 1))
    edited = [*words]
    edited[n] = "corrected"
    line = Line(start_ms=0, end_ms=0, text=joined(edited))
    segments = one.corrected(read_untimed(line.text))
    assert segments is not None
    flat = [word for segment in segments for word in segment.words]
    old = [word for spoken in one.lines for word in spoken.words]
    changed = next(place for place, word in enumerate(flat) if word[2] == "corrected")
    assert flat[changed][3] == 1.0
    if not any(captions.WITHOUT_SPACES.search(word) for word in words):
        kept = [(w.start_ms, w.end_ms, w.text, w.confidence) for w in old]
        assert [w for i, w in enumerate(flat) if i != n] == [
            w for i, w in enumerate(kept) if i != n
        ]
        assert flat[n][:2] == kept[n][:2]


def test_words_are_corrected_joined_parted_and_left_out() -> None:
    one = heard(TEXT)
    vtt = captions.vtt(one.lines)
    vtt = vtt.replace("kernal trick", "kernel-trick").replace("the the", "the")
    vtt = re.sub(r"Rademacher\s+complexity", "Rade macher complexity", vtt)
    segments = one.corrected(read_timed(vtt))
    assert segments is not None
    old = {w.start_ms: w.text for line in one.lines for w in line.words}
    flat = [word for segment in segments for word in segment.words]
    assert [w[2] for w in flat][4:7] == ["kernel-trick,", "and", "the"]
    assert flat[5][0] == next(at for at, text in old.items() if text == "and")
    assert [w[2] for w in flat].count("the") == TEXT.split().count("the") - 1
    starts = [w[0] for w in flat]
    assert starts == sorted(starts)
    assert all(start <= end for start, end, *_rest in flat)
    assert len(segments) == len(one.lines)
    assert not segments[0].doubtful


def test_a_segment_that_was_not_touched_stays_doubtful() -> None:
    one = heard(TEXT)
    vtt = captions.vtt(one.lines).replace("kernal", "kernel")
    segments = one.corrected(read_timed(vtt))
    assert segments is not None
    assert [segment.doubtful for segment in segments[:3]] == [False, True, False]


def test_captions_that_staff_moved_are_where_staff_put_them() -> None:
    one = heard(TEXT)
    moved = tuple(
        Line(start_ms=line.start_ms + 60_000, end_ms=line.end_ms + 60_000, text=line.text)
        for line in one.lines
    )
    segments = one.corrected(read_timed(captions.vtt(moved)))
    assert segments is not None
    starts = [word[0] for segment in segments for word in segment.words]
    assert starts == sorted(starts)
    assert min(starts) == 65_000
    assert {word[3] for segment in segments for word in segment.words} > {1.0} or len(starts) > 1


def test_times_come_to_a_transcript_that_had_none() -> None:
    one = Heard(lines=(Line(start_ms=0, end_ms=0, text="Hello there."),), timed=False)
    assert one.corrected(read_untimed("Hello   there.")) is None
    segments = one.corrected(read_timed("WEBVTT\n\n00:01.000 --> 00:02.000\nHello there."))
    assert segments is not None
    assert [(s.start_ms, s.end_ms) for s in segments] == [(1000, 2000)]


def test_a_long_transcript_is_aligned_in_good_time() -> None:
    words = (TEXT.split() * 400)[:12_000]
    one = heard(" ".join(words))
    edited = [w if n % 50 else f"{w}x" for n, w in enumerate(words)]
    segments = one.corrected(read_untimed(" ".join(edited)))
    assert segments is not None
    flat = [word for segment in segments for word in segment.words]
    assert sum(word[3] == 1.0 for word in flat) < 400
