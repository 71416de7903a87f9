"""Talks and papers that are like another: their means decide, nearest passages propose.

No matrix of means is kept: it would be as large as the vectors of a small archive, and for one
page in a thousand.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from index.dense import DenseLeg
from index.encoders import Vectors
from index.filters import allowed_rows
from index.rows import Rows

# How much it counts against one that it is like those before it, and from which cosine on two are
# the same talk.
SAID_WEIGHT = 0.4
THE_SAME = 0.97
PROPOSALS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A talk or paper that is like another: the cosine of their mean vectors."""

    owner_id: str
    cosine: float


def similar(
    rows: Rows, leg: DenseLeg, owner_id: str, limit: int, among: Collection[str] | None = None
) -> list[Likeness]:
    """Talks and papers like this one, each unlike those before it; none without vectors.

    among: ids of those that may be proposed; None: all.
    """
    place = next(iter(rows.ordinals_of([owner_id])), None)
    if place is None:
        return []
    mine = np.flatnonzero(rows.owner_of == place)
    centre = _centre(leg.of(mine))
    ordinals = None if among is None else rows.ordinals_of(among)
    allowed = allowed_rows(rows.owner_of, ordinals)
    found, _ = leg.search(centre, PROPOSALS + len(mine), allowed)
    near = list(dict.fromkeys(rows.owner_of[found].tolist()))
    others = [one for one in near if one != place][: 4 * limit]
    if not others:
        return []
    means = np.stack([_centre(leg.of(np.flatnonzero(rows.owner_of == one))) for one in others])
    return [
        Likeness(owner_id=rows.owners[others[n]].owner_id, cosine=float(cosine))
        for n, cosine in diverse(means @ centre, means, limit)
    ]


def diverse(near: Vectors, means: Vectors, limit: int) -> list[tuple[int, float]]:
    """Places and likeness of the chosen, each the best that is not yet said by those before it.

    near: likeness of each candidate, shape (n,); means: their unit vectors, shape (n, dimension).
    Two that are almost the same (one talk held twice) are one.
    Source: Carbonell and Goldstein, maximal marginal relevance, SIGIR 1998.
    """
    chosen: list[int] = []
    said = np.zeros(len(near), dtype=np.float32)
    open_ = np.ones(len(near), dtype=np.bool_)
    while len(chosen) < limit and open_.any():
        worth = np.where(open_, near - SAID_WEIGHT * said, -np.inf)
        best = int(np.argmax(worth))
        chosen.append(best)
        said = np.maximum(said, means @ means[best])
        open_ &= said < THE_SAME
    return [(place, float(near[place])) for place in chosen]


def _centre(vectors: Vectors) -> Vectors:
    """The mean of an owner's passage vectors, of unit length."""
    total = vectors.sum(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)
