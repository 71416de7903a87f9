"""The composition root of the service: what it is made of, opened and closed in one place.

Invariant: a process answers from its first moment.  The encoder is loaded beside it; until it is
there, and if it never comes, search answers by words and says so.  A request takes one searcher
and keeps it; a snapshot and the encoder that it names are swapped as one reference, and a snapshot
whose encoder does not load replaces none that is served.
"""

import secrets
import sys
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from app.api.kept import Kept
from app.api.listeners import Listeners
from app.api.metrics import Metrics
from app.api.turns import Turns
from app.encoding import FittingEncoders, LoadEncoder, load_encoder, load_rereader
from app.heap import release, settle
from app.keyring import KeyRing
from app.signing import SECRET_BYTES, Signer, secret_in
from app.suggestions import Suggestions
from app.view import View
from catalog import within as catalog_within
from catalog.engine import Catalog, open_catalog
from catalog.quality import Quality
from catalog.settings import Settings
from catalog.shown import Shown
from catalog.store import Store
from catalog.uploads import Uploads
from index import snapshot
from index.current import CurrentSearcher
from index.errors import EncoderMismatch, IndexProblem, NoSnapshot
from index.rerankers import Rereader
from index.searcher import Searcher

POLL_S = 1.0
ENCODER_WAIT_S = 4.0
SWITCH_S = 0.0005
"""How long a thread may keep Python to itself: a search asks for it some eighty times, and what is
read or made beside it would hold each of them up for Python's own 5 ms."""
SEARCHES_AT_ONCE = 4
SEARCHES_WAITING = 32
KEPT_LISTS = 128
KEPT_BODIES = 4096
KEPT_SIMILAR = 4096
KEPT_REACHES = 64
KEPT_ORDERS = 5
KEPT_SUGGESTIONS = 16
KEPT_BYTES = 64 << 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderState:
    """How far the encoder is; `detail` is for anybody, so it names no folder."""

    state: Literal["loading", "ready", "missing"]
    detail: str


LOADING = EncoderState(state="loading", detail="the encoder is being loaded")
READY = EncoderState(state="ready", detail="ok")
MISSING = EncoderState(state="missing", detail="the encoder does not load; the log says why")


