"""The words leg: stems, phrases, boosts, filters, and no text that breaks it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import InvalidQuery
from index.passage import Passage
from index.query import parse
from index.terms import Content, Restriction, Row, TermsLeg, stem, write_terms
from tests.index.conftest import SEMINAR, passage

TEXT = st.text(st.characters(), max_size=50)


def opened(folder: Path, passages: Sequence[Passage]) -> TermsLeg:
    folder.mkdir()
    rows = [Row(row=n, owner=n, passage=one) for n, one in enumerate(passages)]
    write_terms(folder, Content(rows=rows))
    return TermsLeg(folder)


@pytest.fixture(scope="module")
def leg(tmp_path_factory: pytest.TempPathFactory) -> TermsLeg:
    return opened(tmp_path_factory.mktemp("terms") / "leg", SEMINAR)


def found(leg: TermsLeg, text: str, where: Restriction | None = None) -> tuple[int, ...]:
    return leg.search(parse(text), 10, where).rows


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("interpolating", 0),
        ("NTK", 1),
        ("ell two", 2),
        ("Kullback-Leibler", 2),
        ("Boris", 0),
        ("reconciling", 0),
        ("what is the tangent?", 1),
        ('"double descent"', 0),
        ('"error falls again" kernel', 0),
    ],
)
def test_a_passage_is_found_by_its_words(leg: TermsLeg, text: str, row: int) -> None:
    assert found(leg, text)[0] == row


@pytest.mark.parametrize("text", ['"descent double"', '"tangent network"', "unheard"])
def test_what_nobody_said_is_not_found(leg: TermsLeg, text: str) -> None:
    assert found(leg, text) == ()


def test_a_word_in_the_title_or_of_a_speaker_weighs_more(tmp_path: Path) -> None:
    leg = opened(
        tmp_path / "terms",
        [
            passage("said", "kernels and more about lines and ridges"),
            passage("titled", "more about lines and ridges", title="kernels"),
            passage("spoken", "more about lines and ridges", speakers=("kernels",)),
        ],
    )
    assert found(leg, "kernels")[2] == 0


def test_a_word_that_no_passage_has_counts_against_all(leg: TermsLeg) -> None:
    said, more = parse("tangent"), parse("tangent zymurgy")
    assert leg.search(more, 10).scores == leg.search(said, 10).scores
    assert leg.search(more, 10).bound > leg.search(said, 10).bound
    weights = leg.asked(more).weights
    assert weights["zymurgi"] > weights["tangent"]


def test_no_passage_exceeds_the_bound(leg: TermsLeg) -> None:
    for one in SEMINAR:
        hits = leg.search(parse(one.text), 10)
        assert hits.scores[0] <= hits.bound


def test_filters_keep_the_rest_out_and_change_no_score(leg: TermsLeg) -> None:
    everywhere = leg.search(parse("the kernel norm descent"), 10)
    assert set(everywhere.rows) == {0, 1, 2}
    papers = leg.search(parse("the kernel norm descent"), 10, Restriction(kinds=("paper",)))
    assert papers.rows == (2,)
    assert papers.scores[0] == pytest.approx(everywhere.scores[everywhere.rows.index(2)])
    assert found(leg, "kernel norm descent", Restriction(owners=(0, 1))) != (2,)
    assert found(leg, "kernel", Restriction(owners=())) == ()


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(TEXT, st.text('"*?:^~[]{}()\\/+-!&|<> kernelORANDNEAR\0', max_size=60)))
def test_no_query_breaks_it(leg: TermsLeg, text: str) -> None:
    try:
        hits = leg.search(parse(text), 5)
    except InvalidQuery:
        return
    assert len(hits.rows) == len(hits.scores)
    assert list(hits.scores) == sorted(hits.scores, reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        "NEAR(kernel",
        "kernel AND",
        "title:kernel",
        "kernel*",
        "kernel\0norm",
        "\ud800 kernel",
        '"kernel',
    ],
)
def test_what_other_engines_read_as_syntax_is_searched_as_words(leg: TermsLeg, text: str) -> None:
    assert found(leg, text)[0] == 1


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(TEXT.filter(str.strip), min_size=1, max_size=5))
def test_no_passage_breaks_it(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    passages = [passage(f"p{n}", text, title=text) for n, text in enumerate(texts)]
    assert opened(tmp_path_factory.mktemp("any") / "terms", passages).count == len(texts)


def test_the_stems_of_a_word_are_the_same_in_every_thread() -> None:
    words = [f"generalizing{n}" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(stem, words)) == [(f"generalizing{n}",) for n in range(200)]
    assert stem("generalization") == stem("generalizing")


def test_it_answers_threads_alike(leg: TermsLeg) -> None:
    texts = ["kernel", "norm", "descent", '"double descent"'] * 25
    alone = [found(leg, text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: found(leg, text), texts)) == alone
