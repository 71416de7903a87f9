"""A passage in its surroundings: what is said just before and after it counts a part.

A question is often about a stretch that was cut in two, and a passage alone does not tell what it
speaks about.  The vector of a passage is therefore its own plus `NEIGHBOURS` times the mean of the
passages beside it.  Invariant: a pure function of one talk's or paper's vectors in their order; a
passage without neighbours keeps its vector.  `bench/cuts.py` measures what it gives.
"""

import numpy as np

from index.encoders import Vectors

NEIGHBOURS = 0.5
SURROUNDINGS_VERSION = "1"


def in_surroundings(vectors: Vectors, *, weight: float = NEIGHBOURS) -> Vectors:
    """Unit rows of one talk or paper in order, (n, d), each with a part of those beside it."""
    if len(vectors) < 2 or weight == 0:
        return vectors
    beside = np.zeros_like(vectors)
    beside[1:] += vectors[:-1]
    beside[:-1] += vectors[1:]
    beside[1:-1] /= 2
    mixed = vectors + np.float32(weight) * beside
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    usable = lengths > np.finfo(np.float32).eps  # opposite neighbours may cancel a vector out
    return np.where(usable, mixed / np.where(usable, lengths, 1), vectors).astype(np.float32)
