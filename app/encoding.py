"""The models of the service: the encoder is loaded by the name that a snapshot gives.

Invariant: a query is only ever encoded by the model whose vectors it is compared with.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

import structlog

from catalog.settings import Settings
from index.encoders import Encoder, Vectors
from index.errors import EncoderMissing, IndexProblem
from index.manifest import Manifest
from index.rerankers import Reranker, Rereader

REMEMBERED_QUERIES = 512
QUERY_THREADS = 1
"""Threads of one query: two gain little for one, and lose for four (`bench/encoders.py`)."""

LoadEncoder: TypeAlias = Callable[[Settings], Encoder]
log = structlog.get_logger(__name__)


class RememberingEncoder:
    """An encoder that keeps the vectors of its last queries, for paging and filters ask again."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._query = lru_cache(maxsize=REMEMBERED_QUERIES)(encoder.encode_query)

    @property
    def fingerprint(self) -> str:
        """As of the encoder within."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """As of the encoder within."""
        return self._encoder.dimension

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages; nothing is kept."""
        return self._encoder.encode_passages(texts)

    def encode_query(self, text: str) -> Vectors:
        """Encode one query, or remember it."""
        return self._query(text)


class FittingEncoders:
    """Finds the encoder of a snapshot; keeps the last one, for the next snapshot has it too."""

    def __init__(self, settings: Settings, load: LoadEncoder) -> None:
        self._settings = settings
        self._load = load
        self._last: tuple[str, RememberingEncoder] | None = None
        self.problem: IndexProblem | None = None

    def of(self, manifest: Manifest) -> Encoder:
        """The encoder whose vectors a snapshot holds; `problem` keeps why there is none.

        Raises: EncoderMismatch, ModelMissing, ModelDamaged.
        """
        from index.encoders.choose import fitting_encoder

        if self._last is not None and self._last[1].fingerprint == manifest.encoder_fingerprint:
            return self._last[1]
        names = manifest.encoder_model, self._settings.encoder_model
        try:
            return fitting_encoder(manifest.encoder_fingerprint, names, self.named)
        except IndexProblem as problem:
            self.problem = self.problem or problem
            raise

    def named(self, name: str) -> Encoder:
        """A model by name, warmed up.  Raises: ModelMissing, ModelDamaged."""
        if self._last is not None and self._last[0] == name:
            return self._last[1]
        try:
            found = self._load(self._settings.model_copy(update={"encoder_model": name}))
            encoder = RememberingEncoder(found)
            encoder.encode_query("warm")
        except IndexProblem:
            raise
        except Exception as problem:  # the model libraries have errors of their own
            log.exception("the encoder does not load", model=name)
            raise EncoderMissing(name, f"it does not load ({problem})") from problem
        self._last = name, encoder
        log.info("encoder loaded", model=name, fingerprint=encoder.fingerprint)
        return encoder


def load_rereader(settings: Settings) -> Rereader | None:
    """The reranker of the settings, or why there is none; None where they name none."""
    if not settings.reranker_model:
        return None
    from index.rerankers.cross import open_reranker

    reranker: Reranker | str
    try:
        reranker = open_reranker(
            settings.reranker_model, device="cuda" if settings.device == "cuda" else "cpu"
        )
    except IndexProblem as problem:
        log.warning("search without a reranker", reason=str(problem))
        reranker = "the reranker does not load; the log says why"
    return Rereader(reranker=reranker, deadline_ms=settings.reranker_ms)


def load_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name; on the CPU, unless they say CUDA.

    Raises: ModelMissing, ModelDamaged.
    """
    from index.encoders.choose import open_encoder

    return open_encoder(
        settings.encoder_model,
        device="cuda" if settings.device == "cuda" else "cpu",
        backend=settings.encoder_backend,
        threads=QUERY_THREADS,
    )
