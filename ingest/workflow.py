"""The durable job: the steps of `ingest.steps` as DBOS workflows.  The only file that knows DBOS.

Invariant: after a kill at any moment, the workflow goes on at the step it was in; finished steps
are not repeated.  Arguments and results are small JSON; a step's problem is a value, so that
what the engine stores can be read by people and is never unpickled.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Never, NotRequired, TypedDict, TypeVar

import structlog

from catalog import submissions
from catalog.errors import CatalogProblem, StoreFull
from catalog.tables import Submission, now
from index.errors import IndexProblem
from ingest import faults
from ingest.caption_steps import CaptionSteps
from ingest.errors import DiskFull, IngestProblem
from ingest.link_steps import LinkSteps
from ingest.progress import Cancelled, Lost, held
from ingest.recording_steps import RecordingSteps
from ingest.steps import PIPELINE, Steps

MAX_STARTS = 3
"""How often a worker may die over one step or window before the job is stopped as poison."""

T = TypeVar("T")
log = structlog.get_logger("worker")


class Outcome(TypedDict):
    """What a step came to: a value, or a problem with its class, or a wish to stop."""

    value: Any
    problem: str | None
    cancelled: bool
    reason: NotRequired[str | None]


class _Stopped(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome["problem"])
        self.outcome = outcome


class Workflows:
    """Registers the workflows with DBOS and drives them.  One per process.

    The worker's name is its executor id, and it has a queue of its own, so that the engine runs
    here what the catalog's rows gave to this worker and nothing else.
    """

    def __init__(self, steps: Steps, *, worker: str) -> None:
        from dbos import DBOS, WorkflowSerializationFormat

        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._dbos = DBOS
        self._steps = steps
        self._recordings = RecordingSteps(steps)
        self._captions = CaptionSteps(steps)
        self._links = LinkSteps(steps.settings, steps.catalog, steps.store, worker=worker)
        self._worker = worker
        self._queue = f"worker-{worker}"
        self._running: set[str] = set()
        self._left: set[str] = set()
        self._here = threading.local()
        self.free = threading.Event()
        """Set when a job has ended here: there may be a next one."""
        self._full: StoreFull | DiskFull | None = None
        DBOS(
            config={
                "name": "seminar-archive",
                "system_database_url": steps.settings.jobs_url,
                "sys_db_idle_transaction_timeout_sec": steps.settings.worker_lease_s,
                "executor_id": worker,
                "application_version": f"pipeline-{PIPELINE}",
                "log_level": "WARNING",
                "enable_otlp": False,
            }
        )
        portable = WorkflowSerializationFormat.PORTABLE

        @DBOS.workflow(name="ingest", serialization_type=portable)
        def ingest(job_id: str) -> str:
            return self._run_job(job_id)

        self._ingest = ingest
        self._ways: dict[str, Callable[[str], None]] = {
            "talk": self._talk,
            "paper": self._paper,
            "transcribe": self._talk,
            "captions": self._captioned,
            "link": self._link,
        }

    def launch(self) -> None:
        """Take up what an earlier process of this name left, then take new jobs."""
        self._dbos.listen_queues([self._queue])
        self._dbos.launch()
        self._dbos.register_queue(self._queue, worker_concurrency=1, polling_interval_sec=0.1)

    def close(self) -> None:
        """Stop taking jobs; a running step is left to be resumed."""
        self._dbos.destroy(workflow_completion_timeout_sec=0)

    @property
    def busy(self) -> bool:
        """Whether a job runs in this process, be it one that it has lost."""
        return bool(self._running)

    def require_room(self) -> None:
        """Raises: StoreFull or DiskFull, when a step could not go on for that; it is not over."""
        if self._full is not None:
            raise self._full

    def drive(self, job_id: str, attempt: int) -> None:
        """Have a job that this worker holds run here; harmless when it does already.

        What another worker began goes on at its last finished step.
        """
        from dbos import SetWorkflowID

        name = f"ingest-{job_id}-p{PIPELINE}-a{attempt}"
        known = [
            one
            for one in self._dbos.list_workflows(
                workflow_id_prefix=name, load_input=False, load_output=False
            )
            if one.workflow_id == name or one.workflow_id.startswith(f"{name}-r")
        ]
        begun = next((one for one in known if one.status in {"PENDING", "ENQUEUED"}), None)
        if begun is None:
            with SetWorkflowID(f"{name}-r{len(known)}" if known else name):
                self._dbos.enqueue_workflow(self._queue, self._ingest, job_id)
        elif begun.queue_name != self._queue or begun.workflow_id in self._left:
            self._left.discard(begun.workflow_id)
            self._dbos.resume_workflow(begun.workflow_id, queue_name=self._queue)

    def prepare(self, job_id: str) -> None:
        """Decode a waiting recording in the background, while another is transcribed."""
        threading.Thread(target=self._recordings.decode_ahead, args=(job_id,), daemon=True).start()

    def publish(self) -> Outcome:
        """Publish what is committed.  The rows say what is due, so nothing else remembers it."""
        return _valued(partial(_between_places, "publish", self._steps.publish))

    # the workflows: everything that is not deterministic happens in a step

    def _run_job(self, job_id: str) -> str:
        with self._at(job_id):
            kind = self._begin(job_id)
            if kind is None:
                return "stopped"
            try:
                self._ways[kind](job_id)
                self._step("clean", lambda: self._steps.clean(job_id))
            except _Stopped as stopped:
                return self._stopped(job_id, stopped.outcome)
            return "committed"

    @contextmanager
    def _at(self, job_id: str) -> Iterator[None]:
        """Notice which job runs in this thread, and that it ended, however it did."""
        self._running.add(job_id)
        self._here.job_id = job_id
        try:
            yield
        except Lost:
            self._left.add(str(self._dbos.workflow_id))
            if self._is_put_off(job_id):
                log.info("job put off", job=job_id)
            else:
                log.warning("job lost to another worker", job=job_id)
            raise
        finally:
            self._running.discard(job_id)
            self.free.set()

    def _is_put_off(self, job_id: str) -> bool:
        """Whether the job waits for something outside, and no other worker took it."""
        with suppress(CatalogProblem), self._steps.catalog.read() as session:
            row = submissions.get(session, job_id)
            return row.state == "accepted" and row.not_before is not None
        return False

    def _stopped(self, job_id: str, outcome: Outcome) -> str:
        problem = outcome["problem"]
        if outcome["cancelled"]:
            return "cancelled"
        self._step("fail", lambda: self._fail(job_id, problem or "unknown", outcome.get("reason")))
        return problem or "unknown"

    def _talk(self, job_id: str) -> None:
        steps = self._recordings
        windows = self._step("decode", lambda: steps.decode(job_id))
        if self._step("captioned", lambda: steps.is_captioned(job_id)):
            self._step("commit", lambda: steps.commit_recording(job_id))
            return
        language = self._step("language", lambda: steps.language(job_id, windows))
        terms = self._step("vocabulary", lambda: steps.vocabulary(job_id))
        names = [
            self._step(
                f"transcribe-{number}",
                partial(steps.transcribe, job_id, windows, number, language, terms),
            )
            for number in range(len(windows))
        ]
        cuts = self._step("passages", lambda: steps.cut_talk(job_id, names))
        self._step("encode", lambda: self._steps.encode(job_id, cuts))
        self._step("commit", lambda: steps.commit_talk(job_id, cuts, names, language))

    def _paper(self, job_id: str) -> None:
        cuts = self._step("read", lambda: self._steps.read_paper(job_id))
        self._step("encode", lambda: self._steps.encode(job_id, cuts))
        self._step("commit", lambda: self._steps.commit_paper(job_id, cuts))

    def _captioned(self, job_id: str) -> None:
        steps = self._captions
        read = self._step("read", lambda: steps.read(job_id))
        cuts = self._step("passages", lambda: steps.cut(job_id, read))
        self._step("encode", lambda: self._steps.encode(job_id, cuts))
        self._step("commit", lambda: steps.commit(job_id, read, cuts))

    def _link(self, job_id: str) -> None:
        name = self._step("fetch", lambda: self._links.fetch(job_id))
        self._step("accept", lambda: self._links.accept(job_id, name))
        self._step("leave", lambda: self._links.leave(job_id))

    def _step(self, name: str, work: Callable[[], T]) -> T:
        outcome = self._outcome(name, work)
        if outcome["problem"] is not None or outcome["cancelled"]:
            raise _Stopped(outcome)
        value: T = outcome["value"]
        return value

    def _outcome(self, name: str, work: Callable[[], Any]) -> Outcome:
        job_id = self._here.job_id
        timed = partial(_valued, partial(self._timed, job_id, name, work))
        outcome: Outcome = self._dbos.run_step({"name": name}, timed)
        return outcome

    def _timed(self, job_id: str, name: str, work: Callable[[], T]) -> T:
        """Do a step and note how long it took; windows of a step are one step."""
        began_at = time.monotonic()
        try:
            value = _between_places(name, work)
        except (StoreFull, DiskFull) as problem:
            self._wait_for_the_end(problem)
        except Exception:
            self._require_mine(job_id)  # its successor may have cleared the floor under it
            raise
        with self._steps.catalog.write() as session:
            step, _, number = name.rpartition("-")
            row = submissions.get(session, job_id)
            if row.worker == self._worker and row.state == "running":
                seconds = time.monotonic() - began_at
                submissions.step_ended(session, row, step if number.isdigit() else name, seconds)
        return value

    def _wait_for_the_end(self, problem: StoreFull | DiskFull) -> Never:
        """Leave the step unfinished: the worker ends, and the next one resumes it with room."""
        self._full = problem
        self.free.set()
        while True:
            time.sleep(1)

    def _require_mine(self, job_id: str) -> None:
        with self._steps.catalog.read() as session:
            if submissions.get(session, job_id).worker != self._worker:
                raise Lost(job_id)

    def _begin(self, job_id: str) -> str | None:
        """Count a start, on every start; the job's kind, or None when there is nothing to do."""
        with self._steps.catalog.write() as session:
            try:
                job = held(session, job_id, self._worker)
            except Cancelled:
                return None
            if job.state not in {"accepted", "running"}:
                return None
            if job.starts >= MAX_STARTS:
                submissions.finish(session, job_id, "failed", failure=_poison(job), reason="Poison")
                return None
            started_at = job.started_at or now()
            submissions.change(
                session, job_id, state="running", starts=job.starts + 1, started_at=started_at
            )
            return job.kind

    def _fail(self, job_id: str, problem: str, reason: str | None) -> None:
        with self._steps.catalog.write() as session:
            held(session, job_id, self._worker)
            submissions.finish(session, job_id, "failed", failure=problem, reason=reason)


