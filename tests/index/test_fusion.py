"""Fusion is a pure function with bounds and an order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fusion import Scale, alone, calibrated, fused

cosines = st.dictionaries(st.integers(0, 20), st.integers(-100, 100).map(lambda n: n / 100))
shares = st.dictionaries(st.integers(0, 20), st.integers(0, 100).map(lambda n: n / 100))


@given(cosines, shares)
def test_every_hit_of_either_leg_comes_once_and_scores_within_one(
    dense: dict[int, float], terms: dict[int, float]
) -> None:
    hits = fused(dense, terms)
    assert sorted(key for key, _ in hits) == sorted(dense.keys() | terms.keys())
    assert all(0 <= one.score <= 1 for _, one in hits)
    assert all(one.dense == dense.get(key) and one.terms == terms.get(key) for key, one in hits)


@given(cosines, shares)
def test_the_order_is_by_score_then_by_id(dense: dict[int, float], terms: dict[int, float]) -> None:
    hits = fused(dense, terms)
    assert hits == sorted(hits, key=lambda hit: (-hit[1].score, hit[0]))


@given(cosines, shares, st.integers(0, 20))
def test_more_from_a_leg_never_moves_a_hit_down(
    dense: dict[int, float], terms: dict[int, float], key: int
) -> None:
    before = [found for found, _ in fused({**dense, key: 0.2}, terms)].index(key)
    after = [found for found, _ in fused({**dense, key: 0.9}, terms)].index(key)
    assert after <= before


@given(cosines)
def test_without_words_the_ranking_is_that_of_meaning(dense: dict[int, float]) -> None:
    assert [key for key, _ in fused(dense, {})] == [key for key, _ in alone(dense, "dense")]


@given(shares)
def test_without_meaning_the_ranking_is_that_of_words(terms: dict[int, float]) -> None:
    hits = [one for _, one in alone(terms, "terms")]
    assert all(one.dense is None and one.score == one.terms for one in hits)
    assert [one.score for one in hits] == sorted(terms.values(), reverse=True)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e3))
def test_a_calibrated_score_is_within_one(score: float, bound: float, rare: float) -> None:
    assert 0 <= calibrated(score, Scale(bound=bound, rare=rare), pairs=score, coverage=1) <= 1


def test_a_question_of_few_words_counts_for_less() -> None:
    few = calibrated(10, Scale(bound=10, rare=10))
    many = calibrated(100, Scale(bound=100, rare=10))
    assert few < many < 1


def test_pairs_and_coverage_count_beside_the_words() -> None:
    scale = Scale(bound=10, rare=2)
    assert calibrated(5, scale) < calibrated(5, scale, pairs=4)
    assert calibrated(5, scale) < calibrated(5, scale, coverage=0.5)


def test_words_beside_lift_a_hit_that_only_meaning_found() -> None:
    [(first, hit), _] = fused({1: 0.5, 2: 0.5}, {}, beside={2: 0.1})
    assert (first, hit.terms) == (2, None)


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        fused({}, {1: 0.5}, weight=-1.0)
