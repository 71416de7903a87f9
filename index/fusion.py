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

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

TERMS_WEIGHT = 1.75  # of the terms leg's score, where the cosine weighs 1
RARE_WORDS = 8.0  # a query whose words can give as much as these counts half of what it could
PAIRS = 0.5  # what words side by side count, beside BM25
COVERAGE = 0.15  # what a passage that says all of the query gets for that
NOTHING = 1e-9  # a query that could score no more than this has no words

Rows: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a query's BM25 scores are measured by.

    bound: what no passage can exceed for the query; rare: what one word found once could give.
    """

    bound: float
    rare: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Rows best first: each one's score in 0..1, and each leg's, NaN where it found nothing."""

    rows: Rows
    scores: Scores
    dense: Scores
    terms: Scores

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)


def calibrated(bm25: Scores, scale: Scale, *, pairs: Scores, coverage: Scores) -> Scores:
    """What the words of passages count, in 0..1: of what their query could reach, and a few rare
    words besides.

    pairs: the idf of the query's pairs that each has; coverage: the share of the query's idf that
    it says.
    """
    whole = scale.bound + RARE_WORDS * scale.rare
    said = (bm25 + PAIRS * pairs) / whole if whole > NOTHING else np.zeros(len(bm25))
    return np.clip(said + COVERAGE * coverage, 0.0, 1.0)


def fused(
    rows: Rows,
    dense: Scores,
    terms: Scores,
    *,
    words: Scores | None = None,
    weight: float = TERMS_WEIGHT,
) -> Ranking:
    """Combine cosines and calibrated scores of words, best first; ties by smaller row.

    A leg that lacks a row (NaN) counts 0 for it; `words` is what the words count where the terms
    leg found others and not this one.
    Source: Bruch et al., arXiv 2210.11934.
    """
    if weight < 0:
        raise ValueError(f"the weight of the terms leg cannot be negative: {weight}")
    meant = np.clip(np.nan_to_num(dense), 0.0, 1.0)
    said = np.clip(np.nan_to_num(terms if words is None else words), 0.0, 1.0)
    return _ranked(rows, (meant + weight * said) / (1 + weight), dense, terms)


def alone(rows: Rows, scores: Scores, leg: Literal["dense", "terms"]) -> Ranking:
    """The ranking of a leg that answers by itself, best first; ties by smaller row."""
    nothing = np.full(len(rows), np.nan)
    dense, terms = (scores, nothing) if leg == "dense" else (nothing, scores)
    return _ranked(rows, np.clip(scores, 0.0, 1.0), dense, terms)


def lifted(ranking: Ranking, first: NDArray[np.bool_]) -> Ranking:
    """Some rows before all others, each part in its order; scores stay in 0..1."""
    order = np.argsort(~first, kind="stable")
    return Ranking(
        rows=ranking.rows[order],
        scores=((ranking.scores + first) / 2)[order],
        dense=ranking.dense[order],
        terms=ranking.terms[order],
    )


def _ranked(rows: Rows, scores: Scores, dense: Scores, terms: Scores) -> Ranking:
    order = np.lexsort((rows, -scores))
    return Ranking(rows=rows[order], scores=scores[order], dense=dense[order], terms=terms[order])