class LiveIndex:
    """The snapshot that is served, with the encoder once it is there; follows both in threads."""

    def __init__(self, settings: Settings, load: LoadEncoder) -> None:
        self._settings = settings
        self._encoders = FittingEncoders(settings, load)
        self._rereader: Rereader | None = None
        self._current = self._by_words()
        self._encoder = LOADING
        self._looked = threading.Event()
        self._tried = threading.Event()
        self._stopped = threading.Event()
        self._threads = (
            threading.Thread(target=self._watch, name="snapshot-watch", daemon=True),
            threading.Thread(target=self._take_models, name="encoder-load", daemon=True),
        )

    @property
    def encoder(self) -> EncoderState:
        """How far the encoder is."""
        return self._encoder

    @property
    def encoder_model(self) -> str:
        """The name of the encoder that is served: the snapshot's, else the setting's; no folder."""
        searcher = self.searcher()
        named = searcher.manifest.encoder_model if searcher else ""
        return Path(named or self._settings.encoder_model).name

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
        settle()  # before much is read
        sys.setswitchinterval(SWITCH_S)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Follow no more; waits for a load that runs, because it cannot be broken off."""
        self._stopped.set()
        self._tried.set()
        for thread in self._threads:
            thread.join(timeout=30)
        self._current.close()
        release()

    def _by_words(self) -> CurrentSearcher:
        root = self._settings.index_dir
        return CurrentSearcher(root, lambda generation: Searcher.open(root, generation, None))

    def _by_meaning(self) -> CurrentSearcher:
        """Opens each snapshot with the encoder that it names, or not at all."""
        root = self._settings.index_dir

        def opened(generation: str) -> Searcher:
            encoder = self._encoders.of(snapshot.read_manifest(root, generation))
            return Searcher.open(root, generation, encoder, self._rereader)

        return CurrentSearcher(root, opened)

    def _watch(self) -> None:
        self._tried.wait(ENCODER_WAIT_S)  # to open a snapshot once, where the encoder is soon there
        while not self._stopped.is_set():
            try:
                self._look()
            except Exception:  # whatever it is, the old snapshot goes on serving
                log.exception("looking at the snapshot pointer failed")
            self._looked.set()
            self._stopped.wait(POLL_S)

    def _look(self) -> None:
        swapped = self._current.refresh()
        if swapped:
            settle()
            log.info("snapshot served", generation=self._current.get().generation)
        if self._encoder.state == "missing" and swapped:
            self._take_encoder()  # a new snapshot may name one that loads
        if self._encoder.state == "ready" and self.searcher() is None and self._encoders.problem:
            self._serve_words(self._encoders.problem)

    def _take_models(self) -> None:
        self._take_encoder()
        self._tried.set()
        rereader = load_rereader(self._settings)  # may take long: answer without it meanwhile
        if rereader is not None:
            self._rereader = rereader
            self._take_encoder()

    def _take_encoder(self) -> None:
        self._encoders.problem = None
        with_meaning = self._by_meaning()
        try:
            if not with_meaning.refresh():
                self._encoders.named(self._settings.encoder_model)
            if self._encoders.problem is not None and not _is_open(with_meaning):
                raise self._encoders.problem
        except IndexProblem as problem:
            self._serve_words(problem)
        except Exception:
            self._encoder = MISSING
            log.exception("search by words only")
        else:
            self._current = with_meaning
            self._encoder = READY

    def _serve_words(self, problem: IndexProblem) -> None:
        """Nothing with an encoder can be served: answer by words from the newest snapshot."""
        log.warning("search by words only", reason=str(problem))
        if self._encoder.state == "ready":
            self._current = self._by_words()
        known = isinstance(problem, EncoderMismatch)
        self._encoder = EncoderState(state="missing", detail=str(problem)) if known else MISSING


def _is_open(current: CurrentSearcher) -> bool:
    try:
        current.get()
    except NoSnapshot:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything a request may use; `within` are the series that its caller is held to, by name."""

    settings: Settings
    catalog: Catalog
    store: Store
    live: LiveIndex
    view: View
    keys: KeyRing
    turns: Turns
    metrics: Metrics
    uploads: Uploads
    signer: Signer
    listeners: Listeners = field(default_factory=Listeners)
    within: frozenset[str] | None = None
    quality: Kept[Quality] = field(default_factory=lambda: Kept(most=2))
    similar: Kept[Any] = field(default_factory=lambda: Kept(most=KEPT_SIMILAR))
    chapters: Kept[Any] = field(default_factory=lambda: Kept(most=KEPT_SIMILAR))
    found: Kept[Any] = field(
        default_factory=lambda: Kept(most=KEPT_LISTS, most_bytes=KEPT_BYTES, size=len)
    )
    bodies: Kept[Any] = field(
        default_factory=lambda: Kept(most=KEPT_BODIES, most_bytes=KEPT_BYTES, size=len)
    )

    reaches: Kept[frozenset[str]] = field(default_factory=lambda: Kept(most=KEPT_REACHES))

    orders: Kept[Any] = field(default_factory=lambda: Kept(most=KEPT_ORDERS))

    narrowed: Kept[Suggestions] = field(default_factory=lambda: Kept(most=KEPT_SUGGESTIONS))

    def suggestions(self) -> Suggestions | None:
        """What may be offered to the caller while he types; None while the archive is being read.

        Raises: CatalogUnavailable.
        """
        reach = self.reach()
        if reach is None or self.view.suggestions is None:
            return self.view.suggestions
        key = (self.within, self.view.suggested)
        known = self.narrowed.get(key)
        if known is None:
            known = Suggestions(one for key in reach if (one := self.view.owner(key)) is not None)
            self.narrowed.put(key, known)
        return known

    def reach(self) -> frozenset[str] | None:
        """Public ids of all that the caller may be shown; None: of everything.

        Raises: CatalogUnavailable.
        """
        if self.within is None:
            return None
        key = (self.within, self.view.version)
        known = self.reaches.get(key)
        if known is None:
            with self.catalog.read() as session:
                known = catalog_within.public_ids(session, self.within)
            self.reaches.put(key, known)
        return known

    def shows(self, public_id: str) -> bool:
        """Whether the caller may be shown this talk or paper, if anybody may."""
        reach = self.reach()
        return reach is None or public_id in reach

    def owner(self, public_id: str) -> Shown | None:
        """The public talk or paper, if the caller may be shown it."""
        return self.view.owner(public_id) if self.shows(public_id) else None

    @property
    def stamp(self) -> Hashable:
        """What every answer depends on beside its request; another one, and what is kept is old."""
        searcher = self.live.searcher()
        return (
            searcher.generation if searcher else None,
            searcher.legs["dense"] if searcher else None,
            searcher.rereads if searcher else False,
            self.live.encoder.state,
            self.live.problem is None,
            self.view.version,
        )


def _signer(settings: Settings) -> Signer:
    """What signs addresses; where reading is open none is needed, and nothing is written."""
    closed = settings.reading == "key"
    return Signer(secret_in(settings.data_dir) if closed else secrets.token_bytes(SECRET_BYTES))


@contextmanager
def open_service(
    settings: Settings, *, metrics: Metrics, load: LoadEncoder | None = None
) -> Iterator[Service]:
    """Open the archive for reading; closes what it opened.  Raises: CatalogProblem."""
    catalog = open_catalog(settings.catalog_url)
    live = LiveIndex(settings, load or load_encoder)
    view = View(catalog)
    keys = KeyRing(catalog)
    store = Store(settings.data_dir)
    service = Service(
        settings=settings,
        catalog=catalog,
        store=store,
        uploads=Uploads(settings, store),
        signer=_signer(settings),
        live=live,
        view=view,
        keys=keys,
        turns=Turns(
            at_once=SEARCHES_AT_ONCE, waiting=SEARCHES_WAITING, on_refusal=metrics.refused.inc
        ),
        metrics=metrics,
    )
    try:
        keys.start()
        live.start()
        view.start()
        yield service
    finally:
        live.stop()
        view.stop()
        keys.stop()
        catalog.close()
