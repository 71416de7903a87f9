"""How the two legs become one ranking: a convex combination of calibrated scores.

Invariant: a pure function of the scores; every fused score is in 0..1; ties go to the smaller id.

The dense leg's score is the cosine.  The terms leg's is BM25, and a part of the query's pairs that
stand side by side, divided by what the query could have scored at the most plus what a few rare
words could: a question of two common words then counts for less than a claim of twelve rare ones,
which is what lets one weight serve both.  To that comes a part of how much of the query a passage
says at all, for a passage with one rare word three times is no answer (`index/closeness.py`).

The constants were chosen on mlquestions, on scifact's tuning claims and on the lectures, in the
middle of a plateau; `bench/fusion.py` makes the sweep and `bench/evaluate.py` the table.

Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", arXiv
2210.11934.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

TERMS_WEIGHT = 1.75  # of the terms leg's score, where the cosine weighs 1
RARE_WORDS = 8.0  # a query whose words can give as much as these counts half of what it could
PAIRS = 0.5  # what words side by side count, beside BM25
COVERAGE = 0.15  # what a passage that says all of the query gets for that

Id = TypeVar("Id", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """One fused hit; a leg that did not score it says None."""

    score: float
    dense: float | None
    terms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a query's BM25 scores are measured by.

    bound: what no passage can exceed for the query; rare: what one word found once could give.
    """

    bound: float
    rare: float


def calibrated(bm25: float, scale: Scale, *, pairs: float = 0.0, coverage: float = 0.0) -> float:
    """A passage's words in 0..1: of what its query could reach and a few rare words besides.

    pairs: the idf of the query's pairs that the passage has; coverage: the share of the query's
    idf that it says.
    """
    whole = scale.bound + RARE_WORDS * scale.rare
    said = (bm25 + PAIRS * pairs) / whole if whole > 0 else 0.0
    return _within_unit(said + COVERAGE * coverage)


def fused(
    dense: Mapping[Id, float],
    terms: Mapping[Id, float],
    *,
    weight: float = TERMS_WEIGHT,
    beside: Mapping[Id, float] | None = None,
) -> list[tuple[Id, Fused]]:
    """Combine cosines and calibrated scores of words, best first; ties by smaller id.

    A leg that lacks an id counts 0 for it; `beside` is what the words of some ids count that the
    terms leg did not find itself.
    Source: Bruch et al., arXiv 2210.11934.
    """
    if weight < 0:
        raise ValueError(f"the weight of the terms leg cannot be negative: {weight}")
    others = beside or {}
    hits = [
        (key, _one(dense.get(key), terms.get(key), weight, others.get(key, 0.0)))
        for key in dense.keys() | terms.keys()
    ]
    return sorted(hits, key=lambda hit: (-hit[1].score, hit[0]))


def alone(scores: Mapping[Id, float], leg: Literal["dense", "terms"]) -> list[tuple[Id, Fused]]:
    """The ranking of a leg that answers by itself, best first; ties by smaller id."""
    hits = [
        (key, Fused(score=_within_unit(score), dense=None, terms=score))
        if leg == "terms"
        else (key, Fused(score=_within_unit(score), dense=score, terms=None))
        for key, score in scores.items()
    ]
    return sorted(hits, key=lambda hit: (-hit[1].score, hit[0]))


def _one(dense: float | None, terms: float | None, weight: float, beside: float) -> Fused:
    words = beside if terms is None else terms
    score = (_within_unit(dense or 0.0) + weight * _within_unit(words)) / (1 + weight)
    return Fused(score=_within_unit(score), dense=dense, terms=terms)


def _within_unit(value: float) -> float:
    return min(1.0, max(0.0, value))
