import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.segments import Segment, Word
from ingest.sentences import MOST_WORDS, sentences

ODD_WORDS = ["so", "e.g.", "Fig.", "end.", "why?", "Then", "well,", "J.", "3.5", "..."]
TEXTS = st.sampled_from([*ODD_WORDS, "“Yes.”", "学习。", "习"])


def spoken(text: str, *, pause_before: dict[int, int] | None = None) -> Segment:
    now, words = 0, []
    for place, part in enumerate(text.split()):
        now += (pause_before or {}).get(place, 0)
        words.append(Word(start_ms=now, end_ms=now + 200, text=part, confidence=1.0))
        now += 200
    return Segment(start_ms=0, end_ms=now, text=text, words=tuple(words))


def texts(text: str, *, pause_before: dict[int, int] | None = None) -> list[str]:
    return [s.text for s in sentences([spoken(text, pause_before=pause_before)])]


def test_sentences_end_at_their_punctuation() -> None:
    assert texts("It holds. Does it? Yes! So be it") == [
        "It holds.",
        "Does it?",
        "Yes!",
        "So be it",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "See Fig. 3 for the bound.",
        "This is due to J. Smith and others.",
        "Take a norm, e.g. the spectral one.",
        "Vapnik et al. Showed this.",
        "The rate is 3.5 times better.",
        "He waited ... and went on.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert texts(text) == [text]


def test_a_quotation_mark_behind_the_full_stop_belongs_to_the_sentence() -> None:
    assert texts("He said “it holds.” Then he left.") == ["He said “it holds.”", "Then he left."]


def test_a_sentence_may_run_over_two_segments() -> None:
    first, second = spoken("the kernel does"), spoken("not move. Next")
    assert [s.text for s in sentences([first, _later(second, 600)])] == [
        "the kernel does not move.",
        "Next",
    ]


def test_a_pause_of_three_seconds_ends_a_sentence() -> None:
    assert texts("and that is it now then", pause_before={4: 3000}) == [
        "and that is it",
        "now then",
    ]


def test_a_long_run_is_parted_at_its_longest_pause() -> None:
    run = " ".join(f"w{n}" for n in range(60))
    assert [len(t.split()) for t in texts(run, pause_before={25: 900, 30: 400})] == [25, 35]


def test_a_long_run_without_pauses_is_parted_after_a_comma() -> None:
    run = " ".join(f"w{n}," if n == 29 else f"w{n}" for n in range(60))
    assert [len(t.split()) for t in texts(run)] == [30, 30]


def test_times_are_those_of_the_first_and_last_word() -> None:
    first, second = sentences([spoken("It holds. Yes it does.")])
    assert (first.start_ms, first.end_ms) == (0, 400)
    assert (second.start_ms, second.end_ms) == (400, 1000)


def test_a_segment_without_words_is_spread_over_its_time() -> None:
    first, second = sentences([Segment(start_ms=1000, end_ms=3000, text="It holds. Not so.")])
    assert (first.text, second.text) == ("It holds.", "Not so.")
    assert first.start_ms == 1000
    assert first.end_ms == second.start_ms
    assert second.end_ms == 3000


def test_silence_has_no_sentences() -> None:
    assert sentences([]) == []
    assert sentences([Segment(start_ms=0, end_ms=10, text="  ")]) == []


@given(st.lists(st.tuples(TEXTS, st.integers(0, 5000), st.integers(0, 900)), max_size=200))
def test_every_word_is_in_one_sentence_in_order(spec: list[tuple[str, int, int]]) -> None:
    now, words = 0, []
    for text, pause, lasts in spec:
        words.append(
            Word(start_ms=now + pause, end_ms=now + pause + lasts, text=text, confidence=0.5)
        )
        now += pause + lasts
    halves = [words[: len(words) // 2], words[len(words) // 2 :]]
    segments = [
        Segment(start_ms=0, end_ms=now, text=" ".join(w.text for w in half), words=tuple(half))
        for half in halves
    ]
    made = sentences(segments)
    assert "".join("".join(s.text.split()) for s in made) == "".join(w.text for w in words)
    assert [s.start_ms for s in made] == sorted(s.start_ms for s in made)
    assert all(len(s.text.split()) <= MOST_WORDS for s in made)


def _later(segment: Segment, by_ms: int) -> Segment:
    from ingest.segments import shifted

    return shifted(segment, by_ms)
