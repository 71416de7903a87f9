"""How the two legs become one ranking: a convex combination of calibrated scores.

Invariant: a pure function of the scores; every fused score is in 0..1; ties go to the smaller id.

The dense leg's score is the cosine.  The terms leg's is BM25 divided by what the query could have
scored at the most plus what a few rare words could: a question of two common words then counts
for less than a claim of twelve rare ones, which is what lets one weight serve both.

all-MiniLM-L6-v2 at 256 tokens, tantivy's BM25, nDCG@10, one setting for every set:

    set               keyword   semantic   hybrid
    scifact              .687       .648     .729
    mlquestions (dev)    .427       .614     .629

Both constants were chosen on scifact's tuning claims (.740) and mlquestions, in the middle of a
plateau: weights 1.5 to 2.5 with 4 to 6 rare words stay within .012 of it on either.  With none
(BM25 divided by the query's own bound alone) no weight serves both: tuning claims .739 and
mlquestions .602 at weight 1, .728 and .626 at 0.5.  The constant is in rare words, not in BM25
units, so that it means the same in an archive of a hundred passages: on samples of 60 and 200
passages of both sets hybrid was .951 and .956 (mlquestions), .969 and .969 (scifact), where the
better leg was .968, .945, .958, .953 (with 6 rare words).  `bench/fusion.py` makes the sweep.

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