def forget_jobs(jobs_url: str, job_ids: Sequence[str]) -> None:
    """Delete all that the engine knows of these jobs, in every attempt."""
    if not job_ids or not _engine_was_used(jobs_url):
        return
    from dbos import DBOSClient

    client = DBOSClient(system_database_url=jobs_url)
    try:
        for job_id in job_ids:
            known = client.list_workflows(workflow_id_prefix=f"ingest-{job_id}-")
            client.delete_workflows([one.workflow_id for one in known])
    finally:
        client.destroy()


def _engine_was_used(jobs_url: str) -> bool:
    path = jobs_url.removeprefix("sqlite:///")
    return path == jobs_url or Path(path).exists()


def _poison(job: Submission) -> str:
    return (
        f"the worker died {job.starts} times over {job.file_name} at step {job.step or 'begin'}; "
        f"the file is kept, `seminar jobs retry {job.public_id}` tries again"
    )


def _between_places(name: str, work: Callable[[], T]) -> T:
    faults.place(f"before {name}")
    value = work()
    faults.place(f"after {name}")
    return value


def _valued(work: Callable[[], Any]) -> Outcome:
    try:
        return {"value": work(), "problem": None, "cancelled": False, "reason": None}
    except Cancelled:
        return {"value": None, "problem": None, "cancelled": True, "reason": None}
    except (IngestProblem, CatalogProblem, IndexProblem) as problem:
        return _problem(str(problem), type(problem).__name__)
    except Exception as error:  # a fault of ours must stop this job only, and be seen
        logging.getLogger("seminar").exception("a step failed unexpectedly")
        text = f"unexpected {type(error).__name__}: {error}; the worker's log has the details"
        return _problem(text, "Unexpected")


def _problem(text: str, reason: str) -> Outcome:
    return {"value": None, "problem": text, "cancelled": False, "reason": reason}
