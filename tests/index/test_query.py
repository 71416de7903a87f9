"""Queries: any text is read or refused, and one notation is one term."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidQuery
from index.notation import packaged
from index.query import MAX_CHARS, parse
from index.terms import stems_of

normalised, with_short_forms = packaged().normalised, packaged().with_short_forms
ANY_TEXT = st.text(st.characters(), max_size=60)


@given(st.one_of(ANY_TEXT, st.text('"\\({_^}ell2 NEAR*:', max_size=40)))
def test_any_text_is_a_query_or_invalid(text: str) -> None:
    try:
        parsed = parse(text)
    except InvalidQuery:
        return
    parsed.text.encode("utf-8")
    assert parsed.text.strip() or parsed.filters


@given(ANY_TEXT)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalised(text)
    assert stems(once) == stems(normalised(once))


def stems(text: str) -> tuple[str, ...]:
    try:
        return stems_of(parse(text)).all
    except InvalidQuery:
        return ()


@pytest.mark.parametrize("text", ["", "   ", "\0", "\ud800"])
def test_a_query_without_anything_in_it_is_invalid(text: str) -> None:
    with pytest.raises(InvalidQuery, match="empty"):
        parse(text)


@pytest.mark.parametrize("text", ['"', '""', "*", "🙂" * 40, "- / ~", ")(", "?!", "— …"])
def test_a_query_of_signs_alone_is_invalid_and_says_what_to_type(text: str) -> None:
    with pytest.raises(InvalidQuery, match="no letters or digits; type some words"):
        parse(text)


@pytest.mark.parametrize("text", ["-kernel", '-"tangent kernel"', "-kernel -ridge ?"])
def test_a_query_that_only_leaves_out_is_invalid(text: str) -> None:
    with pytest.raises(InvalidQuery, match="only what to leave out"):
        parse(text)


def test_a_query_that_is_too_long_is_invalid() -> None:
    assert parse("x" * MAX_CHARS)
    with pytest.raises(InvalidQuery, match="1001 characters"):
        parse("x" * (MAX_CHARS + 1))


@pytest.mark.parametrize(
    "spelling", [r"\ell_2", "L2", "ell two", "ℓ₂", "ℓ_2", "l_{2}", "L^2", "L²", r"$\ell_2$", "l-2"]
)
def test_every_spelling_of_a_norm_is_one_term(spelling: str) -> None:
    assert stems(f"{spelling} norm") == ("l2", "norm")


@pytest.mark.parametrize("spelling", [r"\ell_\infty", "ℓ∞", r"l_{\infty}", "ell infinity", "L_inf"])
def test_the_maximum_norm_is_one_term_too(spelling: str) -> None:
    assert stems(spelling) == ("linfin",)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("Kullback–Leibler", "KL"),
        ("neural tangent kernels", "NTK"),
        ("stochastic gradient descent", "SGD"),
        ("empirical risk minimisation", "ERM"),
        ("reproducing kernel Hilbert space", "RKHS"),
    ],
)
def test_a_long_form_carries_its_abbreviation(long: str, short: str) -> None:
    assert stems(short)[0] in stems(long)


@pytest.mark.parametrize("text", ["tell two", "all 2", "well", "model2", "shall infer"])
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert normalised(text) == text


def test_greek_and_latex_letters_are_spelled_out() -> None:
    assert normalised("ε-nets") == normalised(r"\epsilon -nets")
    assert normalised(r"\mathbb{R}^d") == "{r}^d"


def test_quoted_words_are_phrases_and_an_unpaired_quote_is_nothing() -> None:
    parsed = parse('who said “double  descent” and "bias')
    assert parsed.phrases == ("double descent",)
    assert parsed.words == "who said and bias"
    assert parsed.text == "who said double descent and bias"


def test_phrases_are_not_broken_by_abbreviations() -> None:
    text = with_short_forms(normalised("the neural tangent kernel regime"))
    assert text == "the neural tangent kernel regime ntk"


def test_stop_words_count_only_when_there_is_nothing_else() -> None:
    assert stems("who explained why it interpolates") == ("explain", "interpol")
    assert stems("who is it") == ("who", "is", "it")
    assert stems_of(parse('who is "to be"')).words == ()


def understood(text: str) -> list[tuple[str, str, bool]]:
    return [(one.part, one.value, one.excluded) for one in parse(text).understood]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("speaker:barak", [("speaker", "barak", False)]),
        ('speaker:"Boaz Barak"', [("speaker", "Boaz Barak", False)]),
        ("author:“Boaz Barak”", [("speaker", "Boaz Barak", False)]),
        ("series:cs229br", [("series", "cs229br", False)]),
        ("Year:2021", [("year", "2021", False)]),
        ("year:2019-2021", [("year", "2019-2021", False)]),
        ("year:2021..2019", [("year", "2019-2021", False)]),
        ("kind:paper", [("kind", "paper", False)]),
        ("kind:Talks,", [("kind", "talk", False)]),
        ("-speaker:barak", [("speaker", "barak", True)]),
        ("-kernel", [("word", "kernel", True)]),
        ("-co-training.", [("word", "co-training", True)]),
        ('-"tangent kernel"', [("phrase", "tangent kernel", True)]),
        ('"speaker:barak is"', [("phrase", "speaker:barak is", False)]),
    ],
)
def test_filters_phrases_and_exclusions_are_understood(
    text: str, read: list[tuple[str, str, bool]]
) -> None:
    assert understood(f"descent {text}") == read


@pytest.mark.parametrize(
    "text",
    [
        "ratio:0.5",
        "f:R^n",
        "year:abc",
        "year:20211",
        "year:0021",
        "kind:film",
        "speaker:",
        "speaker:...",
        'speaker:"',
        'series:"unpaired',
        "loudspeaker:barak",
        "x-y",
        "-1",
        "-x",
        "- kernel",
        "--kernel",
        "-f(x)",
        r"-\alpha",
    ],
)
def test_what_only_looks_like_a_filter_stays_words(text: str) -> None:
    assert understood(f"descent {text}") == []
    assert parse(f"descent {text}").words.split()[1:]


def test_the_encoder_sees_neither_filters_nor_what_is_left_out() -> None:
    parsed = parse('why -kernel does speaker:"Boaz Barak" the "bias of" year:2021 fall')
    assert parsed.text == "why does the bias of fall"
    assert parsed.words == "why does the fall"
    assert parsed.phrases == ("bias of",)
    assert parsed.excluded == ("kernel",)


def test_each_part_can_be_taken_out_again() -> None:
    parsed = parse("non-kernel speaker:barak -kernel descent")
    assert [parsed.without(one) for one in parsed.understood] == [
        "non-kernel -kernel descent",
        "non-kernel speaker:barak descent",
    ]


def test_a_query_may_be_filters_only() -> None:
    parsed = parse("speaker:barak -kernel year:2021")
    assert (parsed.text, parsed.words, len(parsed.filters)) == ("", "", 2)


def test_other_forms_of_the_words_are_known_for_marking() -> None:
    assert "kullback leibler" in parse("KL bound").marks
    assert "ell two" in parse(r"\ell_2 norm").marks
