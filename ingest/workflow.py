"""The durable job: the steps of `ingest.steps` as DBOS workflows.  The only file that knows DBOS.

Invariant: after a kill at any moment, the workflow goes on at the step it was in; finished steps
are not repeated.  Arguments and results are small JSON; a step's problem is a value, so that
what the engine stores can be read by people and is never unpickled.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypedDict, TypeVar

from catalog import submissions
from catalog.errors import CatalogProblem
from catalog.tables import Submission, now
from index.errors import IndexProblem
from ingest.errors import IngestProblem
from ingest.progress import Cancelled
from ingest.steps import PIPELINE, Steps

QUEUE = "ingest"
MAX_STARTS = 5
"""How often a worker may die over one window before the job is stopped as poison."""

T = TypeVar("T")


class Outcome(TypedDict):
    """What a step came to: a value, or the message of a problem, or a wish to stop."""

    value: Any
    problem: str | None
    cancelled: bool


class _Stopped(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome["problem"])
        self.outcome = outcome


class Workflows:
    """Registers the workflows with DBOS and drives them.  One per process."""

    def __init__(self, steps: Steps, *, worker_id: str, jobs_url: str) -> None:
        from dbos import DBOS, WorkflowSerializationFormat

        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._dbos = DBOS
        self._steps = steps
        DBOS(
            config={
                "name": "seminar-archive",
                "system_database_url": jobs_url,
                "executor_id": worker_id,
                "application_version": f"pipeline-{PIPELINE}",
                "log_level": "WARNING",
                "enable_otlp": False,
            }
        )
        portable = WorkflowSerializationFormat.PORTABLE

        @DBOS.workflow(name="ingest", serialization_type=portable)
        def ingest(job_id: str) -> str:
            return self._run_job(job_id)

        @DBOS.workflow(name="publish", serialization_type=portable)
        def publish() -> dict[str, Any]:
            return dict(self._outcome("publish", steps.publish))

        self._ingest, self._publish = ingest, publish

    def launch(self) -> None:
        """Take up what a dead worker of the same id left, then take new jobs."""
        self._dbos.launch()
        self._dbos.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=0.2)

    def close(self) -> None:
        """Stop taking jobs; a running step is left to be resumed."""
        self._dbos.destroy(workflow_completion_timeout_sec=0)

    def enqueue(self, job_id: str, attempt: int, sha256: str) -> None:
        """Queue the job's workflow; the same job and attempt again is harmless."""
        from dbos import SetWorkflowID

        with SetWorkflowID(f"ingest-{sha256[:32]}-p{PIPELINE}-a{attempt}"):
            self._dbos.enqueue_workflow(QUEUE, self._ingest, job_id)

    def prepare(self, job_id: str) -> None:
        """Decode a waiting recording in the background, while another is transcribed."""
        threading.Thread(target=self._steps.decode_ahead, args=(job_id,), daemon=True).start()

    def publish(self) -> Outcome:
        """Publish what is committed, as a workflow of its own, and wait for it."""
        outcome = self._publish()
        return Outcome(
            value=outcome["value"], problem=outcome["problem"], cancelled=outcome["cancelled"]
        )

    # the workflows: everything that is not deterministic happens in a step

    def _run_job(self, job_id: str) -> str:
        kind = self._begin(job_id)
        try:
            if kind is None:
                return "stopped"
            if kind == "talk":
                self._talk(job_id)
            else:
                self._paper(job_id)
            self._step("clean", lambda: self._steps.clean(job_id))
        except _Stopped as stopped:
            problem = stopped.outcome["problem"]
            if not stopped.outcome["cancelled"]:
                self._step("fail", lambda: self._fail(job_id, problem or "unknown"))
            return problem or "cancelled"
        return "committed"

    def _talk(self, job_id: str) -> None:
        steps = self._steps
        windows = self._step("decode", lambda: steps.decode(job_id))
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
        self._step("encode", lambda: steps.encode(job_id, cuts))
        self._step("commit", lambda: steps.commit_talk(job_id, cuts, names, language))

    def _paper(self, job_id: str) -> None:
        cuts = self._step("read", lambda: self._steps.read_paper(job_id))
        self._step("encode", lambda: self._steps.encode(job_id, cuts))
        self._step("commit", lambda: self._steps.commit_paper(job_id, cuts))

    def _step(self, name: str, work: Callable[[], T]) -> T:
        outcome = self._outcome(name, work)
        if outcome["problem"] is not None or outcome["cancelled"]:
            raise _Stopped(outcome)
        value: T = outcome["value"]
        return value

    def _outcome(self, name: str, work: Callable[[], Any]) -> Outcome:
        outcome: Outcome = self._dbos.run_step({"name": name}, _valued, work)
        return outcome

    def _begin(self, job_id: str) -> str | None:
        """Count a start, on every start; the job's kind, or None when it is to stop."""
        with self._steps.catalog.write() as session:
            job = submissions.get(session, job_id)
            if job.state == "cancelled":
                return None
            if job.starts >= MAX_STARTS:
                submissions.finish(session, job_id, "failed", failure=_poison(job))
                return None
            started_at = job.started_at or now()
            submissions.change(
                session, job_id, state="running", starts=job.starts + 1, started_at=started_at
            )
            return job.kind

    def _fail(self, job_id: str, problem: str) -> None:
        with self._steps.catalog.write() as session:
            submissions.finish(session, job_id, "failed", failure=problem)


def _poison(job: Submission) -> str:
    return (
        f"the worker died {job.starts} times over {job.file_name} at step {job.step or 'begin'}; "
        f"the file is kept, `seminar jobs retry {job.public_id}` tries again"
    )


def _valued(work: Callable[[], Any]) -> Outcome:
    try:
        return {"value": work(), "problem": None, "cancelled": False}
    except Cancelled:
        return {"value": None, "problem": None, "cancelled": True}
    except (IngestProblem, CatalogProblem, IndexProblem) as problem:
        return {"value": None, "problem": str(problem), "cancelled": False}
    except Exception as error:  # a fault of ours must stop this job only, and be seen
        logging.getLogger("seminar").exception("a step failed unexpectedly")
        text = f"unexpected {type(error).__name__}: {error}; the worker's log has the details"
        return {"value": None, "problem": text, "cancelled": False}
