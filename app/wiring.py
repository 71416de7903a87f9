"""The composition root of the service: what it is made of, opened and closed in one place.

Invariant: a process answers from its first moment.  The encoder is loaded beside it; until it is
there, and if it never comes, search answers by words and says so.  A request takes one searcher
and keeps it; snapshots and encoders are swapped as one reference.
"""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import structlog

from app.api.kept import Kept
from app.api.metrics import Metrics
from app.api.turns import Turns
from app.view import View
from catalog.engine import Catalog, open_catalog
from catalog.settings import Settings
from catalog.store import Store
from index.current import CurrentSearcher
from index.encoders import Encoder, Vectors
from index.errors import IndexProblem, NoSnapshot
from index.searcher import Searcher

POLL_S = 1.0
REMEMBERED_QUERIES = 512
SEARCHES_AT_ONCE = 4
SEARCHES_WAITING = 32
KEPT_LISTS = 128
KEPT_BODIES = 4096
KEPT_SIMILAR = 4096
KEPT_BYTES = 64 << 20

LoadEncoder: TypeAlias = Callable[[Settings], Encoder]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderState:
    """How far the encoder is; `detail` is for anybody, so it names no folder."""

    state: Literal["loading", "ready", "missing"]
    detail: str


LOADING = EncoderState(state="loading", detail="the encoder is being loaded")
READY = EncoderState(state="ready", detail="ok")
MISSING = EncoderState(state="missing", detail="the encoder does not load; the log says why")


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


class LiveIndex:
    """The snapshot that is served, with the encoder once it is there; follows both in threads."""

    def __init__(self, settings: Settings, load_encoder: LoadEncoder) -> None:
        self._settings = settings
        self._load_encoder = load_encoder
        self._current = self._following(None)
        self._encoder = LOADING
        self._looked = threading.Event()
        self._stopped = threading.Event()
        self._threads = (
            threading.Thread(target=self._watch, name="snapshot-watch", daemon=True),
            threading.Thread(target=self._take_encoder, name="encoder-load", daemon=True),
        )

    @property
    def encoder(self) -> EncoderState:
        """How far the encoder is."""
        return self._encoder

    @property
    def opened(self) -> bool:
        """Whether the first look at the pointer is over, with or without a snapshot."""
        return self._looked.is_set()

    @property
    def problem(self) -> str | None:
        """Why what is served is not what was published last, or None when it is."""
        return self._current.problem

    def searcher(self) -> Searcher | None:
        """The searcher of this moment, or None while nothing is published."""
        try:
            return self._current.get()
        except NoSnapshot:
            return None

    def start(self) -> None:
        """Begin to follow the pointer and to load the encoder."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Follow no more; waits for a load that runs, because it cannot be broken off."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=30)
        self._current.close()

    def _following(self, encoder: Encoder | None) -> CurrentSearcher:
        root = self._settings.index_dir
        return CurrentSearcher(root, lambda generation: Searcher.open(root, generation, encoder))

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                if self._current.refresh():
                    log.info("snapshot served", generation=self._current.get().generation)
            except Exception:  # whatever it is, the old snapshot goes on serving
                log.exception("looking at the snapshot pointer failed")
            self._looked.set()
            self._stopped.wait(POLL_S)

    def _take_encoder(self) -> None:
        try:
            encoder = RememberingEncoder(self._load_encoder(self._settings))
            encoder.encode_query("warm")
            with_meaning = self._following(encoder)
            with_meaning.refresh()
        except IndexProblem as problem:
            self._encoder = MISSING
            log.warning("search by words only", reason=str(problem))
        except Exception:  # the model libraries have errors of their own
            self._encoder = MISSING
            log.exception("search by words only")
        else:
            self._current = with_meaning
            self._encoder = READY
            log.info("encoder ready", fingerprint=encoder.fingerprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything a request may use."""

    settings: Settings
    catalog: Catalog
    store: Store
    live: LiveIndex
    view: View
    turns: Turns
    metrics: Metrics
    similar: Kept[Any] = field(default_factory=lambda: Kept(most=KEPT_SIMILAR))
    found: Kept[Any] = field(
        default_factory=lambda: Kept(most=KEPT_LISTS, most_bytes=KEPT_BYTES, size=len)
    )
    bodies: Kept[Any] = field(
        default_factory=lambda: Kept(most=KEPT_BODIES, most_bytes=KEPT_BYTES, size=len)
    )

    @property
    def stamp(self) -> Hashable:
        """What every answer depends on beside its request; another one, and what is kept is old."""
        searcher = self.live.searcher()
        return (
            searcher.generation if searcher else None,
            searcher.legs["dense"] if searcher else None,
            self.live.encoder.state,
            self.live.problem is None,
            self.view.version,
        )


@contextmanager
def open_service(
    settings: Settings, *, metrics: Metrics, load_encoder: LoadEncoder | None = None
) -> Iterator[Service]:
    """Open the archive for reading; closes what it opened.  Raises: CatalogProblem."""
    catalog = open_catalog(settings.catalog_url)
    live = LiveIndex(settings, load_encoder or sentence_encoder)
    view = View(catalog)
    service = Service(
        settings=settings,
        catalog=catalog,
        store=Store(settings.data_dir),
        live=live,
        view=view,
        turns=Turns(
            at_once=SEARCHES_AT_ONCE, waiting=SEARCHES_WAITING, on_refusal=metrics.refused.inc
        ),
        metrics=metrics,
    )
    try:
        live.start()
        view.start()
        yield service
    finally:
        live.stop()
        view.stop()
        catalog.close()


def sentence_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name; on the CPU, unless they say CUDA.

    Raises: ModelMissing, ModelDamaged.
    """
    from index.encoders.sentence import SentenceEncoder
    from index.weights import ENCODERS, located

    device = "cuda" if settings.device == "cuda" else "cpu"
    return SentenceEncoder(located(settings.encoder_model, ENCODERS), device=device)
