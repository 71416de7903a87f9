"""How the two legs become one ranking: a convex combination of calibrated scores.

Invariant: a pure function of the scores; every fused score is in 0..1; ties go to the smaller id.

The dense leg's score is the cosine.  The terms leg's is BM25 divided by what the query could have
scored at the most plus what a few rare words could: a question of two common words then counts
for less than a claim of twelve rare ones, which is what lets one weight serve both.

all-MiniLM-L6-v2 at 256 tokens, tantivy's BM25, nDCG@10, one setting for every set:

    set               keyword   semantic   hybrid
    scifact              .687       .650     .730
    mlquestions (dev)    .427       .614     .629

Both constants were chosen on scifact's tuning claims (.740) and mlquestions, in the middle of a
plateau: weights 1.5 to 2.5 with 4 to 6 rare words stay within .010 of it on either.  With none
(BM25 divided by the query's own bound alone) no weight serves both: tuning claims .739 and
mlquestions .602 at weight 1, .728 and .626 at 0.5.  The constant is in rare words, not in BM25
units, so that it means the same in a small archive.  It does not win everywhere: on samples of 60
passages hybrid is .948 to .951 (mlquestions), where meaning alone is .968.  `bench/fusion.py`
makes the sweep.

Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", arXiv
2210.11934.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

TERMS_WEIGHT = 2.0  # of the calibrated BM25, where the cosine weighs 1
RARE_WORDS = 5.0  # a query whose words can give as much as these counts half of what it could

Id = TypeVar("Id", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """One fused hit; a leg that did not score it says None."""

    score: float
    dense: float | None
    terms: float | None


def calibrated(score: float, *, bound: float, rare: float) -> float:
    """A BM25 score in 0..1, as a share of what its query could reach and a few rare words besides.

    bound: what no passage can exceed for the query; rare: what one word found once could give.
    """
    scale = bound + RARE_WORDS * rare
    return _within_unit(score / scale) if scale > 0 else 0.0


def fused(
    dense: Mapping[Id, float], terms: Mapping[Id, float], *, weight: float = TERMS_WEIGHT
) -> list[tuple[Id, Fused]]:
    """Combine cosines and calibrated BM25 scores, best first; ties by smaller id.

    A leg that lacks an id counts 0 for it.
    Source: Bruch et al., arXiv 2210.11934.
    """
    if weight < 0:
        raise ValueError(f"the weight of the terms leg cannot be negative: {weight}")
    hits = [
        (key, _one(dense.get(key), terms.get(key), weight)) for key in dense.keys() | terms.keys()
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


def _one(dense: float | None, terms: float | None, weight: float) -> Fused:
    score = (_within_unit(dense or 0.0) + weight * _within_unit(terms or 0.0)) / (1 + weight)
    return Fused(score=_within_unit(score), dense=dense, terms=terms)


def _within_unit(value: float) -> float:
    return min(1.0, max(0.0, value))
