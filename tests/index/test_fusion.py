"""Fusion is a pure function with bounds and an order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fusion import Ranking, Scale, Scores, alone, calibrated, fused, lifted

NONE = np.nan
cosines = st.one_of(st.just(NONE), st.integers(-100, 100).map(lambda n: n / 100))
shares = st.one_of(st.just(NONE), st.integers(0, 100).map(lambda n: n / 100))
legs = st.lists(st.tuples(cosines, shares), max_size=20)
Legs = list[tuple[float, float]]


def ranking(pairs: Legs) -> Ranking:
    dense, terms = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return fused(np.arange(len(pairs)), dense, terms)


def words(bm25: float, scale: Scale, *, pairs: float = 0, coverage: float = 0) -> float:
    one = [np.array([value], dtype=np.float64) for value in (bm25, pairs, coverage)]
    return float(calibrated(one[0], scale, pairs=one[1], coverage=one[2])[0])


@given(legs)
def test_every_row_comes_once_and_scores_within_one(pairs: Legs) -> None:
    found = ranking(pairs)
    assert sorted(found.rows.tolist()) == list(range(len(pairs)))
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    given_ = np.array(pairs, dtype=np.float64).reshape(-1, 2)[found.rows]
    assert np.array_equal(np.stack([found.dense, found.terms], axis=1), given_, equal_nan=True)


@given(legs)
def test_the_order_is_by_score_then_by_row(pairs: Legs) -> None:
    found = ranking(pairs)
    order = list(zip((-found.scores).tolist(), found.rows.tolist(), strict=True))
    assert order == sorted(order)


@given(legs, st.integers(0, 19))
def test_more_from_a_leg_never_moves_a_row_down(pairs: Legs, row: int) -> None:
    pairs += [(0.0, 0.0)] * (row + 1 - len(pairs))

    def place(cosine: float) -> int:
        changed = [*pairs[:row], (cosine, pairs[row][1]), *pairs[row + 1 :]]
        found: int = ranking(changed).rows.tolist().index(row)
        return found

    assert place(0.9) <= place(0.2)


@given(st.lists(cosines.filter(lambda one: one == one), max_size=20))
def test_without_words_the_ranking_is_that_of_meaning(dense: list[float]) -> None:
    rows, scores = np.arange(len(dense)), np.array(dense, dtype=np.float64)
    nothing: Scores = np.full(len(dense), NONE)
    both, one = fused(rows, scores, nothing), alone(rows, scores, "dense")
    assert both.rows.tolist() == one.rows.tolist()


def test_a_leg_alone_says_nothing_of_the_other() -> None:
    found = alone(np.arange(3), np.array([0.2, 0.9, 0.5]), "terms")
    assert found.rows.tolist() == [1, 2, 0]
    assert np.isnan(found.dense).all()
    assert found.terms.tolist() == found.scores.tolist() == [0.9, 0.5, 0.2]


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e3))
def test_a_calibrated_score_is_within_one(score: float, bound: float, rare: float) -> None:
    assert 0 <= words(score, Scale(bound=bound, rare=rare), pairs=score, coverage=1) <= 1


def test_a_question_of_few_words_counts_for_less() -> None:
    few = words(10, Scale(bound=10, rare=10))
    many = words(100, Scale(bound=100, rare=10))
    assert few < many < 1


def test_pairs_and_coverage_count_beside_the_words() -> None:
    scale = Scale(bound=10, rare=2)
    assert words(5, scale) < words(5, scale, pairs=4)
    assert words(5, scale) < words(5, scale, coverage=0.5)


def test_words_lift_a_row_that_only_meaning_found() -> None:
    same, nothing = np.array([0.5, 0.5]), np.array([NONE, NONE])
    found = fused(np.arange(2), same, nothing, words=np.array([0.0, 0.1]))
    assert found.rows.tolist() == [1, 0]
    assert np.isnan(found.terms).all()


@given(legs, st.lists(st.booleans(), min_size=20, max_size=20))
def test_lifted_rows_come_first_and_keep_their_order(pairs: Legs, first: list[bool]) -> None:
    before = ranking(pairs)
    chosen = np.array(first[: len(pairs)], dtype=np.bool_)
    after = lifted(before, chosen)
    rows = before.rows.tolist()
    wanted = [row for row, at_top in zip(rows, chosen, strict=True) if at_top]
    wanted += [row for row, at_top in zip(rows, chosen, strict=True) if not at_top]
    assert after.rows.tolist() == wanted
    assert (np.diff(after.scores) <= 0).all()


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        fused(np.arange(1), np.array([0.5]), np.array([0.5]), weight=-1.0)
