"""A sentence-transformers cross-encoder behind the reranker port; loads torch when it is opened.

Not run with real weights: none come as a package.  The adapter is tested with a small random model.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.errors import RerankerMissing
from index.weights import located

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class CrossReranker:
    """A cross-encoder with one label; one call at a time, because tokenizers cannot be shared."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model
        self._lock = threading.Lock()

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, 0..1, in the order given."""
        from torch.nn import Sigmoid

        if not texts:
            return []
        pairs = [(_encodable(query), _encodable(text)) for text in texts]
        with self._lock:
            found = self._model.predict(pairs, show_progress_bar=False, activation_fn=Sigmoid())
        return [float(one) for one in found]


def open_reranker(name: str, *, device: str = "auto") -> CrossReranker:
    """The cross-encoder that a setting names: a folder or a hub's name.

    Raises: RerankerMissing, ModelMissing.
    """
    folder = located(name, {})
    try:
        from sentence_transformers import CrossEncoder

        model = CrossEncoder(
            str(folder),
            device=None if device == "auto" else device,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as problem:  # the libraries have many errors; all mean: it does not load
        raise RerankerMissing(name, f"it cannot be loaded ({problem})") from problem
    if model.num_labels != 1:
        raise RerankerMissing(name, f"it gives {model.num_labels} scores to a pair, not one")
    return CrossReranker(model)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
