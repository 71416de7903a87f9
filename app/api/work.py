"""What the workers are doing, from the catalog's rows: a worker has no port of its own."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.api.metrics import Metrics
from app.wiring import Service
from catalog import estimates, workers
from catalog.claims import QUEUES, queue_of
from catalog.errors import CatalogUnavailable
from catalog.tables import SUBMISSION_STATES, Submission, WorkerRow, now


def measure(service: Service) -> None:
    """Set the gauges of jobs and workers; without the catalog they are absent, not stale."""
    measured = service.metrics
    for gauge in (measured.jobs, measured.oldest_waiting, measured.workers, measured.failed_jobs):
        gauge.clear()
    measured.realtime_factor.clear()
    try:
        with service.catalog.read() as session:
            _jobs(session, measured)
            _waiting(session, measured)
            _failures(session, measured)
            _workers(workers.alive(session, service.settings), measured)
            for heard_by, factor in estimates.realtime_factors(session).items():
                measured.realtime_factor.labels(heard_by).set(factor)
    except CatalogUnavailable:
        return


def _jobs(session: Session, measured: Metrics) -> None:
    query = select(Submission.kind, Submission.state, sa.func.count())
    counted: Counter[tuple[str, str]] = Counter()
    for kind, state, number in session.exec(query.group_by(Submission.kind, Submission.state)):
        counted[(queue_of(kind), state)] += number
    for queue in QUEUES:
        for state in SUBMISSION_STATES:
            measured.jobs.labels(queue, state).set(counted[(queue, state)])


def _waiting(session: Session, measured: Metrics) -> None:
    query = (
        select(Submission.kind, sa.func.min(col(Submission.accepted_at)))
        .where(Submission.state == "accepted", col(Submission.worker).is_(None))
        .group_by(Submission.kind)
    )
    waited = dict.fromkeys(QUEUES, 0.0)
    for kind, since in session.exec(query):
        queue = queue_of(kind)
        waited[queue] = max(waited[queue], (now() - since).total_seconds())
    for queue, seconds in waited.items():
        measured.oldest_waiting.labels(queue).set(seconds)


def _failures(session: Session, measured: Metrics) -> None:
    query = (
        select(Submission.reason, sa.func.count())
        .where(Submission.state == "failed")
        .group_by(col(Submission.reason))
    )
    for reason, number in session.exec(query):
        measured.failed_jobs.labels(reason or "Unknown").set(number)


def _workers(alive: Sequence[WorkerRow], measured: Metrics) -> None:
    for queue in QUEUES:
        measured.workers.labels(queue).set(sum(queue in one.queues for one in alive))
