"""What a worker does beside its jobs, every minute: uploads, removals, mentions of papers.

Invariant: nothing here is anybody's promise alone; whatever fails is tried again a minute later.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from catalog import events
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.settings import Settings
from catalog.store import Store
from catalog.uploads import Uploads
from index.errors import IndexProblem
from ingest.errors import IngestProblem
from ingest.mention_turn import find_mentions
from ingest.sweep import sweep

EVERY_S = 60.0
log = structlog.get_logger("worker")


@dataclass(slots=True, kw_only=True)
class Housekeeping:
    """Keeps the data folder clean; one per worker that publishes."""

    settings: Settings
    catalog: Catalog
    store: Store
    clock: Callable[[], float] = time.monotonic
    _done_at: float = field(default=float("-inf"))

    @property
    def is_due(self) -> bool:
        """Whether the next turn does something."""
        return self.clock() - self._done_at >= EVERY_S

    def turn(self, *, idle: bool) -> None:
        """Do what is due; removals only when no job runs here, because databases are rewritten."""
        if not self.is_due:
            return
        self._done_at = self.clock()
        try:
            finished = Uploads(self.settings, self.store).sweep(self.catalog)
            if finished:
                log.info("uploads finished", number=len(finished))
            if idle and self._removals_wait():
                swept = sweep(self.settings, self.catalog, self.store)
                log.info("removals swept", number=swept.removals)
            if idle and (looked := find_mentions(self.catalog)).talks:
                log.info("mentions looked for", talks=looked.talks, waiting=looked.waiting)
        except (CatalogProblem, IndexProblem, IngestProblem, OSError) as problem:
            log.warning("the data folder could not be kept clean", problem=str(problem))

    def _removals_wait(self) -> bool:
        with self.catalog.read() as session:
            return bool(events.unswept(session))
