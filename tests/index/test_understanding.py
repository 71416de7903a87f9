"""What a searcher makes of a query: filters, exclusions, words put right, names, strange words."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.contract import MODES, Mode, SearchRequest, SearchResult
from index.encoders import Encoder, Vectors
from index.errors import InvalidQuery
from index.notation import read
from index.searcher import Searcher
from index.snippet import snippet
from index.testing import HashEncoder
from tests.index.conftest import SEMINAR, passage, written

TALKS = (
    *SEMINAR,
    passage(
        "symmetrisation",
        "Symmetrisation bounds the supremum by the Rademacher complexity of the class.",
        title="Uniform convergence",
        speakers=("Ada Example",),
        series="CS 229br",
        year=2019,
    ),
    passage(
        "losses",
        "The bias of the variance estimate is small; the Kullback–Leibler loss is not.",
        title="Loss functions",
        speakers=("Émile Borel",),
        series="CS 229br",
        year=2022,
    ),
    passage("variance", "Of the variance and the bias we say that they are of one kind."),
)


class Listening(HashEncoder):
    """An encoder that remembers what it was asked to encode last."""

    asked = ""

    def encode_query(self, text: str) -> Vectors:
        self.asked = text
        return super().encode_query(text)


ENCODER = Listening()


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    root = tmp_path_factory.mktemp("understanding")
    return Searcher.open(root, written(root, TALKS, ENCODER), ENCODER)


def answer(searcher: Searcher, text: str, mode: Mode = "hybrid", **more: object) -> SearchResult:
    return searcher.search(SearchRequest(text=text, mode=mode, **more))  # type: ignore[arg-type]


def ids(result: SearchResult) -> list[str]:
    return [str(hit.passage.id) for hit in result.hits]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("kind:paper", {"norms"}),
        ("series:cs229br", {"symmetrisation", "losses"}),
        ('series:"theory seminar"', {"descent", "kernel"}),
        ("speaker:EXAMPLE", {"descent", "symmetrisation"}),
        ("speaker:emile", {"losses"}),
        ('speaker:"Boris Sample" speaker:ada', {"descent"}),
        ("year:2021", {"descent", "norms"}),
        ("year:2019..2020", {"symmetrisation", "kernel"}),
        ("-kind:paper year:2021", {"descent"}),
        ("-speaker:ada kind:talk series:cs229br", {"losses"}),
        ("year:1999", set()),
    ],
)
def test_typed_filters_hold_in_every_mode(
    searcher: Searcher, mode: Mode, typed: str, left: set[str]
) -> None:
    result = answer(searcher, f"kernel norm descent complexity bias {typed}", mode)
    assert set(ids(result)) == left


def test_typed_filters_and_the_others_hold_together(searcher: Searcher) -> None:
    assert ids(answer(searcher, "the curve year:2021", kinds=("talk",))) == ["descent"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("excluded", "gone"),
    [
        ("-kernels", {"kernel"}),
        ('-"tangent kernel"', {"kernel"}),
        ("-KL", {"norms", "losses"}),
        ("-borel", {"losses"}),
        ('-"variance estimate" -curve', {"losses", "descent"}),
    ],
)
def test_what_is_left_out_is_found_by_no_leg(
    searcher: Searcher, mode: Mode, excluded: str, gone: set[str]
) -> None:
    text = "kernel norm descent complexity bias"
    everything = set(ids(answer(searcher, text, mode)))
    assert set(ids(answer(searcher, f"{text} {excluded}", mode))) == everything - gone
    assert everything >= gone


def test_the_encoder_sees_only_what_is_searched_for(searcher: Searcher) -> None:
    answer(searcher, 'speaker:example -kernel descent "the curve"')
    assert ENCODER.asked == "descent the curve"


def test_filters_alone_list_what_fits_the_newest_first(searcher: Searcher) -> None:
    result = answer(searcher, "speaker:example")
    assert ids(result) == ["descent", "symmetrisation"]
    assert ids(answer(searcher, "speaker:example -curve")) == ["symmetrisation"]
    assert result.degraded == ()
    assert all(0 <= hit.score <= 1 for hit in result.hits)
    assert answer(searcher, "speaker:nobody").remarks == (
        "No talk or paper fits; change a filter, or take one away.",
    )


def test_a_phrase_is_found_with_its_stop_words(searcher: Searcher) -> None:
    assert ids(answer(searcher, '"the bias of the variance"', "keyword")) == ["losses"]
    assert ids(answer(searcher, '"of the variance and"', "keyword")) == ["variance"]
    assert ids(answer(searcher, '"the variance of the bias"', "keyword")) == []
    assert ids(answer(searcher, '"the bias of the variance"'))[0] == "losses"


def test_no_phrase_goes_from_a_title_into_the_text(searcher: Searcher) -> None:
    assert ids(answer(searcher, '"functions Émile"', "keyword")) == []


def test_a_phrase_that_nobody_said_is_remarked(searcher: Searcher) -> None:
    assert answer(searcher, '"kernel curve" descent').remarks == (
        "No passage has “kernel curve” word for word.",
    )


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("raymucker complexity", "rademacher complexity"),
        ("Interpolaton threshold", "interpolation threshold"),
        ("speaker:exampel kernal", "speaker:exampel kernel"),
        ("neural tangant kernel", "neural tangent kernel"),
    ],
)
def test_unknown_words_are_put_right_and_it_is_said(
    searcher: Searcher, typed: str, shown: str
) -> None:
    result = answer(searcher, typed)
    assert result.showing_for == shown
    assert result.query.typed == shown


def test_what_is_put_right_is_found_and_marked(searcher: Searcher) -> None:
    result = answer(searcher, "raymucker complexity")
    assert ids(result)[0] == "symmetrisation"
    spans = snippet(result.hits[0].passage.text, result.query)
    assert "Rademacher complexity" in {span.text for span in spans if span.hit}


@pytest.mark.parametrize(
    "typed",
    [
        "tangent kernel",
        '"raymucker complexity"',
        "-raymucker complexity",
        "descent 20211",
        "ядро",
        "who explained it",
        "RKHS kernel",
        "Kullback",
        r"\tangant kernel",
        "tangenT kernel",
        "TANGANT",
    ],
)
def test_what_is_known_quoted_or_no_word_is_not_put_right(searcher: Searcher, typed: str) -> None:
    assert answer(searcher, typed).showing_for is None


def test_exact_searches_for_what_was_typed(searcher: Searcher) -> None:
    result = answer(searcher, "raymucker complexity", exact=True)
    assert result.showing_for is None
    assert ENCODER.asked == "raymucker complexity"


@pytest.mark.parametrize(
    ("typed", "first"),
    [("KL", {"norms", "losses"}), ("Kullback-Leibler", {"norms", "losses"})],
)
def test_short_and_long_forms_find_one_another(
    searcher: Searcher, typed: str, first: set[str]
) -> None:
    result = answer(searcher, typed)
    assert set(ids(result)[:2]) == first
    marked = {
        str(hit.passage.id): "".join(
            span.text for span in snippet(hit.passage.text, result.query) if span.hit
        )
        for hit in result.hits[:2]
    }
    assert marked == {"norms": "KL", "losses": "Kullback–Leibler"}


@pytest.mark.parametrize("mode", MODES)
def test_talks_of_a_named_speaker_come_first(searcher: Searcher, mode: Mode) -> None:
    text = "Boris Sample on the neural tangent kernel with infinite width"
    result = answer(searcher, text, mode)
    assert ids(result)[0] == "descent"
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert answer(searcher, "borel kernel", mode).hits[0].passage.id == "losses"


def test_words_that_tell_nothing_are_answered_and_remarked(searcher: Searcher) -> None:
    result = answer(searcher, "what is it of the")
    assert result.hits
    assert "almost every passage" in result.remarks[0]


def test_a_snapshot_is_searched_by_the_notation_that_it_was_built_with(tmp_path: Path) -> None:
    file = tmp_path / "notation.toml"
    file.write_text('[abbreviations]\nSYM = ["symmetrisation"]\n')
    from index import snapshot

    vectors = ENCODER.encode_passages([one.encoded_text for one in TALKS])
    made = snapshot.write(
        tmp_path, TALKS, vectors, encoder=ENCODER, catalog_digest="", notation=read(file)
    )
    file.write_text("[abbreviations")
    own = Searcher.open(tmp_path, made.generation, ENCODER)
    result = answer(own, "SYM", "keyword")
    assert ids(result) == ["symmetrisation"]
    assert snippet(result.hits[0].passage.text, result.query)[0].hit


def test_another_language_is_answered_by_meaning_only_above_chance(
    tmp_path: Path, minilm: Encoder
) -> None:
    own = Searcher.open(tmp_path, written(tmp_path, TALKS, minilm), minilm)
    for text in ("Где находится вокзал", "我喜欢吃苹果", "hyvää päivää ystävilleni"):
        result = answer(own, text)
        assert result.hits == []
        assert result.remarks == (
            "No passage has any of these words, and none is near them in meaning.",
        )
    result = answer(own, "why does a bigger model not overfit more?")
    assert ids(result)[0] == "descent"
    assert "near them in meaning" in result.remarks[0]


HOSTILE = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(
        st.sampled_from(
            [
                '"', "-", "speaker:", "year:2019-", "kind:paper", "NEAR(", "AND", "^~2", "[a TO b]",
                "\\ell_", "\ud800", "\0", "\u202e", "e\u0301\u0301", "kernal", "-\"x", "x" * 70,
            ]
        ),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(text=HOSTILE)
def test_any_query_is_answered_or_invalid(searcher: Searcher, text: str) -> None:
    try:
        result = answer(searcher, text)
    except InvalidQuery:
        return
    assert result.degraded == ()
    for hit in result.hits[:2]:
        snippet(hit.passage.text, result.query)
