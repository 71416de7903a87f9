"""ONNX Runtime behind the encoder port: the same vectors as sentence-transformers, without torch.

Invariant: it declares the reference's fingerprint, and a test holds its vectors to the reference's:
passages in float32 (cosine at least .9999; 1 - 2e-7 was measured), queries by weights in blocks of
int8 where the processor multiplies those quickly (at least .998; of 500 questions .9995 at the
least and .9997 in the mean, `bench/encoders.py`).  A text's vector does not depend on its batch.
The only file that imports onnxruntime.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.encoders.graph import Precision, graph_of
from index.encoders.recipe import NoRecipe, Pooling, Recipe, fingerprint_of, read_recipe

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

BATCH = 8
"""Passages at once, of similar length: the quickest of 1, 4, 8, 16 and 32."""
OF_QUERIES: Precision = "int8" if platform.machine() in {"x86_64", "AMD64"} else "float32"
"""A query is short, so most of its time goes into reading weights: a quarter of the bytes."""


class FastEncoder:
    """A BERT on ONNX Runtime; several threads may use it at once, without a lock.

    The session is safe under threads; so is the tokenizer, because nobody changes its padding or
    truncation after it was opened.
    """

    def __init__(self, folder: Path, *, threads: int = 0, queries: Precision = OF_QUERIES) -> None:
        """Open a model's folder.

        threads: of one call; 0 is one for each core.  queries: the weights that encode them.
        Raises: NoRecipe, when the model must be left to sentence-transformers.
        """
        self._recipe = read_recipe(folder)
        self._tokenizer = _tokenizer(self._recipe)
        self._threads = threads
        self._of_queries = _session(self._recipe, queries, threads)
        self._fingerprint = f"{fingerprint_of(folder)}-{self._recipe.dimension}"

    @property
    def fingerprint(self) -> str:
        """Of the model's files; the same as the reference's."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._recipe.dimension

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages in batches of similar length; rows in the order given."""
        tokens = self._tokens([self._recipe.passage_prompt + text for text in texts])
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        longest_first = sorted(range(len(texts)), key=lambda place: -len(tokens[place]))
        for first in range(0, len(texts), BATCH):
            batch = longest_first[first : first + BATCH]
            rows[batch] = self._encoded([tokens[place] for place in batch], self._of_passages)
        return rows

    def encode_query(self, text: str) -> Vectors:
        """Encode one query, with the model's own query prompt if it has one."""
        prompted = _encodable(self._recipe.query_prompt + text)
        row: Vectors = self._encoded([self._tokenizer.encode(prompted).ids], self._of_queries)[0]
        return row

    @cached_property
    def _of_passages(self) -> onnxruntime.InferenceSession:
        """Opened for the first passages: a server has none."""
        return _session(self._recipe, "float32", self._threads)

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        found = self._tokenizer.encode_batch([_encodable(text) for text in texts])
        return [one.ids for one in found]

    def _encoded(
        self, tokens: Sequence[Sequence[int]], session: onnxruntime.InferenceSession
    ) -> Vectors:
        lengths = np.array([len(one) for one in tokens], dtype=np.int32)
        ids = np.zeros((len(tokens), lengths.max()), dtype=np.int32)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
        states = session.run(None, {"ids": ids, "lengths": lengths})[0]
        return unit(pooled(states, lengths, self._recipe.pooling))


def pooled(states: Vectors, lengths: NDArray[np.int32], how: Pooling) -> Vectors:
    """One row for each text: its first state, or the mean of those within its length."""
    if how == "cls":
        return states[:, 0]
    means: list[Vectors] = [
        text[:length].mean(axis=0) for text, length in zip(states, lengths, strict=True)
    ]
    return np.stack(means)


def unit(rows: Vectors) -> Vectors:
    """Rows brought to unit length."""
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    normed: Vectors = (rows / lengths).astype(np.float32, copy=False)
    return normed


def _encodable(text: str) -> str:
    """Replace what UTF-8 cannot hold; tokenizers refuse lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _tokenizer(recipe: Recipe) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(recipe.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=recipe.max_tokens)
    return tokenizer


def _session(recipe: Recipe, precision: Precision, threads: int) -> onnxruntime.InferenceSession:
    # It would write an identity and a log of events into the home folder, to be sent.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime

        graph = graph_of(recipe, precision)
    except ImportError as problem:
        raise NoRecipe(f"a library cannot be imported ({problem})") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads sleep instead of spinning: FAISS and other searches need the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(one) for one in graph.weights.values()]
    options.add_external_initializers(list(graph.weights), values)
    try:
        return onnxruntime.InferenceSession(
            graph.model, options, providers=["CPUExecutionProvider"]
        )
    except Exception as problem:  # its errors are of its own kinds; all mean: not by this way
        raise NoRecipe(f"ONNX Runtime refuses it ({problem})") from None
