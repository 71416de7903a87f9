"""The port through which texts become vectors.

Invariant: two encoders with the same fingerprint give the same vectors, so a fingerprint is all
that a snapshot and an encoder need to compare before their vectors may meet.
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into unit vectors; safe to call from several threads."""

    @property
    def fingerprint(self) -> str:
        """What the vectors depend on (weights, pooling, length), whichever library runs it."""
        ...

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages: shape (len(texts), dimension), unit rows, in the order given."""
        ...

    def encode_query(self, text: str) -> Vectors:
        """Encode one query: shape (dimension,), of unit length."""
        ...
