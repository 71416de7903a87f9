"""Cutting talks and papers: nothing is lost, nothing is too long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.passage import (
    Cut,
    CutOptions,
    PageText,
    Passage,
    PassageId,
    Sentence,
    cut_paper,
    cut_talk,
)
from tests.index.conftest import passage

SMALL = CutOptions(target_words=8, max_words=12, overlap_sentences=1)


def talk(lengths: list[int], *, gap_ms: int = 0) -> list[Sentence]:
    """Sentences of so many words each; every word occurs once."""
    sentences, word, at_ms = [], 0, 0
    for length in lengths:
        text = " ".join(f"w{word + place}" for place in range(length))
        sentences.append(Sentence(start_ms=at_ms, end_ms=at_ms + 100 * length, text=text))
        word, at_ms = word + length, at_ms + 100 * length + gap_ms
    return sentences


lengths = st.lists(st.integers(min_value=1, max_value=60), max_size=40)
options = st.builds(
    lambda least, target, more, overlap, pause: CutOptions(
        least_words=least, target_words=target, max_words=target + more,
        overlap_sentences=overlap, pause_ms=pause,
    ),
    st.integers(0, 40),
    st.integers(1, 40),
    st.integers(0, 20),
    st.integers(0, 3),
    st.sampled_from([0, 300]),
)  # fmt: skip


def test_a_passage_ends_where_the_speaker_pauses_longest() -> None:
    said = [
        Sentence(start_ms=start, end_ms=end, text=text)
        for start, end, text in (
            (0, 4_000, "one two three four"),
            (4_300, 8_000, "five six seven eight"),
            (9_000, 12_000, "nine ten"),
            (12_400, 15_000, "eleven twelve thirteen"),
        )
    ]
    options = CutOptions(least_words=4, target_words=10, max_words=12)
    assert [one.text.split()[0] for one in cut_talk(said, options=options)] == ["one", "nine"]
    never = CutOptions(least_words=4, target_words=10, max_words=12, pause_ms=2_000)
    assert next(one.end_ms for one in cut_talk(said, options=never)) == 12_000


@given(lengths, options)
def test_every_word_of_a_talk_is_in_a_passage(lengths: list[int], options: CutOptions) -> None:
    sentences = talk(lengths)
    said = " ".join(sentence.text for sentence in sentences).split()
    cut = {word for one in cut_talk(sentences, options=options) for word in one.text.split()}
    assert cut == set(said)


@given(lengths, options)
def test_no_passage_is_longer_than_the_maximum(lengths: list[int], options: CutOptions) -> None:
    for one in cut_talk(talk(lengths), options=options):
        assert len(one.text.split()) <= options.max_words


@given(lengths, options)
def test_passages_come_in_order_and_each_brings_something_new(
    lengths: list[int], options: CutOptions
) -> None:
    cuts = cut_talk(talk(lengths), options=options)
    seen: set[str] = set()
    for earlier, later in pairwise(cuts):
        assert earlier.start_ms is not None
        assert later.start_ms is not None
        assert earlier.start_ms <= later.start_ms
    for one in cuts:
        words = one.text.split()
        assert not set(words) <= seen
        assert words == sorted(words, key=lambda word: int(word[1:]))
        seen |= set(words)


@given(lengths)
def test_a_sentence_that_fits_is_never_broken(lengths: list[int]) -> None:
    sentences = [s for s in talk(lengths) if len(s.text.split()) <= SMALL.max_words]
    cuts = cut_talk(sentences, options=SMALL)
    for sentence in sentences:
        assert any(f" {sentence.text} " in f" {one.text} " for one in cuts)


@given(lengths)
def test_a_passage_begins_and_ends_when_its_words_are_said(lengths: list[int]) -> None:
    for one in cut_talk(talk(lengths), options=SMALL):
        first, last = one.text.split()[0], one.text.split()[-1]
        assert one.start_ms == 100 * int(first[1:])
        assert one.end_ms == 100 * int(last[1:]) + 100


def test_neighbours_share_a_sentence() -> None:
    first, second = cut_talk(talk([4, 4, 4, 4]), options=SMALL)[:2]
    assert first.text.split()[-4:] == second.text.split()[:4]


def test_the_last_passage_is_no_scrap() -> None:
    cuts = cut_talk(talk([4] * 10 + [1]), options=SMALL)
    assert len(cuts[-1].text.split()) >= SMALL.target_words


def test_a_long_silence_ends_a_passage() -> None:
    sentences = talk([3, 3], gap_ms=61_000)
    assert [one.text for one in cut_talk(sentences)] == [one.text for one in sentences]


def test_silence_is_a_talk_without_passages() -> None:
    assert cut_talk([]) == []
    assert cut_talk([Sentence(start_ms=0, end_ms=10, text="  ")]) == []


def paper(*pages: str) -> list[PageText]:
    return [PageText(number=number, text=text) for number, text in enumerate(pages, start=1)]


@given(st.lists(st.text(max_size=300), max_size=6))
def test_any_pages_at_all_can_be_cut(texts: list[str]) -> None:
    for one in cut_paper(paper(*texts), options=SMALL):
        assert 0 < len(one.text.split()) <= SMALL.max_words
        assert one.page is not None
        assert one.page <= len(texts)
        one.text.encode("utf-8")


def test_a_paper_is_cut_at_its_headings_and_without_its_references() -> None:
    cuts = cut_paper(
        paper(
            "A Title\nAbstract\nWe bound it.\n1 Introduction\nIt was open.",
            "2 Main result\nTheorem holds.\n2.1 Proof sketch\nBy induction.",
            "References\n[1] A. Author. Something. 2020.\nAppendix A\nMore detail.",
        )
    )
    assert [(one.section, one.page, one.text) for one in cuts] == [
        (None, 1, "A Title"),
        ("Abstract", 1, "We bound it."),
        ("1 Introduction", 1, "It was open."),
        ("2 Main result", 2, "Theorem holds."),
        ("2.1 Proof sketch", 2, "By induction."),
        ("Appendix A", 3, "More detail."),
    ]


def test_the_items_of_a_list_are_no_headings() -> None:
    (one,) = cut_paper(paper("1 Overview\nThere are two steps.\n1. Compute it\n2 apples remain."))
    assert one.section == "1 Overview"
    assert "Compute it" in one.text


def test_a_passage_belongs_to_the_page_where_it_begins() -> None:
    first = "one two three four five six seven eight."
    second = "nine ten eleven\ntwelve."
    cuts = cut_paper(paper(f"{first} It goes", f"on here. {second}"), options=SMALL)
    assert [one.page for one in cuts][:2] == [1, 1]
    assert "It goes on here." in cuts[-1].text


def test_hyphenated_lines_are_joined_and_running_heads_dropped() -> None:
    pages = [
        f"Running Head {n}\n{word} is first.\nThe general-\nization gap {word}.\n{word} ends.\n{n}"
        for n, word in enumerate("ABCD")
    ]
    text = " ".join(one.text for one in cut_paper(paper(*pages)))
    assert text == " ".join(
        f"{word} is first. The generalization gap {word}. {word} ends." for word in "ABCD"
    )


def test_the_title_is_context_for_the_encoder() -> None:
    assert passage("a", "It holds.", title="Kernels").encoded_text == "Kernels. It holds."
    assert passage("a", "It holds.", title="Why kernels?").encoded_text == "Why kernels? It holds."
    assert passage("a", "It holds.").encoded_text == "It holds."


def test_equal_keys_are_equal_texts() -> None:
    one, same = passage("a", "It holds."), passage("b", "It holds.", year=2020)
    assert one.content_key == same.content_key
    assert one.content_key != passage("a", "It holds!").content_key


def test_a_passage_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an id"):
        passage("a", " ")
    with pytest.raises(ValueError, match="none of"):
        passage("a", "text", kind="poem")
    with pytest.raises(ValueError, match="start <= end"):
        passage("a", "text", start_ms=5, end_ms=4)
    with pytest.raises(ValueError, match="only one end"):
        passage("a", "text", start_ms=None)
    with pytest.raises(ValueError, match="pages count from 1"):
        Cut(text="text", page=0)
    with pytest.raises(ValueError, match="target"):
        CutOptions(target_words=5, max_words=4)


def test_a_passage_needs_no_times() -> None:
    untimed = Passage(id=PassageId("x"), kind="talk", owner_id="t", title="", text="plain")
    assert untimed.start_ms is None
