"""What may be shown, kept in the process and following the catalog.

Invariant: a look that returned has seen everything committed before it began, so what is withdrawn
is gone with the next look; `version` changes whenever anything that is shown may have.  It holds
one value per public talk and paper and nothing else.
"""

import threading
import time
from collections.abc import Mapping

import structlog

from app.heap import settle
from app.suggestions import Suggestions
from catalog import shown
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.shown import Mark, Shown

LOOK_EVERY_S = 0.2
WHOLE_EVERY_S = 60.0
"""How long something that changed without leaving a trace can stay unseen."""

SUGGEST_EVERY_S = 20.0
"""How long what is new can be missing from the suggestions; what is gone is gone at once."""
FIRST_SUGGEST_S = 1e-4
"""How long after the start they wait for each talk and paper, so that the snapshot opens first."""
SUGGEST_SHARE = 0.05
"""The most of a processor that making suggestions may take while the catalog changes."""

log = structlog.get_logger(__name__)


class View:
    """Every public talk and paper by its public id."""

    def __init__(self, catalog: Catalog) -> None:
        """Nothing is read before the first look."""
        self._catalog = catalog
        self._pulse = catalog.pulse()
        self._looking = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="catalog-watch", daemon=True)
        self._owners: dict[str, Shown] = {}
        self._beat: object = None
        self._mark: Mark | None = None
        self._read_whole = 0.0
        self._renamed = True  # anything, since the suggestions were made
        self._suggest_after = 0.0
        self._started = time.monotonic()
        self.version = 0
        self.suggestions: Suggestions | None = None
        self.suggested = 0
        """How often the suggestions were made."""

    def owner(self, public_id: str) -> Shown | None:
        """The talk or paper, if it is public."""
        return self._owners.get(public_id)

    def called(self, key: str, kind: str) -> Shown | None:
        """The public talk or paper with this public id or slug."""
        owner = self._owners.get(key)
        if owner is not None and owner.kind == kind:
            return owner
        every = list(self._owners.values())
        return next((one for one in every if one.slug == key and one.kind == kind), None)

    @property
    def owners(self) -> Mapping[str, Shown]:
        """All of them; changes under whoever goes through it, so copy it first."""
        return self._owners

    @property
    def seen(self) -> object:
        """How far the last look saw: differs when anybody has committed since another."""
        return self._beat

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was committed since the last look, as far as can be told at once.

        Where asking means waiting for a server, the last look counts: it is `LOOK_EVERY_S` old.
        """
        if not self._pulse.is_instant:
            return self._mark is not None
        try:
            return self._mark is not None and self._pulse.beat() == self._beat
        except CatalogProblem:
            return False

    def look(self) -> None:
        """See what changed.  Raises: CatalogUnavailable."""
        with self._looking:
            beat = self._pulse.beat()  # before reading: what is committed meanwhile is seen next
            if beat != self._beat or self._mark is None:
                self._read()
                self._beat = beat

    def start(self) -> None:
        """Begin to look by itself."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join(timeout=30)
        self._pulse.close()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
                self._suggest()
            except CatalogProblem as problem:  # whoever searches is told; here it is tried again
                log.warning("what may be shown could not be read", reason=str(problem))
                self._stopped.wait(5 * LOOK_EVERY_S)
            except Exception:
                log.exception("what may be shown could not be read")
                self._stopped.wait(5 * LOOK_EVERY_S)
            self._stopped.wait(LOOK_EVERY_S)

    def _suggest(self) -> None:
        """Make the suggestions anew after a change; while changes go on, every now and then."""
        began = time.monotonic()
        if not self._renamed or began < self._suggest_after:
            return
        if began < self._started + FIRST_SUGGEST_S * len(self._owners):
            return
        self._renamed = False
        made = Suggestions(list(self._owners.values()))
        with self._looking:
            self.suggestions = made
            self.suggested += 1
            self.version += 1  # what was suggested before is not to be kept
        settle()
        took_s = time.monotonic() - began
        self._suggest_after = time.monotonic() + max(SUGGEST_EVERY_S, took_s / SUGGEST_SHARE)

    def _read(self) -> None:
        with self._catalog.read() as session:
            mark = shown.mark(session)
            known, whole_s = self._mark, time.monotonic() - self._read_whole
            ids = (
                None if known is None or whole_s > WHOLE_EVERY_S else shown.touched(session, known)
            )
            read = {one.public_id: one for one in shown.owners(session, ids)}
        changed = self._take(read, ids)
        self._renamed |= changed
        if changed or mark != known:
            self.version += 1
        if ids is None:
            self._read_whole = time.monotonic()
        self._mark = mark

    def _take(self, read: dict[str, Shown], ids: set[str] | None) -> bool:
        """Keep what was read; whether anything is other than before."""
        if ids is None:
            changed, self._owners = read != self._owners, read
            return changed
        before = {one: self._owners.get(one) for one in ids}
        for public_id in ids:
            if public_id in read:
                self._owners[public_id] = read[public_id]
            else:
                self._owners.pop(public_id, None)
        return before != {one: read.get(one) for one in ids}
