"""A second reading of the best hits, by whatever scores a question and a text together.

Invariant: it changes the order of hits only, never which hits there are; what it could not read
before its deadline keeps the place that the two legs gave it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

DEPTH = 20
"""How many hits are read again; more candidates cost time and soon worsen the order.
Source: Jacob et al., arXiv 2411.11767."""
AT_ONCE = 4
"""Texts between two looks at the clock."""
WEIGHT = 0.5
"""The second reading's share of the score.  Not measured: no real weights were at hand."""
OK, DEADLINE = "ok", "deadline"

log = logging.getLogger(__name__)


class Reranker(Protocol):
    """Scores texts for a query; safe to call from several threads."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, 0..1, in the order given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereading:
    """The scores of as many texts as could be read, from the first on, and how it went."""

    scores: tuple[float, ...]
    said: str  # ok, deadline, or why it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereader:
    """A reranker with its deadline; `reranker` is the reason where it could not be loaded."""

    reranker: Reranker | str
    deadline_ms: int
    clock: Callable[[], float] = field(default=time.monotonic)

    def read(self, query: str, texts: Sequence[str]) -> Rereading:
        """Read texts, best first, until the next few would end after the deadline."""
        if isinstance(self.reranker, str):
            return Rereading(scores=(), said=self.reranker)
        try:
            scores = self._read(self.reranker, query, texts)
        except Exception as problem:  # whatever it is, the order of the two legs is an answer
            log.exception("the reranker failed")
            return Rereading(scores=(), said=f"failed: {type(problem).__name__}")
        return Rereading(scores=scores, said=OK if len(scores) == len(texts) else DEADLINE)

    def _read(self, reranker: Reranker, query: str, texts: Sequence[str]) -> tuple[float, ...]:
        end, longest_s = self.clock() + self.deadline_ms / 1000, 0.0
        scores: list[float] = []
        for first in range(0, len(texts), AT_ONCE):
            began = self.clock()
            if began + longest_s > end:
                break
            scores += reranker.score(query, texts[first : first + AT_ONCE])
            longest_s = max(longest_s, self.clock() - began)
        return tuple(scores)


def reordered(
    fused: Sequence[float], read: Sequence[float], *, weight: float = WEIGHT
) -> list[tuple[int, float]]:
    """Places of `fused` (scores 0..1, best first) in their new order, with their new scores.

    The texts that were read stand before the others, by the weighted mean of both scores, ties by
    their old place; the others follow in their old order, none above the last that was read.
    """
    if len(read) > len(fused):
        raise ValueError(f"{len(read)} texts were read, only {len(fused)} were found")
    means = [
        (place, weight * again + (1 - weight) * before)
        for place, (again, before) in enumerate(zip(read, fused, strict=False))
    ]
    first = sorted(means, key=lambda one: (-one[1], one[0]))
    most = first[-1][1] if first else 1.0
    rest = [(place, min(fused[place], most)) for place in range(len(read), len(fused))]
    return first + rest
