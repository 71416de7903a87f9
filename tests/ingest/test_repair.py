"""What may be put right in a transcript, and what may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sounds import sounds
from ingest.repair import Repair
from ingest.segments import Segment, Word, from_json, to_json

TERMS = ("Kullback-Leibler", "Rademacher", "Marchenko", "Glivenko", "Hoeffding", "eigenvector")
WORD_MS = 400


def pieces(word: str) -> int:
    return 1 if len(word) < 6 else 3


def said(*words: tuple[str, float]) -> Segment:
    timed = tuple(
        Word(start_ms=n * WORD_MS, end_ms=(n + 1) * WORD_MS, text=text, confidence=confidence)
        for n, (text, confidence) in enumerate(words)
    )
    text = " ".join(word.text for word in timed)
    return Segment(start_ms=0, end_ms=len(timed) * WORD_MS, text=text, words=timed)


def repaired(*words: tuple[str, float]) -> Segment:
    return Repair(TERMS, pieces).repaired(said(*words))


def test_several_words_that_sound_like_one_term_become_it() -> None:
    segment = repaired(
        ("The", 0.98), ("callback", 0.75), ("label", 0.2), ("or", 0.78), ("divergence", 0.99)
    )
    assert segment.text == "The Kullback-Leibler divergence"
    term = segment.words[1]
    assert (term.start_ms, term.end_ms) == (400, 1600)
    assert (term.heard, term.confidence) == ("callback label or", 0.2)
    assert segment.words[0].heard is None


@pytest.mark.parametrize(
    ("heard", "put_right"),
    [
        ((("Raymacher", 0.5), ("complexity,", 0.9)), "Rademacher complexity,"),
        ((("more", 0.3), ("chanko,", 0.45)), "Marchenko,"),
        ((("Glavinko's", 0.48), ("class", 0.9)), "Glivenko's class"),
        ((("the", 0.9), ("i-gen", 0.5), ("vectors.", 0.8)), "the eigenvectors."),
    ],
)
def test_punctuation_possessive_and_number_stay(
    heard: tuple[tuple[str, float], ...], put_right: str
) -> None:
    assert repaired(*heard).text == put_right


@pytest.mark.parametrize(
    "heard",
    [
        (("Raymacher", 0.95), ("complexity", 0.9)),
        (("Rademacher", 0.3), ("complexity", 0.3)),
        (("the", 0.2), ("hidden", 0.7), ("market", 0.6)),
        (("more.", 0.3), ("Chanko", 0.4)),
        (("and", 0.1), ("so", 0.1), ("on", 0.1)),
    ],
)
def test_what_is_sure_right_or_merely_similar_is_left_alone(
    heard: tuple[tuple[str, float], ...],
) -> None:
    assert repaired(*heard) == said(*heard)


def test_without_a_vocabulary_nothing_changes() -> None:
    segment = said(("callback", 0.1), ("label", 0.1))
    assert Repair((), pieces).repaired(segment) is segment


def test_what_was_heard_survives_being_written_down() -> None:
    segment = repaired(("Raymacher", 0.5))
    assert from_json(to_json([segment])) == [segment]
    assert segment.words[0].row == (0, 400, "Rademacher", 0.5, "Raymacher")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Feldmann", "Feldman"),
        ("Wishart", "wishart"),
        ("Oskar", "Oscar"),
        ("Nyström", "Nistrom"),
        ("Catoni", "Katomi"),
    ],
)
def test_words_that_sound_alike_have_one_key(one: str, other: str) -> None:
    assert sounds(one) == sounds(other)


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), st.floats(0, 1)),
        max_size=12,
    )
)
def test_times_stay_in_order_and_only_repaired_words_say_so(words: list[tuple[str, float]]) -> None:
    before = said(*words)
    after = Repair(TERMS, pieces).repaired(before)
    starts = [word.start_ms for word in after.words]
    assert starts == sorted(starts)
    assert all(0 <= w.start_ms <= w.end_ms <= before.end_ms for w in after.words)
    untouched = [word for word in after.words if word.heard is None]
    assert all(word in before.words for word in untouched)
