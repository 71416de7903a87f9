"""The worker: takes accepted submissions, drives their jobs and publishes what they made.

Invariant: the catalog's rows are the truth.  A worker looks at them every half second, takes one
job that nobody has, frees those of workers that died, and publishes when a batch is through; so a
submission that was acknowledged is taken up whatever died in between.
"""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from catalog import claims, submissions
from catalog.engine import Catalog, open_catalog
from catalog.errors import CatalogProblem, StoreFull
from catalog.settings import Settings
from catalog.store import Store
from catalog.submissions import Job
from catalog.tables import Submission, now
from ingest import presence
from ingest.errors import BadWorker, DiskFull, PublishingFailed
from ingest.housekeeping import Housekeeping
from ingest.presence import Identity, Watch
from ingest.publish import Deeds
from ingest.steps import Steps
from ingest.workflow import Workflows

_POLL_S = 0.5
_WATCH_S = 2.0
_PUBLISH_TRIES = 3
_LAST_WORDS_S = 5.0
_M_ARENA_MAX = -8
log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What staff asked of a worker: a name, the queues, a device like "cuda:1"."""

    name: str | None = None
    queues: tuple[str, ...] = tuple(claims.QUEUES)
    device: str | None = None


def run(
    settings: Settings,
    wanted: Wanted | None = None,
    *,
    until: Callable[["Worker"], bool] = lambda _worker: False,
) -> None:
    """Work until `until` says so, or SIGTERM.

    Raises: WorkerRunning, WorkerNameTaken, BadWorker, PublishingFailed, EngineProblem,
    CatalogProblem, IndexProblem.
    """
    _one_heap()
    settings, who = _settled(settings, wanted or Wanted())
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, _stop_now)
    catalog = open_catalog(settings.catalog_url, patience_s=settings.worker_lease_s)
    try:
        _work(settings, catalog, who, until)
    except _Stop:
        _go(catalog, who.name)
    finally:
        catalog.close()


def _work(
    settings: Settings, catalog: Catalog, who: Identity, until: Callable[["Worker"], bool]
) -> None:
    with (
        presence.present(settings, catalog, who) as heart,
        open_worker(settings, catalog, who) as worker,
    ):
        log.info("worker started", worker=who.name, queues=who.queues, pid=os.getpid())
        try:
            while not until(worker):
                heart.require_room()
                worker.turn()
                worker.wait()
        except _Stop:  # without closing anything: a step may take long to notice
            _go(catalog, who.name)
        except (StoreFull, DiskFull) as problem:
            log.critical(
                "the worker stops; free some space and start it again", problem=str(problem)
            )
            _go(catalog, who.name, status=1)
        presence.gone(catalog, who.name)


class Worker:
    """One worker's loop, a turn at a time."""

    def __init__(
        self, settings: Settings, catalog: Catalog, workflows: Workflows, who: Identity
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._workflows = workflows
        self._who = who
        self._watch = Watch(catalog=catalog, me=who.name, lease_s=settings.worker_lease_s)
        self._watched_at = float("-inf")
        self._prepared: set[str] = set()
        self._deeds = Deeds(catalog, settings.index_dir, settings.encoder_model)
        self._housekeeping = Housekeeping(
            settings=settings, catalog=catalog, store=Store(settings.data_dir)
        )
        self._failures = 0

    def turn(self) -> None:
        """Free what the dead left, take a job, publish what is due.

        Raises: StoreFull, DiskFull, PublishingFailed.
        """
        self._workflows.require_room()
        self._look_after_others()
        if self._publishes:
            self._housekeeping.turn(idle=not self._workflows.busy)
        jobs = self.open_jobs()
        self._take(jobs)
        self._prepare_next(jobs)
        if self._publishing_is_due(jobs) or (self._publishes and self._deeds.to_publish()):
            self._publish()

    def is_idle(self) -> bool:
        """Whether nothing is left to do: no job, and no change that search does not show."""
        left = self._publishes and (self._housekeeping.is_due or self._deeds.to_publish())
        return not left and not self.open_jobs()

    def wait(self) -> None:
        """Until a job has ended here, half a second at most."""
        self._workflows.free.wait(_POLL_S)
        self._workflows.free.clear()

    def open_jobs(self) -> list[Job]:
        """Jobs of this worker's queues that are not at their end; publishing belongs to text."""
        kinds = claims.kinds_of(self._who.queues)
        with self._catalog.read() as session:
            found = submissions.listed(session, states=submissions.OPEN)
        return [
            job
            for job in found
            if (
                self._publishes
                if job.submission.state == "committed"
                else job.submission.kind in kinds
            )
        ]

    @property
    def _publishes(self) -> bool:
        return "text" in self._who.queues

    def _look_after_others(self) -> None:
        if time.monotonic() - self._watched_at >= min(_WATCH_S, self._settings.worker_lease_s / 4):
            self._watched_at = time.monotonic()
            self._watch.turn()

    def _take(self, jobs: list[Job]) -> None:
        if self._workflows.busy or not _unfinished(jobs):
            return
        with self._catalog.write() as session:
            taken = claims.take(session, self._who.name, self._who.queues)
        if taken is not None:
            self._workflows.drive(taken.public_id, taken.attempt)

    def _publish(self) -> None:
        outcome = self._workflows.publish()
        if outcome["problem"] is None:
            self._failures = 0
            log.info("snapshot published", generation=outcome["value"])
            return
        if outcome.get("reason") == "SomebodyPublishes":
            return
        if outcome.get("reason") == "StoreFull":
            raise StoreFull(outcome["problem"])
        self._failures += 1
        log.error("publishing failed", problem=outcome["problem"], times=self._failures)
        if self._failures >= _PUBLISH_TRIES:
            raise PublishingFailed(outcome["problem"], self._failures)

    def _prepare_next(self, jobs: list[Job]) -> None:
        """While one recording is transcribed, have the next decoded: decoding uses one core.

        Of several workers the first prepares the next recording, the second that after it.
        """
        busy = [one.worker or "" for one in _unfinished(jobs) if one.state == "running"]
        if self._who.name not in busy:
            return
        waiting = [
            one for one in _unfinished(jobs) if one.state == "accepted" and one.kind == "talk"
        ]
        for one in waiting[sorted(busy).index(self._who.name) :][:1]:
            if one.public_id not in self._prepared:
                self._prepared.add(one.public_id)
                self._workflows.prepare(one.public_id)

    def _publishing_is_due(self, jobs: list[Job]) -> bool:
        waiting = [job.submission for job in jobs if job.submission.state == "committed"]
        if not waiting or not self._publishes:
            return False
        since = min(one.heartbeat_at or one.accepted_at for one in waiting)
        waited_s = (now() - since).total_seconds()
        return len(waiting) == len(jobs) or waited_s >= self._settings.publish_wait_s


def _unfinished(jobs: list[Job]) -> list[Submission]:
    return [job.submission for job in jobs if job.submission.state in claims.UNFINISHED]


@contextmanager
def open_worker(settings: Settings, catalog: Catalog, who: Identity) -> Iterator[Worker]:
    """The composition root of the worker; closes what it opened."""
    steps = Steps(settings, catalog, Store(settings.data_dir), worker=who.name)
    workflows = Workflows(steps, worker=who.name)
    try:
        steps.require_models(who.queues)
        workflows.launch()
        yield Worker(settings, catalog, workflows, who)
    finally:
        workflows.close()


def _settled(settings: Settings, wanted: Wanted) -> tuple[Settings, Identity]:
    """The settings and the identity that come of what was asked; pins the process to its GPU."""
    from ingest.engines.choose import device_of

    asked = wanted.device or settings.device
    kind, _, number = asked.partition(":")
    if kind not in {"auto", "cpu", "cuda"} or (
        number and not (kind == "cuda" and number.isdigit())
    ):
        raise BadWorker(f"there is no device {asked!r}; it is auto, cpu, cuda or like cuda:0")
    if number:
        os.environ["CUDA_VISIBLE_DEVICES"] = number  # before any library looks for a GPU
    kind = device_of("auto") if kind == "auto" else kind
    device = f"cuda:{number or 0}" if kind == "cuda" else "cpu"
    name = wanted.name or presence.default_name(device)
    return (
        settings.model_copy(update={"device": kind}),
        Identity(name=name, device=device, queues=wanted.queues),
    )


def _one_heap() -> None:
    """Let all threads share one heap: freed memory is used again instead of kept per thread.

    Source: mallopt(3), M_ARENA_MAX; elsewhere than on glibc nothing happens.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


class _Stop(BaseException):
    """Staff asked the worker to stop."""


def _stop_now(_signal: int, _frame: object) -> None:
    """Stop at once, in the middle of whatever is done: as after a kill, it is resumed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Stop


def _go(catalog: Catalog, name: str, *, status: int = 0) -> None:
    """Free the jobs, if the database answers soon; then end without waiting for a step."""
    saying = threading.Thread(target=_last_words, args=(catalog, name), daemon=True)
    saying.start()
    saying.join(timeout=_LAST_WORDS_S)
    log.info("worker stopped; the next one goes on where it was", worker=name)
    os._exit(status)


def _last_words(catalog: Catalog, name: str) -> None:
    with suppress(CatalogProblem):
        presence.gone(catalog, name)
