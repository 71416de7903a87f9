"""The worker: takes accepted submissions, drives their jobs and publishes what they made.

Invariant: the catalog's rows are the truth.  The worker looks at them every half second, hands
the engine what has no job, and publishes when a batch is through; so a submission that was
acknowledged is taken up whatever died in between.
"""

import ctypes
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from catalog import submissions
from catalog.engine import Catalog, open_catalog
from catalog.lock import Held, only_one
from catalog.settings import Settings
from catalog.store import Store
from catalog.submissions import Job
from catalog.tables import now
from ingest.errors import PublishingFailed, WorkerRunning
from ingest.steps import Steps
from ingest.workflow import Workflows

_POLL_S = 0.5
_HEARTBEAT_S = 10.0
_PUBLISH_TRIES = 3
_M_ARENA_MAX = -8
log = structlog.get_logger("worker")


def lock_path(data_dir: Path) -> Path:
    """The file that a running worker holds."""
    return data_dir / "run" / "worker.lock"


def run(settings: Settings, *, until: Callable[["Worker"], bool] = lambda _worker: False) -> None:
    """Work until `until` says so, or SIGTERM.

    Raises: WorkerRunning, PublishingFailed, EngineProblem, CatalogProblem, IndexProblem.
    """
    _one_heap()
    with _alone(settings), open_worker(settings) as worker:
        signal.signal(signal.SIGTERM, _stop_now)
        log.info("worker started", data_dir=str(settings.data_dir), pid=os.getpid())
        while not until(worker):
            worker.turn()
            time.sleep(_POLL_S)


class Worker:
    """One worker's loop, a turn at a time."""

    def __init__(self, settings: Settings, catalog: Catalog, workflows: Workflows) -> None:
        self._settings = settings
        self._catalog = catalog
        self._workflows = workflows
        self._queued: set[tuple[str, int]] = set()
        self._prepared: set[str] = set()
        self._beat_at = 0.0
        self._failures = 0

    def turn(self) -> None:
        """Queue what is new, publish what is due."""
        jobs = self.open_jobs()
        self._queue(jobs)
        self._prepare_next(jobs)
        self._beat(jobs)
        if self._publishing_is_due(jobs):
            self._publish()

    def _publish(self) -> None:
        outcome = self._workflows.publish()
        if outcome["problem"] is None:
            self._failures = 0
            log.info("snapshot published", generation=outcome["value"])
            return
        self._failures += 1
        log.error("publishing failed", problem=outcome["problem"], times=self._failures)
        if self._failures >= _PUBLISH_TRIES:
            raise PublishingFailed(outcome["problem"], self._failures)

    def open_jobs(self) -> list[Job]:
        """Jobs that are not at their end."""
        with self._catalog.read() as session:
            return submissions.listed(session, states=submissions.OPEN)

    def _queue(self, jobs: list[Job]) -> None:
        for job in jobs:
            one = job.submission
            key = (one.public_id, one.attempt)
            if one.not_before is not None and one.not_before > now():
                continue
            if one.state in {"accepted", "running"} and key not in self._queued:
                self._workflows.enqueue(one.public_id, one.attempt)
                self._queued.add(key)
                log.info("job queued", job=one.public_id, file=one.file_name)

    def _prepare_next(self, jobs: list[Job]) -> None:
        """While one recording is transcribed, have the next decoded: decoding uses one core."""
        if not any(job.submission.state == "running" for job in jobs):
            return
        for job in jobs:
            one = job.submission
            if one.state == "accepted" and one.kind == "talk":
                if one.public_id not in self._prepared:
                    self._prepared.add(one.public_id)
                    self._workflows.prepare(one.public_id)
                return

    def _beat(self, jobs: list[Job]) -> None:
        if time.monotonic() - self._beat_at < _HEARTBEAT_S:
            return
        self._beat_at = time.monotonic()
        running = [job.submission.public_id for job in jobs if job.submission.state == "running"]
        if running:
            with self._catalog.write() as session:
                for job_id in running:
                    submissions.change(session, job_id)

    def _publishing_is_due(self, jobs: list[Job]) -> bool:
        waiting = [job.submission for job in jobs if job.submission.state == "committed"]
        if not waiting:
            return False
        since = min(one.heartbeat_at or one.accepted_at for one in waiting)
        waited_s = (now() - since).total_seconds()
        return len(waiting) == len(jobs) or waited_s >= self._settings.publish_wait_s


@contextmanager
def open_worker(settings: Settings) -> Iterator[Worker]:
    """The composition root of the worker; closes what it opened."""
    catalog = open_catalog(settings.catalog_url)
    steps = Steps(settings, catalog, Store(settings.data_dir))
    worker_id = f"{socket.gethostname()}-worker".lower()
    workflows = Workflows(steps, worker_id=worker_id, jobs_url=settings.jobs_url)
    try:
        steps.require_models()
        workflows.launch()
        yield Worker(settings, catalog, workflows)
    finally:
        workflows.close()
        catalog.close()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    try:
        with only_one(lock_path(settings.data_dir)):
            yield
    except Held as held:
        raise WorkerRunning(settings.data_dir, held.pid) from held


def _one_heap() -> None:
    """Let all threads share one heap: freed memory is used again instead of kept per thread.

    Source: mallopt(3), M_ARENA_MAX; elsewhere than on glibc nothing happens.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


def _stop_now(_signal: int, _frame: object) -> None:
    """Stop at once: every step is resumed by the next worker, as after a kill."""
    log.info("worker stopped; the next one goes on where it was")
    os._exit(0)
