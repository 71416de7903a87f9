"""Stand-ins for encoder and reranker, for tests only: no model, no meaning beyond shared words.

Invariant: each passes the same contract tests as the real one, and the same text gives the same
vector in every process.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from index.encoders import Vectors

WORD = re.compile(r"\w+")


class WordReranker:
    """Scores a text by the share of the query's words that it has."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """0..1 for each text, in the order given."""
        wanted = set(WORD.findall(query.lower())) or {""}
        return [len(wanted & set(WORD.findall(text.lower()))) / len(wanted) for text in texts]


class HashEncoder:
    """Adds up a fixed random direction per word: texts with common words are near each other."""

    def __init__(self, *, dimension: int = 64, name: str = "hash") -> None:
        """Another `name` is another encoder, with another fingerprint and other vectors."""
        if dimension < 1:
            raise ValueError(f"a vector has at least one dimension, not {dimension}")
        self._dimension = dimension
        self._name = name

    @property
    def fingerprint(self) -> str:
        """The name and the dimension."""
        return f"{self._name}-{self._dimension}"

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._dimension

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text, in the order given."""
        rows = [self.encode_query(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self._dimension), dtype=np.float32)

    def encode_query(self, text: str) -> Vectors:
        """The unit vector of one text; of a text without words, that of the empty word."""
        words = WORD.findall(text.lower()) or [""]
        total = np.sum([self._direction(word) for word in words], axis=0)
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)

    def _direction(self, word: str) -> Vectors:
        key = hashlib.blake2b(
            f"{self._name} {word}".encode("utf-8", "replace"), digest_size=8
        ).digest()
        drawn = np.random.default_rng(int.from_bytes(key, "big")).standard_normal(self._dimension)
        return drawn.astype(np.float32)
