"""A worker's name: unique, stable over restarts, held by locks, and said to live by a heartbeat.

Invariant: two processes never work under one name.  A worker that is silent for the lease is dead
to the others, whether it is or not; what it does after that is refused (`ingest.progress.held`).
"""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from catalog import claims, workers
from catalog.engine import Catalog
from catalog.errors import CatalogProblem, StoreFull
from catalog.lock import Held, only_one
from catalog.settings import Settings
from catalog.tables import WorkerRow
from ingest.errors import BadWorker, WorkerNameTaken, WorkerRunning

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,59}")
log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a worker is and what it serves."""

    name: str
    device: str  # cpu, cuda:0, …
    queues: tuple[str, ...] = tuple(claims.QUEUES)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadWorker(
                f"a worker cannot be named {self.name!r}: use 2 to 60 of a-z, 0-9, - and _"
            )
        unknown = [name for name in self.queues if name not in claims.QUEUES]
        if unknown or not self.queues:
            raise BadWorker(
                f"there is no queue {', '.join(unknown) or 'of no name'}; "
                f"the queues are {', '.join(claims.QUEUES)}"
            )

    def row(self) -> WorkerRow:
        """What this worker says of itself."""
        return WorkerRow(
            name=self.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            device=self.device,
            queues=list(self.queues),
        )


def default_name(device: str) -> str:
    """A name made of the machine's and the device's: "host-cpu", "host-gpu0"."""
    host = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:40] or "worker"
    kind, _, number = device.partition(":")
    return f"{host}-gpu{number or 0}" if kind == "cuda" else f"{host}-cpu"


@contextmanager
def present(settings: Settings, catalog: Catalog, who: Identity) -> Iterator["Heart"]:
    """Be this worker for the block, alone under its name; gives the heart that says so.

    Raises: WorkerRunning (a catalog of its own takes one worker), WorkerNameTaken.
    """
    with _alone(settings, catalog, who):
        with catalog.write() as session:
            if not catalog.is_shared:  # whoever else is named is dead: the lock says so
                for other in workers.listed(session):
                    workers.leave(session, other.name)
            workers.say(session, who.row())
        heart = Heart(catalog, who, every_s=settings.worker_beat_s)
        heart.start()
        try:
            yield heart
        finally:
            heart.stop()


def gone(catalog: Catalog, name: str) -> None:
    """Say that a worker stops of its own will: its jobs are free at once."""
    with catalog.write() as session:
        claims.release(session, name, stopped=True)
        workers.leave(session, name)


@contextmanager
def _alone(settings: Settings, catalog: Catalog, who: Identity) -> Iterator[None]:
    named = settings.data_dir / "run" / f"worker-{who.name}.lock"
    try:
        with (
            only_one(named if catalog.is_shared else settings.worker_lock),
            catalog.only_one(f"worker {who.name}") as mine,
        ):
            if not mine:
                raise WorkerNameTaken(who.name, "on another machine")
            yield
    except Held as held:
        if catalog.is_shared:
            raise WorkerNameTaken(who.name, f"process {held.pid}") from held
        raise WorkerRunning(settings.data_dir, held.pid) from held


class Heart(threading.Thread):
    """Says every few seconds that the worker and its jobs live, whatever the worker is doing."""

    def __init__(self, catalog: Catalog, who: Identity, *, every_s: float) -> None:
        super().__init__(name="heart", daemon=True)
        self._catalog = catalog
        self._row = who.row()
        self._every_s = every_s
        self._stopped = threading.Event()
        self._full: StoreFull | None = None

    def require_room(self) -> None:
        """Raises: StoreFull, when the last beat could not be written for that."""
        if self._full is not None:
            raise self._full

    def run(self) -> None:
        """Beat until stopped; a database that does not answer is tried again."""
        while not self._stopped.wait(self._every_s):
            try:
                with self._catalog.write() as session:
                    workers.say(session, self._row)
                    claims.beat(session, self._row.name)
                self._full = None
            except CatalogProblem as problem:
                self._full = problem if isinstance(problem, StoreFull) else None
                log.warning("heartbeat not written", problem=str(problem))

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()
        self.join(timeout=5)


@dataclass(slots=True, kw_only=True)
class Watch:
    """Watches the other workers and frees the jobs of those that are dead.

    Silence is measured by this machine's own clock, so that clocks may differ.  Two that watch
    free the same jobs without harm: who takes one next is decided by its row.
    """

    catalog: Catalog
    me: str
    lease_s: float
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[datetime, float]] = field(default_factory=dict)

    def turn(self) -> list[str]:
        """Free the jobs of dead workers; returns the jobs' ids."""
        with self.catalog.read() as session:
            beats = {one.name: one.beat_at for one in workers.listed(session)}
            holders = claims.holders(session)
        dead = [name for name in sorted({*beats, *holders} - {self.me}) if self._dead(name, beats)]
        freed: list[str] = []
        for name in dead:
            freed += self._free(name)
        return freed

    def _dead(self, name: str, beats: dict[str, datetime]) -> bool:
        if name not in beats or not self.catalog.is_shared:
            return True
        beat_at, since = self._seen.get(name, (None, 0.0))
        if beat_at != beats[name]:
            self._seen[name] = (beats[name], self.clock())
            return False
        return self.clock() - since >= self.lease_s

    def _free(self, name: str) -> list[str]:
        with self.catalog.write() as session:
            freed = claims.release(session, name)
            if name not in claims.holders(session):
                workers.leave(session, name)
        self._seen.pop(name, None)
        if freed:
            log.warning("jobs of a dead worker are free", worker=name, jobs=freed)
        return freed
