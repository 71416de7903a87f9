"""Snippets are stretches of the passage, with the query's words marked."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from index.snippet import ELLIPSIS, Span, snippet

WORDS = st.lists(
    st.sampled_from(["kernel", "kernels", "the", "descent,", "ℓ2", "x" * 50]), max_size=80
)


@given(st.one_of(st.text(max_size=400), WORDS.map(" ".join)), st.integers(1, 120))
def test_a_snippet_is_a_stretch_of_the_text_within_its_limit(text: str, max_chars: int) -> None:
    spans = snippet(text, "kernel descent", max_chars=max_chars)
    whole = "".join(span.text for span in spans)
    assert len(whole) <= max(max_chars, 1 + 2 * len(ELLIPSIS))
    assert whole.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS) in text or whole in text
    assert all(span.text for span in spans)
    assert all(one.hit != other.hit for one, other in pairwise(spans))


def test_words_are_marked_by_their_stems_and_neighbours_are_one_hit() -> None:
    assert snippet("Beyond the interpolation thresholds it falls.", "interpolating threshold") == [
        Span(text="Beyond the ", hit=False),
        Span(text="interpolation thresholds", hit=True),
        Span(text=" it falls.", hit=False),
    ]


def test_the_window_is_where_the_most_words_of_the_query_are() -> None:
    text = f"A kernel is here. {'Filler words go on. ' * 30} The tangent kernel is constant."
    spans = snippet(text, "tangent kernel", max_chars=80)
    assert Span(text="tangent kernel", hit=True) in spans
    assert spans[0].text.startswith(ELLIPSIS)
    assert len("".join(span.text for span in spans)) <= 80


def test_notation_is_marked_whatever_its_spelling() -> None:
    assert Span(text="ℓ2", hit=True) in snippet("We bound the ℓ2 norm.", r"\ell_2")


def test_markup_in_a_passage_stays_text() -> None:
    (span,) = snippet("<b>bold</b>", "kernel")
    assert span == Span(text="<b>bold</b>", hit=False)


def test_without_a_match_the_beginning_is_shown() -> None:
    spans = snippet("word " * 100, "kernel", max_chars=30)
    assert "".join(span.text for span in spans).startswith("word word")
    assert not any(span.hit for span in spans)
