"""The keys that there are, held in the process and following the catalog.

Invariant: no key is believed on a view older than `OLDEST_S`; so one that is revoked is refused
within that time, and without the catalog no key is good for longer.  Secrets are not held, only
their hashes.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog
from sqlmodel import select

from app.errors import KeyExpired, KeyRevoked, KeyUnknown
from catalog import keys
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.keys import Key
from catalog.tables import Series

LOOK_EVERY_S = 1.0
OLDEST_S = 4.0
LONGEST_SECRET = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A key as requests need it; `within` are the names of its series, None: all of them."""

    public_id: str
    scope: str
    origins: frozenset[str]
    within: frozenset[str] | None
    expires_s: float | None  # seconds since the epoch
    revoked: bool

    def is_active(self, at_s: float) -> bool:
        """Whether it can be used at that second."""
        return not self.revoked and (self.expires_s is None or at_s < self.expires_s)

    def require_active(self) -> None:
        """Refuse it when it has ended.  Raises: KeyRevoked, KeyExpired."""
        if self.revoked:
            raise KeyRevoked
        if not self.is_active(time.time()):
            raise KeyExpired


class KeyRing:
    """Every key by the hash of its secret; safe from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        """Nothing is read before the first look."""
        self._catalog = catalog
        self._pulse = catalog.pulse()
        self._looking = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="key-watch", daemon=True)
        self._held: Mapping[str, HeldKey] = {}
        self._series: Mapping[str, str] = MappingProxyType({})
        self._beat: object = None
        self._looked_s: float | None = None
        self.origins: frozenset[str] = frozenset()
        """Origins that some active key names."""
        self.origins_ever: frozenset[str] = frozenset()
        """Origins that some key names or named: they may learn that it ended."""

    def __len__(self) -> int:
        """How many keys there are, those that ended too."""
        return len(self._held)

    @property
    def is_current(self) -> bool:
        """Whether the last look is recent enough to believe a key on it."""
        return self._looked_s is not None and time.monotonic() - self._looked_s < OLDEST_S

    def of(self, secret: str) -> HeldKey:
        """The key with this secret, active or not.  Raises: KeyUnknown."""
        held = self._held.get(keys.digest(secret)) if len(secret) <= LONGEST_SECRET else None
        if held is None:
            raise KeyUnknown
        return held

    def named(self, public_id: str) -> HeldKey:
        """The key with this id, active or not.  Raises: KeyUnknown."""
        for held in self._held.values():
            if held.public_id == public_id:
                return held
        raise KeyUnknown

    def is_active(self, public_id: str) -> bool:
        """Whether the key with this id can be used still, as far as the last look is believed."""
        at_s = time.time()
        return self.is_current and any(
            one.public_id == public_id and one.is_active(at_s) for one in self._held.values()
        )

    def series_called(self, words: str) -> str:
        """The name of the series with this id or slug; the words themselves where there is none."""
        return self._series.get(words, words)

    def has_series(self, name: str) -> bool:
        """Whether a series is called so."""
        return name.casefold() in {one.casefold() for one in self._series.values()}

    def look(self) -> None:
        """See what changed.  Raises: CatalogUnavailable."""
        with self._looking:
            began_s = time.monotonic()
            beat = self._pulse.beat()  # before reading: what is committed meanwhile is seen next
            if beat != self._beat or self._looked_s is None:
                self._read()
                self._beat = beat
            at_s = time.time()
            self.origins = _origins(one for one in self._held.values() if one.is_active(at_s))
            self._looked_s = began_s

    def start(self) -> None:
        """Look once, then begin to look by itself."""
        self._look_or_warn()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        self._pulse.close()

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_EVERY_S):
            self._look_or_warn()

    def _look_or_warn(self) -> None:
        try:
            self.look()
        except CatalogProblem as problem:  # whoever comes with a key is told
            log.warning("the keys could not be read", reason=str(problem))
        except Exception:
            log.exception("the keys could not be read")

    def _read(self) -> None:
        with self._catalog.read() as session:
            held = {one.row.sha256: _held(one) for one in keys.listed(session)}
            series = session.exec(select(Series.public_id, Series.slug, Series.name)).all()
        called = {key: name for public_id, slug, name in series for key in (public_id, slug)}
        self._series = {**called, **{name: name for _, _, name in series}}
        self._held = held
        self.origins_ever = _origins(held.values())


def _held(key: Key) -> HeldKey:
    row = key.row
    return HeldKey(
        public_id=row.public_id,
        scope=row.scope,
        origins=frozenset(row.origins),
        within=frozenset(key.series.values()) if row.series else None,
        expires_s=row.expires_at.timestamp() if row.expires_at else None,
        revoked=row.revoked_at is not None,
    )


def _origins(held: Iterable[HeldKey]) -> frozenset[str]:
    return frozenset(origin for one in held for origin in one.origins)
